#include "hookline/event/catalogue.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/event/read_fixture.h"
#include "unit/event/schema_check.h"

namespace hookline::event {
namespace {

using testing::IsEmpty;

const std::filesystem::path source(HOOKLINE_SOURCE_DIR);

std::set<std::string> names_in(const std::filesystem::path& folder, std::string_view suffix) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (name.ends_with(suffix)) names.insert(name.substr(0, name.size() - suffix.size()));
  }
  return names;
}

std::set<std::string> catalogue_names() {
  std::set<std::string> names;
  for (const auto& type : catalogue())
    names.emplace(type.name);
  return names;
}

TEST(Catalogue, HoldsEachTypeOnceGroupedByKind) {
  EXPECT_EQ(catalogue_names().size(), catalogue().size());
  std::vector<Kind> order;
  for (const auto& type : catalogue()) {
    if (order.empty() || order.back() != type.kind) order.push_back(type.kind);
    EXPECT_EQ(find_type(type.name), &type);
    EXPECT_EQ(normalise_type(type.name), type.name);
    EXPECT_FALSE(type.about.empty());
  }
  EXPECT_EQ(order, std::vector<Kind>(kinds.begin(), kinds.end()));
  EXPECT_EQ(find_type("unheard_of"), nullptr);
}

TEST(Catalogue, SamplesAndSchemasExistForItsTypesAndNoOthers) {
  EXPECT_EQ(names_in(source / "config/samples", ".json"), catalogue_names());
  auto schemas = names_in(source / "schemas/events", ".schema.json");
  EXPECT_EQ(schemas.erase("common"), 1U);
  EXPECT_EQ(schemas, catalogue_names());
  EXPECT_FALSE(sample("unheard_of"));
}

TEST(Catalogue, EverySampleFitsItsSchema) {
  SchemaCheck schemas(source / "schemas/events");
  for (const auto& type : catalogue()) {
    const auto text = sample(type.name).value();
    EXPECT_EQ(text.find('\n'), std::string::npos) << type.name;
    const auto tree = json::parse_tree(text);
    ASSERT_TRUE(tree) << type.name << ": " << tree.error().message;
    EXPECT_THAT(schemas.check(std::string(type.name) + ".schema.json", *tree), IsEmpty()) << type.name;
  }
}

TEST(Catalogue, ASchemaFitsNoSampleOfAnotherFamily) {
  SchemaCheck schemas(source / "schemas/events");
  const auto story = json::parse_tree(sample("story_created").value()).value();
  for (const auto* other :
       {"story_updated", "detection_created", "incident_triggered", "vuln", "audit_event_login"}) {
    EXPECT_FALSE(schemas.check(std::string(other) + ".schema.json", story).empty()) << other;
  }
}

TEST(Catalogue, EverySampleReadsAsItsOwnType) {
  for (const auto& type : catalogue()) {
    Reading reading;
    const auto text = sample(type.name).value();
    const auto event = reading.read(Reading::record(text), type.kind);
    ASSERT_TRUE(event) << type.name << ": " << event.error().message;
    EXPECT_EQ(event->type(), type.name);
    EXPECT_TRUE(validate(*event, reading.scratch())) << type.name;
  }
}

