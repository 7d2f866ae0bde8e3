#include <gtest/gtest.h>

#include "core_driver.h"
#include "hookline/settle/offset_map.h"
#include "hookline/settle/waiting.h"

namespace hookline::engine {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view webhooks = R"(
name: w
events: [incident]
endpoints: [{url: "https://a.example.com/"}]
retry: {schedule: [3s, 30s, 2m], on: any_failure, max_age: 1h}
concurrency: 1000
---
name: none
events: [audit]
endpoints: [{url: "https://b.example.com/"}]
)";

CoreOptions with_tiers() {
  return {.tiers = {{"r.10s", 10s}, {"r.1m", 60s}, {"r.10m", 600s}}, .session_timeout = 24h};
}

settle::ParsedWaiting waiting_of(const kafka::OwnedRecord& record) {
  return settle::parse_waiting(record.headers).value();
}

class RetryTopics : public ::testing::Test {
 protected:
  RetryTopics() { driver.own(); }

  void fail_attempt(int status = 500) {
    ASSERT_EQ(driver.attempts.size(), 1u);
    driver.answer(status);
    driver.step();
  }
  void commit_reports() {
    while (!driver.commits.empty()) driver.report();
  }
  std::int64_t committed() {
    std::int64_t offset = -1;
    for (const auto& commit : driver.commits) {
      for (const auto& entry : commit.entries) {
        if (entry.partition.topic == CoreDriver::topic) offset = entry.offset;
      }
    }
    return offset;
  }

  CoreDriver driver{webhooks, with_tiers()};
};

TEST_F(RetryTopics, ADeliveryThatOnlyWaitsLeavesItsPartition) {
  driver.event(0);
  driver.step();
  fail_attempt();
  ASSERT_EQ(driver.produces.size(), 1u);
  EXPECT_EQ(driver.produces[0].record.topic, "r.10s");
  EXPECT_EQ(*driver.produces[0].record.value, R"({"event_type":"incident_triggered","n":0,"pad":""})");
  driver.step(1s);
  EXPECT_EQ(committed(), 0) << "not settled before the broker has acknowledged it";
  commit_reports();
  const auto record = driver.hand_over();
  driver.step(1ms);
  driver.step(20ms);
  EXPECT_EQ(committed(), 1) << "and committed at once then";
  const auto waiting = waiting_of(record);
  EXPECT_EQ(waiting.attempts, 1u);
  EXPECT_EQ(waiting.hops, 1u);
  EXPECT_EQ(waiting.kind, "incident");
  EXPECT_EQ(waiting.key, "k");
  EXPECT_EQ(waiting.http_status, 500);
  EXPECT_EQ(*record.key, waiting.delivery_id);
}

