// Definitions that change while Hookline runs, on a real Kafka and with two processes: made through one,
// delivered by the other, kept over a crash, switched off by people and by failures.
#include "proof.h"

namespace hookline::test {
namespace {

class DefinitionsOverTheApi : public Proof {
 protected:
  DefinitionsOverTheApi() { session_timeout = 3s; }  // processes are killed

  const std::string api = "/api/v1/webhooks";

  HooklineOptions empty() const { return options("# none in files\n"); }

  std::string hook(const std::string& path, const std::string& more = {}) const {
    return fmt::format(R"({{"name": "hook", "events": ["incident"], "endpoints": [{{"url": "{}"}}]{}}})", receiver.url(path), more);
  }

  static bool holds(const HttpAnswer& answer, std::string_view text) { return answer.body.find(text) != std::string::npos; }

  void publish(int count, int first) { Publisher(kafka.bootstrap()).publish_events(topic, count, first); }
};

TEST_F(DefinitionsOverTheApi, AWebhookMadeInOneProcessIsDeliveredByAllAndIsThereAfterACrash) {
  create_topics(8);
  HooklineProcess one(empty()), two(empty());
  ASSERT_TRUE(one.wait_ready(60s)) << one.log();
  ASSERT_TRUE(two.wait_ready(60s)) << two.log();

  const auto made = one.request("POST", api, hook("/first"));
  ASSERT_EQ(made.status, 201) << made.body;
  EXPECT_EQ(made.header("etag"), "\"1\"");
  EXPECT_EQ(made.header("location"), api + "/hook");
  EXPECT_TRUE(holds(made, R"("source":"api")"));
  ASSERT_TRUE(wait_until([&] { return two.get(api + "/hook").status == 200; }, 60s));
  publish(400, 0);
  ASSERT_TRUE(wait_until([&] { return receiver.count("/first") == 400; }, 90s)) << receiver.count();
  EXPECT_GT(one.metric("hookline_attempts_total").value_or(0), 0);
  EXPECT_GT(two.metric("hookline_attempts_total").value_or(0), 0);

  // Two people edit the same revision: the later one hears it, and nothing of theirs is in force.
  EXPECT_EQ(one.request("POST", api, hook("/again")).status, 409);
  const auto edited = one.request("PUT", api + "/hook", hook("/second"), {{"If-Match", "\"1\""}});
  EXPECT_EQ(edited.status, 200) << edited.body;
  const auto late = two.request("PUT", api + "/hook", hook("/late"), {{"If-Match", "\"1\""}});
  EXPECT_EQ(late.status, 412) << late.body;
  EXPECT_EQ(late.header("content-type"), "application/problem+json");
  const auto same = two.request("PUT", api + "/hook", hook("/second"), {{"If-Match", "\"2\""}});
  EXPECT_EQ(same.status, 200) << same.body;
  EXPECT_EQ(same.header("etag"), "\"2\"");  // nothing changed, nothing was written

  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 90s));
  one.kill9();
  two.kill9();
  one.start();
  ASSERT_TRUE(one.wait_ready(60s)) << one.log();
  const auto kept = one.get(api + "/hook");
  EXPECT_EQ(kept.header("etag"), "\"2\"");
  EXPECT_TRUE(holds(kept, "/second"));
  publish(20, 400);
  ASSERT_TRUE(wait_until([&] { return receiver.count("/second") == 20; }, 90s)) << receiver.count("/second") << one.log();

  EXPECT_EQ(one.request("DELETE", api + "/hook").status, 204);
  EXPECT_EQ(one.get(api + "/hook").status, 404);
  EXPECT_EQ(one.request("DELETE", api + "/hook").status, 404);
  EXPECT_EQ(one.terminate()->code, 0) << one.log();
}