TEST(Catalogue, SamplesShowTheAttributesOfTheirShape) {
  using Expected = std::map<std::string, std::string>;
  const std::map<std::string, Expected> table{
      {"incident_triggered",
       {{"id", "64aa01"},
        {"title", "p99 over 2 s"},
        {"message", "p99 over 2 s"},
        {"service", "card-payments"},
        {"service_id", "s1"},
        {"service_name", "Card payments"},
        {"alert_source", "prometheus"},
        {"alert_source_id", "a1"},
        {"alert_source_type", "Prometheus"},
        {"severity", "critical"},
        {"status", "triggered"},
        {"time", "2026-03-02T10:04:05.110Z"},
        {"story_id", "absent"},
        {"url", "absent"}}},
      {"incident_resolved",
       {{"status", "resolved"}, {"analytics.ttr.time", "1655000"}, {"timeline.2.action", "resolved"}}},
      {"incident_tags_updated",
       {{"id", "64aa01"},
        {"title", "p99 over 2 s"},
        {"service", "card-payments"},
        {"alert_source", "prometheus"},
        {"severity", "critical"},
        {"status", "triggered"},
        {"time", "2026-03-02T10:04:05.945Z"},
        {"story_id", "64aa01"}}},
      {"incident_notes_created",
       {{"id", "n1"}, {"data.incident.id", "64aa01"}, {"time", "2026-03-02T10:04:05.945Z"}}},
      {"incident_created",
       {{"id", "i1"},
        {"title", "Invalid customer ids"},
        {"severity", "major"},
        {"status", "opened"},
        {"time", "2026-03-02T06:08:23Z"},
        {"story_id", "i1"}}},
      {"check_evaluation", {{"id", "absent"}, {"severity", "absent"}, {"checkResults.0.outcome", "fail"}}},
      {"contract_published", {{"id", "absent"}, {"contract.dataset", "warehouse/sales/orders"}}},
      {"story_created",
       {{"id", "st-2201"},
        {"title", "Site link down"},
        {"severity", "high"},
        {"status", "open"},
        {"site", "Berlin"},
        {"source_ip", "10.2.0.9"},
        {"story_id", "st-2201"},
        {"url", "stories.example.com/st-2201"},
        {"time", "2026-03-02T10:04:05.591Z"}}},
      {"new_hits",
       {{"title", "New hit detected"},
        {"source_ip", "198.51.100.8"},
        {"host", "shop.example.com"},
        {"severity", "absent"}}},
      {"vuln",
       {{"severity", "medium"},
        {"url", "https://scan.example.com/object/5"},
        {"title", "New vulnerability detected"}}},
      {"ip_blocked", {{"title", "Trigger: address denylisted"}, {"details.ip", "198.51.100.8"}}},
      {"high_severity_alarm",
       {{"id", "al-5"},
        {"severity", "high"},
        {"title", "Malware on web-3"},
        {"host", "web-3"},
        {"message", "5 high severity alarms detected in project id 3 evidence id 4."},
        {"time", "2026-03-02T10:04:05Z"}}},
      {"notification", {{"title", "Backup finished"}, {"severity", "info"}, {"host", "web-3"}}},
      {"audit_event_login",
       {{"id", "au-9"}, {"message", "User ada logged in"}, {"source_ip", "198.51.100.20"}}},
      {"webhook_disabled",
       {{"id", "nc-1"}, {"severity", "high"}, {"title", "Webhook payments-tickets was disabled"}}},
      {"detection_created",
       {{"id", "12"},
        {"detection_id", "12"},
        {"group_id", "4"},
        {"title", "Suspicious binary"},
        {"severity", "high"},
        {"status", "new"},
        {"alert_source", "EDR"},
        {"time", "1772445846.5"},
        {"message", "Suspicious binary in Case 3"}}},
      {"detection_group_updated",
       {{"id", "4"}, {"status", "open"}, {"alert_source", R"(["EDR"])"}, {"time", "1772445999.1"}}},
  };
  for (const auto& [type, attributes] : table) {
    const auto* info = find_type(type);
    ASSERT_NE(info, nullptr) << type;
    const auto text = sample(type).value();
    for (const auto& [name, expected] : attributes) {
      Reading reading;
      EXPECT_EQ(reading.value(text, name, info->kind), expected) << type << " " << name;
    }
  }
}

TEST(TitleOf, IsTheWordsOfTheTypeUnlessTheCatalogueKnowsBetter) {
  EXPECT_EQ(title_of("high_severity_alarm"), "HIGH SEVERITY ALARM DETECTED");
  EXPECT_EQ(title_of("incident_triggered"), "INCIDENT TRIGGERED");
  EXPECT_EQ(title_of("audit_event_login"), "AUDIT EVENT LOGIN");
  EXPECT_EQ(title_of("something_new_2"), "SOMETHING NEW 2");
  for (const auto& type : catalogue())
    EXPECT_EQ(title_of(type.name), type.title);
}

TEST(PatternMatches, TakesTypesGlobsAndKinds) {
  const auto matches = [](std::string_view pattern, std::string_view type = "incident_triggered") {
    return pattern_matches(pattern, Kind::incident, type);
  };
  EXPECT_TRUE(matches("incident_triggered"));
  EXPECT_TRUE(matches("incident"));  // the kind
  EXPECT_TRUE(matches("incident", "anything"));
  EXPECT_TRUE(matches("incident_*"));
  EXPECT_TRUE(matches("*"));
  EXPECT_TRUE(matches("*_triggered"));
  EXPECT_TRUE(matches("in*_tr*ed"));
  EXPECT_TRUE(matches("**incident_triggered**"));
  EXPECT_FALSE(matches("alarm"));
  EXPECT_FALSE(matches("incident_trigger"));
  EXPECT_FALSE(matches("incident_triggered_"));
  EXPECT_FALSE(matches("incident_*x"));
  EXPECT_FALSE(matches("Incident_triggered"));
  EXPECT_FALSE(matches(""));
  EXPECT_TRUE(matches("alarm", "alarm"));  // a type may be called like another kind
}

TEST(PatternMatches, AgreesWithARecursiveModel) {
  const std::function<bool(std::string_view, std::string_view)> model = [&](std::string_view glob,
                                                                            std::string_view text) {
    if (glob.empty()) return text.empty();
    if (glob[0] == '*') return model(glob.substr(1), text) || (!text.empty() && model(glob, text.substr(1)));
    return !text.empty() && glob[0] == text[0] && model(glob.substr(1), text.substr(1));
  };
  for (int g = 0; g < 3 * 3 * 3 * 3 * 3; ++g) {
    for (int t = 0; t < 64; ++t) {
      std::string glob;
      std::string text;
      for (int i = 0, rest = g; i < 5; ++i, rest /= 3)
        glob += "ab*"[rest % 3];
      for (int i = 0, rest = t; i < 6; ++i, rest /= 2)
        text += "ab"[rest % 2];
      ASSERT_EQ(pattern_matches(glob, Kind::audit, text), model(glob, text)) << glob << " " << text;
    }
  }
}

TEST(PatternMatches, ManyStarsDoNotExplode) {
  std::string glob;
  for (int i = 0; i < 200; ++i)
    glob += "*a";
  EXPECT_FALSE(pattern_matches(glob + "b", Kind::audit, std::string(5'000, 'a')));
}

}  // namespace
}  // namespace hookline::event
