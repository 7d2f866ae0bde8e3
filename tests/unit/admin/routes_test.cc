#include "admin/routes.h"

#include <gtest/gtest.h>

#include "hookline/json/tree.h"

namespace hookline::admin {
namespace {

using Scope = config::Token::Scope;

class Routes : public ::testing::Test {
 protected:
  engine::Engine engine{config::Configuration{}};
  config::Admin open;
  config::Admin guarded;

  void SetUp() override {
    guarded.tokens = {{"ops", config::Secret("ops-token"), {Scope::operate}}, {"all", config::Secret("admin-token"), {Scope::admin}},
                      {"ci", config::Secret("read-token"), {Scope::read}}};
  }
  HttpAnswer get(const config::Admin& admin, const std::string& path, const std::string& authorization = {}, const std::string& host = "localhost:8080",
                 const std::string& method = "GET") {
    return route({.method = method, .path = path, .authorization = authorization, .host = host}, admin, engine);
  }
};

TEST_F(Routes, HealthIsTheProcessReadinessSaysWhyNot) {
  EXPECT_EQ(get(open, "/healthz").status, 200);
  const auto ready = get(open, "/readyz");
  EXPECT_EQ(ready.status, 503);
  EXPECT_FALSE((*json::parse_tree(ready.body))["reasons"].empty());
}

TEST_F(Routes, ScopesAreKeptAndAdminMayEverything) {
  EXPECT_EQ(get(guarded, "/api/v1/status").status, 401);
  EXPECT_EQ(get(guarded, "/api/v1/status", "Bearer wrong").status, 401);
  EXPECT_EQ(get(guarded, "/api/v1/status", "Bearer ops-token").status, 401);
  EXPECT_EQ(get(guarded, "/api/v1/status", "read-token").status, 401);
  EXPECT_EQ(get(guarded, "/api/v1/status", "Bearer read-token").status, 200);
  EXPECT_EQ(get(guarded, "/api/v1/status", "Bearer admin-token").status, 200);
  EXPECT_EQ(get(guarded, "/healthz").status, 200);
}

TEST_F(Routes, MetricsArePublicOnlyIfSaidSo) {
  EXPECT_EQ(get(guarded, "/metrics").status, 200);
  guarded.metrics_public = false;
  EXPECT_EQ(get(guarded, "/metrics").status, 401);
  EXPECT_EQ(get(guarded, "/metrics", "Bearer read-token").status, 200);
}

TEST_F(Routes, WithoutATokenOnlyThisMachineIsAnswered) {
  EXPECT_EQ(get(open, "/api/v1/status", "", "rebound.example.com").status, 403);
  EXPECT_EQ(get(open, "/api/v1/status", "", "127.0.0.1.example.com").status, 403);
  EXPECT_EQ(get(open, "/api/v1/status", "", "").status, 403);
  for (const char* host : {"localhost", "localhost:1", "127.0.0.1:8080", "[::1]:8080"}) {
    EXPECT_EQ(get(open, "/api/v1/status", "", host).status, 200) << host;
  }
  EXPECT_EQ(get(guarded, "/api/v1/status", "Bearer read-token", "hookline.internal").status, 200);
}

TEST_F(Routes, DefinitionsAreReadByReadersSwitchedByOperatorsAndChangedByAdmins) {
  const auto status = [&](const std::string& method, const std::string& path, const std::string& token) {
    return get(guarded, "/api/v1/" + path, "Bearer " + token, "localhost", method).status;
  };
  for (const char* path : {"webhooks", "policies", "templates"}) {
    EXPECT_EQ(status("GET", path, "read-token"), 200) << path;
    EXPECT_EQ(status("GET", path, "ops-token"), 401) << path;
    EXPECT_EQ(status("POST", path, "read-token"), 401) << path;
    EXPECT_EQ(status("POST", path, "ops-token"), 401) << path;
    EXPECT_EQ(status("POST", path, "admin-token"), 400) << path;  // no body
    EXPECT_EQ(status("DELETE", std::string(path) + "/x", "ops-token"), 401) << path;
    EXPECT_EQ(status("DELETE", std::string(path) + "/x", "admin-token"), 404) << path;
    EXPECT_EQ(status("GET", std::string(path) + "/x/y", "read-token"), 404) << path;
  }
  EXPECT_EQ(status("PATCH", "webhooks/x", "read-token"), 401);
  EXPECT_EQ(status("PATCH", "webhooks/x", "ops-token"), 400);
  EXPECT_EQ(status("PATCH", "policies/x", "admin-token"), 405);
}

TEST_F(Routes, AChangeBeforeKafkaHasAnsweredIsRefusedForNow) {
  const auto put = [&](const std::string& body) {
    return route({.method = "PUT", .path = "/api/v1/webhooks/a", .host = "localhost", .body = body}, open, engine);
  };
  EXPECT_EQ(put(R"({"events": ["incident"], "endpoints": [{"url": "https://x.example"}]})").status, 503);
  EXPECT_EQ(put(R"({"name": "b", "events": ["incident"], "endpoints": [{"url": "https://x.example"}]})").status, 422);
  const auto wrong = put(R"({"events": ["incident"], "endpoints": [{"url": "gopher://x.example"}]})");
  EXPECT_EQ(wrong.status, 422);
  EXPECT_EQ((*json::parse_tree(wrong.body))["errors"][0]["pointer"], "/endpoints/0/url");
  EXPECT_EQ(put("[]").status, 400);
}

TEST_F(Routes, UnknownPathsAndMethodsAreProblemDocuments) {
  const auto missing = get(open, "/api/v1/nothing");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.content_type, "application/problem+json");
  EXPECT_EQ((*json::parse_tree(missing.body))["status"], 404);
  const auto wrong = get(open, "/api/v1/status", "", "localhost", "DELETE");
  EXPECT_EQ(wrong.status, 405);
  EXPECT_EQ(wrong.allow, "GET");
}

}  // namespace
}  // namespace hookline::admin
