// Policies with a threshold in the worker: from the source to the topic where they are counted, and from there to the
// webhooks, with owners that come and go.
#include <deque>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core_driver.h"

namespace hookline::engine {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view webhook = R"(
name: pager
trigger: policy
endpoints: [{url: "https://a.example.com/"}]
payload: |
  {"n": $n, "policy": "$policy", "count": $count, "window": "$window"}
---
name: by-itself
events: [incident_resolved]
filter: type == "incident_resolved"
endpoints: [{url: "https://b.example.com/"}]
)";
constexpr std::string_view policies =
    R"([{"name": "many", "on": ["incident"], "threshold": {"count": 3, "within": "10s", "per": "host"}, "notify": ["pager", "by-itself"]}])";

/// PREFIX.thresholds with one partition, and owners of it.
class Thresholds : public testing::Test {
 protected:
  Thresholds() { start(); }

  /// A new owner, which takes over at what is committed.
  void start(std::int64_t from = 0) {
    owner = std::make_unique<CoreDriver>(webhook, CoreOptions{.thresholds_topic = "t"}, policies);
    owner->inputs.assigned.emplace();
    owner->inputs.assigned->push_back({{std::string(CoreDriver::topic), 0}, event::Kind::incident, Role::source, std::nullopt, source_offset, ""});
    AssignedPartition counted{{"t", 0}, event::Kind::alarm, Role::thresholds, std::nullopt, base, map};
    next = static_cast<std::size_t>(base);
    if (base > from) {
      counted.reread = Reread{from, static_cast<std::int64_t>(log.size())};
      next = static_cast<std::size_t>(from);
    }
    owner->inputs.assigned->push_back(counted);
    paused = false;
    turn();
  }

  void turn(core::Duration later = 1ms) {
    owner->step(later);
    if (!owner->outputs.pause.empty()) paused = true;
    for (const auto& from : owner->outputs.resume_from) {
      next = static_cast<std::size_t>(from.offset);
      paused = false;
    }
    for (const auto& commit : owner->commits) {
      for (const auto& entry : commit.entries) {
        if (entry.partition.topic == "t") std::tie(base, map) = std::tie(entry.offset, entry.metadata);
      }
    }
  }

  /// Everything that is on its way gets there, as long as there is something.
  void settle(int turns = 20) {
    for (int i = 0; i < turns; ++i) {
      while (!owner->produces.empty()) append();
      while (!owner->commits.empty()) owner->report();
      while (!paused && next < log.size()) owner->give_back(log[next++]);
      turn(100ms);
    }
  }
  void append() {
    log.push_back(owner->produces.front().record);
    log.back().offset = static_cast<std::int64_t>(log.size()) - 1;
    log.back().timestamp = owner->now.wall;
    if (!log.back().value) log.back().value = std::string();
    owner->acknowledge();
  }

  void event(std::string_view host, std::string_view type = "incident_triggered") {
    owner->record(fmt::format(R"({{"event_type":"{}","host":"{}","n":{}}})", type, host, source_offset), source_offset);
    ++source_offset;
    turn();
  }
  std::string id(std::size_t attempt) {
    for (const auto& header : owner->attempts.at(attempt).headers) {
      if (header.name == "webhook-id") return header.value;
    }
    return {};
  }

  std::unique_ptr<CoreDriver> owner;
  std::deque<kafka::OwnedRecord> log;  ///< stable: what is read points into it
  std::size_t next = 0;
  bool paused = false;
  std::int64_t base = 0, source_offset = 0;
  std::string map;
};

TEST_F(Thresholds, EventsGoToTheTopicOfTheirGroupAndSettleOnItsAcknowledgement) {
  event("a");
  ASSERT_EQ(owner->produces.size(), 1u);
  EXPECT_EQ(owner->produces[0].record.topic, "t");
  EXPECT_EQ(owner->produces[0].record.key, "many\na");
  EXPECT_EQ(owner->produces[0].record.value, R"({"event_type":"incident_triggered","host":"a","n":0})");
  EXPECT_TRUE(owner->attempts.empty());
}

