#include "hookline/state/delivery_entry.h"

#include <gtest/gtest.h>

#include "hookline/json/tree.h"

namespace hookline::state {
namespace {

DeliveryEntry full() {
  return {.id = "msg_1", .webhook = "w", .endpoint = "0", .kind = "incident", .type = "incident_triggered", .topic = "ops \"x\"", .partition = 3,
          .offset = 1'000'000'000'000, .timestamp = core::from_unix_ms(1'772'445'845'000), .at = core::from_unix_ms(1'772'445'846'123),
          .outcome = DeliveryEntry::Outcome::waiting, .reason = {}, .error = {},
          .attempt = LoggedAttempt{.number = 4, .status = 503, .duration_ms = 12.5, .error = "HTTP 503",
                                   .request = LoggedRequest{"POST", "https://x.example/?q=\"", {{"X-\"A\"", "b\n"}, {"Y", ""}}, "{\"a\":1}"},
                                   .response = std::string("<html>\xff")}};
}

TEST(DeliveryEntries, ReadAsTheyWereWritten) {
  const auto entry = full();
  const auto text = value_of(entry);
  ASSERT_TRUE(json::parse_tree(text)) << text;
  const auto read = parse_delivery_entry(text);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(value_of(*read), value_of(*parse_delivery_entry(value_of(*read))));
  EXPECT_EQ(read->id, entry.id);
  EXPECT_EQ(read->topic, entry.topic);
  EXPECT_EQ(read->offset, entry.offset);
  EXPECT_EQ(read->at, entry.at);
  ASSERT_TRUE(read->attempt && read->attempt->request);
  EXPECT_EQ(read->attempt->status, 503);
  EXPECT_EQ(read->attempt->duration_ms, 12.5);
  EXPECT_EQ(read->attempt->request->headers, entry.attempt->request->headers);
  EXPECT_EQ(read->attempt->response, "<html>\xef\xbf\xbd");
}

TEST(DeliveryEntries, WhatIsNotThereStaysAway) {
  auto entry = full();
  entry.attempt.reset();
  entry.outcome = DeliveryEntry::Outcome::dead_lettered;
  entry.reason = "exhausted";
  const auto read = parse_delivery_entry(value_of(entry));
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->attempt);
  EXPECT_EQ(read->outcome, DeliveryEntry::Outcome::dead_lettered);
  EXPECT_EQ(read->reason, "exhausted");
}

TEST(DeliveryEntries, ForeignRecordsAreNone) {
  for (const char* text : {"", "1", "[]", "{}", R"({"id":"x"})", R"({"id":"x","topic":"t","outcome":"lost"})", "{\"id\""}) {
    EXPECT_FALSE(parse_delivery_entry(text)) << text;
  }
}

}  // namespace
}  // namespace hookline::state
