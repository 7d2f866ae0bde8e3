#include "engine/request_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hookline/config/load.h"
#include "hookline/deliver/signing.h"

namespace hookline::engine {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

struct Given {
  explicit Given(const std::string& keys) {
    configuration.webhooks =
        config::parse_webhooks("name: w\nevents: [incident]\nendpoints: [{url: \"https://h.example.com/$service\"}]\n" + keys,
                               "w.yaml", {}, configuration.problems);
    definitions = Definitions::compile(configuration, configuration.problems);
    for (const auto& problem : configuration.problems) EXPECT_TRUE(problem.warning) << config::format(problem);
  }

  core::Result<deliver::Request> build(const std::string& event) {
    const auto& webhook = *definitions->find("w");
    const event::RecordView record{.topic = "t", .partition = 0, .offset = 0, .timestamp = {}, .key = std::nullopt,
                                   .value = event, .headers = {}, .padded = false};
    return builder.build(webhook, webhook.endpoints[0], record, event::Kind::incident, {.delivery_id = "msg_1"},
                         core::from_unix_ms(1772445846999));
  }

  config::Configuration configuration;
  std::shared_ptr<const Definitions> definitions;
  RequestBuilder builder;
};

/// Every value that the request has for a header, in any spelling of its name.
std::string header(const deliver::Request& request, const std::string& name) {
  std::string found;
  for (const auto& line : request.headers) {
    std::string lower = line.name;
    std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
    if (lower == name) found += found.empty() ? line.value : " and " + line.value;
  }
  return found;
}

TEST(RequestBuilder, EveryRequestSaysWhoSendsItWhatItIsAndWhichDelivery) {
  Given given("headers: {X-Team: sre}\nformat: ndjson\n");
  const auto request = given.build(R"({"event_type":"x","service":"pay"})").value();
  EXPECT_EQ(request.url, "https://h.example.com/pay");
  EXPECT_EQ(header(request, "x-team"), "sre");
  EXPECT_EQ(header(request, "user-agent"), "Hookline/" HOOKLINE_VERSION);
  EXPECT_EQ(header(request, "content-type"), "application/x-ndjson");
  EXPECT_EQ(header(request, "webhook-id"), "msg_1");
  EXPECT_EQ(header(request, "webhook-timestamp"), "1772445846");
  EXPECT_EQ(header(request, "webhook-signature"), "");
}

TEST(RequestBuilder, AWebhookMaySetAgentAndType) {
  Given given("headers: {USER-AGENT: mine, content-type: text/plain}\n");
  const auto request = given.build(R"({"event_type":"x"})").value();
  EXPECT_EQ(header(request, "user-agent"), "mine");
  EXPECT_EQ(header(request, "content-type"), "text/plain");
}

TEST(RequestBuilder, SignsTheBodyThatGoesOut) {
  Given given("payload: '{\"s\": \"$service\"}'\nsigning: {secrets: [" + std::string(secret) + "]}\n");
  const auto request = given.build(R"({"event_type":"x","service":"pay"})").value();
  core::HmacSha256 hmac;
  EXPECT_EQ(request.body, R"({"s": "pay"})");
  EXPECT_EQ(header(request, "webhook-signature"),
            deliver::signature(hmac, {*deliver::signing_key(secret)}, "msg_1", 1772445846, request.body));
}

TEST(RequestBuilder, AValueThatWouldForgeAHeaderIsAnErrorThatNamesTheHeader) {
  Given given("headers: {X-Service: $service}\n");
  const auto request = given.build(R"({"event_type":"x","service":"a\r\nX-Admin: 1"})");
  ASSERT_FALSE(request);
  EXPECT_THAT(request.error().message, HasSubstr("header X-Service: "));
}

}  // namespace
}  // namespace hookline::engine
