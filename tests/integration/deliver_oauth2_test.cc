// Access tokens in front of real requests: fetched once for all who wait, kept, renewed after a 401, and a
// token endpoint that fails is a failure of the deliveries.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "integration/deliver_client.h"
#include "support/behaviours.h"
#include "support/receiver.h"
#include "support/tls_server.h"

namespace hookline::test {
namespace {

using deliver::Outcome;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

/// A receiver and a token endpoint, which hands out t1, t2, … .
class OAuth2 : public ::testing::Test {
 protected:
  OAuth2() {
    issuer_.on("/token", [this](const ReceivedRequest&, int) {
      return Reaction{.body = R"({"access_token":"t)" + std::to_string(++issued_) + R"(","token_type":"Bearer","expires_in":)" + expires_in_ + "}"};
    });
  }

  std::shared_ptr<deliver::Route> route(const std::string& secret = "s3cret", std::chrono::milliseconds timeout = 20s) {
    auto made = DeliverClient::route(timeout, timeout);
    made->oauth2 = deliver::ClientCredentials{issuer_.url("/token"), "hookline", config::Secret(secret), "write"};
    return made;
  }
  /// A receiver that believes only these tokens.
  void believes(std::set<std::string> tokens) {
    receiver_.otherwise([tokens](const ReceivedRequest& request, int) {
      return Reaction{.status = tokens.contains(request.header("authorization")) ? 200 : 401};
    });
  }
  std::vector<std::string> tokens_seen() const {
    std::vector<std::string> tokens;
    for (const auto& request : receiver_.requests()) tokens.push_back(request.header("authorization"));
    return tokens;
  }

