// Endpoints that get more than they take, or take nothing for a while: where their deliveries wait, for how long, and
// that neither they nor others stand still.
#include <deque>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "core_driver.h"
#include "hookline/settle/waiting.h"

namespace hookline::engine {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view webhooks = R"(
name: w
events: [incident]
endpoints: [{url: "https://a.example.com/"}]
retry: {schedule: [3s, 30s, 30s], on: any_failure, max_age: 24h}
---
name: slow1
events: [audit]
endpoints: [{url: "https://b.example.com/"}]
concurrency: 1
---
name: slow2
events: [audit]
endpoints: [{url: "https://c.example.com/"}]
concurrency: 1
---
name: slow3
events: [audit]
endpoints: [{url: "https://d.example.com/"}]
concurrency: 1
---
name: well
events: [audit]
endpoints: [{url: "https://e.example.com/"}]
)";

CoreOptions five_tiers(std::size_t max_deliveries = 4000) {
  return {.tiers = {{"r.10s", 10s}, {"r.1m", 60s}, {"r.10m", 600s}, {"r.1h", 3600s}, {"r.6h", 6h}},
          .max_deliveries = max_deliveries,
          .session_timeout = 240h};
}

class Crowded : public ::testing::Test {
 protected:
  explicit Crowded(std::size_t max_deliveries = 4000) : driver(webhooks, five_tiers(max_deliveries)) { driver.own(); }

  /// The endpoint of the attempts under way asks for silence.
  void ask(const char* seconds) {
    while (!driver.attempts.empty()) driver.answer(429, seconds);
    driver.step();
  }
  void answer_all() {
    while (!driver.attempts.empty()) driver.answer(200);
  }
  void acknowledge_all() {
    while (!driver.produces.empty()) driver.acknowledge();
  }

  /// What a delivery of `webhook` is, when it lies in a retry topic.
  kafka::OwnedRecord waiting_record(const std::string& webhook, const std::string& topic, const char* attempts = "1") {
    if (!model_) {
      driver.event(next_event_++);
      driver.step();
      driver.answer(500);
      driver.step();
      model_ = driver.hand_over();
      driver.step();
      driver.step(4s);
      answer_all();
      driver.step();
    }
    auto record = *model_;
    record.topic = topic;
    record.offset = ++offset_;
    record.timestamp = driver.now.wall;
    for (auto& [name, value] : record.headers) {
      if (name == "hookline.webhook") value = webhook;
      if (name == "hookline.attempts") value = attempts;
      if (name == "hookline.delivery.id") value = fmt::format("msg_{:032x}", offset_);
    }
    return record;
  }
  /// Reads it with the next step.
  void give(kafka::OwnedRecord record) { driver.give_back(held_.emplace_back(std::move(record))); }

  CoreDriver driver;
  std::int64_t next_event_ = 0;
  std::int64_t offset_ = 100;
  std::deque<kafka::OwnedRecord> held_;
  std::optional<kafka::OwnedRecord> model_;
};

TEST_F(Crowded, WhatComesWhileAnEndpointIsToBeLeftAloneComesBackSoonAfter) {
  driver.event(next_event_++);
  driver.step();
  ask("60");
  acknowledge_all();
  for (int second = 0; second < 20; ++second) driver.step(1s);
  for (int i = 0; i < 50; ++i) {
    driver.event(next_event_++);
    driver.step(200ms);
    ASSERT_EQ(driver.produces.size(), 1u);
    EXPECT_EQ(driver.produces[0].record.topic, "r.10s") << i << ": it has been idle, that does not make it slow";
    EXPECT_LT(settle::parse_waiting(driver.produces[0].record.headers)->due_at_ms, core::to_unix_ms(driver.now.wall + 60s));
    acknowledge_all();
  }
}

TEST_F(Crowded, WhatWasParkedIsNotCountedForEver) {
  driver.inputs.news.push_back({.what = News::What::opened, .webhook = "w", .endpoint = "0", .until = driver.now.mono + 1h});
  for (int i = 0; i < 500; ++i) driver.event(next_event_++);
  driver.step();
  acknowledge_all();
  EXPECT_EQ(driver.core.status(driver.now).endpoints.at(0).parked, 500u);
  driver.inputs.news.push_back({.what = News::What::closed, .webhook = "w", .endpoint = "0"});
  for (int second = 0; second < 600; ++second) {
    if (second % 60 == 0) driver.event(next_event_++);
    driver.step(1s);
    answer_all();
  }
  EXPECT_EQ(driver.core.status(driver.now).endpoints.at(0).parked, 0u);
}

