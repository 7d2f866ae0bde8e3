// The schemas and the reference tables: made from the declaration that the parser uses, up to date in
// the tree, and of the parser's opinion. HOOKLINE_REWRITE=1 writes what is stale instead of failing.
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/node.h"
#include "config/yaml.h"
#include "hookline/core/random.h"
#include "reading.h"
#include "support/json_schema.h"

namespace hookline::config {
namespace {

using ::testing::IsEmpty;

const std::filesystem::path tree_root = HOOKLINE_SOURCE_DIR;

std::string contents(const std::filesystem::path& path) {
  std::stringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// Fails if the file has not this text; with HOOKLINE_REWRITE=1 gives it.
void expect_file(const std::filesystem::path& file, const std::string& text) {
  if (std::getenv("HOOKLINE_REWRITE")) {
    std::filesystem::create_directories((tree_root / file).parent_path());
    std::ofstream(tree_root / file, std::ios::binary) << text;
  }
  EXPECT_TRUE(contents(tree_root / file) == text)
      << file << " is stale: run this test with HOOKLINE_REWRITE=1";
}

TEST(GeneratedFiles, SchemasAreUpToDate) {
  expect_file("schemas/config.schema.json", config_schema().dump(2) + "\n");
  expect_file("schemas/webhook.schema.json", webhook_schema().dump(2) + "\n");
  expect_file("schemas/policy.schema.json", policy_schema().dump(2) + "\n");
  expect_file("schemas/template.schema.json", template_schema().dump(2) + "\n");
}

TEST(GeneratedFiles, TheReferenceOfTheHandbookIsUpToDate) {
  const std::string begin = "<!-- generated: the tables below come from the declaration in src/config -->\n";
  const auto page = contents(tree_root / "docs/config.md");
  const auto at = page.find(begin);
  ASSERT_NE(at, std::string::npos) << "docs/config.md has lost its marker";
  expect_file("docs/config.md", page.substr(0, at) + begin + "\n" + reference_tables());
}

/// Every property of a schema, with its place.
template <class Visit>
void each_property(const json::Tree& schema, const std::string& at, Visit visit) {
  if (!schema.is_object()) return;
  for (const auto& [keyword, rule] : schema.items()) {
    if (keyword == "properties") {
      for (const auto& [key, property] : rule.items()) {
        if (property.is_object()) visit(at + "/" + key, property);
        each_property(property, at + "/" + key, visit);
      }
    } else if (keyword == "items") {
      each_property(rule, at + "/[]", visit);
    } else if (keyword == "anyOf") {
      for (const auto& part : rule)
        each_property(part, at, visit);
    }
  }
}

TEST(Schemas, SayEverythingThatAnEditorShows) {
  for (const auto& schema : {config_schema(), webhook_schema(), policy_schema(), template_schema()}) {
    EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    EXPECT_EQ(schema["additionalProperties"], false);
    each_property(schema, "", [](const std::string& at, const json::Tree& property) {
      EXPECT_TRUE(property.contains("description") && !property["description"].get<std::string>().empty())
          << at;
    });
  }
}

TEST(Schemas, HaveDefaultsAndExamplesThatAreValid) {
  for (const auto& schema : {config_schema(), webhook_schema(), policy_schema()}) {
    each_property(schema, "", [&](const std::string& at, const json::Tree& property) {
      auto alone = property;
      alone["$defs"] = schema["$defs"];
      const test::JsonSchema checker(alone);
      if (property.contains("default")) {
        EXPECT_THAT(checker.violations(property["default"]), IsEmpty()) << at;
      }
      for (const auto& example : property.value("examples", json::Tree::array()))
        EXPECT_THAT(checker.violations(example), IsEmpty()) << at;
    });
  }
}

TEST(Schemas, TellDefaultsThatTheParserHas) {
  const auto schema = webhook_schema();
  const auto& properties = schema["properties"];
  EXPECT_EQ(properties["concurrency"]["default"], 64);
  EXPECT_EQ(properties["timeout"]["properties"]["request"]["default"], "15s");
  EXPECT_EQ(properties["rate_limit"]["default"], "none");
  EXPECT_EQ(properties["retry"]["properties"]["preset"]["default"], "standard");
  EXPECT_EQ(config_schema()["properties"]["egress"]["properties"]["allow"]["default"],
            json::Tree::array({"public"}));
}

std::vector<Node> documents_of(const std::filesystem::path& file) {
  Problems problems;
  auto documents = parse_yaml(std::make_shared<const Source>(file.string(), contents(file)), problems);
  EXPECT_THAT(lines(problems), IsEmpty());
  return documents;
}

TEST(Examples, OfTheTreeAreValidByProgramAndSchema) {
  const auto loaded = load(tree_root / "config/hookline.yaml", usual_secrets().source());
  EXPECT_THAT(lines(loaded.problems), IsEmpty());
  EXPECT_FALSE(loaded.webhooks.empty());
  for (const auto& document : documents_of(tree_root / "config/hookline.yaml")) {
    EXPECT_THAT(test::JsonSchema(config_schema()).violations(to_tree(document)), IsEmpty());
  }
  for (const auto& entry : std::filesystem::directory_iterator(tree_root / "config/webhooks")) {
    for (const auto& document : documents_of(entry.path())) {
      EXPECT_THAT(test::JsonSchema(webhook_schema()).violations(to_tree(document)), IsEmpty())
          << entry.path();
    }
  }
}

TEST(Examples, OfTheShippedTemplatesAreValidBySchema) {
  for (const auto& entry : std::filesystem::directory_iterator(tree_root / "config/templates")) {
    for (const auto& document : documents_of(entry.path())) {
      EXPECT_THAT(test::JsonSchema(template_schema()).violations(to_tree(document)), IsEmpty())
          << entry.path();
    }
  }
}

// What the parser accepts, the schema accepts: shown on webhooks and settings that were mutated at random.

json::Tree full_webhook() {
  return json::Tree::parse(R"json({
    "name": "a", "description": "x", "enabled": true, "events": ["incident_triggered", "story_*"], "trigger": "event", "filter": "true",
    "endpoints": [{"name": "m", "url": "https://h/${service}", "method": "PUT"}, {"url": "${env:HOOK}"}],
    "headers": {"X-Team": "sre", "X-Level": 3}, "auth": {"bearer": "${env:TOKEN}"}, "fields": {"f": "1 + 1", "g": true},
    "payload": "{\"t\": \"$Title\", \"e\": \"$Event\"}", "event_formatting": "default", "escape": "html", "max_text": 10, "format": "array",
    "batch": {"max_events": 2, "max_wait": "1s"}, "ordering": "key", "retry": {"schedule": ["1s", 0, "0.5h"], "on": "transient", "max_age": "1d"},
    "timeout": {"connect": "1s", "request": "2s"}, "tls": {"verify": true, "ca": "/etc/hookline/ca.pem"}, "proxy": "http://p:1", "http2": true,
    "secret_url": true, "signing": {"secrets": ["${env:WHSEC}"]}, "concurrency": "${env:NUMBER}", "rate_limit": "1.5/s",
    "disable_after": {"failure_ratio": 0.5, "window": "1h", "min_attempts": 3}, "failure_email": ["a@b.c"]})json");
}

json::Tree full_settings() {
  return json::Tree::parse(R"json({
    "kafka": {"bootstrap.servers": "b", "group.id": "g", "linger.ms": 5}, "topics": {"alarm": ["a"], "incident": ["i"], "prefix": "p", "names": {"jobs": "j"}},
    "start": "1h", "max_event_age": "1d", "workers": 3, "attributes": {"alarm": {"service": "a.b", "type": ["c", "d"]}},
    "secrets": {"env": ["A_*"], "files": ["/x"]}, "admin": {"listen": "127.0.0.1:0", "tokens": [{"name": "a", "token": "b", "scopes": ["read"]}], "metrics_public": false},
    "egress": {"allow": ["public", "10.0.0.0/8:80"]}, "limits": {"in_flight": 5, "memory": "64MiB", "event_size": 1024, "response_size": 0},
    "commit": {"interval": "1s"}, "shutdown": {"grace": "0"}, "delivery_log": {"bodies": "all", "max_body": "1KiB", "retention": "1h"},
    "storm_guard": {"enabled": false}, "smtp": {"url": "smtp://h:25", "from": "a@b.c", "username": "u", "password": "p", "tls": "tls"}})json");
}

/// A value out of what people write, right and wrong.
json::Tree odd_value(core::Random& random) {
  static const auto values = json::Tree::parse(
      R"json([null, true, false, 0, 1, -1, 1.5, 100000000, "", "x", "none", "auto", "5s", "5", "64KiB", "10/s", "GET", "POST", "key", "${env:TOKEN}",
              "${env:NUMBER}", "${env:NOPE}", "${env:HOOK}", "https://h", "a b", "Über", "***", [], {}, ["x"], [1], [[]], {"a": 1}, {"bearer": "x"}, "true", "1"])json");
  return values[random.below(values.size())];
}