  std::atomic<int> issued_{0};
  std::string expires_in_ = "3600";
  Receiver issuer_, receiver_;
  DeliverClient client_;
};

TEST_F(OAuth2, OneTokenServesAllWhoWaitForItAndThoseAfter) {
  issuer_.on("/token", [this](const ReceivedRequest&, int) {
    ++issued_;
    return Reaction{.body = R"({"access_token":"t1","token_type":"Bearer","expires_in":3600})", .delay = 200ms};
  });
  const auto by = route();
  std::vector<deliver::AttemptId> ids;
  for (int i = 0; i < 50; ++i) ids.push_back(client_.start(receiver_.url("/hook"), "{}", by, {{"Authorization", "of nobody"}}));
  for (const auto id : ids) EXPECT_EQ(client_.answer(id).status, 200);
  EXPECT_EQ(client_.post(receiver_.url("/hook"), "{}", route()).status, 200) << "another revision of the same webhook";
  EXPECT_EQ(issued_, 1);
  EXPECT_THAT(tokens_seen(), ::testing::Each("Bearer t1"));
  EXPECT_EQ(receiver_.count(), 51u);
  EXPECT_EQ(client_.transport().in_flight(), 0u);

  const auto asked = issuer_.requests("/token").front();
  EXPECT_EQ(asked.method, "POST");
  EXPECT_EQ(asked.header("authorization"), "Basic aG9va2xpbmU6czNjcmV0");
  EXPECT_EQ(asked.header("content-type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(asked.body, "grant_type=client_credentials&scope=write");
}

TEST_F(OAuth2, EachCredentialHasItsOwnTokenAndOtherWebhooksHaveNone) {
  client_.post(receiver_.url("/a"), "{}", route("one"));
  client_.post(receiver_.url("/b"), "{}", route("two"));
  client_.post(receiver_.url("/c"), "{}", DeliverClient::route());
  EXPECT_THAT(tokens_seen(), ::testing::ElementsAre("Bearer t1", "Bearer t2", ""));
}

TEST_F(OAuth2, AnExpiredTokenIsRenewed) {
  expires_in_ = "0";
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client_.post(receiver_.url(), "{}", route()).status, 200);
  EXPECT_THAT(tokens_seen(), ::testing::ElementsAre("Bearer t1", "Bearer t2", "Bearer t3"));
}

TEST_F(OAuth2, A401DropsTheTokenAndTheAttemptGoesOutOnceMore) {
  believes({"Bearer t1"});
  EXPECT_EQ(client_.post(receiver_.url(), "one", route()).status, 200);
  believes({"Bearer t2"});
  std::vector<deliver::AttemptId> ids;
  for (int i = 0; i < 20; ++i) ids.push_back(client_.start(receiver_.url(), "two", route()));
  for (const auto id : ids) EXPECT_EQ(client_.answer(id).status, 200);
  EXPECT_EQ(issued_, 2) << "one for all of them";
  for (const auto& request : receiver_.requests()) EXPECT_TRUE(request.body == "one" || request.body == "two");
}

TEST_F(OAuth2, AReceiverThatRefusesEveryTokenIsNotAskedAgainAndAgain) {
  believes({});
  for (int i = 0; i < 10; ++i) EXPECT_EQ(client_.post(receiver_.url(), "{}", route()).status, 401);
  EXPECT_EQ(issued_, 2);
  EXPECT_EQ(receiver_.count(), 11u) << "only the first was made twice";
}

TEST_F(OAuth2, ATokenEndpointThatFailsIsARetryableFailureThatTellsNoSecret) {
  issuer_.on("/token", [](const ReceivedRequest&, int) {
    return Reaction{.status = 401, .body = R"({"error":"invalid_client","error_description":"s3cret"})"};
  });
  const auto answer = client_.post(receiver_.url(), "{}", route());
  EXPECT_EQ(answer.outcome, Outcome::token) << deliver::name(answer.outcome);
  EXPECT_EQ(answer.error, "no access token: the token endpoint answered 401 invalid_client");
  const auto failed = std::chrono::steady_clock::now();
  EXPECT_EQ(client_.post(receiver_.url(), "{}", route()).outcome, Outcome::token);
  if (std::chrono::steady_clock::now() - failed < 900ms) {
    EXPECT_EQ(issuer_.count(), 1u) << "a failure stands for a second";
  }
  EXPECT_EQ(receiver_.count(), 0u) << "nothing goes out without a token";
  issuer_.on("/token", [](const ReceivedRequest&, int) { return Reaction{.body = R"({"access_token":"ok"})"}; });
  EXPECT_TRUE(client_.run_until([&] { return client_.post(receiver_.url(), "{}", route()).status == 200; }));
}

TEST_F(OAuth2, ATokenEndpointOutsideOfTheEgressPolicyIsRefused) {
  auto by = route();
  by->oauth2->token_url = "http://10.1.2.3/token?key=s3cret";
  const auto answer = client_.post(receiver_.url(), "{}", by);
  EXPECT_EQ(answer.outcome, Outcome::egress);
  EXPECT_EQ(answer.error, "no access token: 10.1.2.3:80: egress.allow does not name 10.1.2.3:80");
  EXPECT_EQ(receiver_.count(), 0u);
}

TEST_F(OAuth2, ATokenEndpointThatHangsEndsTheAttemptWithinItsTimeouts) {
  issuer_.on("/token", hang());
  const auto answer = client_.post(receiver_.url(), "{}", route("s3cret", 150ms));
  EXPECT_EQ(answer.outcome, Outcome::token) << answer.error;
  EXPECT_THAT(answer.error, HasSubstr("no access token"));
  EXPECT_GE(answer.duration, 150ms);
}

TEST_F(OAuth2, TheTimeForTheTokenCountsAsTheAttempts) {
  issuer_.on("/token", [](const ReceivedRequest&, int) { return Reaction{.body = R"({"access_token":"t"})", .delay = 700ms}; });
  receiver_.otherwise(hang());
  const auto answer = client_.post(receiver_.url(), "{}", route("s3cret", 3s));
  EXPECT_EQ(answer.outcome, Outcome::request_timeout) << answer.error;
  EXPECT_GE(answer.duration, 3500ms);
}

TEST_F(OAuth2, AnAttemptThatWaitsCanBeBrokenOff) {
  issuer_.on("/token", hang());
  const auto one = client_.start(receiver_.url(), "{}", route()), two = client_.start(receiver_.url(), "{}", route());
  EXPECT_EQ(client_.transport().in_flight(), 2u);
  client_.transport().abort(one);
  EXPECT_EQ(client_.answer(one).outcome, Outcome::aborted);
  EXPECT_EQ(client_.transport().in_flight(), 1u);
  client_.transport().abort(two);
  EXPECT_EQ(client_.answer(two).outcome, Outcome::aborted);
  client_.start(receiver_.url(), "{}", route());
  client_.destroy_transport();  // with an attempt that waits and a fetch under way
}

TEST_F(OAuth2, TheWebhooksTlsSettingsHoldForTheTokenEndpoint) {
  const TempDir dir("deliver-oauth2");
  const Certificate ca(dir, {.name = "Test CA", .ca = true});
  TlsServer issuer(Certificate(dir, {}, &ca));
  auto by = route();
  by->oauth2->token_url = issuer.url();
  EXPECT_THAT(client_.post(receiver_.url(), "{}", by).error, HasSubstr("no access token: localhost:"));
  EXPECT_EQ(issuer.requests(), 0) << "never without a certificate that is believed";
  by = route();
  by->oauth2->token_url = issuer.url();
  by->tls.ca = ca.file();
  EXPECT_EQ(client_.post(receiver_.url(), "{}", by).error, "no access token: the token endpoint answered no JSON object");
  EXPECT_EQ(issuer.requests(), 1);
}

}  // namespace
}  // namespace hookline::test
