#include "hookline/engine/reentry.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core_driver.h"
#include "hookline/settle/waiting.h"

namespace hookline::engine {
namespace {

using namespace std::chrono_literals;

class Reentries : public ::testing::Test {
 protected:
  static constexpr std::string_view webhook = R"(name: w
events: [incident]
endpoints: [{name: main, url: "http://127.0.0.1:1/main"}, {name: other, url: "http://127.0.0.1:1/other"}]
payload: '{"n": $n, "attempt": $attempt}'
)";
  CoreDriver driver{webhook, {.tiers = {{"r.10s", 10s}, {"r.1m", 60s}}}};
  config::Topics topics;

  Reentries() {
    topics.own[static_cast<std::size_t>(config::OwnTopic::retry_10s)] = "r.10s";
    topics.sources[static_cast<std::size_t>(event::Kind::incident)] = {std::string(CoreDriver::topic)};
    driver.own();
  }

  /// An event whose first endpoint refuses it; its dead letter.
  kafka::OwnedRecord dead_letter() {
    driver.event(0);
    driver.step();
    EXPECT_EQ(driver.attempts.size(), 2u);
    driver.answer(400);
    driver.answer(200);
    return buried();
  }
  kafka::OwnedRecord buried() {
    driver.step();
    EXPECT_EQ(driver.produces.size(), 1u);
    auto record = driver.produces.at(0).record;
    EXPECT_EQ(record.topic, "hookline.dead-letters");
    driver.acknowledge();
    driver.step();
    return record;
  }
  /// What a replay makes of it.
  kafka::OwnedRecord again(const kafka::OwnedRecord& record, std::optional<std::int64_t> marked = {}) {
    const auto letter = *settle::parse_dead_letter(record.headers);
    const Reentry reentry{.webhook = letter.webhook,
                          .endpoint = letter.endpoint,
                          .delivery_id = letter.delivery_id,
                          .kind = *kind_of_topic(topics, letter.origin_topic),
                          .past = past_of(letter, marked)};
    auto made = reentry_record(reentry, original_of(letter, record), topics, driver.now.wall);
    made.offset = next_offset_++;
    made.timestamp = driver.now.wall;
    return made;
  }
  std::string header(const deliver::Request& request, const std::string& name) {
    for (const auto& h : request.headers) {
      if (h.name == name) return h.value;
    }
    return {};
  }