/// All places of a tree.
void pointers(const json::Tree& tree, const std::string& at, std::vector<std::string>& out) {
  if (!at.empty()) out.push_back(at);
  if (tree.is_object()) {
    for (const auto& [key, value] : tree.items())
      pointers(value, append_pointer(at, key), out);
  } else if (tree.is_array()) {
    for (std::size_t i = 0; i < tree.size(); ++i)
      pointers(tree[i], append_pointer(at, std::to_string(i)), out);
  }
}

json::Tree mutated(json::Tree tree, core::Random& random) {
  for (std::uint64_t changes = 1 + random.below(2); changes > 0; --changes) {
    std::vector<std::string> places;
    pointers(tree, "", places);
    if (places.empty()) break;
    const json::Tree::json_pointer at(places[random.below(places.size())]);
    if (random.chance(0.3)) {
      auto& parent = tree[at.parent_pointer()];
      if (parent.is_object()) parent.erase(at.back());
    } else {
      tree[at] = odd_value(random);
    }
  }
  return tree;
}

TEST(ParserAndSchema, AgreeOnEveryWebhookThatTheParserAccepts) {
  const test::JsonSchema schema(webhook_schema());
  core::Random random(7);
  int accepted = 0;
  for (int i = 0; i < 2000; ++i) {
    const auto tree = i == 0 ? full_webhook() : mutated(full_webhook(), random);
    if (has_errors(read_webhooks(tree.dump()).problems)) continue;
    ++accepted;
    ASSERT_THAT(schema.violations(tree), IsEmpty()) << tree.dump(1);
  }
  EXPECT_GT(accepted, 300);
}

