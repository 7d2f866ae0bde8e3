#include <gtest/gtest.h>

#include "core_driver.h"

namespace hookline::engine {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view one_webhook = R"(
name: w
events: [incident]
endpoints: [{url: "https://a.example.com/"}]
)";
constexpr std::string_view two_endpoints = R"(
name: w
events: [incident]
endpoints: [{name: a, url: "https://a.example.com/"}, {name: b, url: "https://b.example.com/"}]
)";

const core::Error refused{core::ErrorCode::unavailable, "not a member"};

TEST(AfterASilence, NothingIsSentBeforeTheGroupHasConfirmedThePartitions) {
  CoreDriver driver(one_webhook, {.session_timeout = 10s});
  driver.own();
  driver.event(0);
  driver.step();
  ASSERT_EQ(driver.attempts.size(), 1u);

  driver.event(1);
  driver.step(11s);  // stood still
  EXPECT_EQ(driver.attempts.size(), 1u);
  ASSERT_EQ(driver.commits.size(), 1u) << "asks at once";
  driver.report(refused);
  driver.step(300ms);
  EXPECT_EQ(driver.attempts.size(), 1u) << "refused: still in doubt";
  ASSERT_EQ(driver.commits.size(), 1u) << "asks again";
  driver.report();
  driver.step(1ms);
  EXPECT_EQ(driver.attempts.size(), 2u);
}

TEST(AfterASilence, TheReportOfAnEarlierCommitConfirmsNothing) {
  CoreDriver driver(one_webhook, {.session_timeout = 10s});
  driver.own();
  driver.record("{}", 0);  // poison: something to commit
  driver.step();
  driver.acknowledge();
  driver.step(1s);
  ASSERT_EQ(driver.commits.size(), 1u);
  driver.event(1);
  driver.step(11s);
  driver.report();  // of before
  driver.step(1ms);
  EXPECT_TRUE(driver.attempts.empty());
  driver.step(1s);
  ASSERT_EQ(driver.commits.size(), 1u);
  driver.report();
  driver.step(1ms);
  EXPECT_EQ(driver.attempts.size(), 1u);
}

TEST(AfterASilence, ANewAssignmentConfirmsToo) {
  CoreDriver driver(one_webhook, {.session_timeout = 10s});
  driver.own();
  driver.step(11s);
  driver.own();
  driver.event(0);
  driver.step();
  EXPECT_EQ(driver.attempts.size(), 1u);
}

TEST(Memory, RequestsOfOneEndpointLeaveRoomForOthers) {
  // 16 KiB of 128 KiB are for requests, 4 KiB of them for one endpoint.
  CoreDriver driver(two_endpoints, {.max_bytes = 128 << 10});
  driver.own();
  for (std::int64_t offset = 0; offset < 30; ++offset) driver.event(offset, 1 << 10);
  driver.step();
  std::size_t of_a = 0, of_b = 0;
  for (const auto& request : driver.attempts) ++(request.url.find("//a.") != std::string::npos ? of_a : of_b);
  EXPECT_EQ(of_a, 4u);
  EXPECT_EQ(of_b, 4u);
  while (!driver.attempts.empty()) {
    driver.answer(200);
    driver.step();
  }
  driver.step(1s);
  ASSERT_EQ(driver.commits.size(), 1u);
  EXPECT_EQ(driver.commits[0].entries[0].offset, 30) << "all were sent in the end";
}

TEST(Memory, ARequestLargerThanTheShareGoesOutAlone) {
  CoreDriver driver(one_webhook, {.max_bytes = 8 << 10});
  driver.own();
  driver.event(0, 5 << 10);
  driver.event(1, 5 << 10);
  driver.step();
  ASSERT_EQ(driver.attempts.size(), 1u);
  driver.answer(200);
  driver.step();
  EXPECT_EQ(driver.attempts.size(), 1u);
}

TEST(Memory, DeadLettersGoToTheProducerAFewAtATime) {
  CoreDriver driver(one_webhook, {.max_bytes = 128 << 10});  // 16 KiB of them for the producer
  driver.own();
  for (std::int64_t offset = 0; offset < 30; ++offset) driver.record(std::string(2 << 10, '!'), offset);
  driver.step();
  EXPECT_LT(driver.produces.size(), 9u);
  std::size_t acknowledged = 0;
  while (!driver.produces.empty()) {
    driver.acknowledge(acknowledged == 5 ? std::optional(refused) : std::nullopt);
    ++acknowledged;
    driver.step(1s);
    if (driver.commits.size() > 1) driver.report();
  }
  while (driver.commits.size() > 1 || driver.commits.back().entries[0].offset != 30) {
    driver.report();
    driver.step(1s);
    ASSERT_FALSE(driver.commits.empty());
  }
  EXPECT_EQ(acknowledged, 31u) << "one was refused and tried again";
  EXPECT_EQ(driver.commits.back().entries[0].offset, 30);
}

TEST(Memory, WhatTheProducerStillHasOfALostAssignmentStaysCounted) {
  CoreDriver driver(one_webhook, {.max_bytes = 8 << 10});
  driver.own();
  driver.record(std::string(2 << 10, '!'), 0);
  driver.step();
  ASSERT_EQ(driver.produces.size(), 1u);
  driver.inputs.revocation = Inputs::Revocation::lost;
  driver.step();
  driver.own();
  driver.record(std::string(2 << 10, '!'), 0);
  driver.step();
  EXPECT_EQ(driver.produces.size(), 1u) << "the first is with the producer still";
  driver.acknowledge();
  driver.step();
  EXPECT_EQ(driver.produces.size(), 1u) << "now the second went";
  EXPECT_TRUE(driver.commits.empty()) << "the first settles nothing";
}

TEST(Repositioning, CountsWhatWasNeverRead) {
  CoreDriver driver(one_webhook);
  driver.own();
  driver.inputs.repositioned.push_back({{std::string(CoreDriver::topic), 0}, 100, 100});
  driver.step();
  EXPECT_EQ(driver.metrics.lost_records(CoreDriver::topic).value(), 100u);
  driver.step(1s);
  ASSERT_EQ(driver.commits.size(), 1u);
  EXPECT_EQ(driver.commits[0].entries[0].offset, 100);
}

TEST(Repositioning, UpwardsDoesNotForgetWhatTheMapSaysIsFinished) {
  CoreDriver driver(one_webhook);
  driver.own(1, 20, settle::encode({20, {{21, 98}}}, "test/ops.incidents/0"));
  driver.event(20);
  driver.step();
  driver.answer(200);
  driver.step(1s);
  ASSERT_EQ(driver.commits.size(), 1u);
  EXPECT_EQ(driver.commits[0].entries[0].offset, 98);
  driver.report();
  driver.inputs.repositioned.push_back({{std::string(CoreDriver::topic), 0}, 90, 69});  // read up to 21, gone up to 90
  driver.step();
  driver.event(90);
  driver.event(97);
  driver.step(1s);
  EXPECT_TRUE(driver.attempts.empty()) << "they were finished before";
  EXPECT_TRUE(driver.commits.empty() || driver.commits[0].entries[0].offset == 98);
}

}  // namespace
}  // namespace hookline::engine
