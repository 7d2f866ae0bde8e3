// Definitions as trees: what was written comes back, defaults and templates left out, secrets masked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hookline/core/random.h"
#include "reading.h"

namespace hookline::config {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

json::Tree tree_of(std::string_view yaml, const std::vector<TemplateSource>& templates = {}) {
  auto read = read_webhooks(yaml, templates);
  EXPECT_FALSE(has_errors(read.problems)) << yaml << lines(read.problems).front();
  return read.webhooks.empty() ? json::Tree() : to_tree(read.webhooks.front());
}

#define GOOD "name: a\nevents: [x]\nendpoints: [{url: https://h/}]\n"

TEST(WebhookTree, LeavesDefaultsOut) {
  EXPECT_EQ(tree_of(GOOD "enabled: true\nretry: {preset: standard}\ntimeout: {connect: 5s}\nconcurrency: "
                         "64\nrate_limit: none\nproxy: none\n"),
            json::Tree::parse(R"({"name": "a", "events": ["x"], "endpoints": [{"url": "https://h/"}]})"));
}

TEST(WebhookTree, IsWhatTheYamlIs) {
  const auto written = json::Tree::parse(R"json({
    "name": "a", "description": "d", "enabled": false, "events": ["x", "story_*"], "filter": "a == 1",
    "endpoints": [{"name": "m", "url": "https://h/${service}", "method": "PATCH"}], "headers": {"X-A": "b $type"},
    "fields": {"f": "1 + 1"}, "payload": "{\n  \"t\": \"$Title\", \"e\": \"$Event\"}\n", "event_formatting": "default", "escape": "markdown", "max_text": 7,
    "format": "ndjson", "batch": {"max_events": 5, "max_wait": "2s"}, "ordering": "key",
    "retry": {"schedule": ["1s", "90s"], "on": "any_failure", "max_age": "1h"}, "timeout": {"connect": "1s"}, "tls": {"ca": "/etc/hookline/ca.pem"},
    "proxy": "http://p:3128", "http2": true, "concurrency": 3, "rate_limit": "10/m",
    "disable_after": {"failure_ratio": 0.5, "window": "1h"}, "failure_email": ["a@b.c"]})json");
  EXPECT_EQ(tree_of(written.dump()), written);
}

TEST(WebhookTree, KeepsBothSidesOfACorrelation) {
  for (const auto* text :
       {R"({"key": "id", "response_id": "result.id"})",
        R"({"key": "id", "response_id": "result.id", "expires": "none"})", R"({"key": "id", "from": "b"})",
        R"({"key": "id", "from": "b", "wait": "5s", "on_404": "create"})"}) {
    auto written =
        json::Tree::parse(R"({"name": "a", "events": ["x"], "endpoints": [{"url": "https://h/"}]})");
    written["correlation"] = json::Tree::parse(text);
    EXPECT_EQ(tree_of(written.dump()), written);
  }
}

TEST(WebhookTree, NamesPresets) {
  EXPECT_EQ(tree_of(GOOD "retry: {preset: wallarm}\n")["retry"], json::Tree({{"preset", "wallarm"}}));
  EXPECT_EQ(tree_of(GOOD "retry: {preset: squadcast, on: transient}\n")["retry"],
            json::Tree({{"preset", "squadcast"}, {"on", "transient"}}));
  EXPECT_EQ(tree_of(GOOD "retry: {schedule: [5s, 30s, 2m], on: any_failure}\n")["retry"],
            json::Tree({{"preset", "squadcast"}}));
}

TEST(WebhookTree, LeavesOutWhatItsTemplateSets) {
  const TemplateSource tickets{
      "tickets",
      "",
      json::Tree::parse(R"({"payload": "{}", "ordering": "key", "headers": {"X-A": "${env:TOKEN}"}})"),
      nullptr,
      {"t.yaml", 1, 1, ""},
      nullptr};
  EXPECT_EQ(
      tree_of(GOOD "template: tickets\nordering: none\n", {tickets}),
      json::Tree::parse(
          R"({"name": "a", "events": ["x"], "endpoints": [{"url": "https://h/"}], "template": "tickets"})"));
}

TEST(WebhookTree, MasksEverySecret) {
  const auto tree = tree_of(
      "name: a\nevents: [x]\ndescription: 'd ${env:TOKEN}'\n"
      "endpoints:\n"
      "  - {url: 'https://hooks.example.com/services/${env:TOKEN}?a=b'}\n"
      "  - {url: '${env:HOOK}'}\n"
      "headers: {X-Plain: p, X-Ref: 'v ${env:TOKEN}', X-Api-Key: t0ken-value}\n"
      "auth: {oauth2: {token_url: https://l/, client_id: '${env:TOKEN}', client_secret: t0ken-value}}\n"
      "signing: {secrets: ['${env:WHSEC}']}\n"
      "proxy: http://user:t0ken-value@p:1\n");
  const auto text = tree.dump();
  EXPECT_THAT(text, Not(HasSubstr("t0ken-value")));
  EXPECT_THAT(text, Not(HasSubstr("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")));
  EXPECT_THAT(text, Not(HasSubstr("T0/B0/xyz")));
  EXPECT_EQ(tree["endpoints"][0]["url"], "https://hooks.example.com/***");
  EXPECT_EQ(tree["endpoints"][1]["url"], "https://hooks.example.com/***");
  EXPECT_EQ(tree["headers"]["X-Plain"], "p");
  EXPECT_EQ(tree["headers"]["X-Ref"], "***");
  EXPECT_EQ(tree["description"], "***");
  EXPECT_EQ(tree["auth"]["oauth2"]["client_id"], "***");
  EXPECT_EQ(tree["proxy"], "***");
}

TEST(WebhookTree, ShowsOnlySchemeAndHostOfASecretUrl) {
  EXPECT_EQ(tree_of("name: a\nevents: [x]\nsecret_url: true\nendpoints: [{url: "
                    "'https://hooks.example.com:8443/T0/B0?x=y'}]\n")["endpoints"][0]["url"],
            "https://hooks.example.com:8443/***");
}

TEST(WebhookTree, MasksAHostThatHoldsASecret) {
  EXPECT_EQ(
      tree_of("name: a\nevents: [x]\nendpoints: [{url: 'https://${env:TOKEN}.example.com/p'}]\n")["endpoints"]
                                                                                                 [0]["url"],
      "https://***");
  EXPECT_EQ(
      tree_of(
          "name: a\nevents: [x]\nendpoints: [{url: 'https://h.example.com${env:PATH_OF}'}]\n")["endpoints"][0]
                                                                                              ["url"],
      "https://***");
}

TEST(WebhookTree, KeepsTheNameThatCameFromAReference) {
  EXPECT_EQ(tree_of("name: 'a-${env:NUMBER}'\nevents: [x]\nendpoints: [{url: https://h/}]\n")["name"], "a-7");
}

TEST(WebhookTree, ReadsBackAsTheSameWebhook) {
  // Random subsets of settings: what is printed reads back and prints the same.
  const auto rows = json::Tree::parse(
      R"json({"description": "x", "enabled": false, "trigger": "policy", "filter": "a", "headers": {"A": "b"}, "fields": {"f": "g"},
    "payload": "{}", "format": "array", "batch": {"max_events": 2}, "ordering": "key", "retry": {"preset": "wallarm", "max_age": "9h"},
    "timeout": {"request": "1500ms"}, "http2": true, "secret_url": false, "concurrency": 1, "rate_limit": "7/h", "failure_email": ["a@b.c"],
    "disable_after": {"failure_ratio": 1, "window": "1d", "min_attempts": 1}, "tls": {"verify": false}, "proxy": "socks5h://p:1", "escape": "slack", "max_text": 1})json");
  core::Random random(3);
  for (int i = 0; i < 500; ++i) {
    auto written = json::Tree::parse(
        R"({"name": "a", "events": ["x"], "endpoints": [{"url": "https://h/$type"}, {"url": "http://i", "method": "PUT"}]})");
    for (const auto& [key, value] : rows.items()) {
      if (random.chance(0.4)) written[key] = value;
    }
    if (!written.contains("format")) written.erase("batch");
    const auto first = tree_of(written.dump());
    ASSERT_EQ(tree_of(first.dump()), first) << written.dump();
  }
}

TEST(PolicyTree, IsWhatTheYamlIs) {
  const Folder folder;
  folder.write("w.yaml", GOOD);
  for (
      const auto* text :
      {R"({"name":"p","on":["x"],"notify":["a"]})",
       R"({"name":"p","description":"d","enabled":false,"on":["x"],"source":{"site":["Berlin"]},"criteria":"a","threshold":{"count":3,"within":"1m","per":"host"},"notify":["a*"]})"}) {
    folder.write("p.yaml", text);
    const auto loaded = load_text(folder,
                                  "kafka: {bootstrap.servers: b, group.id: g}\ntopics: {alarm: "
                                  "[a]}\nwebhooks: [w.yaml]\npolicies: [p.yaml]\n");
    EXPECT_THAT(lines(loaded.problems), IsEmpty());
    EXPECT_EQ(to_tree(loaded.policies.at(0)), json::Tree::parse(text));
  }
}

TEST(SettingsTree, ReadsBackAsTheSameSettings) {
  const Folder folder;
  const auto written = json::Tree::parse(R"json({"kafka": {"bootstrap.servers": "b", "group.id": "g"},
    "topics": {"alarm": ["a"], "prefix": "p", "names": {"jobs": "j"}}, "start": "1h", "max_event_age": "1d", "workers": 3,
    "attributes": {"audit": {"service": ["a.b", "c"]}}, "secrets": {"env": ["A"]}, "admin": {"listen": "[::1]:9", "metrics_public": false},
    "egress": {"allow": ["10.0.0.0/8:80", "2001:db8::/32", "[2001:db8::/32]:443"]}, "limits": {"event_size": "2MiB"}, "commit": {"interval": "1s"},
    "shutdown": {"grace": "0s"}, "delivery_log": {"bodies": "none"}, "storm_guard": {"enabled": false}, "smtp": {"url": "smtp://h:25", "from": "a@b.c", "tls": "none"}})json");
  const auto loaded = load_text(folder, written.dump());
  EXPECT_THAT(lines(loaded.problems), IsEmpty());
  EXPECT_EQ(to_tree(loaded.settings), written);
}

TEST(SettingsTree, MasksEverySecret) {
  const Folder folder;
  const auto loaded = load_text(folder,
                                "kafka: {bootstrap.servers: '${env:TOKEN}', group.id: g, sasl.password: "
                                "t0ken-value}\ntopics: {alarm: [a]}\n"
                                "admin: {token: '${env:TOKEN}'}\nsmtp: {url: 'smtp://h', from: a@b.c, "
                                "username: '${env:TOKEN}', password: t0ken-value}\n");
  EXPECT_THAT(lines(loaded.problems), IsEmpty());
  EXPECT_THAT(to_tree(loaded.settings).dump(), Not(HasSubstr("t0ken-value")));
}

}  // namespace
}  // namespace hookline::config