TEST(ParserAndSchema, AgreeOnEverySettingThatTheParserAccepts) {
  const test::JsonSchema schema(config_schema());
  const Folder folder;
  core::Random random(11);
  int accepted = 0;
  for (int i = 0; i < 400; ++i) {
    const auto tree = i == 0 ? full_settings() : mutated(full_settings(), random);
    if (has_errors(load_text(folder, tree.dump()).problems)) continue;
    ++accepted;
    ASSERT_THAT(schema.violations(tree), IsEmpty()) << tree.dump(1);
  }
  EXPECT_GT(accepted, 50);
}

TEST(ParserAndSchema, RefuseTheSameMistakes) {
  const test::JsonSchema schema(webhook_schema());
  const std::pair<const char*, json::Tree> mistakes[] = {
      {"/concurrency", 0},
      {"/concurrency", "many"},
      {"/enabled", "yes"},
      {"/name", "a b"},
      {"/events", "x"},
      {"/events/0", "A.b"},
      {"/endpoints", json::Tree::array()},
      {"/endpoints/0/url", "ftp://h"},
      {"/endpoints/0/method", "GET"},
      {"/timeout/connect", "5 minutes"},
      {"/rate_limit", 5},
      {"/ordering", "keys"},
      {"/auth", json::Tree::object()},
      {"/headers/Host", "x"},
      {"/headers/webhook-id", "x"},
      {"/headers/a b", "x"},
      {"/retry/preset", "standard"},
      {"/tls/cert", "/etc/hookline/ca.pem"},
      {"/proxy", "p:1"},
      {"/failure_email/0", "x"},
      {"/disable_after/failure_ratio", 2},
      {"/fields/1a", "x"},
      {"/unknown", 1},
      {"/max_text", 1.5},
  };
  for (const auto& [at, value] : mistakes) {
    auto tree = full_webhook();
    tree[json::Tree::json_pointer(at)] = value;
    EXPECT_TRUE(has_errors(read_webhooks(tree.dump()).problems)) << at << " " << value;
    EXPECT_FALSE(schema.violations(tree).empty()) << at << " " << value;
  }
}

}  // namespace
}  // namespace hookline::config
