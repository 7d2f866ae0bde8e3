#include "engine/failure_watch.h"

#include <gtest/gtest.h>

#include "hookline/event/catalogue.h"
#include "hookline/json/tree.h"

namespace hookline::engine {
namespace {

using namespace std::chrono_literals;
using What = Judgement::What;

constexpr auto start = core::WallTime(1'780'000'000s);

class Watch : public ::testing::Test {
 protected:
  FailureWatch watch;
  Listing listing;
  Listed* hook = nullptr;

  void SetUp() override {
    hook = &listing[{state::Sort::webhook, "hook"}];
    hook->name = {state::Sort::webhook, "hook"};
  }
  void rule(double ratio, core::Duration window, std::uint32_t attempts) { hook->disable_after = config::DisableAfter{ratio, window, attempts}; }
  void take(std::chrono::milliseconds after, std::uint64_t attempts, std::uint64_t failed, bool told = false) {
    watch.take({"hook", start + after, attempts, failed, failed > 0 ? "HTTP 500" : ""}, told);
  }
  std::vector<What> judge(std::chrono::milliseconds after) {
    std::vector<What> found;
    for (const auto& judgement : watch.judge(start + after, listing)) found.push_back(judgement.what);
    return found;
  }
};

TEST_F(Watch, CountsAreReadAsTheyWereWritten) {
  const Outcomes outcomes{"hook", start, 12, 3, "HTTP 500"};
  const auto read = parse_outcomes("hook", value_of(outcomes));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->webhook, "hook");
  EXPECT_EQ(read->at, start);
  EXPECT_EQ(read->attempts, 12u);
  EXPECT_EQ(read->failed, 3u);
  EXPECT_EQ(read->error, "HTTP 500");
  for (const char* bad : {"", "[]", "{}", R"({"type":"mail"})", R"({"type":"outcomes","at":"x","attempts":1,"failed":0})",
                          R"({"type":"outcomes","at":"2026-03-02T10:00:00Z","attempts":1,"failed":2})",
                          R"({"type":"outcomes","at":"2026-03-02T10:00:00Z","attempts":-1,"failed":-2})"}) {
    EXPECT_FALSE(parse_outcomes("hook", bad)) << bad;
  }
}

TEST_F(Watch, DisablesAtTheRatioOfEnoughAttemptsWithinTheWindow) {
  rule(0.6, 1h, 20);
  take(0s, 19, 15);
  EXPECT_TRUE(judge(1s).empty());
  take(20s, 6, 0);
  EXPECT_EQ(judge(21s), std::vector<What>{What::disable});  // 15 of 25
  take(30s, 1, 0);
  EXPECT_TRUE(judge(31s).empty());                          // 15 of 26
}

TEST_F(Watch, ForgetsWhatIsOlderThanTheWindow) {
  rule(0.5, 10min, 10);
  take(0s, 10, 10);
  EXPECT_EQ(judge(9min), (std::vector<What>{What::failing, What::disable}));
  EXPECT_TRUE(judge(11min).empty());
}

TEST_F(Watch, CountsAnewAfterTheSwitchWasTouchedAndNotWhileItIsOff) {
  rule(0.5, 1h, 10);
  take(0s, 10, 9);
  hook->position = Switch::tripped;
  EXPECT_TRUE(judge(1s).empty());
  hook->position = Switch::on;
  hook->switched_at = start + 1min;
  EXPECT_TRUE(judge(2min).empty());
  take(3min, 9, 8);
  EXPECT_TRUE(judge(4min).empty());
  take(5min, 1, 0);
  EXPECT_EQ(judge(6min), std::vector<What>{What::disable});
}

TEST_F(Watch, ALongWindowKeepsItsSumInFewSlots) {
  rule(0.5, std::chrono::days(7), 100'000);
  for (int i = 0; i < 50'000; ++i) take(i * 12s, 2, 1);
  EXPECT_EQ(judge(50'000 * 12s), std::vector<What>{What::disable});  // all of it lies within the week
}

TEST_F(Watch, AWebhookIsFailingAfterTwentyInARowOrFiveMinutesAndSaysSoOnce) {
  take(0s, 19, 19);
  EXPECT_TRUE(judge(1s).empty());
  take(2s, 1, 1);
  EXPECT_EQ(judge(3s), std::vector<What>{What::failing});
  EXPECT_TRUE(judge(4s).empty());
  take(5s, 2, 1);
  EXPECT_EQ(judge(6s), std::vector<What>{What::recovered});
  EXPECT_TRUE(judge(7s).empty());
  take(10s, 1, 1);
  EXPECT_TRUE(judge(5min).empty());
  EXPECT_EQ(judge(5min + 10s), std::vector<What>{What::failing});
}

TEST_F(Watch, TheRecoveryIsSaidHoweverManyCountsComeBetweenTwoLooks) {
  take(0s, 30, 30);
  EXPECT_EQ(judge(1s), std::vector<What>{What::failing});
  take(2s, 5, 0);
  take(2s, 5, 0);  // of another process
  EXPECT_EQ(judge(3s), std::vector<What>{What::recovered});
  take(10s, 30, 30);
  EXPECT_EQ(judge(11s), std::vector<What>{What::failing});
  take(12s, 5, 0);
  take(12s, 1, 1);
  EXPECT_TRUE(judge(13s).empty()) << "it failed last";
  take(14s, 5, 0);
  EXPECT_EQ(judge(15s), std::vector<What>{What::recovered});
}

TEST_F(Watch, WhatTheFormerOwnerToldIsNotToldAgainButItsEndIs) {
  take(0s, 30, 30, true);
  EXPECT_TRUE(judge(1h).empty());
  take(1h, 1, 0);
  EXPECT_EQ(judge(1h), std::vector<What>{What::recovered});
  take(2h, 30, 30, true);
  take(2h, 1, 0, true);
  EXPECT_TRUE(judge(2h).empty());
}

TEST(Notices, AreTheEventsOfTheCatalogue) {
  const Judgement::What all[] = {What::disable, What::failing, What::recovered};
  const char* types[] = {"webhook_disabled", "webhook_failing", "webhook_recovered"};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto notice = json::parse_tree(notice_of({all[i], "payments-tickets", 250, 180, "HTTP 503"}, i == 2 ? "" : "why", start));
    const auto text = event::sample(types[i]);
    ASSERT_TRUE(notice && text);
    const auto sample = json::parse_tree(*text);
    ASSERT_TRUE(sample);
    for (const auto& [key, value] : sample->items()) {
      ASSERT_TRUE(notice->contains(key)) << key;
      EXPECT_EQ((*notice)[key].type_name(), std::string(value.type_name())) << key;
    }
    EXPECT_EQ(notice->size(), sample->size());
    for (const char* same : {"event_type", "webhook", "title", "severity"}) EXPECT_EQ((*notice)[same], (*sample)[same]);
    EXPECT_EQ((*notice)["failure_ratio"], 0.72);
  }
}

TEST_F(Watch, AWebhookThatIsGoneIsForgotten) {
  take(0s, 30, 30);
  const Listing nobody;
  EXPECT_TRUE(watch.judge(start + 1s, nobody).empty());
  EXPECT_TRUE(judge(2s).empty());
}

}  // namespace
}  // namespace hookline::engine
