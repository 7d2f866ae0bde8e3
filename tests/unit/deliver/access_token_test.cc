// OAuth 2.0 client credentials: what is asked for, what an answer is worth, and that no secret is told.
#include "deliver/access_token.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hookline::deliver {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

std::shared_ptr<const Route> route(ClientCredentials who) {
  auto made = std::make_shared<Route>();
  made->oauth2 = std::move(who);
  return made;
}

std::string header(const Request& request, std::string_view name) {
  for (const auto& header : request.headers) {
    if (header.name == name) return header.value;
  }
  return "none";
}

Answer answered(int status, std::string body) {
  Answer answer;
  answer.outcome = Outcome::answered;
  answer.status = status;
  answer.body = std::move(body);
  return answer;
}

std::string error_of(const Answer& answer) {
  const auto token = read_token(answer);
  return token ? "a token" : token.error().message;
}

TEST(TokenRequest, IsAFormWithBasicAuthentication) {
  const auto request = token_request(7, route({"https://login.example.com/token", "hookline", config::Secret("s3cret"), "tickets.write tickets.read"}));
  EXPECT_EQ(request.id, 7u);
  EXPECT_EQ(request.url, "https://login.example.com/token");
  EXPECT_EQ(header(request, "Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(header(request, "Accept"), "application/json");
  EXPECT_EQ(header(request, "Authorization"), "Basic aG9va2xpbmU6czNjcmV0") << "hookline:s3cret";
  EXPECT_EQ(request.body, "grant_type=client_credentials&scope=tickets.write+tickets.read");
}

TEST(TokenRequest, EncodesIdAndSecretBeforeTheyAreJoined) {  // RFC 6749 section 2.3.1
  const auto request = token_request(1, route({"https://l/", "a:b c", config::Secret("p%+\xC3\xA9/"), ""}));
  EXPECT_EQ(header(request, "Authorization"), "Basic YSUzQWIrYzpwJTI1JTJCJUMzJUE5JTJG") << "a%3Ab+c:p%25%2B%C3%A9%2F";
  EXPECT_EQ(request.body, "grant_type=client_credentials");
}

TEST(ReadToken, TakesTheTokenAndItsLifetime) {
  const auto token = read_token(answered(200, R"({"access_token":"abc","token_type":"Bearer","expires_in":3600})"));
  ASSERT_TRUE(token) << token.error().message;
  EXPECT_EQ(token->value, "abc");
  EXPECT_EQ(token->lifetime, 1h);
}

TEST(ReadToken, LifetimesOfAllKinds) {
  const auto lifetime = [](const std::string& expires) {
    const auto token = read_token(answered(201, R"({"access_token":"t","token_type":"bearer")" + expires + "}"));
    EXPECT_TRUE(token) << expires;
    return token ? token->lifetime : core::Duration(-1s);
  };
  EXPECT_EQ(lifetime(R"(,"expires_in":"90")"), 90s) << "a text, as some servers have it";
  EXPECT_EQ(lifetime(R"(,"expires_in":0)"), 0s);
  EXPECT_EQ(lifetime(R"(,"expires_in":99999999999999)"), 24h);
  EXPECT_EQ(lifetime(""), default_token_lifetime);
  for (const auto* odd : {R"(,"expires_in":null)", R"(,"expires_in":-5)", R"(,"expires_in":"soon")", R"(,"expires_in":1.5)", R"(,"expires_in":"-1")"}) {
    EXPECT_EQ(lifetime(odd), default_token_lifetime) << odd;
  }
}

TEST(ReadToken, SaysWhyThereIsNone) {
  EXPECT_EQ(error_of(answered(401, R"({"error":"invalid_client","error_description":"secret s3cret is wrong"})")), "the token endpoint answered 401 invalid_client");
  EXPECT_EQ(error_of(answered(400, R"({"error":"s3cret with blanks"})")), "the token endpoint answered 400");
  EXPECT_EQ(error_of(answered(503, "<html>")), "the token endpoint answered 503");
  EXPECT_EQ(error_of(answered(302, "")), "the token endpoint answered 302");
  EXPECT_EQ(error_of(answered(200, "abc")), "the token endpoint answered no JSON object");
  EXPECT_EQ(error_of(answered(200, R"(["abc"])")), "the token endpoint answered no JSON object");
  EXPECT_EQ(error_of(answered(200, R"({"token":"abc"})")), "the token endpoint's answer has no access_token");
  EXPECT_EQ(error_of(answered(200, R"({"access_token":5})")), "the token endpoint's answer has no access_token");
  EXPECT_EQ(error_of(answered(200, R"({"access_token":"abc","token_type":"mac"})")), "the token is not of the type Bearer");
  EXPECT_EQ(error_of(answered(200, R"({"access_token":""})")), "the token cannot stand in a header");
  EXPECT_EQ(error_of(answered(200, R"({"access_token":"a\r\nX: y"})")), "the token cannot stand in a header");
  Answer lost;
  lost.outcome = Outcome::dns;
  lost.error = "login.example.com:443: the name does not resolve";
  EXPECT_EQ(error_of(lost), lost.error);
}

TEST(TokenUse, EndsBeforeTheTokenDoes) {
  EXPECT_EQ(token_use(1h), 1h - 30s);
  EXPECT_EQ(token_use(60s), 30s);
  EXPECT_EQ(token_use(40s), 20s);
  EXPECT_EQ(token_use(0s), 0s);
}

}  // namespace
}  // namespace hookline::deliver
