// The storm guard in the core, and what workers of a process tell each other.
#include <algorithm>

#include <gtest/gtest.h>

#include "core_driver.h"
#include "hookline/settle/dead_letter.h"
#include "hookline/settle/waiting.h"

namespace hookline::engine {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view three_hosts = R"(
name: w
events: [incident]
endpoints: [{name: a, url: "https://a.example.com/"}, {name: b, url: "https://b.example.com/"}, {name: c, url: "https://c.example.com/"}]
retry: {schedule: [1s], on: any_failure, max_age: 1m}
concurrency: 1000
)";

CoreOptions small() {
  return {.tiers = {{"r.10s", 10s}, {"r.1m", 60s}}, .session_timeout = 24h, .storm = {.least = 12, .least_hosts = 3}};
}

class Storm : public ::testing::Test {
 protected:
  Storm() { driver.own(); }

  void fail_all(deliver::Outcome outcome = deliver::Outcome::connect) {
    driver.fail_all(outcome);
    driver.step();
  }
  void answer_all(int status) {
    while (!driver.attempts.empty()) driver.answer(status);
    driver.step();
  }
  bool rages() { return driver.core.status(driver.now).storm.has_value(); }
  /// Hands on what goes to retry topics; fails on dead letters.
  void keep_waiting() {
    while (!driver.produces.empty()) {
      ASSERT_TRUE(driver.produces.front().record.topic.starts_with("r.")) << driver.produces.front().record.topic;
      driver.acknowledge();
    }
  }
  std::vector<News::What> told() {
    std::vector<News::What> what;
    for (const auto& news : driver.outputs.news) what.push_back(news.what);
    return what;
  }
  void begin() {
    for (std::int64_t offset = 0; offset < 4; ++offset) driver.event(offset);
    driver.step();
    ASSERT_EQ(driver.attempts.size(), 12u);
    fail_all();
    ASSERT_TRUE(rages());
  }

  CoreDriver driver{three_hosts, small()};
};

TEST_F(Storm, StopsReadingSourcesAndProbesInstead) {
  begin();
  EXPECT_EQ(driver.produces.size(), 12u) << "what waits, waits in retry topics";
  keep_waiting();
  driver.event(4);
  driver.step();
  EXPECT_TRUE(driver.attempts.empty());
  EXPECT_EQ(driver.outputs.pause.size(), 1u);
  driver.step(9s);
  EXPECT_TRUE(driver.attempts.empty());
  driver.step(1100ms);
  EXPECT_EQ(driver.attempts.size(), 3u) << "nothing is left here to probe with: one record is taken";
}

TEST_F(Storm, OneRecordIsTakenNowAndThenWhateverElseWaits) {
  auto options = small();
  options.ordered_topic = "ordered";
  CoreDriver with_order(std::string(three_hosts) + R"(---
name: o
events: [audit]
ordering: key
endpoints: [{url: "https://a.example.com/"}]
retry: {schedule: [2h, 5h], on: any_failure}
)", options);
  with_order.inputs.assigned.emplace();
  with_order.inputs.assigned->push_back({{std::string(CoreDriver::topic), 0}, event::Kind::incident, Role::source, std::nullopt, 0, ""});
  with_order.inputs.assigned->push_back({{"ordered", 0}, event::Kind::alarm, Role::ordered, std::nullopt, 0, ""});
  with_order.step();
  with_order.inputs.correlations_complete = {0};
  with_order.step();
  with_order.step(1ms);
  const auto fail_all_of_it = [&] {
    const auto count = with_order.fail_all();
    with_order.step();
    return count;
  };
  for (std::int64_t offset = 0; offset < 4; ++offset) with_order.event(offset);
  with_order.step();
  ASSERT_EQ(fail_all_of_it(), 12u);
  ASSERT_TRUE(with_order.core.status(with_order.now).storm);
  auto waits = with_order.produces.front().record;  // two hours in memory, in its order
  waits.topic = "ordered";
  waits.key = "o/0/k";
  waits.offset = 0;
  for (auto& [name, value] : waits.headers) {
    if (name == "hookline.webhook") value = "o";
    if (name == "hookline.endpoint") value = "0";
    if (name == "hookline.delivery.id") value = "msg_o";
  }
  while (!with_order.produces.empty()) with_order.acknowledge();
  with_order.give_back(waits);
  for (std::int64_t offset = 4; offset < 40; ++offset) with_order.event(offset);
  with_order.step();
  fail_all_of_it();
  for (int taken = 0; taken < 5; ++taken) {
    while (!with_order.produces.empty()) with_order.acknowledge();
    ASSERT_EQ(with_order.core.status(with_order.now).partitions[0].position, 4 + taken);
    with_order.step(10100ms);
    EXPECT_GE(fail_all_of_it(), 3u) << "a probe for each host";
    EXPECT_GT(with_order.core.status(with_order.now).deliveries, 0u);
  }
}