 private:
  std::int64_t next_offset_ = 0;
};

TEST_F(Reentries, ADeadLetterIsAttemptedAgainUnderItsIdAtTheEndpointThatFailedAndNowhereElse) {
  const auto letter = dead_letter();
  const auto record = again(letter);
  EXPECT_EQ(record.topic, "r.10s");
  driver.give_back(record);
  driver.step();
  ASSERT_EQ(driver.attempts.size(), 1u);
  EXPECT_EQ(driver.attempts[0].url, "http://127.0.0.1:1/main");
  EXPECT_EQ(driver.attempts[0].body, R"({"n": 0, "attempt": 2})");
  EXPECT_EQ(header(driver.attempts[0], "webhook-id"), settle::parse_dead_letter(letter.headers)->delivery_id);
  driver.answer(200);
  driver.step();
  EXPECT_TRUE(driver.produces.empty());
}

TEST_F(Reentries, OneThatFailsAgainIsANewDeadLetterWithItsHistory) {
  auto record = dead_letter();
  const auto first = *settle::parse_dead_letter(record.headers);
  EXPECT_EQ(first.attempts, 1u);
  EXPECT_EQ(first.past.replays, 0u);
  for (std::uint32_t replays = 1; replays <= 3; ++replays) {
    const auto reentry = again(record);
    driver.give_back(reentry);
    driver.step();
    ASSERT_EQ(driver.attempts.size(), 1u) << replays;
    driver.answer(400);
    record = buried();
    const auto letter = *settle::parse_dead_letter(record.headers);
    EXPECT_EQ(letter.attempts, 1 + replays);
    EXPECT_EQ(letter.past.replays, replays);
    EXPECT_EQ(letter.past.attempts, replays);
    EXPECT_EQ(letter.delivery_id, first.delivery_id);
    EXPECT_EQ(letter.origin_offset, first.origin_offset);
    EXPECT_EQ(record.key, "k");
  }
}

TEST_F(Reentries, RetriesOfAReplayAreCountedAnew) {
  driver.inputs.definitions = definitions_of(R"(name: w
events: [incident]
endpoints: [{name: main, url: "http://127.0.0.1:1/main"}, {name: other, url: "http://127.0.0.1:1/other"}]
retry: {schedule: [1s], on: any_failure}
)");
  driver.event(0);
  driver.step();
  driver.answer(200);
  driver.answer(200);
  driver.step();
  // It has five attempts behind it: more than the schedule has.
  const settle::DeadLetter letter{.webhook = "w", .endpoint = "main", .delivery_id = "msg_1", .attempts = 5, .http_status = {}, .error = {},
                                  .origin = {CoreDriver::topic, 0, 7, driver.now.wall}, .failed_at = driver.now.wall, .past = {}};
  kafka::OwnedRecord dead{.topic = "hookline.dead-letters"};
  dead.value = R"({"event_type":"incident_triggered"})";
  dead.headers = settle::dead_letter_headers(letter, {});
  const auto reentry = again(dead);
  driver.give_back(reentry);
  driver.step();
  ASSERT_EQ(driver.attempts.size(), 1u);
  driver.answer(500);
  driver.step();
  driver.step(2s);
  ASSERT_EQ(driver.attempts.size(), 1u) << "its one retry";
  driver.answer(500);
  EXPECT_EQ(settle::parse_dead_letter(buried().headers)->attempts, 7u);
}

TEST_F(Reentries, ACopyOfAReentryIsNotSentAndALaterReplayIs) {
  const auto letter = dead_letter();
  const auto first = again(letter), copy = again(letter);
  driver.give_back(first);
  driver.give_back(copy);
  driver.step();
  EXPECT_EQ(driver.attempts.size(), 1u);
  EXPECT_EQ(driver.metrics.stale_copies().value(), 1u);
  driver.answer(200);
  driver.step();
  const auto marked = settle::parse_waiting(first.headers)->past.generation;
  const auto later = again(letter, marked);
  driver.give_back(later);
  driver.step();
  EXPECT_EQ(driver.attempts.size(), 1u);
}

// In the life before it was handed on many times; in this one hops count from one.
TEST_F(Reentries, AReentryIsNewsHoweverOftenItsDeliveryWasHandedOnBefore) {
  const auto letter = dead_letter();
  auto earlier = again(letter);
  for (auto& [name, value] : earlier.headers) {
    if (name == "hookline.hops") value = "40";
  }
  std::erase_if(earlier.headers, [](const auto& h) { return h.first == "hookline.replay.generation"; });
  driver.give_back(earlier);
  driver.step();
  ASSERT_EQ(driver.attempts.size(), 1u);
  driver.answer(400);
  const auto reentry = again(buried());
  driver.give_back(reentry);
  driver.step();
  EXPECT_EQ(driver.attempts.size(), 1u);
}

TEST_F(Reentries, KeyHeadersAndBytesAreThoseOfTheOriginal) {
  const settle::DeadLetter dead{.webhook = "w", .endpoint = "main", .delivery_id = "msg_1", .http_status = {}, .error = {},
                                .origin = {CoreDriver::topic, 2, 77, core::from_unix_ms(5)}, .past = {}};
  kafka::OwnedRecord record{.topic = "hookline.dead-letters", .partition = 1, .offset = 9};
  record.key = std::string("k\0\xff", 3);
  record.value = "\xc3\xa9 anything";
  record.headers = settle::dead_letter_headers(dead, std::vector<settle::OwnedHeader>{{"a", "1"}, {"b", std::nullopt}, {"a", "2"}});
  const auto original = original_of(*settle::parse_dead_letter(record.headers), record);
  EXPECT_EQ(original.topic, CoreDriver::topic);
  EXPECT_EQ(original.offset, 77);
  EXPECT_EQ(original.headers, (std::vector<kafka::OwnedHeader>{{"a", "1"}, {"b", std::nullopt}, {"a", "2"}}));
  const auto made = again(record);
  EXPECT_EQ(made.value, record.value);
  ASSERT_TRUE(made.key);
  auto other = record;
  for (auto& [name, value] : other.headers) {
    if (name == "hookline.delivery.id") value = "msg_2";
  }
  EXPECT_EQ(again(other).key, made.key) << "of a key, all lie in one partition";
  other.key = "k";
  EXPECT_NE(again(other).key, made.key);
  EXPECT_LT(made.key->size(), 40u) << "keys may be long";
  const auto waiting = *settle::parse_waiting(made.headers);
  EXPECT_EQ(waiting.key, record.key);
  EXPECT_EQ(waiting.origin_partition, 2);
  EXPECT_EQ(waiting.origin_timestamp_ms, 5);
  EXPECT_TRUE(std::equal(original.headers.begin(), original.headers.end(), made.headers.begin()));
}

TEST_F(Reentries, KindsAreThoseOfTheConfiguredTopics) {
  topics.own[static_cast<std::size_t>(config::OwnTopic::notices)] = "hookline.notices";
  EXPECT_EQ(kind_of_topic(topics, CoreDriver::topic), event::Kind::incident);
  EXPECT_EQ(kind_of_topic(topics, "hookline.notices"), event::Kind::audit);
  EXPECT_EQ(kind_of_topic(topics, "elsewhere"), std::nullopt);
}

}  // namespace
}  // namespace hookline::engine
