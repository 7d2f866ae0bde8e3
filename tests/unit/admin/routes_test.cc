#include "admin/routes.h"

#include <fstream>
#include <set>

#include <gtest/gtest.h>

#include "hookline/config/stored.h"
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
  EXPECT_EQ(get(guarded, "/api/v1/status", "Bearer ops-token").status, 403);
  EXPECT_EQ(get(guarded, "/api/v1/status", "read-token").status, 401);
  EXPECT_EQ(get(guarded, "/api/v1/status", "Bearer read-token").status, 200);
  EXPECT_EQ(get(guarded, "/api/v1/status", "Bearer admin-token").status, 200);
  EXPECT_EQ(get(guarded, "/healthz").status, 200);
}

TEST_F(Routes, ATokenIsToldWhatItMayDo) {
  const auto told = [&](const config::Admin& admin, const std::string& authorization) {
    const auto answer = get(admin, "/api/v1/token", authorization);
    return answer.status == 200 ? answer.body : std::to_string(answer.status);
  };
  EXPECT_EQ(told(guarded, ""), "401");
  EXPECT_EQ(told(guarded, "Bearer wrong"), "401");
  EXPECT_EQ(told(guarded, "Bearer ops-token"), R"({"name":"ops","scopes":["operate"]})" "\n");
  EXPECT_EQ(told(guarded, "Bearer read-token"), R"({"name":"ci","scopes":["read"]})" "\n");
  EXPECT_EQ(told(guarded, "Bearer admin-token"), R"({"name":"all","scopes":["read","operate","admin"]})" "\n");
  EXPECT_EQ(told(open, ""), R"({"name":"local","scopes":["read","operate","admin"]})" "\n");
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
    EXPECT_EQ(status("GET", path, "ops-token"), 403) << path;
    EXPECT_EQ(status("POST", path, "read-token"), 403) << path;
    EXPECT_EQ(status("POST", path, "ops-token"), 403) << path;
    EXPECT_EQ(status("POST", path, "admin-token"), 400) << path;  // no body
    EXPECT_EQ(status("DELETE", std::string(path) + "/x", "ops-token"), 403) << path;
    EXPECT_EQ(status("DELETE", std::string(path) + "/x", "admin-token"), 404) << path;
    EXPECT_EQ(status("GET", std::string(path) + "/x/y", "read-token"), 404) << path;
  }
  EXPECT_EQ(status("PATCH", "webhooks/x", "read-token"), 403);
  EXPECT_EQ(status("PATCH", "webhooks/x", "ops-token"), 400);
  EXPECT_EQ(status("PATCH", "policies/x", "admin-token"), 405);
}

