// What a policy says of a delivery, from the match over retry topics to the dead letter; and what `render` tells of policies.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core_driver.h"
#include "hookline/engine/trial.h"

namespace hookline::engine {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr std::string_view webhook = R"(
name: tickets
trigger: policy
endpoints: [{url: "https://a.example.com/$policy"}]
headers: { X-Policy: "$policy/$count/$window" }
retry: { schedule: [30s], on: any_failure }
payload: |
  {"policy": "$policy", "count": $count, "window": "$window"}
)";
constexpr std::string_view policy = R"([{"name": "critical", "on": ["incident_*"], "criteria": "n != 1", "notify": ["tick*"]}])";

std::string body_of(const std::string& text) { return json::Tree::parse(text).dump(); }

TEST(PolicyDelivery, ReachesAWebhookThatOnlyPoliciesReach) {
  CoreDriver driver(webhook, {}, policy);
  driver.own();
  driver.event(0);
  driver.event(1);
  driver.step();
  ASSERT_EQ(driver.attempts.size(), 1u);
  EXPECT_EQ(driver.attempts[0].url, "https://a.example.com/critical");
  EXPECT_EQ(body_of(driver.attempts[0].body), R"({"policy":"critical","count":"NA","window":"NA"})");
}

TEST(PolicyDelivery, KeepsItsPolicyThroughARetryTopicAndIntoTheDeadLetter) {
  CoreDriver driver(webhook, {.tiers = {{"r.10s", 10s}, {"r.1m", 60s}}}, policy);
  driver.own();
  driver.event(0);
  driver.step();
  driver.answer(500);
  driver.step();
  ASSERT_EQ(driver.produces.size(), 1u);
  driver.hand_over();
  driver.step();
  driver.step(40s);
  driver.step(1s);
  ASSERT_EQ(driver.attempts.size(), 1u);
  EXPECT_EQ(driver.attempts[0].url, "https://a.example.com/critical");
  driver.answer(500);
  driver.step();
  ASSERT_EQ(driver.produces.size(), 1u);
  const auto letter = settle::parse_dead_letter(driver.produces[0].record.headers);
  ASSERT_TRUE(letter);
  EXPECT_EQ(letter->policy.policy, "critical");
}

std::string why(std::string_view policies, std::string_view event, bool* matched = nullptr) {
  const auto made = definitions_of(webhook, policies);
  const event::RecordView record{.topic = "t", .partition = 0, .offset = 0, .timestamp = {}, .key = std::nullopt, .value = event, .headers = {}, .padded = false};
  const auto match = try_match(*made, *made->find("tickets"), record, event::Kind::incident).value();
  if (matched) *matched = match.matched();
  return match.policies.empty() ? match.note : match.policies.front().note;
}

TEST(TryPolicies, SayWhatReachesTheWebhookAndWhyNot) {
  bool matched = false;
  constexpr std::string_view event = R"({"event_type":"incident_triggered","n":2,"host":"web-4"})";
  EXPECT_EQ(why(policy, event, &matched), "the criteria are true");
  EXPECT_TRUE(matched);
  EXPECT_EQ(why(policy, R"({"event_type":"incident_triggered","n":1})", &matched), "the criteria are false");
  EXPECT_FALSE(matched);
  EXPECT_THAT(why(policy, R"({"event_type":"incident_triggered"})"), HasSubstr("the criteria have no answer"));
  EXPECT_EQ(why(policy, R"({"event_type":"story_created"})"), "`on` [incident_*] does not take story_created (incident)");
  EXPECT_EQ(why(R"([{"name":"p","on":["incident"],"source":{"host":["web-3"]},"notify":["tickets"]}])", event),
            "`source` host [web-3] does not hold: the event's is web-4");
  EXPECT_EQ(why(R"([{"name":"p","on":["incident"],"threshold":{"count":100,"within":"10m","per":"host"},"notify":["tickets"]}])", event),
            "every such event; it counts, and notifies on the event that makes 100 within 10m for the same host");
  EXPECT_EQ(why(R"([{"name":"p","enabled":false,"on":["incident"],"notify":["tickets"]}])", event),
            "only policies reach this webhook, and none that is enabled names it");
}

}  // namespace
}  // namespace hookline::engine
