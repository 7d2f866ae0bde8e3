// The admin API of running processes on a real Kafka: what one process changes all show, what was delivered can be
// looked up in any of them, secrets go in and never come out, and hostile or slow clients hold nobody up.
// HOOKLINE_LONG=1 lets schemathesis search for longer.
#include <cstdlib>

#include <nlohmann/json.hpp>

#include "proof.h"
#include "support/process.h"
#include "support/temp_dir.h"

namespace hookline::test {
namespace {

using Json = nlohmann::json;

class AdminApi : public Proof {
 protected:
  const std::string api = "/api/v1/webhooks";
  const std::string key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
  const std::string other_key = "//////////////////////////////////////////8=";
  const std::vector<std::string> secrets{"bearer-s3cret-1", "url-s3cret-2", "header-s3cret-3"};

  HooklineOptions with_key(const std::string& of, const std::string& service = {}) const {
    auto made = options("# none in files\n", service);
    made.environment["HOOKLINE_SECRET_KEY"] = of;
    return made;
  }

  static Json json(const HttpAnswer& answer) { return Json::parse(answer.body, nullptr, false); }
  static HttpAnswer send(const HooklineProcess& to, const std::string& method, const std::string& path, const Json& body, const Headers& headers = {}) {
    return to.request(method, path, body.dump(), headers);
  }

  Json hook(const std::string& name, const std::string& path) const {
    return {{"name", name}, {"events", {"incident"}}, {"endpoints", {{{"url", receiver.url(path)}}}}};
  }
  void publish(int count, int first) { Publisher(kafka.bootstrap()).publish_events(topic, count, first); }

  void expect_no_secret(const std::string& text, const std::string& where) const {
    for (const auto& secret : secrets) EXPECT_EQ(text.find(secret), std::string::npos) << secret << " stands in " << where;
  }
};

TEST_F(AdminApi, ThreeProcessesShowTheSameAndNoSecretStandsAnywhere) {
  create_topics(4);
  HooklineProcess one(with_key(key)), two(with_key(key)), three(with_key(key));
  for (auto* process : {&one, &two, &three}) ASSERT_TRUE(process->wait_ready(60s)) << process->log();
  auto secret_hook = hook("secret", "/url-s3cret-2/in");
  secret_hook["secret_url"] = true;
  secret_hook["auth"] = {{"bearer", secrets[0]}};
  secret_hook["headers"] = {{"X-Api-Key", secrets[2]}};
  const auto made = send(one, "POST", api, secret_hook);
  ASSERT_EQ(made.status, 201) << made.body;
  expect_no_secret(made.body, "the answer");
  ASSERT_TRUE(wait_until([&] { return two.get(api + "/secret").status == 200 && three.get(api + "/secret").status == 200; }, 60s));
  for (auto* process : {&one, &two, &three}) {
    const auto shown = process->get(api + "/secret");
    EXPECT_EQ(json(shown), json(one.get(api + "/secret")));
    expect_no_secret(shown.body, "a GET");
  }
  EXPECT_EQ(json(two.get(api + "/secret"))["auth"]["bearer"], "***");

  // What was got can be put, in another process; the same secrets in clear change nothing either.
  EXPECT_EQ(send(two, "PUT", api + "/secret", json(two.get(api + "/secret"))).header("etag"), "\"1\"");
  EXPECT_EQ(send(three, "PUT", api + "/secret", secret_hook).header("etag"), "\"1\"");
  publish(20, 0);
  ASSERT_TRUE(wait_until([&] { return receiver.count("/url-s3cret-2/in") == 20; }, 60s)) << receiver.count();
  const auto request = receiver.requests("/url-s3cret-2/in").front();
  EXPECT_EQ(request.header("authorization"), "Bearer " + secrets[0]);
  EXPECT_EQ(request.header("x-api-key"), secrets[2]);

  // Changes at once: exactly one of those made from the same revision is in force.
  std::vector<std::thread> writers;
  std::atomic<int> won = 0, lost = 0;
  for (int i = 0; i < 9; ++i) {
    writers.emplace_back([&, i] {
      auto* process = std::array{&one, &two, &three}[static_cast<std::size_t>(i % 3)];
      const auto answer = send(*process, "PATCH", api + "/secret", {{"description", std::to_string(i)}}, {{"If-Match", "\"1\""}});
      won += answer.status == 200;
      lost += answer.status == 412;
    });
  }
  for (auto& writer : writers) writer.join();
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, 8);
  ASSERT_TRUE(wait_until([&] { return json(one.get(api + "/secret")) == json(two.get(api + "/secret")) && json(two.get(api + "/secret")) == json(three.get(api + "/secret")); }, 60s));