TEST_F(Routes, AChangeBeforeKafkaHasAnsweredIsRefusedForNow) {
  const auto put = [&](const std::string& body) {
    return route({.method = "PUT", .path = "/api/v1/webhooks/a", .host = "localhost", .content_type = "application/json", .body = body}, open, engine);
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
  EXPECT_EQ(wrong.allow, "GET, HEAD");
  EXPECT_EQ(get(open, "/api/v1/webhooks/a", "", "localhost", "TRACE").allow, "GET, HEAD, PUT, DELETE, PATCH");
}

TEST_F(Routes, ABodyIsJson) {
  const auto post = [&](const std::string& type) {
    return route({.method = "POST", .path = "/api/v1/webhooks", .host = "localhost", .content_type = type, .body = "{}"}, open, engine).status;
  };
  for (const char* type : {"", "text/plain", "application/x-www-form-urlencoded", "application/jsonp"}) EXPECT_EQ(post(type), 415) << type;
  for (const char* type : {"application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"}) EXPECT_EQ(post(type), 422) << type;
}

TEST_F(Routes, APageOfAnotherOriginChangesNothing) {
  const auto from = [&](const std::string& origin, const std::string& method, const config::Admin& admin, const std::string& authorization = {}) {
    return route({.method = method, .path = "/api/v1/webhooks/x", .authorization = authorization, .host = "localhost:8080", .origin = origin}, admin, engine).status;
  };
  EXPECT_EQ(from("https://evil.example", "DELETE", open), 403);
  EXPECT_EQ(from("null", "DELETE", open), 403);
  EXPECT_EQ(from("http://localhost:8080", "DELETE", open), 404);
  EXPECT_EQ(from("", "DELETE", open), 404);
  EXPECT_EQ(from("https://evil.example", "GET", open), 404);
  EXPECT_EQ(from("https://evil.example", "DELETE", guarded, "Bearer admin-token"), 404);  // a page cannot know the token
}

TEST_F(Routes, ListsHavePagesByName) {
  const auto page = [&](const std::string& query) {
    return route({.method = "GET", .path = "/api/v1/webhooks", .query = query, .host = "localhost"}, open, engine);
  };
  EXPECT_EQ(*json::parse_tree(page("limit=1").body), (json::Tree{{"items", json::Tree::array()}, {"next", nullptr}}));
  for (const char* bad : {"limit=0", "limit=501", "limit=x", "limit=1&limit=2", "page=1", "after=", "limit=%zz"}) EXPECT_EQ(page(bad).status, 400) << bad;
}

TEST_F(Routes, ThePagesOfTheUiHaveTypesAndTags) {
  const auto page = get(open, "/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  ASSERT_FALSE(page.etag.empty());
  const auto again = route({.method = "GET", .path = "/", .host = "localhost", .if_none_match = page.etag}, open, engine);
  EXPECT_EQ(again.status, 304);
  EXPECT_TRUE(again.body.empty());
  EXPECT_EQ(get(open, "/ui/app.js").content_type, "text/javascript; charset=utf-8");
  EXPECT_EQ(get(open, "/ui/none.js").status, 404);
  EXPECT_EQ(get(open, "/ui/..%2fapp.js").status, 404);
}

TEST_F(Routes, ADefinitionThatIsNotSavedIsPreviewedByAdminsAlone) {
  const auto render = [&](const std::string& token, const std::string& webhook) {
    return route({.method = "POST", .path = "/api/v1/render", .authorization = "Bearer " + token, .host = "localhost", .content_type = "application/json",
                  .body = R"({"type": "incident_triggered", "webhook": )" + webhook + "}"}, guarded, engine).status;
  };
  const std::string unsaved = R"({"name": "x", "events": ["incident"], "endpoints": [{"url": "https://x.example/h"}]})";
  EXPECT_EQ(render("read-token", unsaved), 403) << "it could show what references stand for";
  EXPECT_EQ(render("admin-token", unsaved), 200);
  EXPECT_EQ(render("read-token", R"("none")"), 404);
}

TEST_F(Routes, PreviewNeedsNoKafkaForSamplesAndPastedEvents) {
  const auto render = [&](const std::string& body) {
    const auto answer = route({.method = "POST", .path = "/api/v1/render", .host = "localhost", .content_type = "application/json", .body = body}, open, engine);
    auto tree = json::parse_tree(answer.body);
    return std::pair(answer.status, tree ? *tree : json::Tree());
  };
  const std::string hook = R"("webhook": {"name": "x", "events": ["incident"], "filter": "service == \"pay\"", "endpoints": [{"url": "https://x.example/h"}], "auth": {"bearer": "s3cret-token"}})";
  const auto [status, body] = render("{" + hook + R"(, "event": {"event_type": "incident_triggered", "service": "pay", "id": "7"}})");
  ASSERT_EQ(status, 200) << body;
  EXPECT_EQ(body["matched"], true);
  EXPECT_EQ(body["requests"][0]["headers"]["Authorization"], "***");
  EXPECT_EQ(body["requests"][0]["body"]["id"], "7");
  EXPECT_EQ(body.dump().find("s3cret"), std::string::npos);
  EXPECT_EQ(render("{" + hook + "}").second["type"], "incident_triggered");
  EXPECT_EQ(render("{" + hook + R"(, "event": {"event_type": "something_else"}})").second["errors"][0]["pointer"], "/kind");
  EXPECT_EQ(render("{" + hook + R"(, "event": {}, "type": "vuln"})").first, 422);
  EXPECT_EQ(render("{" + hook + R"(, "record": {"topic": "none", "partition": 0, "offset": 0}})").second["errors"][0]["pointer"], "/record/topic");
  EXPECT_EQ(render(R"({"webhook": {"name": "x", "filter": "a ="}})").second["errors"][0]["pointer"].get<std::string>().substr(0, 8), "/webhook");
  EXPECT_EQ(render(R"({"webhook": "none"})").first, 404);
  EXPECT_EQ(render(R"({"wbhook": "none"})").second["errors"][0]["pointer"], "/wbhook");
  EXPECT_EQ(render("nope").first, 400);
}

TEST_F(Routes, TheTableIsWhatTheDescriptionSays) {
  std::ifstream file(HOOKLINE_SOURCE_DIR "/schemas/openapi.yaml");
  const std::string yaml(std::istreambuf_iterator<char>(file), {});
  config::Problems problems;
  const auto documents = config::parse_documents(yaml, "openapi.yaml", problems);
  ASSERT_EQ(documents.size(), 1u) << (problems.empty() ? "" : config::format(problems.front()));
  std::set<std::string> described, there;
  for (const auto& [path, operations] : documents.front()["paths"].items()) {
    for (const auto& [method, operation] : operations.items()) {
      std::string verb = method;
      for (char& c : verb) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      if (operation.is_object()) described.insert(verb + " " + path);
    }
  }
  for (const auto& route : routes()) {
    if (route.path != "/" && !route.path.starts_with("/ui/")) there.insert(std::string(route.method) + " " + std::string(route.path));
  }
  EXPECT_EQ(described, there);
}

TEST_F(Routes, MistakesWithoutNumberAreListedUpToAThousand) {
  std::string body = "{";
  for (int i = 0; i < 3000; ++i) body += (i ? ", " : "") + ("\"k" + std::to_string(i) + "\"") + ": 1";
  const auto answer = route({.method = "POST", .path = "/api/v1/render", .host = "localhost:8080", .content_type = "application/json", .body = body + "}"}, open, engine);
  ASSERT_EQ(answer.status, 422) << answer.body;
  const auto problem = *json::parse_tree(answer.body);
  EXPECT_EQ(problem["errors"].size(), 1000u);
  EXPECT_NE(problem["detail"].get<std::string>().find("of which these are the first 1000"), std::string::npos) << problem["detail"];
}

}  // namespace
}  // namespace hookline::admin