TEST_F(Thresholds, FiresOnTheCountthOfAGroupWithWhatThePolicySays) {
  for (const char* host : {"a", "b", "a", "b", "a", "a", "a"}) event(host);
  settle();
  ASSERT_EQ(owner->attempts.size(), 1u);
  EXPECT_EQ(json::Tree::parse(owner->attempts[0].body).dump(), R"({"n":4,"policy":"many","count":3,"window":"10s"})");
  EXPECT_EQ(log.size(), 8u) << "seven events and the note of the firing";
  owner->answer(200);
  settle();
  EXPECT_EQ(base, 8);
}

TEST_F(Thresholds, TheRecordThatFiresStaysOpenUntilItsDeliveriesHaveEnded) {
  for (int i = 0; i < 3; ++i) event("a");
  settle();
  ASSERT_EQ(owner->attempts.size(), 1u);
  EXPECT_EQ(base, 2);
}

TEST_F(Thresholds, AWebhookThatTheEventReachesAnywayDoesNotGetItTwice) {
  for (int i = 0; i < 3; ++i) event("a", "incident_resolved");
  settle();
  int by_itself = 0;
  for (const auto& request : owner->attempts) by_itself += request.url == "https://b.example.com/";
  EXPECT_EQ(by_itself, 3) << "each event, once";
  EXPECT_EQ(owner->attempts.size(), 4u);
}

TEST_F(Thresholds, ANewOwnerCountsOnWhereTheOtherStood) {
  event("a");
  event("a");
  settle();
  ASSERT_EQ(base, 2);
  start();
  settle();
  EXPECT_TRUE(owner->attempts.empty());
  event("a");
  settle();
  EXPECT_EQ(owner->attempts.size(), 1u);
}

TEST_F(Thresholds, WhatHasFiredDoesNotFireAnew) {
  for (int i = 0; i < 3; ++i) event("a");
  settle();
  owner->answer(200);
  settle();
  ASSERT_EQ(base, 4);
  start();
  settle();
  for (int i = 0; i < 5; ++i) event("a");
  settle();
  EXPECT_TRUE(owner->attempts.empty());
}

TEST_F(Thresholds, AFiringThatACrashInterruptsIsRepeatedWithItsId) {
  for (int i = 0; i < 3; ++i) event("a");
  settle();
  ASSERT_EQ(owner->attempts.size(), 1u);
  const auto before = id(0);
  event("a");
  settle();
  start();  // nobody has heard of the answer
  settle();
  ASSERT_EQ(owner->attempts.size(), 1u);
  EXPECT_EQ(id(0), before);
  owner->answer(200);
  settle();
  EXPECT_EQ(base, static_cast<std::int64_t>(log.size()));
}

TEST_F(Thresholds, ANoteBehindTheCommittedOffsetIsHeeded) {
  for (int i = 0; i < 3; ++i) event("a");
  for (int i = 0; i < 3; ++i) event("b");
  settle();
  ASSERT_EQ(owner->attempts.size(), 2u);
  owner->answer(200);  // of a; b's record stays open, before both notes
  settle();
  ASSERT_EQ(base, 5);
  start();
  settle();
  ASSERT_EQ(owner->attempts.size(), 1u) << "b's";
  EXPECT_EQ(json::Tree::parse(owner->attempts[0].body)["n"], 5);
  for (int i = 0; i < 4; ++i) event("a");
  settle();
  EXPECT_EQ(owner->attempts.size(), 1u);
}

TEST_F(Thresholds, CopiesOfAnEventCountOnce) {
  event("a");
  event("a");
  settle();
  log.push_back(log[0]);
  log.back().offset = static_cast<std::int64_t>(log.size()) - 1;
  settle();
  EXPECT_TRUE(owner->attempts.empty());
}

TEST_F(Thresholds, WhatIsNotOfHooklineIsADeadLetter) {
  log.push_back({.topic = "t", .partition = 0, .offset = 0, .timestamp = owner->now.wall, .key = "x", .value = "{}", .headers = {}});
  owner->give_back(log[next++]);
  turn();
  ASSERT_EQ(owner->produces.size(), 1u);
  EXPECT_EQ(owner->produces[0].record.topic, "hookline.dead-letters");
}

}  // namespace
}  // namespace hookline::engine
