// Several deliveries in one request: when it starts, what it holds, what becomes of each of them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core_driver.h"
#include "hookline/settle/delivery_id.h"

namespace hookline::engine {
namespace {

using namespace std::chrono_literals;

std::string webhook(const std::string& batch, const std::string& more = {}) {
  return "name: w\nevents: [incident]\nendpoints: [{url: \"https://a.example.com/\"}]\nformat: array\nbatch: " + batch +
         "\npayload: '{\"n\": $n, \"id\": \"$deliveryId\"}'\nretry: {schedule: [1s], on: any_failure}\n" + more;
}

std::vector<int> numbers(const deliver::Request& request) {
  std::vector<int> all;
  for (const auto& member : json::Tree::parse(request.body)) all.push_back(member["n"].get<int>());
  return all;
}

std::string header(const deliver::Request& request, std::string_view name) {
  for (const auto& h : request.headers) {
    if (h.name == name) return h.value;
  }
  return {};
}

/// The offsets below which everything is settled, as the last commit says.
std::int64_t committed(CoreDriver& driver) {
  driver.commits.clear();
  driver.step(40s);
  return driver.commits.empty() ? -1 : driver.commits.back().entries.front().offset;
}

TEST(Batches, WaitForMoreUntilTheyAreFullOrTheTimeIsOver) {
  CoreDriver driver(webhook("{max_events: 3, max_wait: 2s}"));
  driver.own();
  for (int i = 0; i < 5; ++i) driver.event(i);
  driver.step();
  ASSERT_EQ(driver.attempts.size(), 1u);
  EXPECT_EQ(numbers(driver.attempts[0]), (std::vector{0, 1, 2}));
  driver.step(1900ms);
  EXPECT_EQ(driver.attempts.size(), 1u) << "two of three, and not two seconds yet";
  ASSERT_TRUE(driver.outputs.wake_at);
  EXPECT_LE(*driver.outputs.wake_at, driver.now.mono + 100ms);
  driver.step(100ms);
  ASSERT_EQ(driver.attempts.size(), 2u);
  EXPECT_EQ(numbers(driver.attempts[1]), (std::vector{3, 4}));
}

TEST(Batches, WithoutWaitTakeWhatIsThere) {
  CoreDriver driver(webhook("{max_events: 100}"));
  driver.own();
  driver.event(0);
  driver.step();
  for (int i = 1; i < 4; ++i) driver.event(i);
  driver.step();
  ASSERT_EQ(driver.attempts.size(), 2u);
  EXPECT_EQ(numbers(driver.attempts[1]), (std::vector{1, 2, 3}));
}

TEST(Batches, HaveTheIdOfTheirMembers) {
  CoreDriver driver(webhook("{max_events: 3}"));
  driver.own();
  for (int i = 0; i < 4; ++i) driver.event(i);
  driver.step();
  ASSERT_EQ(driver.attempts.size(), 2u);
  std::vector<std::string> ids;
  for (const auto& member : json::Tree::parse(driver.attempts[0].body)) ids.push_back(member["id"].get<std::string>());
  core::Hasher hasher;
  EXPECT_EQ(header(driver.attempts[0], "webhook-id"), settle::batch_id(hasher, ids));
  EXPECT_EQ(header(driver.attempts[1], "webhook-id"), json::Tree::parse(driver.attempts[1].body)[0]["id"].get<std::string>()) << "one alone has its own";
  EXPECT_EQ(header(driver.attempts[0], "Content-Type"), "application/json");
}

TEST(Batches, SettleTogether) {
  CoreDriver driver(webhook("{max_events: 3}"));
  driver.own();
  for (int i = 0; i < 3; ++i) driver.event(i);
  driver.step();
  EXPECT_EQ(committed(driver), 0);
  driver.answer(200);
  driver.step();
  driver.report();
  EXPECT_EQ(committed(driver), 3);
}

TEST(Batches, GoOnSinglyAfterAFailure) {
  CoreDriver driver(webhook("{max_events: 3}"), {.tiers = {{"r.10s", 500ms}}});
  driver.own();
  for (int i = 0; i < 3; ++i) driver.event(i);
  driver.step();
  driver.answer(500);
  driver.step();
  EXPECT_EQ(driver.produces.size(), 3u) << "each by itself to the retry topic";
}

TEST(Batches, TooLargeAreSplitAndWhatIsTooLargeAloneIsRejected) {
  CoreDriver driver(webhook("{max_events: 5, max_wait: 1m}"));
  driver.own();
  for (int i = 0; i < 5; ++i) driver.event(i);
  driver.step();
  ASSERT_EQ(driver.attempts.size(), 1u);
  driver.answer(413);
  driver.step();
  ASSERT_EQ(driver.attempts.size(), 2u);
  EXPECT_EQ(numbers(driver.attempts[0]), (std::vector{0, 1, 2}));
  EXPECT_EQ(numbers(driver.attempts[1]), (std::vector{3, 4}));
  driver.answer(200);
  driver.answer(413);
  driver.step();
  ASSERT_EQ(driver.attempts.size(), 2u);
  EXPECT_EQ(numbers(driver.attempts[0]), std::vector{3});
  driver.answer(413);
  driver.answer(200);
  driver.step();
  driver.step();
}

TEST(Batches, OfAnswer413AloneEndAsRejected) {
  CoreDriver driver("name: w\nevents: [incident]\nendpoints: [{url: \"https://a.example.com/\"}]\nformat: ndjson\nbatch: {max_events: 2}\n");
  driver.own();
  driver.event(0);
  driver.step();
  driver.answer(413);
  driver.step();
  ASSERT_EQ(driver.produces.size(), 1u);
  EXPECT_EQ(settle::parse_dead_letter(driver.produces[0].record.headers)->reason, settle::Reason::rejected);
}

TEST(Batches, HoldOnlyEventsOfOneUrl) {
  CoreDriver driver("name: w\nevents: [incident]\nendpoints: [{url: \"https://a.example.com/$team\"}]\nformat: ndjson\nbatch: {max_events: 10}\n");
  driver.own();
  int offset = 0;
  for (const char* team : {"a", "a", "b", "a"}) driver.record(fmt::format(R"({{"event_type":"incident_triggered","team":"{}"}})", team), offset++);
  driver.step();
  ASSERT_EQ(driver.attempts.size(), 3u);
  EXPECT_EQ(driver.attempts[0].body, "{\"event_type\":\"incident_triggered\",\"team\":\"a\"}\n{\"event_type\":\"incident_triggered\",\"team\":\"a\"}\n");
  EXPECT_EQ(driver.attempts[1].url, "https://a.example.com/b");
  EXPECT_EQ(header(driver.attempts[0], "Content-Type"), "application/x-ndjson");
}

TEST(Batches, AMemberThatCannotBeRenderedLeavesTheOthersAlone) {
  CoreDriver driver("name: w\nevents: [incident]\nendpoints: [{url: \"https://a.example.com/\"}]\nheaders: {X-Fixed: '${bad:x}'}\nformat: ndjson\nbatch: {max_events: 10}\n");
  driver.own();
  driver.record(R"({"event_type":"incident_triggered","bad":"a\nb"})", 0);
  driver.event(1);
  driver.event(2);
  driver.step();
  ASSERT_EQ(driver.attempts.size(), 1u);
  ASSERT_EQ(driver.produces.size(), 1u);
  EXPECT_EQ(settle::parse_dead_letter(driver.produces[0].record.headers)->reason, settle::Reason::render);
  EXPECT_EQ(std::count(driver.attempts[0].body.begin(), driver.attempts[0].body.end(), '\n'), 2);
}

TEST(Batches, WhatWaitsForMoreHoldsUpNoDrain) {
  CoreDriver driver(webhook("{max_events: 100, max_wait: 5m}"));
  driver.own();
  driver.event(0);
  driver.step();
  driver.inputs.stop = true;
  driver.step(1ms);
  while (!driver.commits.empty()) driver.report();
  driver.step(200ms);
  EXPECT_TRUE(driver.outputs.stopped);
  EXPECT_TRUE(driver.attempts.empty()) << "its next owner delivers it";
}

TEST(Batches, BrokenOffAreHandedOverOneByOneAndAbortedOnce) {
  CoreDriver driver(webhook("{max_events: 3}"), {.tiers = {{"r.10s", 10s}, {"r.1m", 60s}}, .stop_drain = 1s});
  driver.own();
  for (int i = 0; i < 3; ++i) driver.event(i);
  driver.step();
  driver.inputs.stop = true;
  driver.step(1ms);
  driver.step(2s);
  EXPECT_EQ(driver.outputs.aborts.size(), 1u);
  EXPECT_EQ(driver.produces.size(), 3u);
  driver.inputs.answers.push_back({.id = driver.attempts[0].id, .outcome = deliver::Outcome::aborted});
  while (!driver.produces.empty()) driver.acknowledge();
  driver.step(1ms);
  while (!driver.commits.empty()) driver.report();
  driver.step(200ms);
  EXPECT_TRUE(driver.outputs.stopped);
}

}  // namespace
}  // namespace hookline::engine