TEST_F(Storm, EachPartitionHasItsTurn) {
  CoreDriver two(R"(
name: dead
events: [incident_triggered]
endpoints: [{url: "https://a.example.com/"}]
retry: {schedule: [1s], on: any_failure}
---
name: well
events: [incident_resolved]
endpoints: [{name: b, url: "https://b.example.com/"}, {name: c, url: "https://c.example.com/"}]
retry: {schedule: [1s], on: any_failure}
)", small());
  two.own(2);
  const auto put = [&](std::int64_t from, int count) {
    for (int i = 0; i < count; ++i) {
      two.record(R"({"event_type":"incident_triggered"})", from + i, 0);
      two.record(R"({"event_type":"incident_resolved"})", from + i, 1);
    }
    two.step();
  };
  const auto rages = [&] { return two.core.status(two.now).storm.has_value(); };
  put(0, 4);
  ASSERT_EQ(two.attempts.size(), 12u);
  two.fail_all();
  put(4, 20);
  ASSERT_TRUE(rages());
  for (int turn = 0; turn < 4 && rages(); ++turn) {
    two.step(10100ms);
    for (const auto& request : two.attempts) {
      const bool dead = request.url.find("//a.") != std::string::npos;
      two.inputs.answers.push_back({.id = request.id, .outcome = dead ? deliver::Outcome::connect : deliver::Outcome::answered, .status = dead ? 0 : 200, .error = "no"});
    }
    two.attempts.clear();
    while (!two.produces.empty()) two.acknowledge();
    two.step();
  }
  EXPECT_FALSE(rages());
}

TEST_F(Storm, NothingEndsByExhaustionOrAge) {
  begin();
  auto kept = driver.hand_over();
  keep_waiting();
  for (int probe = 0; probe < 8; ++probe) {  // far beyond the schedule of two attempts, and max_age of a minute
    driver.step(15s);
    ASSERT_EQ(driver.attempts.size(), 1u) << probe;
    fail_all();
    ASSERT_EQ(driver.produces.size(), 1u);
    ASSERT_TRUE(driver.produces[0].record.topic.starts_with("r."));
    kept = driver.hand_over();
    driver.step();
  }
  const auto waiting = settle::parse_waiting(kept.headers);
  EXPECT_EQ(waiting->attempts, 1u) << "attempts that would be the last are not counted";
  driver.inputs.news.push_back({.what = News::What::calm});
  driver.step();
  EXPECT_FALSE(rages());
  driver.step(15s);
  ASSERT_EQ(driver.attempts.size(), 1u) << "its age counts from the end of the storm";
  fail_all();
  ASSERT_EQ(driver.produces.size(), 1u);
  EXPECT_EQ(settle::parse_dead_letter(driver.produces[0].record.headers)->reason, settle::Reason::exhausted);
}

TEST_F(Storm, EndsWithA2xxFromHalfOfTheHosts) {
  begin();
  keep_waiting();
  driver.event(4);
  driver.event(5);
  driver.step();
  driver.step(10100ms);
  ASSERT_EQ(driver.attempts.size(), 3u);
  driver.answer(200);
  driver.step();
  EXPECT_TRUE(rages()) << "one of three";
  EXPECT_EQ(told(), (std::vector{News::What::heard, News::What::closed}));
  driver.answer(200);
  driver.step();
  EXPECT_FALSE(rages());
  EXPECT_EQ(told(), (std::vector{News::What::heard, News::What::calm, News::What::closed}));
  driver.step(100ms);
  EXPECT_GE(driver.attempts.size(), 3u) << "the third of the probe, and the next record";
}

TEST_F(Storm, EndsWithANewRevision) {
  begin();
  driver.inputs.definitions = definitions_of(three_hosts);
  driver.step();
  EXPECT_FALSE(rages());
  EXPECT_EQ(told(), (std::vector{News::What::calm}));
}

TEST_F(Storm, ASiblingsStormStopsThisWorkerToo) {
  driver.inputs.news.push_back({.what = News::What::storm, .hosts = {"a.example.com", "b.example.com"}, .reason = "elsewhere"});
  driver.event(0);
  driver.step();
  EXPECT_TRUE(rages());
  EXPECT_TRUE(driver.attempts.empty());
  EXPECT_TRUE(driver.outputs.news.empty()) << "what was heard is not told again";
  driver.inputs.news.push_back({.what = News::What::heard, .hosts = {"b.example.com"}});
  driver.step();
  EXPECT_FALSE(rages());
  driver.step(10ms);
  EXPECT_EQ(driver.attempts.size(), 3u);
}