TEST_F(RetryTopics, EachAttemptOfTheScheduleComesWhenItIsDueAndThenTheDeadLetter) {
  driver.event(0);
  driver.step();
  const auto id = driver.attempts[0].headers;
  const auto began = driver.now.mono;
  fail_attempt();
  driver.hand_over();
  driver.step();
  EXPECT_TRUE(driver.attempts.empty());
  driver.step(2999ms);
  EXPECT_TRUE(driver.attempts.empty()) << "never before it is due";
  driver.step(700ms);
  fail_attempt();
  ASSERT_EQ(driver.produces.size(), 1u);
  EXPECT_EQ(driver.produces[0].record.topic, "r.10s") << "30 s: the longest delay that fits";
  EXPECT_EQ(waiting_of(driver.produces[0].record).attempts, 2u);
  // Passed on when its delay has passed, until it is due.
  for (int hops = 0; driver.attempts.empty() && hops < 5; ++hops) {
    ASSERT_EQ(driver.produces.size(), 1u);
    driver.hand_over();
    driver.step();
    for (int i = 0; i < 12 && driver.attempts.empty() && driver.produces.empty(); ++i) driver.step(1s);
  }
  const auto waited = driver.now.mono - began - 3699ms;
  EXPECT_GE(waited, 30s);
  EXPECT_LE(waited, 33s + 1s);
  fail_attempt();
  ASSERT_EQ(driver.produces.size(), 1u);
  EXPECT_EQ(driver.produces[0].record.topic, "r.1m");
  EXPECT_EQ(waiting_of(driver.produces[0].record).attempts, 3u);
  const auto resumed = [&] { return driver.outputs.resume_from.size(); };
  const auto handed = driver.hand_over();
  const auto& kept = driver.last_kept();
  driver.step();
  EXPECT_EQ(driver.outputs.pause.size(), 1u) << "not due: its partition stands still";
  driver.step(59s);
  EXPECT_EQ(resumed(), 0u);
  for (int i = 0; i < 10 && resumed() == 0; ++i) driver.step(1s);
  ASSERT_EQ(resumed(), 1u);
  EXPECT_EQ(driver.outputs.resume_from[0].offset, kept.offset);
  driver.give_back(kept);
  driver.step();
  // 2 m less the minute that has passed: again a minute, or under it the shortest.
  for (int i = 0; i < 200 && driver.attempts.empty(); ++i) {
    if (!driver.produces.empty()) driver.hand_over();
    if (resumed() > 0) driver.give_back(driver.last_kept());
    driver.step(1s);
  }
  fail_attempt();
  ASSERT_EQ(driver.produces.size(), 1u);
  EXPECT_EQ(driver.produces[0].record.topic, "hookline.dead-letters");
  const auto letter = settle::parse_dead_letter(driver.produces[0].record.headers);
  EXPECT_EQ(letter->reason, settle::Reason::exhausted);
  EXPECT_EQ(letter->attempts, 4u);
  EXPECT_EQ(letter->origin_topic, CoreDriver::topic);
  EXPECT_EQ(*driver.produces[0].record.key, "k") << "the original key";
}

TEST_F(RetryTopics, ACopyIsSettledAndNotSent) {
  driver.event(0);
  driver.step();
  fail_attempt();
  driver.hand_over();
  auto copy = driver.last_kept();
  copy.offset = 1;
  driver.give_back(copy);
  driver.step();
  driver.step(5s);
  EXPECT_EQ(driver.attempts.size(), 1u);
  EXPECT_EQ(driver.metrics.stale_copies().value(), 1u);
  fail_attempt(200);
  commit_reports();
  driver.step(1s);
  std::int64_t tier_offset = 0;
  for (const auto& commit : driver.commits) {
    for (const auto& entry : commit.entries) {
      if (entry.partition.topic == "r.10s") tier_offset = entry.offset;
    }
  }
  EXPECT_EQ(tier_offset, 2);
}

TEST_F(RetryTopics, WhatIsReadAgainByItsNextOwnerIsNoCopy) {
  driver.event(0);
  driver.step();
  fail_attempt();
  driver.hand_over();
  const auto kept = driver.last_kept();
  driver.step();
  driver.inputs.revocation = Inputs::Revocation::lost;
  driver.step();
  driver.own();
  driver.give_back(kept);
  driver.step();
  driver.step(5s);
  EXPECT_EQ(driver.attempts.size(), 1u);
}

TEST_F(RetryTopics, WhatTheMapSaysIsFinishedMakesNothingACopy) {
  driver.event(0);
  driver.step();
  fail_attempt();
  driver.hand_over();
  const auto first = driver.last_kept();
  driver.step();
  const auto at = [&](std::int64_t offset, const char* hops) {
    auto record = first;
    record.offset = offset;
    for (auto& [name, value] : record.headers) {
      if (name == "hookline.hops") value = hops;
    }
    return record;
  };
  // Another owner's map: the second of three is finished. It was a copy that had gone further; the third lives.
  const auto map = settle::encode({0, {{1, 2}}}, "test/r.10s/0");
  driver.inputs.assigned.emplace();
  driver.inputs.assigned->push_back({{"r.10s", 0}, event::Kind::alarm, Role::retry, std::uint8_t{0}, 0, map});
  driver.step();
  driver.attempts.clear();
  const auto finished = at(1, "9"), open = at(2, "1");
  driver.give_back(finished);
  driver.give_back(open);
  driver.step();
  driver.step(5s);
  EXPECT_EQ(driver.attempts.size(), 1u);
}