  // A failing attempt is logged with its request, the secrets masked, and what the receiver repeats of them too.
  receiver.on("/url-s3cret-2/in", first(1, answer(500, "you sent Bearer bearer-s3cret-1"), answer(200)));
  publish(1, 20);
  const auto logged = [&] {
    const auto list = json(two.get(api + "/secret/deliveries"));
    if (!list.is_object()) return Json();
    for (const auto& item : list["items"]) {
      if (item["attempts"].size() == 2) return item;
    }
    return Json();
  };
  ASSERT_TRUE(wait_until([&] { return !logged().is_null(); }, 60s, 200ms)) << two.get(api + "/secret/deliveries").body;
  EXPECT_EQ(logged()["attempts"][0]["request"]["headers"]["Authorization"], "***");
  for (const auto& name : {".webhooks", ".deliveries", ".notices", ".jobs"}) {
    for (const auto& record : kafka.read(prefix + name)) expect_no_secret(record.value.value_or("") + record.key.value_or(""), prefix + name);
  }
  for (const auto* path : {"", "/secret", "/secret/deliveries"}) expect_no_secret(three.get(api + path).body, path);
  for (auto* process : {&one, &two, &three}) expect_no_secret(process->log(), "a log");

  // Another key: told, and nothing is lost; with both keys it goes on.
  EXPECT_EQ(three.terminate()->code, 0);
  HooklineProcess foreign(with_key(other_key));
  ASSERT_TRUE(wait_until([&] { return foreign.get("/readyz").body.find("HOOKLINE_SECRET_KEY") != std::string::npos; }, 60s)) << foreign.get("/readyz").body;
  EXPECT_EQ(foreign.get("/readyz").status, 503);
  foreign.kill9();
  HooklineProcess rotated(with_key(other_key + "," + key));
  ASSERT_TRUE(rotated.wait_ready(60s)) << rotated.log();
  EXPECT_EQ(send(rotated, "PUT", api + "/secret", json(rotated.get(api + "/secret"))).header("etag"), "\"3\"");  // sealed anew
}

TEST_F(AdminApi, AStoredSecretGoesOnlyWhereItWasGivenFor) {
  create_topics(2);
  HooklineProcess service(with_key(key));
  ASSERT_TRUE(service.wait_ready(60s)) << service.log();
  Json two{{"name", "two"}, {"events", {"incident"}}, {"secret_url", true}, {"auth", {{"bearer", secrets[0]}}},
           {"endpoints", {{{"name", "left"}, {"url", receiver.url("/left-s3cret")}}, {{"name", "right"}, {"url", receiver.url("/url-s3cret-2/right")}}}}};
  ASSERT_EQ(send(service, "POST", api, two).status, 201);

  // The first endpoint is taken away, as an editor does it who sees no URL: the second keeps its own.
  auto shown = json(service.get(api + "/two"));
  shown["endpoints"].erase(0);
  const auto put = send(service, "PUT", api + "/two", shown);
  ASSERT_EQ(put.status, 200) << put.body;
  publish(5, 0);
  ASSERT_TRUE(wait_until([&] { return receiver.count("/url-s3cret-2/right") == 5; }, 60s)) << receiver.count();
  EXPECT_EQ(receiver.count("/left-s3cret"), 0);

  // The bearer token is not sent to another host, whichever way that is tried.
  Receiver evil;
  const auto moved = [&](Json document) {
    document["endpoints"] = Json::array({{{"name", "right"}, {"url", evil.url("/in")}}});
    return document;
  };
  for (const auto& [method, path, body] : {std::tuple<std::string, std::string, Json>{"PUT", api + "/two", moved(json(service.get(api + "/two")))},
                                           {"PATCH", api + "/two", moved(Json::object())},
                                           {"POST", "/api/v1/test", {{"webhook", moved(json(service.get(api + "/two")))}}}}) {
    const auto refused = send(service, method, path, body);
    EXPECT_EQ(refused.status, 422) << method << ' ' << path << ' ' << refused.body;
    EXPECT_NE(refused.body.find("/auth/bearer"), std::string::npos) << refused.body;
  }
  EXPECT_EQ(evil.count(), 0);

  // A URL that was sealed stays a secret when the definition calls it none.
  auto open = json(service.get(api + "/two"));
  open["secret_url"] = false;
  const auto preview = send(service, "POST", "/api/v1/render", {{"webhook", open}});
  ASSERT_EQ(preview.status, 200) << preview.body;
  expect_no_secret(preview.body, "a preview");
  ASSERT_EQ(send(service, "PUT", api + "/two", open).status, 200);
  receiver.on("/url-s3cret-2/right", answer(500, "no"));
  const auto tested = send(service, "POST", api + "/two/test", Json::object());
  EXPECT_EQ(json(tested)["status"], 500) << tested.body;
  for (const auto& text : {tested.body, service.get(api + "/two").body, send(service, "POST", "/api/v1/render", {{"webhook", "two"}}).body}) {
    expect_no_secret(text, "an answer");
  }
}

TEST_F(AdminApi, ADeliveryIsLoggedFoundAndDeliveredAgain) {
  create_topics(2);
  HooklineProcess one(options("# none\n", "delivery_log: {bodies: failures}\n")), two(options("# none\n"));
  ASSERT_TRUE(one.wait_ready(60s)) << one.log();
  ASSERT_TRUE(two.wait_ready(60s)) << two.log();
  auto sick = hook("sick", "/sick");
  sick["retry"] = {{"schedule", Json::array()}};
  ASSERT_EQ(send(one, "POST", api, hook("good", "/good")).status, 201);
  ASSERT_EQ(send(one, "POST", api, sick).status, 201);
  receiver.on("/sick", first(5, answer(503, "not now"), answer(200, "thanks")));
  ASSERT_TRUE(wait_until([&] { return two.get(api + "/sick").status == 200; }, 60s));
  publish(5, 0);
  const auto list = [&](const HooklineProcess& process, const std::string& name, const std::string& query = {}) {
    return json(process.get(api + "/" + name + "/deliveries" + query));
  };
  ASSERT_TRUE(wait_until([&] { return list(two, "good")["items"].size() == 5 && list(two, "sick", "?outcome=dead_lettered")["items"].size() == 5; }, 60s, 200ms))
      << list(two, "sick").dump(1);

  // Pages, filters, newest first.
  const auto page = list(two, "good", "?limit=2");
  ASSERT_EQ(page["items"].size(), 2u);
  std::set<std::string> seen;
  for (auto next = page; !next["next"].is_null() || !next["items"].empty(); next = list(one, "good", "?limit=2&after=" + next["next"].get<std::string>())) {
    for (const auto& item : next["items"]) EXPECT_TRUE(seen.insert(item["id"]).second);
    if (next["next"].is_null()) break;
  }
  EXPECT_EQ(seen.size(), 5u);
  EXPECT_TRUE(list(two, "good", "?outcome=dead_lettered")["items"].empty());
  EXPECT_EQ(list(two, "sick", "?text=NOT%20now")["items"].size(), 5u);
  EXPECT_TRUE(list(two, "sick", "?text=nowhere")["items"].empty());
  EXPECT_TRUE(list(two, "sick", "?type=vuln")["items"].empty());
  EXPECT_TRUE(list(two, "sick", "?until=1h")["items"].empty());

  // One: a failure as it was, a success rendered again.
  const auto dead = list(two, "sick")["items"][0];
  EXPECT_EQ(dead["reason"], "exhausted");
  ASSERT_EQ(dead["attempts"].size(), 1u);
  EXPECT_EQ(dead["attempts"][0]["response"], "not now");
  EXPECT_FALSE(dead["attempts"][0].contains("rendered_again"));
  const auto good = json(two.get("/api/v1/deliveries/" + page["items"][0]["id"].get<std::string>()));
  EXPECT_EQ(good["outcome"], "delivered") << good;
  EXPECT_EQ(good["attempts"][0]["rendered_again"], true);
  EXPECT_EQ(good["attempts"][0]["request"]["method"], "POST");
  EXPECT_EQ(two.get("/api/v1/deliveries/msg_none").status, 404);

  const auto letters = json(two.get("/api/v1/dead-letters?webhook=sick"));
  ASSERT_EQ(letters["items"].size(), 5u) << letters;
  EXPECT_EQ(json(two.get("/api/v1/dead-letters/groups"))["items"][0]["count"], 5);
  EXPECT_EQ(json(two.get("/api/v1/dead-letters/" + letters["items"][0]["id"].get<std::string>()))["reason"], "exhausted");

  // Again, under the same id.
  const auto id = dead["id"].get<std::string>();
  const auto again = two.request("POST", "/api/v1/deliveries/" + id + "/redeliver");
  ASSERT_EQ(again.status, 202) << again.body;
  ASSERT_TRUE(wait_until([&] { return json(one.get("/api/v1/deliveries/" + id))["outcome"] == "delivered"; }, 60s, 200ms)) << one.get("/api/v1/deliveries/" + id).body;
  const auto healed = json(one.get("/api/v1/deliveries/" + id));
  ASSERT_EQ(healed["attempts"].size(), 2u) << healed;
  EXPECT_EQ(healed["attempts"][1]["number"], 2);
  const auto received = receiver.requests("/sick");
  EXPECT_EQ(std::count_if(received.begin(), received.end(), [&](const auto& r) { return r.header("webhook-id") == id; }), 2);
}

TEST_F(AdminApi, APreviewATestAndTheAuditRecordOfChanges) {
  create_topics(2);
  HooklineProcess hookline(options("# none\n"));
  ASSERT_TRUE(hookline.wait_ready(60s)) << hookline.log();
  ASSERT_EQ(send(hookline, "POST", api, {{"name", "audit"}, {"events", {"webhook_*"}}, {"endpoints", {{{"url", receiver.url("/audit")}}}}}).status, 201);
  auto draft = hook("draft", "/draft");
  draft["payload"] = R"({"title": "$Title", "message": "$Event"})";
  ASSERT_EQ(send(hookline, "POST", api, draft).status, 201);
  ASSERT_EQ(send(hookline, "PATCH", api + "/draft", {{"enabled", false}}).status, 200);
  ASSERT_EQ(send(hookline, "PATCH", api + "/draft", {{"description", "text"}}).status, 200);
  EXPECT_EQ(json(hookline.get(api + "/draft"))["state"], "off");
  publish(10, 0);

  // A real past event, and how many of the last would have matched.
  const auto preview = [&](Json order) { return json(send(hookline, "POST", "/api/v1/render", order)); };
  Json rendered;
  ASSERT_TRUE(wait_until([&] { return (rendered = preview({{"webhook", "draft"}, {"record", {{"topic", topic}, {"partition", 0}, {"offset", 0}}}, {"last", 100}})).contains("recent") &&
                                      rendered["recent"]["matched"] == 10; }, 30s, 100ms)) << rendered;
  EXPECT_EQ(rendered["matched"], true);
  EXPECT_EQ(rendered["enabled"], false);
  EXPECT_EQ(rendered["requests"][0]["url"], receiver.url("/draft"));
  draft["filter"] = "document.no.such.field == 1";
  const auto unsaved = preview({{"webhook", draft}, {"record", {{"topic", topic}, {"partition", 0}, {"offset", 0}}}});
  EXPECT_EQ(unsaved["matched"], false);
  EXPECT_NE(unsaved["explain"]["why"].get<std::string>().find("no such field"), std::string::npos) << unsaved;
  EXPECT_EQ(json(hookline.get("/api/v1/events?kind=incident"))["items"].size(), 10u);
  EXPECT_FALSE(json(hookline.get("/api/v1/events/values"))["type"].empty());

  receiver.on("/draft", answer(201, "made"));
  const auto tested = json(send(hookline, "POST", api + "/draft/test", {{"type", "incident_resolved"}}));
  EXPECT_EQ(tested["status"], 201) << tested;
  EXPECT_EQ(tested["response"], "made");
  ASSERT_EQ(receiver.count("/draft"), 1);
  EXPECT_NE(receiver.requests("/draft").front().body.find("[Test message]"), std::string::npos);
  draft.erase("filter");
  draft["endpoints"][0]["url"] = "http://127.0.0.1:1/";
  EXPECT_TRUE(json(send(hookline, "POST", "/api/v1/test", {{"webhook", draft}}))["status"].is_null());

  ASSERT_EQ(hookline.request("DELETE", api + "/draft").status, 204);
  const auto told = [&](const std::string& type) {
    const auto requests = receiver.requests("/audit");
    return std::any_of(requests.begin(), requests.end(), [&](const auto& r) {
      const auto event = Json::parse(r.body, nullptr, false);
      return event["event_type"] == type && event["webhook"] == "draft" && event["user"] == "local";
    });
  };
  for (const auto* type : {"webhook_created", "webhook_switched_off", "webhook_updated", "webhook_deleted"}) {
    EXPECT_TRUE(wait_until([&] { return told(type); }, 30s)) << type;
  }
}

TEST_F(AdminApi, TokensLimitsAndSlowClients) {
  create_topics(1);
  auto made = options("# none\n");
  made.admin = "  tokens:\n    - {name: reader, token: r-token-123456, scopes: [read]}\n    - {name: chief, token: a-token-123456, scopes: [admin]}\n";
  HooklineProcess hookline(made);
  ASSERT_TRUE(hookline.wait_ready(60s)) << hookline.log();
  const Headers reader{{"Authorization", "Bearer r-token-123456"}}, chief{{"Authorization", "Bearer a-token-123456"}};
  EXPECT_EQ(hookline.get(api).status, 401);
  EXPECT_EQ(hookline.get(api, reader).status, 200);
  EXPECT_EQ(hookline.request("DELETE", api + "/x", {}, reader).status, 403);
  EXPECT_EQ(hookline.request("DELETE", api + "/x", {}, chief).status, 404);
  EXPECT_EQ(hookline.request("POST", api, std::string(3 << 20, ' '), chief).status, 413);
  EXPECT_EQ(hookline.get("/healthz", {{"X-Long", std::string(20'000, 'x')}}).status, 431);
  auto text_chief = chief;
  text_chief.emplace_back("Content-Type", "text/plain");
  EXPECT_EQ(hookline.request("POST", api, "{}", text_chief).status, 415);

  // Clients that never finish their request do not keep others from being answered.
  std::vector<std::unique_ptr<Process>> slow;
  const auto hold = fmt::format("exec 3<>/dev/tcp/127.0.0.1/{}; printf 'GET / HTTP/1.1\\r\\nHost: x' >&3; sleep 60", hookline.admin_port());
  for (int i = 0; i < 20; ++i) slow.push_back(std::make_unique<Process>(ProcessOptions{.arguments = {"bash", "-c", hold}}));
  EXPECT_TRUE(holds_for([&] { return hookline.get("/healthz").status == 200; }, 1s));
  EXPECT_EQ(hookline.get(api, reader).status, 200);
  EXPECT_EQ(hookline.terminate()->code, 0) << hookline.log();
}

TEST_F(AdminApi, SchemathesisFindsNothing) {
  const TempDir notes("schemathesis");  // it keeps some where it runs
  create_topics(2);
  HooklineProcess hookline(with_key(key));
  ASSERT_TRUE(hookline.wait_ready(60s)) << hookline.log();
  publish(20, 0);
  const bool search = std::getenv("HOOKLINE_LONG") != nullptr;
  const std::string root = HOOKLINE_SOURCE_DIR;
  const auto result = run_command({"env", "-C", notes.path().string(), root + "/build/deps/python/bin/schemathesis", "--config-file",
                                   root + "/tests/support/python/schemathesis.toml", "--no-color", "run", root + "/schemas/openapi.yaml", "--url",
                                   fmt::format("http://127.0.0.1:{}", hookline.admin_port()), "--phases", "examples,coverage,fuzzing", "--max-time",
                                   search ? "900" : "35", "--suppress-health-check", "all", "--generation-database", "none", "--warnings", "off",
                                   "--seed", "1", "--continue-on-failure"},
                                  {}, {}, search ? 1200s : 300s);
  EXPECT_EQ(result.status.code, 0) << result.output << result.errors;
  EXPECT_TRUE(hookline.running());
}

}  // namespace
}  // namespace hookline::test
