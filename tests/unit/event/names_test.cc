#include "hookline/event/names.h"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hookline::event {
namespace {

using testing::Contains;
using testing::Each;
using testing::Not;

std::vector<std::string> spelled(const AttributeTable& table, Kind kind, std::string_view attribute) {
  std::vector<std::string> all;
  for (const auto& path : table.paths(kind, attribute))
    all.push_back(json::to_string(path));
  return all;
}

Variable wanted(std::string_view written) {
  static const AttributeTable table;
  Variables variables(table);
  const auto id = variables.want(json::parse_path(written).value());
  return variables[id];
}

TEST(AttributeTable, PutsConfiguredPathsBeforeTheDefaultsOfThatKindOnly) {
  AttributeTable table;
  ASSERT_TRUE(table.prepend(Kind::alarm, "severity", {"prio", "meta.level"}));
  auto expected = spelled(AttributeTable(), Kind::alarm, "severity");
  expected.insert(expected.begin(), {"prio", "meta.level"});
  EXPECT_EQ(spelled(table, Kind::alarm, "severity"), expected);
  EXPECT_EQ(spelled(table, Kind::audit, "severity"), spelled(AttributeTable(), Kind::audit, "severity"));
  ASSERT_TRUE(table.prepend(Kind::alarm, "severity", {"first"}));
  EXPECT_EQ(spelled(table, Kind::alarm, "severity").front(), "first");
}

TEST(AttributeTable, MakesNewAttributes) {
  AttributeTable table;
  EXPECT_FALSE(table.knows("region"));
  ASSERT_TRUE(table.prepend(Kind::alarm, "region", {"cloud.region"}));
  EXPECT_TRUE(table.knows("region"));
  EXPECT_THAT(table.names(), Contains("region"));
  EXPECT_EQ(spelled(table, Kind::alarm, "region"), std::vector<std::string>{"cloud.region"});
  EXPECT_TRUE(table.paths(Kind::audit, "region").empty());
}

TEST(AttributeTable, PartsFollowTheAttributeTheyBelongTo) {
  AttributeTable table;
  ASSERT_TRUE(table.prepend(Kind::alarm, "service_id", {"sid"}));
  ASSERT_TRUE(table.prepend(Kind::alarm, "service", {"app"}));
  const auto ids = spelled(table, Kind::alarm, "service_id");
  EXPECT_EQ(ids[0], "sid");
  EXPECT_EQ(ids[1], "app.id");
  EXPECT_EQ(ids[2], "service.id");
  EXPECT_EQ(ids.back(), "service_id");
}

TEST(AttributeTable, TypeIsConfigurableButNoAttribute) {
  AttributeTable table;
  EXPECT_FALSE(table.knows("type"));
  EXPECT_THAT(table.names(), Not(Contains("type")));
  ASSERT_TRUE(table.prepend(Kind::audit, "type", {"what"}));
  EXPECT_EQ(spelled(table, Kind::audit, "type")[0], "what");
  EXPECT_EQ(spelled(table, Kind::audit, "type")[1], "event_type");
}

TEST(AttributeTable, ABadPathChangesNothingAndIsPointedAt) {
  AttributeTable table;
  const auto done = table.prepend(Kind::alarm, "severity", {"good", "bad..path"});
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().at, 4U);
  EXPECT_EQ(spelled(table, Kind::alarm, "severity")[0], "severity");
}

TEST(AttributeTable, OnlyDetectionsTakeTheirIdAsDetectionId) {
  const AttributeTable table;
  EXPECT_THAT(spelled(table, Kind::detection, "detection_id"), Contains("id"));
  EXPECT_THAT(spelled(table, Kind::incident, "detection_id"), Not(Contains("id")));
}

TEST(Variables, ReservedNamesComeBeforeAttributesBeforeFields) {
  const std::pair<const char*, Reserved> reserved[] = {
      {"kind", Reserved::kind}, {"type", Reserved::type},       {"topic", Reserved::topic},
      {"key", Reserved::key},   {"headers", Reserved::headers}, {"document", Reserved::document}};
  for (const auto& [name, which] : reserved) {
    EXPECT_EQ(wanted(name).source, Variable::Source::reserved) << name;
    EXPECT_EQ(wanted(name).reserved, which) << name;
  }
  EXPECT_EQ(wanted("severity").source, Variable::Source::attribute);
  EXPECT_EQ(wanted("severity").name, "severity");
  EXPECT_EQ(wanted("evidence_id").source, Variable::Source::path);
  EXPECT_EQ(json::to_string(wanted("evidence_id").path), "evidence_id");
}

TEST(Variables, DottedPathsReadTheDocument) {
  EXPECT_EQ(wanted("service.id").source, Variable::Source::path);
  EXPECT_EQ(json::to_string(wanted("service.id").path), "service.id");
  EXPECT_EQ(json::to_string(wanted("kind.x").path), "kind.x");
  EXPECT_EQ(json::to_string(wanted("severity[0]").path), "severity.0");
  EXPECT_EQ(json::to_string(wanted("document.severity").path), "severity");
  EXPECT_EQ(json::to_string(wanted("document.headers.x").path), "headers.x");
}

TEST(Variables, HeadersAreReadByName) {
  EXPECT_EQ(wanted("headers.ce_type").source, Variable::Source::header);
  EXPECT_EQ(wanted("headers.ce_type").name, "ce_type");
  EXPECT_EQ(wanted(R"(headers["content-type"])").name, "content-type");
  EXPECT_EQ(wanted("headers.trace.id").name, "trace.id");
}

TEST(Variables, TheEmptyPathIsTheDocument) {
  const AttributeTable table;
  Variables variables(table);
  EXPECT_EQ(variables[variables.want(json::Path{})].reserved, Reserved::document);
}

TEST(Variables, AskingTwiceGivesTheSameVariable) {
  const AttributeTable table;
  Variables variables(table);
  const auto id = variables.want(json::Path{{"severity"}});
  variables.want(json::Path{{"a", "b"}});
  EXPECT_EQ(variables.want(json::Path{{"severity"}}), id);
  EXPECT_EQ(variables.want(json::Path{{"document", "a", "b"}}), 1U);
  EXPECT_EQ(variables.size(), 2U);
}

}  // namespace
}  // namespace hookline::event
