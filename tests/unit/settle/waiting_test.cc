#include "hookline/settle/waiting.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hookline::settle {
namespace {

using Headers = std::vector<OwnedHeader>;

Waiting example() {
  return {
      .webhook = "payments-tickets",
      .endpoint = "main",
      .delivery_id = "msg_1",
      .kind = "incident",
      .attempts = 2,
      .hops = 3,
      .first_attempt_at = core::from_unix_ms(1000),
      .due_at = core::from_unix_ms(61000),
      .http_status = 503,
      .error = "503 Service Unavailable",
      .key = "incident-7",
      .origin = {"ops.incidents", 3, 1234567, core::from_unix_ms(900)},
  };
}

// Read by other versions of Hookline in the same group during an upgrade.
TEST(Waiting, HasExactlyTheseHeadersBehindTheOriginalOnes) {
  const Headers expected{
      {"trace", std::nullopt},
      {"trace", "a"},
      {"hookline.webhook", "payments-tickets"},
      {"hookline.endpoint", "main"},
      {"hookline.delivery.id", "msg_1"},
      {"hookline.kind", "incident"},
      {"hookline.attempts", "2"},
      {"hookline.hops", "3"},
      {"hookline.first.at", "1000"},
      {"hookline.due.at", "61000"},
      {"hookline.http.status", "503"},
      {"hookline.error", "503 Service Unavailable"},
      {"hookline.key", "incident-7"},
      {"hookline.origin.topic", "ops.incidents"},
      {"hookline.origin.partition", "3"},
      {"hookline.origin.offset", "1234567"},
      {"hookline.origin.timestamp", "900"},
  };
  EXPECT_EQ(
      waiting_headers(example(), Headers{{"trace", std::nullopt}, {"hookline.due.at", "1"}, {"trace", "a"}}),
      expected);
}

TEST(Waiting, ReadsBackWhatItWrote) {
  const auto parsed = parse_waiting(waiting_headers(example(), {}));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->webhook, "payments-tickets");
  EXPECT_EQ(parsed->endpoint, "main");
  EXPECT_EQ(parsed->delivery_id, "msg_1");
  EXPECT_EQ(parsed->attempts, 2u);
  EXPECT_EQ(parsed->first_attempt_at_ms, 1000);
  EXPECT_EQ(parsed->due_at_ms, 61000);
  EXPECT_EQ(parsed->http_status, 503);
  EXPECT_EQ(parsed->error, "503 Service Unavailable");
  EXPECT_EQ(parsed->key, "incident-7");
  EXPECT_EQ(parsed->origin_topic, "ops.incidents");
  EXPECT_EQ(parsed->origin_partition, 3);
  EXPECT_EQ(parsed->origin_offset, 1234567);
  EXPECT_EQ(parsed->origin_timestamp_ms, 900);
}

TEST(Waiting, OneThatWasReplayedTellsWhatItHasBehindIt) {
  auto replayed = example();
  replayed.past = {.generation = 1'772'445'846'000, .replays = 2, .attempts = 9};
  const auto headers = waiting_headers(replayed, {});
  for (const OwnedHeader& header : Headers{{"hookline.replay.generation", "1772445846000"},
                                           {"hookline.replays", "2"},
                                           {"hookline.earlier.attempts", "9"}}) {
    EXPECT_THAT(headers, ::testing::Contains(header));
  }
  const auto parsed = parse_waiting(headers);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->past.generation, 1'772'445'846'000);
  EXPECT_EQ(parsed->past.replays, 2u);
  EXPECT_EQ(parsed->past.attempts, 9u);
}

TEST(Waiting, KeepsTheKeyByteForByteAndTellsNoneFromEmpty) {
  const std::string long_key(20'000, '\xff');
  for (const std::optional<std::string_view> key :
       {std::optional<std::string_view>(), std::optional<std::string_view>(""),
        std::optional<std::string_view>(std::string_view("\0\xff", 2)),
        std::optional<std::string_view>(long_key)}) {
    Waiting waiting = example();
    waiting.key = key;
    const auto parsed = parse_waiting(waiting_headers(waiting, {}));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->key, key);
  }
}

TEST(Waiting, BeforeItsFirstAttemptThereIsNeitherStatusNorError) {
  Waiting waiting = example();
  waiting.attempts = 0;
  waiting.http_status.reset();
  waiting.error = {};
  const auto parsed = parse_waiting(waiting_headers(waiting, {}));
  ASSERT_TRUE(parsed);
  EXPECT_FALSE(parsed->http_status);
  EXPECT_EQ(parsed->error, "");
}

TEST(Waiting, OfOthersOrDamagedIsNotRead) {
  EXPECT_FALSE(parse_waiting({}));
  const auto whole = waiting_headers(example(), {});
  for (const auto* needed :
       {"hookline.webhook", "hookline.endpoint", "hookline.delivery.id", "hookline.attempts",
        "hookline.first.at", "hookline.due.at", "hookline.origin.topic", "hookline.origin.partition",
        "hookline.origin.offset", "hookline.origin.timestamp"}) {
    Headers without;
    for (const auto& header : whole) {
      if (header.first != needed) without.push_back(header);
    }
    ASSERT_EQ(without.size() + 1, whole.size()) << needed;
    EXPECT_FALSE(parse_waiting(without)) << needed;
  }
}

TEST(Waiting, BecomesADeadLetterWithoutATraceOfTheWait) {
  const Headers original{{"trace", "a"}};
  const auto waiting = waiting_headers(example(), original);
  const DeadLetter letter{.reason = Reason::exhausted, .error = "x", .origin = example().origin};
  EXPECT_EQ(dead_letter_headers(letter, waiting), dead_letter_headers(letter, original));
}

TEST(Waiting, CarriesWhatThePolicySaid) {
  const PolicyNote note{.policy = "critical-hosts", .count = 100, .window = std::chrono::minutes(10)};
  Waiting waiting = example();
  waiting.policy = &note;
  const auto headers = waiting_headers(waiting, {});
  EXPECT_THAT(headers, testing::IsSupersetOf(Headers{
                           {"hookline.policy", "critical-hosts"}, {"hookline.policy.count", "100"}, {"hookline.policy.window", "600000"}}));
  EXPECT_EQ(parse_waiting(headers)->policy, note);
  EXPECT_EQ(parse_waiting(waiting_headers(example(), {}))->policy, PolicyNote{});

  const DeadLetter letter{.webhook = "w", .origin = example().origin, .policy = &note};
  EXPECT_EQ(parse_dead_letter(dead_letter_headers(letter, {}))->policy, note);
}

}  // namespace
}  // namespace hookline::settle