TEST_F(DefinitionsOverTheApi, MistakesAreNamedWithPointersAndSecretsAreOnlyReferences) {
  create_topics(1);
  auto started = empty();
  started.config += "secrets: {env: [ALLOWED_*]}\n";
  started.environment = {{"ALLOWED_TOKEN", "very-secret-token"}, {"OTHER", "x"}};
  HooklineProcess hookline(started);
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  const auto wrong = hookline.request("POST", api, hook("/x", R"(, "filter": "service = 1", "retry": {"preset": "often"})"));
  EXPECT_EQ(wrong.status, 422);
  EXPECT_TRUE(holds(wrong, R"("pointer":"/retry/preset")")) << wrong.body;
  const auto filter = hookline.request("POST", api, hook("/x", R"(, "filter": "service = 1")"));
  EXPECT_EQ(filter.status, 422);
  EXPECT_TRUE(holds(filter, R"("pointer":"/filter")")) << filter.body;
  const auto literal = hookline.request("POST", api, hook("/x", R"(, "auth": {"bearer": "plain"})"));
  EXPECT_EQ(literal.status, 422);
  EXPECT_TRUE(holds(literal, "${env:NAME}")) << literal.body;
  EXPECT_FALSE(holds(literal, "plain"));
  EXPECT_EQ(hookline.request("POST", api, hook("/x", R"(, "auth": {"bearer": "${env:OTHER}"})")).status, 422);
  EXPECT_EQ(hookline.request("POST", api, "{").status, 400);
  EXPECT_EQ(hookline.request("POST", api, R"({"name": "a/b"})").status, 422);

  const auto good = hookline.request("POST", api, hook("/x", R"(, "auth": {"bearer": "${env:ALLOWED_TOKEN}"})"));
  ASSERT_EQ(good.status, 201) << good.body;
  EXPECT_TRUE(holds(good, R"("bearer":"***")"));
  EXPECT_FALSE(holds(hookline.get(api), "very-secret-token"));
  // What was got can be put.
  EXPECT_EQ(hookline.request("PUT", api + "/hook", hookline.get(api + "/hook").body).header("etag"), "\"1\"");
  publish(1, 0);
  ASSERT_TRUE(wait_until([&] { return receiver.count("/x") == 1; }, 90s));
  EXPECT_EQ(receiver.requests("/x").front().header("authorization"), "Bearer very-secret-token");
  for (const auto& record : kafka.read(prefix + ".webhooks")) EXPECT_EQ(record.value.value_or("").find("very-secret"), std::string::npos);
}

TEST_F(DefinitionsOverTheApi, AFilesWebhookIsReadOnlyButForItsSwitch) {
  create_topics(1);
  HooklineProcess hookline(options(webhook("filed")));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  const auto url = fmt::format("http://127.0.0.1:{}", hookline.admin_port());
  EXPECT_EQ(hookline.request("PUT", api + "/filed", R"({"name": "filed"})").status, 409);
  EXPECT_EQ(hookline.request("DELETE", api + "/filed").status, 409);
  const auto off = run_hookline({"webhooks", "disable", "filed", "--url", url});
  EXPECT_EQ(off.status.code, 0) << off.errors;
  EXPECT_NE(run_hookline({"webhooks", "list"}, {}, {{"HOOKLINE_URL", url}}).output.find("off"), std::string::npos);
  publish(3, 0);
  ASSERT_TRUE(wait_until([&] { return hookline.metric(R"(hookline_events_total{kind="incident",outcome="unmatched"})") == 3; }, 90s));
  hookline.kill9();
  hookline.start();
  ASSERT_TRUE(hookline.wait_ready(60s)) << hookline.log();
  EXPECT_TRUE(holds(hookline.get(api + "/filed"), R"("state":"off")"));
  EXPECT_EQ(run_hookline({"webhooks", "enable", "filed", "--url", url}).status.code, 0);
  publish(2, 3);
  ASSERT_TRUE(wait_until([&] { return receiver.count("/filed/0") == 2; }, 90s)) << receiver.count();
}