TEST_F(Crowded, WhatFindsItsLaneFullDoesNotCircleThroughTheShortestTopic) {
  std::vector<kafka::OwnedRecord> back;
  for (int i = 0; i < 480; ++i) back.push_back(waiting_record("w", "r.10s"));  // a lane takes 250 of them
  for (auto& record : back) give(std::move(record));
  driver.step();
  int written = 0, delivered = 0;
  for (int turn = 0; turn < 900; ++turn) {  // nine seconds, in which 1800 could be sent
    for (int i = 0; i < 2 && !driver.attempts.empty(); ++i, ++delivered) driver.answer(200);
    driver.step(10ms);
    for (; !driver.produces.empty(); ++written) driver.hand_over();
  }
  EXPECT_EQ(written, 0) << "its topic's delay passes here";
  EXPECT_EQ(delivered, 480);
}

TEST_F(Crowded, AProbeDoesNotSendTheOthersAwayForHours) {
  std::vector<kafka::OwnedRecord> back;
  for (int i = 0; i < 400; ++i) back.push_back(waiting_record("w", "r.10s"));
  for (int second = 0; second < 30; ++second) driver.step(1s);
  driver.inputs.news.push_back({.what = News::What::opened, .webhook = "w", .endpoint = "0", .until = driver.now.mono + 2s});
  for (auto& record : back) give(std::move(record));
  driver.step();
  driver.step(2s);
  ASSERT_EQ(driver.attempts.size(), 1u);
  std::size_t delivered = 0;
  for (int turn = 0; turn < 20; ++turn) {
    delivered += driver.attempts.size();
    answer_all();
    driver.step(100ms);
  }
  EXPECT_EQ(delivered, 400u);
  EXPECT_TRUE(driver.produces.empty());
}

TEST_F(Crowded, ABacklogOfAnEndpointThatWorksIsNotTooOld) {
  auto old = waiting_record("w", "r.10s", "0");
  for (int hour = 0; hour < 25; ++hour) {
    driver.event(next_event_++);
    driver.step(1h);
    answer_all();
  }
  driver.event(next_event_++);
  driver.step();
  ask("6");
  acknowledge_all();
  give(old);
  driver.step();
  EXPECT_TRUE(driver.produces.empty()) << "it has never been tried, and its endpoint answered just now";
  driver.step(11s);
  EXPECT_FALSE(driver.attempts.empty());
}

TEST_F(Crowded, ABacklogIsNotTooOldForAWorkerThatHasJustBegun) {
  auto old = waiting_record("w", "r.10s", "0");
  for (auto& [name, value] : old.headers) {
    if (name == "hookline.first.at") value = std::to_string(core::to_unix_ms(driver.now.wall - 25h));
  }
  CoreDriver anew(webhooks, five_tiers());
  anew.own();
  anew.inputs.news.push_back({.what = News::What::paused, .webhook = "w", .endpoint = "0", .until = anew.now.mono + 30s});
  anew.give_back(old);
  anew.step();
  EXPECT_TRUE(anew.produces.empty()) << "nobody here knows whether its endpoint has worked";
}

TEST_F(Crowded, ASiblingTellsThatAnEndpointHasWorked) {
  auto old = waiting_record("w", "r.10s", "0");
  driver.step(25h);
  driver.inputs.news.push_back({.what = News::What::paused, .webhook = "w", .endpoint = "0", .until = driver.now.mono + 30s,
                                .worked_at = driver.now.wall - 1h});
  give(old);
  driver.step();
  EXPECT_TRUE(driver.produces.empty());
}