TEST_F(RetryTopics, ARecordThatIsNotHooklinesIsADeadLetterOfItsOwn) {
  driver.event(0);
  driver.step();
  fail_attempt();
  driver.hand_over();
  auto foreign = driver.last_kept();
  driver.step();
  foreign.headers = {{"hookline.webhook", "w"}};
  foreign.offset = 1;
  driver.give_back(foreign);
  driver.step();
  ASSERT_EQ(driver.produces.size(), 1u);
  EXPECT_EQ(settle::parse_dead_letter(driver.produces[0].record.headers)->reason, settle::Reason::decode);
}

TEST_F(RetryTopics, AStoppingWorkerHandsOverWhatWaitsAndWhatItBreaksOff) {
  driver.event(0);
  driver.event(1);
  driver.step();
  ASSERT_EQ(driver.attempts.size(), 2u);
  driver.inputs.stop = true;
  driver.step();
  driver.step(21s);  // past the drain
  EXPECT_EQ(driver.outputs.aborts.size(), 2u);
  ASSERT_EQ(driver.produces.size(), 2u);
  EXPECT_EQ(waiting_of(driver.produces[0].record).attempts, 1u) << "an attempt that is broken off counts";
  EXPECT_FALSE(driver.outputs.stopped);
  driver.acknowledge();
  driver.acknowledge();
  driver.step(1ms);
  EXPECT_EQ(committed(), 2);
  commit_reports();
  driver.step(1ms);
  EXPECT_TRUE(driver.outputs.stopped);
}

TEST_F(RetryTopics, AnOpenCircuitSendsLiveDeliveriesPastTheEndpointAndOneProbes) {
  for (std::int64_t offset = 0; offset < 12; ++offset) driver.event(offset);
  driver.step();
  ASSERT_EQ(driver.attempts.size(), 12u);
  driver.step(2s);
  while (!driver.attempts.empty()) driver.answer(503);
  driver.step();
  EXPECT_EQ(driver.produces.size(), 12u) << "all wait elsewhere";
  while (!driver.produces.empty()) driver.acknowledge();
  driver.event(12);
  driver.step();
  EXPECT_TRUE(driver.attempts.empty());
  ASSERT_EQ(driver.produces.size(), 1u);
  EXPECT_EQ(waiting_of(driver.produces[0].record).attempts, 0u);
  driver.hand_over();
  driver.step();
  EXPECT_TRUE(driver.attempts.empty()) << "it waits in memory, like all of that topic";
  driver.step(3s);
  EXPECT_EQ(driver.attempts.size(), 1u) << "the circuit's pause is over: it probes";
  driver.event(13);
  driver.event(14);
  driver.step();
  EXPECT_EQ(driver.attempts.size(), 1u) << "one probe at a time; they wait for what it says";
  driver.answer(200);
  driver.step();
  EXPECT_EQ(driver.attempts.size(), 2u) << "closed again";
}

