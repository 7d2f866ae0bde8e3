#include "hookline/state/correlation_table.h"

#include <gtest/gtest.h>

namespace hookline::state {
namespace {

using namespace std::chrono_literals;

const core::WallTime now = core::from_unix_ms(1'772'445'846'000);

Correlation item(std::string id, bool replaces = false) {
  return {.webhook = "w", .key = "k", .id = std::move(id), .text = {}, .at = now, .expires = now + 1h, .replaces = replaces, .by = {}};
}
CorrelationRecord record(std::int64_t offset, std::optional<std::string> value, std::string key = "w/k") {
  return {0, offset, std::move(key), std::move(value)};
}
std::string id_in(const CorrelationTable& table, core::WallTime at = now) {
  const auto* found = table.find("w/k", at);
  return found ? found->id : "";
}

TEST(Correlation, ReadsWhatItWrote) {
  Correlation all = item("i\"1", true);
  all.text = "INC-1";
  all.by = "ada";
  EXPECT_EQ(parse_correlation(value_of(all)).value(), all);
  const Progress progress{.attempts = 3, .first_attempt = now, .due = now + 5s, .http_status = 503, .error = "HTTP 503", .expires = now + 1h};
  EXPECT_EQ(parse_progress(value_of(progress)).value(), progress);
  for (const char* bad : {"", "[]", "{}", R"({"webhook":"w","key":"k","at":1})", "\xff"}) {
    EXPECT_FALSE(parse_correlation(bad)) << bad;
    EXPECT_FALSE(parse_progress(bad)) << bad;
  }
}

TEST(CorrelationTable, WhatTheLogWouldForgetIsToldOnceItIsReadToItsEnd) {
  const auto overtaken = [](const CorrelationTable& table) {
    std::vector<std::string> ids;
    table.for_each_overtaken([&](const std::string&, const Correlation& first) { ids.push_back(first.id); });
    return ids;
  };
  CorrelationTable table;
  (void)table.apply(record(0, value_of(item("a"))));
  EXPECT_EQ(table.apply(record(1, value_of(item("b")))), CorrelationTable::News::none) << "the mending may follow";
  EXPECT_EQ(overtaken(table), std::vector<std::string>{"a"});
  (void)table.apply(record(2, value_of(item("a"))));
  EXPECT_EQ(overtaken(table), std::vector<std::string>{}) << "mended";
  (void)table.apply(record(3, value_of(item("b"))));
  (void)table.apply(record(4, value_of(item("c", true))));
  EXPECT_EQ(overtaken(table), std::vector<std::string>{}) << "set by hand since";
  EXPECT_EQ(id_in(table), "c");
}

TEST(CorrelationTable, TheFirstAnswerCounts) {
  CorrelationTable table;
  table.set_complete();
  EXPECT_EQ(table.apply(record(0, value_of(item("a")))), CorrelationTable::News::id);
  EXPECT_EQ(table.apply(record(1, value_of(item("b")))), CorrelationTable::News::behind);
  EXPECT_EQ(id_in(table), "a");
  EXPECT_EQ(table.apply(record(2, value_of(item("c", true)))), CorrelationTable::News::id);
  EXPECT_EQ(id_in(table), "c");
}

TEST(CorrelationTable, ATombstoneTakesItBack) {
  CorrelationTable table;
  table.apply(record(0, value_of(item("a"))));
  table.apply(record(1, std::nullopt));
  EXPECT_EQ(id_in(table), "");
}

TEST(CorrelationTable, WhatWasDeletedStaysSoWhenTheTopicIsReadAgain) {
  CorrelationTable table;
  table.apply(record(3, value_of(item("OLD"))));
  table.apply(record(4, std::nullopt));
  table.set_complete();
  EXPECT_EQ(table.apply(record(3, value_of(item("OLD")))), CorrelationTable::News::none);
  EXPECT_EQ(id_in(table), "");
  table.apply(record(5, value_of(item("NEW"))));
  EXPECT_EQ(id_in(table), "NEW");
}

TEST(CorrelationTable, WhatWasAcknowledgedAndWhatIsReadMeetByOffset) {
  CorrelationTable table;
  table.acknowledged("w/k", item("mine"), 5);
  EXPECT_EQ(table.apply(record(4, std::nullopt)), CorrelationTable::News::none);
  EXPECT_EQ(id_in(table), "mine") << "older than what was acknowledged";
  table.apply(record(6, value_of(item("hand", true))));
  table.acknowledged("w/k", item("mine"), 5);
  EXPECT_EQ(id_in(table), "hand") << "read already";
}

TEST(CorrelationTable, WhatAPersonHasSetMeanwhileCountsMoreThanAnAnswer) {
  CorrelationTable table;
  table.apply(record(3, value_of(item("hand", true))));
  table.acknowledged("w/k", item("mine"), 5);
  EXPECT_EQ(id_in(table), "hand") << "as for whoever reads the log";
  table.acknowledged("w/k", item("anew", true), 6);
  EXPECT_EQ(id_in(table), "anew");
}

TEST(CorrelationTable, ExpiredOnesAreNotFoundAndGo) {
  CorrelationTable table;
  table.apply(record(0, value_of(item("a"))));
  EXPECT_EQ(id_in(table, now + 1h), "");
  EXPECT_EQ(table.forget_expired(now + 30min, 10), std::vector<std::string>{});
  EXPECT_EQ(table.forget_expired(now + 1h, 10), std::vector<std::string>{"w/k"});
  EXPECT_EQ(table.size(), 0u);
}

TEST(CorrelationTable, ProgressIsTakenOnceAndOnlyThatOfTheOwnerBefore) {
  CorrelationTable table;
  const Progress progress{.attempts = 2, .first_attempt = now, .due = now, .error = {}, .expires = now + 1h};
  table.apply(record(0, value_of(progress), progress_key("msg_1")));
  table.set_complete();
  table.apply(record(1, value_of(progress), progress_key("msg_2")));
  EXPECT_EQ(table.take_progress("msg_1"), progress);
  EXPECT_EQ(table.take_progress("msg_1"), std::nullopt);
  EXPECT_EQ(table.take_progress("msg_2"), std::nullopt);
}

TEST(CorrelationTable, PagesGoByKey) {
  CorrelationTable table;
  for (const char* key : {"w/a", "w/b", "w/c"}) table.apply(record(0, value_of(item("x")), key));
  std::vector<std::string> keys;
  table.for_each("w/a", now, [&](const std::string& key, const Correlation&) { return keys.push_back(key), true; });
  EXPECT_EQ(keys, (std::vector<std::string>{"w/b", "w/c"}));
}

}  // namespace
}  // namespace hookline::state