TEST_F(Crowded, AnEndpointThatHangsForAWhileIsNotTakenForASlowOne) {
  for (int second = 0; second < 10; ++second) {
    for (int i = 0; i < 100; ++i) driver.event(next_event_++);
    for (int turn = 0; turn < 10; ++turn) {
      driver.step(100ms);
      answer_all();
    }
  }
  driver.step();
  std::vector<kafka::OwnedRecord> back;
  for (int i = 0; i < 300; ++i) back.push_back(waiting_record("w", "r.1m"));
  driver.step();
  for (int i = 0; i < 100; ++i) driver.event(next_event_++);
  for (int second = 0; second < 15; ++second) driver.step(1s);
  driver.step(1min);
  for (auto& record : back) give(std::move(record));
  driver.step();
  ASSERT_FALSE(driver.produces.empty()) << "a lane takes 250 of them";
  for (const auto& produce : driver.produces) EXPECT_EQ(produce.record.topic, "r.10s");
}

TEST_F(Crowded, ABrokersClockThatIsAheadDoesNotMakeADelayLonger) {
  for (int i = 0; i < 3; ++i) {
    auto record = waiting_record("w", "r.1m");
    record.timestamp += 1h;
    give(record);
    driver.step();
    EXPECT_TRUE(driver.attempts.empty());
    for (int second = 0; second < 65; ++second) driver.step(1s);
    give(record);
    driver.step();
    EXPECT_EQ(driver.attempts.size(), 1u);
    answer_all();
    driver.step();
  }
  give(waiting_record("w", "r.1m"));  // the clock is right again
  driver.step(30s);
  EXPECT_TRUE(driver.attempts.empty());
  EXPECT_TRUE(driver.produces.empty());
}

TEST_F(Crowded, AnotherEndpointHasNotAskedToBeLeftAlone) {
  driver.event(next_event_++);
  driver.step();
  ask("3600");
  driver.step();
  std::string moved(webhooks);
  driver.inputs.definitions = definitions_of(moved);
  driver.event(next_event_++);
  driver.step();
  EXPECT_TRUE(driver.attempts.empty()) << "the same URL";
  driver.inputs.definitions = definitions_of(moved.replace(moved.find("a.example.com/"), 14, "a.example.com/mended"));
  driver.event(next_event_++);
  driver.step();
  EXPECT_EQ(driver.attempts.size(), 1u);
}

TEST_F(Crowded, HowLongAnEndpointIsToBeLeftAloneIsKnownThoughItsCircuitIsOpen) {
  auto back = waiting_record("w", "r.10s");
  driver.inputs.news.push_back({.what = News::What::opened, .webhook = "w", .endpoint = "0", .until = driver.now.mono + 60s});
  driver.inputs.news.push_back({.what = News::What::paused, .webhook = "w", .endpoint = "0", .until = driver.now.mono + 15min});
  driver.event(next_event_++);
  give(back);
  driver.step();
  ASSERT_EQ(driver.produces.size(), 1u);
  EXPECT_EQ(driver.produces[0].record.topic, "r.10m") << "what comes meanwhile";
  acknowledge_all();
  driver.step(11s);
  ASSERT_EQ(driver.produces.size(), 1u);
  EXPECT_EQ(driver.produces[0].record.topic, "r.10m") << "what comes back";
}

class CrowdedTopics : public Crowded {
 protected:
  CrowdedTopics() : Crowded(64) {}  // 16 that come back, four in a lane
};

TEST_F(CrowdedTopics, SlowEndpointsDoNotStopOthers) {
  for (const char* name : {"slow1", "slow2", "slow3"}) {
    for (int i = 0; i < 4; ++i) give(waiting_record(name, "r.10s"));
  }
  driver.step();
  auto other = waiting_record("well", "r.1m");
  give(other);
  driver.step();
  bool resumed = false;
  for (int second = 0; second < 120 && !resumed; ++second) {
    acknowledge_all();
    driver.step(1s);
    for (const auto& from : driver.outputs.resume_from) resumed |= from.partition.topic == "r.1m";
  }
  EXPECT_TRUE(resumed);
}

TEST_F(CrowdedTopics, HowLongAnEndpointIsToBeLeftAloneIsKnown) {
  auto back = waiting_record("w", "r.10s");
  driver.event(next_event_++);
  driver.step();
  ask("900");
  acknowledge_all();
  give(back);
  driver.step();
  driver.step(11s);
  ASSERT_EQ(driver.produces.size(), 1u);
  EXPECT_EQ(driver.produces[0].record.topic, "r.10m");
}

}  // namespace
}  // namespace hookline::engine