TEST_F(DefinitionsOverTheApi, ApplyTakesTheYamlOfFilesAndTheSameAgainChangesNothing) {
  create_topics(1);
  HooklineProcess hookline(empty());
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  const auto url = fmt::format("http://127.0.0.1:{}", hookline.admin_port());
  const auto yaml = webhook("a") + "---\n" + webhook("b", "retry: {schedule: [1s]}\n");
  const auto apply = [&](const std::string& text) { return run_hookline({"webhooks", "apply", "-f", "-", "--json", "--url", url}, text); };
  const auto count = [](const std::string& text, const char* word) { return occurrences(text, word); };
  const auto first = apply(yaml);
  ASSERT_EQ(first.status.code, 0) << first.errors;
  EXPECT_EQ(count(first.output, "created"), 2) << first.output;
  EXPECT_EQ(count(apply(yaml).output, "unchanged"), 2);
  const auto changed = apply(webhook("a", "concurrency: 3\n"));
  EXPECT_EQ(count(changed.output, "\"changed\""), 1) << changed.output << changed.errors;
  const auto refused = apply("name: c\nevnts: [incident]\n");
  EXPECT_EQ(refused.status.code, 1);
  EXPECT_NE(refused.errors.find("/evnts"), std::string::npos) << refused.errors;
  EXPECT_NE(run_hookline({"webhooks", "get", "a", "--url", url}).output.find("\"concurrency\": 3"), std::string::npos);
  EXPECT_EQ(run_hookline({"webhooks", "delete", "b", "--url", url}).status.code, 0);
  EXPECT_EQ(run_hookline({"webhooks", "get", "b", "--url", url}).status.code, 1);
  EXPECT_EQ(run_hookline({"webhooks", "list", "--url", "https://127.0.0.1"}).status.code, 2);
}

TEST_F(DefinitionsOverTheApi, AWebhookThatFailsTooMuchIsDisabledToldAboutAndCountedAnewWhenItIsEnabled) {
  create_topics(4);
  receiver.on("/sick", answer(500));
  HooklineProcess one(empty()), two(empty());
  ASSERT_TRUE(one.wait_ready(60s)) << one.log();
  ASSERT_TRUE(two.wait_ready(60s)) << two.log();
  ASSERT_EQ(one.request("POST", api, fmt::format(R"({{"name": "watch", "events": ["webhook_*"], "endpoints": [{{"url": "{}"}}]}})", receiver.url("/watch"))).status, 201);
  ASSERT_EQ(one.request("POST", api, hook("/sick", R"(, "retry": {"schedule": [], "on": "transient"}, "disable_after": {"failure_ratio": 0.5, "window": "10m", "min_attempts": 40})")).status, 201);
  ASSERT_TRUE(wait_until([&] { return two.get(api + "/hook").status == 200; }, 60s));
  publish(30, 0);
  ASSERT_TRUE(wait_until([&] { return receiver.count("/sick") == 30; }, 90s));
  publish(30, 30);
  ASSERT_TRUE(wait_until([&] { return holds(one.get(api + "/hook"), R"("state":"tripped")") && holds(two.get(api + "/hook"), R"("state":"tripped")"); }, 60s))
      << one.log() << two.log();
  const auto attempts = receiver.count("/sick");
  publish(10, 60);
  ASSERT_TRUE(wait_until([&] { return kafka.read(dead_letters).size() == 70; }, 90s)) << kafka.read(dead_letters).size();
  EXPECT_EQ(receiver.count("/sick"), attempts);
  const auto letters = kafka.read(dead_letters);
  EXPECT_GE(std::count_if(letters.begin(), letters.end(), [](const auto& l) { return l.header("hookline.reason") == "disabled"; }), 10);

  const auto told = [&](const std::string& type) {
    const auto requests = receiver.requests("/watch");
    return std::count_if(requests.begin(), requests.end(), [&](const auto& r) { return r.body.find("\"event_type\":\"" + type + "\"") != std::string::npos; });
  };
  ASSERT_TRUE(wait_until([&] { return told("webhook_failing") == 1 && told("webhook_disabled") == 1; }, 90s)) << receiver.count("/watch");

  receiver.on("/sick", answer(200));
  ASSERT_EQ(two.request("PATCH", api + "/hook", R"({"enabled": true})").status, 200);
  publish(10, 70);
  ASSERT_TRUE(wait_until([&] { return receiver.count("/sick") == attempts + 10; }, 90s));
  // A process that saw none of the failures tells what it delivered once a minute.
  ASSERT_TRUE(wait_until([&] { return told("webhook_recovered") == 1; }, 120s)) << one.log() << two.log();
  EXPECT_TRUE(holds(one.get(api + "/hook"), R"("state":"on")"));
  EXPECT_EQ(told("webhook_disabled"), 1);
}

}  // namespace
}  // namespace hookline::test