TEST_F(RetryTopics, WhileAnEndpointAsksToBeLeftAloneItsDeliveriesWaitElsewhere) {
  driver.event(0);
  driver.step();
  ASSERT_EQ(driver.attempts.size(), 1u);
  driver.answer(429, "120");
  driver.step();
  driver.event(1);
  driver.step();
  EXPECT_TRUE(driver.attempts.empty());
  ASSERT_EQ(driver.produces.size(), 2u);
  const auto waiting = waiting_of(driver.produces[1].record);
  EXPECT_EQ(driver.produces[1].record.topic, "r.1m");
  EXPECT_EQ(waiting.attempts, 0u);
  EXPECT_GE(waiting.due_at_ms, core::to_unix_ms(driver.now.wall) + 119'000);
}

TEST_F(RetryTopics, MaxAgeEndsItAlsoWhileTheCircuitIsOpen) {
  driver.event(0);
  driver.step();
  fail_attempt();
  driver.hand_over();
  auto old = driver.last_kept();
  driver.step(2h);
  for (auto& [name, value] : old.headers) {
    if (name == "hookline.delivery.id") value = "msg_other";
  }
  old.offset = 1;
  driver.give_back(old);
  driver.step();
  ASSERT_FALSE(driver.produces.empty());
  EXPECT_EQ(settle::parse_dead_letter(driver.produces.back().record.headers)->reason, settle::Reason::expired);
}

TEST_F(RetryTopics, MaxAgeEndsItAlsoWhileTheEndpointAsksToBeLeftAlone) {
  driver.inputs.definitions = definitions_of(R"(
name: w
events: [incident]
endpoints: [{url: "https://a.example.com/"}]
retry: {schedule: [3s], max_age: 1m}
)");
  driver.event(0);
  driver.step();
  ASSERT_EQ(driver.attempts.size(), 1u);
  driver.answer(429, "1800");
  driver.step();
  driver.event(1);
  driver.step();
  ASSERT_EQ(driver.produces.size(), 2u);
  driver.acknowledge();
  EXPECT_EQ(waiting_of(driver.hand_over()).attempts, 0u);
  driver.step(61s);
  driver.step(10s);
  ASSERT_EQ(driver.produces.size(), 1u);
  const auto letter = settle::parse_dead_letter(driver.produces[0].record.headers);
  ASSERT_TRUE(letter) << "its circuit is closed, and yet nothing may be sent there for half an hour: " << driver.produces[0].record.topic;
  EXPECT_EQ(letter->reason, settle::Reason::expired);
  EXPECT_EQ(letter->attempts, 0u);
  EXPECT_EQ(letter->error, "no attempt was made, the endpoint fails (HTTP 429); older than retry.max_age");
}

TEST_F(RetryTopics, WhatARetryTopicCannotHoldBecomesAPointerOnTheDeadLetterTopic) {
  driver.event(0);
  driver.step();
  fail_attempt();
  ASSERT_EQ(driver.produces.size(), 1u);
  EXPECT_EQ(driver.produces[0].record.topic, "r.10s");
  driver.acknowledge(core::Error{core::ErrorCode::too_large, "message too large"});
  driver.step();
  ASSERT_EQ(driver.produces.size(), 1u);
  const auto& record = driver.produces[0].record;
  EXPECT_EQ(record.topic, "hookline.dead-letters");
  const auto letter = settle::parse_dead_letter(record.headers);
  ASSERT_TRUE(letter);
  EXPECT_EQ(letter->reason, settle::Reason::too_large);
  EXPECT_TRUE(letter->pointer);
  EXPECT_EQ(letter->attempts, 1u);
  driver.step(1s);
  EXPECT_EQ(committed(), 0);
  commit_reports();
  driver.acknowledge();
  driver.step(1s);
  EXPECT_EQ(committed(), 1);
}

TEST_F(RetryTopics, ATopicThatRefusesIsTriedAgainAndHoldsTheOffsetUntilThen) {
  driver.event(0);
  driver.step();
  fail_attempt();
  for (int refusals = 0; refusals < 8; ++refusals) {
    ASSERT_EQ(driver.produces.size(), 1u) << refusals;
    driver.acknowledge(core::Error{core::ErrorCode::refused, "unknown topic"});
    driver.step();
    const auto status = driver.core.status(driver.now);
    ASSERT_TRUE(status.partitions[0].holder);
    EXPECT_NE(status.partitions[0].holder->last_error.find("r.10s"), std::string::npos);
    EXPECT_EQ(status.partitions[0].holder->webhook, "w");
    for (int i = 0; i < 31 && driver.produces.empty(); ++i) driver.step(1s);
    EXPECT_LE(committed(), 0);
  }
  commit_reports();
  driver.acknowledge();
  driver.step(1s);
  EXPECT_EQ(committed(), 1);
}

TEST_F(RetryTopics, StatusSaysSinceWhenTheHeadOfATopicHasStoodThere) {
  driver.event(0);
  driver.step();
  fail_attempt();
  auto record = driver.hand_over();
  auto late = driver.last_kept();
  driver.step();
  late.topic = "r.10m";
  late.offset = 0;
  driver.give_back(late);
  driver.step(1s);
  const auto status = driver.core.status(driver.now);
  const auto of = std::find_if(status.partitions.begin(), status.partitions.end(), [](const auto& p) { return p.topic == "r.10m"; });
  ASSERT_NE(of, status.partitions.end());
  EXPECT_EQ(of->oldest_since, late.timestamp) << "it is not due, and stands still";
}

}  // namespace
}  // namespace hookline::engine
