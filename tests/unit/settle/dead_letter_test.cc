#include "hookline/settle/dead_letter.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hookline::settle {
namespace {

using Headers = std::vector<OwnedHeader>;

DeadLetter example() {
  return {
      .reason = Reason::exhausted,
      .webhook = "payments-tickets",
      .endpoint = "main",
      .delivery_id = "msg_b0e8716a7413142ce5c9b8aa827ec43b",
      .attempts = 8,
      .http_status = 503,
      .error = "503 Service Unavailable",
      .origin = {"ops.incidents", 3, 1234567, core::from_unix_ms(1772445845110)},
      .failed_at = core::from_unix_ms(1772531245000),
  };
}

// The names and spellings that other programs read.
TEST(DeadLetter, HasExactlyTheseHeaders) {
  const Headers expected{
      {"hookline.reason", "exhausted"},
      {"hookline.webhook", "payments-tickets"},
      {"hookline.endpoint", "main"},
      {"hookline.delivery.id", "msg_b0e8716a7413142ce5c9b8aa827ec43b"},
      {"hookline.attempts", "8"},
      {"hookline.http.status", "503"},
      {"hookline.error", "503 Service Unavailable"},
      {"hookline.origin.topic", "ops.incidents"},
      {"hookline.origin.partition", "3"},
      {"hookline.origin.offset", "1234567"},
      {"hookline.origin.timestamp", "1772445845110"},
      {"hookline.failed.at", "1772531245000"},
      {"__connect.errors.topic", "ops.incidents"},
      {"__connect.errors.partition", "3"},
      {"__connect.errors.offset", "1234567"},
      {"__connect.errors.exception.message", "503 Service Unavailable"},
  };
  EXPECT_EQ(dead_letter_headers(example(), {}), expected);
}

TEST(DeadLetter, OfADecodeFailureHasNoWebhook) {
  DeadLetter letter;
  letter.reason = Reason::decode;
  letter.origin = {"security.alarms", 0, 0, core::from_unix_ms(0)};
  const Headers expected{
      {"hookline.reason", "decode"},
      {"hookline.attempts", "0"},
      {"hookline.origin.topic", "security.alarms"},
      {"hookline.origin.partition", "0"},
      {"hookline.origin.offset", "0"},
      {"hookline.origin.timestamp", "0"},
      {"hookline.failed.at", "0"},
      {"__connect.errors.topic", "security.alarms"},
      {"__connect.errors.partition", "0"},
      {"__connect.errors.offset", "0"},
      {"__connect.errors.exception.message", "decode"},
  };
  EXPECT_EQ(dead_letter_headers(letter, {}), expected);
}

TEST(DeadLetter, KeepsTheOriginalHeadersFirstInOrderWithDuplicatesAndNulls) {
  const Headers original{
      {"trace", "b"}, {"trace", "a"},         {"", "unnamed"},
      {"empty", ""},  {"none", std::nullopt}, {"bytes", std::string("\0\xff\n", 3)},
      {"trace", "b"},
  };
  const auto headers = dead_letter_headers(example(), original);
  ASSERT_GT(headers.size(), original.size());
  EXPECT_EQ(Headers(headers.begin(), headers.begin() + static_cast<std::ptrdiff_t>(original.size())),
            original);
  EXPECT_EQ(headers[original.size()].first, "hookline.reason");
}

TEST(DeadLetter, StripsWhatTheSourceRecordClaimsInItsName) {
  const Headers original{
      {"hookline.reason", "decode"},       {"hookline.origin.topic", "forged"}, {"keep", "1"},
      {"hookline.anything", std::nullopt}, {"__connect.errors.offset", "7"},    {"hookline.", "x"},
  };
  const auto headers = dead_letter_headers(example(), original);
  EXPECT_EQ(headers.front(), OwnedHeader("keep", "1"));
  EXPECT_EQ(headers.size(), 1 + dead_letter_headers(example(), {}).size());
  const auto parsed = parse_dead_letter(headers);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->reason, Reason::exhausted);
  EXPECT_EQ(parsed->origin_topic, "ops.incidents");
}