TEST_F(Storm, WhatWorkersCountAddsUp) {
  CoreOptions options = small();
  options.workers = 2;
  CoreDriver here{three_hosts, options};
  here.own();
  here.event(0);
  here.step();
  ASSERT_EQ(here.attempts.size(), 3u);
  for (const auto& request : here.attempts) here.inputs.answers.push_back({.id = request.id, .outcome = deliver::Outcome::connect, .error = "no"});
  here.attempts.clear();
  here.step(1s);
  std::optional<StormTally> counted;
  for (int i = 0; i < 3 && !counted; ++i) {
    for (const auto& news : here.outputs.news) {
      if (news.what == News::What::tally) counted = news.counted;
    }
    here.step(1s);
  }
  ASSERT_TRUE(counted) << "told within a second or two";
  EXPECT_GE(counted->counts.silent, 3u);
  EXPECT_EQ(counted->silent_hosts.size(), 3u);

  driver.event(0);
  driver.step();
  fail_all();
  EXPECT_FALSE(rages()) << "three attempts are too few";
  for (int i = 0; i < 3; ++i) driver.inputs.news.push_back({.what = News::What::tally, .counted = *counted});
  driver.step();
  EXPECT_TRUE(rages()) << "with those of the others it is twelve";
  EXPECT_TRUE(std::ranges::count(told(), News::What::storm) == 1);
}

TEST_F(Storm, EventsThatCannotBeSentStopIntake) {
  for (std::int64_t offset = 0; offset < 8; ++offset) driver.event(offset);
  driver.step();
  fail_all(deliver::Outcome::egress);
  EXPECT_TRUE(rages());
  EXPECT_EQ(driver.produces.size(), 24u) << "they are dead letters all the same";
  for (auto& p : driver.produces) EXPECT_EQ(p.record.topic, "hookline.dead-letters");
}

TEST_F(Storm, EndpointsThatAnswerAreNoStorm) {
  for (std::int64_t offset = 0; offset < 8; ++offset) driver.event(offset);
  driver.step();
  answer_all(503);
  EXPECT_FALSE(rages());
}

constexpr std::string_view one_host = R"(
name: w
events: [incident]
endpoints: [{name: main, url: "https://a.example.com/"}]
retry: {schedule: [1s, 1s, 1s], on: any_failure}
concurrency: 1000
)";

class NewsOfEndpoints : public ::testing::Test {
 protected:
  NewsOfEndpoints() { driver.own(); }
  CoreDriver driver{one_host, small()};
};

TEST_F(NewsOfEndpoints, RetryAfterIsToldOnce) {
  for (std::int64_t offset = 0; offset < 3; ++offset) driver.event(offset);
  driver.step();
  for (const auto& request : driver.attempts) {
    driver.inputs.answers.push_back({.id = request.id, .outcome = deliver::Outcome::answered, .status = 429, .retry_after = "30"});
  }
  driver.step();
  ASSERT_EQ(driver.outputs.news.size(), 1u);
  EXPECT_EQ(driver.outputs.news[0].what, News::What::paused);
  EXPECT_EQ(driver.outputs.news[0].webhook, "w");
  EXPECT_EQ(driver.outputs.news[0].endpoint, "main");
  EXPECT_EQ(driver.outputs.news[0].until, driver.now.mono + 30s);
}

TEST_F(NewsOfEndpoints, APauseThatASiblingWasAskedForCountsHereToo) {
  driver.inputs.news.push_back({.what = News::What::paused, .webhook = "w", .endpoint = "main", .until = driver.now.mono + 3s});
  driver.event(0);
  driver.step();
  EXPECT_TRUE(driver.attempts.empty());
  driver.step(2900ms);
  EXPECT_TRUE(driver.attempts.empty());
  driver.step(200ms);
  EXPECT_EQ(driver.attempts.size(), 1u);
}

TEST_F(NewsOfEndpoints, ACircuitIsToldWhenItOpensAndWhenItCloses) {
  for (std::int64_t offset = 0; offset < 11; ++offset) driver.event(offset);
  driver.step();
  driver.step(2s);
  for (int i = 0; i < 10; ++i) driver.answer(500);
  driver.step();
  ASSERT_EQ(driver.outputs.news.size(), 1u);
  EXPECT_EQ(driver.outputs.news[0].what, News::What::opened);
  EXPECT_EQ(driver.outputs.news[0].until, driver.now.mono + 2s);
  driver.answer(200);
  driver.step();
  ASSERT_EQ(driver.outputs.news.size(), 1u);
  EXPECT_EQ(driver.outputs.news[0].what, News::What::closed);
}

TEST_F(NewsOfEndpoints, ASiblingsCircuitIsOpenHereUntilItCloses) {
  driver.inputs.news.push_back({.what = News::What::opened, .webhook = "w", .endpoint = "main", .until = driver.now.mono + 1h});
  driver.inputs.news.push_back({.what = News::What::opened, .webhook = "w", .endpoint = "gone", .until = driver.now.mono + 1h});
  driver.event(0);
  driver.step();
  EXPECT_TRUE(driver.attempts.empty());
  EXPECT_EQ(driver.produces.size(), 1u) << "to a retry topic without an attempt";
  EXPECT_EQ(driver.core.status(driver.now).endpoints.at(0).circuit, 2);
  driver.inputs.news.push_back({.what = News::What::closed, .webhook = "w", .endpoint = "main"});
  driver.event(1);
  driver.step();
  EXPECT_EQ(driver.attempts.size(), 1u);
}

}  // namespace
}  // namespace hookline::engine