TEST(DeadLetter, APointerSaysSoAndLeavesTheOriginalHeadersOut) {
  DeadLetter letter = example();
  EXPECT_FALSE(parse_dead_letter(dead_letter_headers(letter, {}))->pointer);
  letter.pointer = true;
  const auto headers = dead_letter_headers(letter, Headers{{"large", std::string(100'000, 'x')}});
  EXPECT_THAT(headers, testing::Contains(OwnedHeader("hookline.pointer", "true")));
  EXPECT_EQ(headers.front().first, "hookline.reason");
  EXPECT_TRUE(parse_dead_letter(headers)->pointer);
  // What a source record claims of itself does not count.
  EXPECT_FALSE(
      parse_dead_letter(dead_letter_headers(example(), Headers{{"hookline.pointer", "true"}}))->pointer);
}

TEST(OwnHeader, IsTheTwoPrefixesAndNothingElse) {
  for (const auto* name :
       {"hookline.", "hookline.reason", "hookline.x.y", "__connect.errors.", "__connect.errors.topic"}) {
    EXPECT_TRUE(is_own_header(name)) << name;
  }
  for (const auto* name : {"", "hookline", "Hookline.reason", "HOOKLINE.reason", "hookline-reason",
                           "xhookline.reason", "__connect.errors", "__connect.other", "ce_type"}) {
    EXPECT_FALSE(is_own_header(name)) << name;
  }
}

TEST(Reasons, HaveNamesThatReadBack) {
  const std::vector<std::string_view> names{"decode",      "render",   "exhausted", "rejected", "egress",
                                            "correlation", "disabled", "expired",   "overflow", "too_large"};
  ASSERT_EQ(names.size(), reason_count);
  for (std::size_t i = 0; i < reason_count; ++i) {
    EXPECT_EQ(name(static_cast<Reason>(i)), names[i]);
    EXPECT_EQ(parse_reason(names[i]), static_cast<Reason>(i));
  }
  for (const auto* other : {"", "Decode", "decode ", "too-large", "unknown"})
    EXPECT_FALSE(parse_reason(other)) << other;
}

TEST(DeadLetter, ReadsBackWhatItWrote) {
  for (std::size_t reason = 0; reason < reason_count; ++reason) {
    DeadLetter letter = example();
    letter.reason = static_cast<Reason>(reason);
    if (reason % 2 == 0) letter.http_status.reset();
    if (reason % 3 == 0) letter.webhook = letter.endpoint = letter.delivery_id = letter.error = {};
    const auto parsed = parse_dead_letter(dead_letter_headers(letter, Headers{{"a", "b"}}));
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->reason, letter.reason);
    EXPECT_EQ(parsed->webhook, letter.webhook);
    EXPECT_EQ(parsed->endpoint, letter.endpoint);
    EXPECT_EQ(parsed->delivery_id, letter.delivery_id);
    EXPECT_EQ(parsed->error, letter.error);
    EXPECT_EQ(parsed->attempts, letter.attempts);
    EXPECT_EQ(parsed->http_status, letter.http_status);
    EXPECT_EQ(parsed->origin_topic, letter.origin.topic);
    EXPECT_EQ(parsed->origin_partition, letter.origin.partition);
    EXPECT_EQ(parsed->origin_offset, letter.origin.offset);
    EXPECT_EQ(parsed->origin_timestamp_ms, 1772445845110);
    EXPECT_EQ(parsed->failed_at_ms, 1772531245000);
  }
}

TEST(DeadLetter, ReadsTheEdgesOfItsNumbers) {
  DeadLetter letter = example();
  letter.attempts = UINT32_MAX;
  letter.origin = {"t", INT32_MAX, INT64_MAX, core::from_unix_ms(-1)};
  const auto parsed = parse_dead_letter(dead_letter_headers(letter, {}));
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->attempts, UINT32_MAX);
  EXPECT_EQ(parsed->origin_partition, INT32_MAX);
  EXPECT_EQ(parsed->origin_offset, INT64_MAX);
  EXPECT_EQ(parsed->origin_timestamp_ms, -1);
}

TEST(DeadLetter, OfOthersIsNotRead) {
  EXPECT_FALSE(parse_dead_letter({}));
  EXPECT_FALSE(parse_dead_letter(Headers{{"__connect.errors.topic", "t"}, {"__connect.errors.offset", "1"}}));
  // Each header that says what and where must be there, have a value, and be readable.
  const auto whole = dead_letter_headers(example(), {});
  for (const auto* needed :
       {"hookline.reason", "hookline.attempts", "hookline.origin.topic", "hookline.origin.partition",
        "hookline.origin.offset", "hookline.origin.timestamp", "hookline.failed.at"}) {
    Headers without, null, nonsense;
    for (const auto& header : whole) {
      const bool is = header.first == needed;
      if (!is) without.push_back(header);
      null.emplace_back(header.first, is ? std::nullopt : header.second);
      nonsense.emplace_back(header.first, is ? "12x" : header.second);
    }
    EXPECT_FALSE(parse_dead_letter(without)) << needed;
    EXPECT_FALSE(parse_dead_letter(null)) << needed;
    EXPECT_EQ(parse_dead_letter(nonsense).has_value(), std::string_view(needed) == "hookline.origin.topic")
        << needed;
  }
}

TEST(DeadLetter, NumbersAreReadStrictly) {
  for (const auto* offset : {"", " 1", "1 ", "+1", "0x1", "1.0", "9223372036854775808", "1e3"}) {
    auto headers = dead_letter_headers(example(), {});
    for (auto& header : headers) {
      if (header.first == "hookline.origin.offset") header.second = offset;
    }
    EXPECT_FALSE(parse_dead_letter(headers)) << "'" << offset << "'";
  }
}

TEST(DeadLetter, ALaterHeaderOfTheSameNameWins) {
  auto headers = dead_letter_headers(example(), {});
  headers.emplace_back("hookline.reason", "rejected");
  EXPECT_EQ(parse_dead_letter(headers)->reason, Reason::rejected);
}

std::string error_of(std::string_view text) {
  DeadLetter letter = example();
  letter.error = text;
  const auto parsed = parse_dead_letter(dead_letter_headers(letter, {}));
  return parsed ? parsed->error : "not parsed";
}

TEST(DeadLetter, LongTextsAreCutBetweenCharacters) {
  EXPECT_EQ(error_of(std::string(8192, 'x')), std::string(8192, 'x'));
  EXPECT_EQ(error_of(std::string(9000, 'x')), std::string(8192, 'x'));
  for (const std::string character : {"\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x94\xa5"}) {  // 2, 3 and 4 bytes
    for (std::size_t shift = 0; shift < character.size(); ++shift) {
      std::string text(shift, 'x');
      while (text.size() < 9000)
        text += character;
      const std::string cut = error_of(text);
      EXPECT_LE(cut.size(), 8192u);
      EXPECT_GT(cut.size(), 8192u - character.size());
      EXPECT_EQ((cut.size() - shift) % character.size(), 0u);
    }
  }
  // Not UTF-8 at all: cut somewhere, but not down to nothing.
  EXPECT_GE(error_of(std::string(9000, '\x80')).size(), 8189u);
}

}  // namespace
}  // namespace hookline::settle
