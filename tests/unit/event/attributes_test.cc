#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/event/read_fixture.h"

namespace hookline::event {
namespace {

TEST(Attribute, IsTheFirstPathThatHoldsAnythingButNull) {
  Reading reading;
  EXPECT_EQ(
      reading.value(R"({"type":"x","severity":null,"tags":{"severity":{"value":"high"}},"level":"low"})",
                    "severity"),
      "high");
  EXPECT_EQ(
      reading.value(R"({"type":"x","data":{"resource_data":{"tags":null}},"criticality":7})", "severity"),
      "7");
  EXPECT_EQ(reading.value(R"({"type":"x","title":"","subject":"s"})", "title"),
            "");  // an empty text is a value
  EXPECT_EQ(reading.value(R"({"type":"x"})", "severity"), "absent");
}

TEST(Attribute, AnObjectStandsForItsSlugShortNameOrName) {
  Reading reading;
  EXPECT_EQ(
      reading.value(R"({"type":"x","service":{"name":"Card payments","slug":"card-payments"}})", "service"),
      "card-payments");
  EXPECT_EQ(reading.value(R"({"type":"x","alert_source":{"type":"T","name":"n","short_name":"p"}})",
                          "alert_source"),
            "p");
  EXPECT_EQ(reading.value(R"({"type":"x","service":{"slug":null,"short_name":{},"name":"n"}})", "service"),
            "n");
  EXPECT_EQ(reading.value(R"({"type":"x","service":{"id":1},"service_name":"flat"})", "service"), "flat");
  EXPECT_EQ(reading.value(R"({"type":"x","service":{"id":1}})", "service"), "absent");
  EXPECT_EQ(reading.value(R"({"type":"x","service":{"slug":tru}})", "service"), "absent");
  EXPECT_EQ(reading.value(R"({"type":"x","source":["EDR"]})", "alert_source"), R"(["EDR"])");
}

TEST(Attribute, PartsOfServiceAndAlertSource) {
  Reading reading;
  const std::string_view object =
      R"({"type":"x","data":{"service":{"id":"s1","name":"Card","slug":"card"},"alert_source":{"id":3,"type":"Prom","short_name":"p"}}})";
  EXPECT_EQ(reading.value(object, "service"), "card");
  EXPECT_EQ(reading.value(object, "service_id"), "s1");
  EXPECT_EQ(reading.value(object, "service_name"), "Card");
  EXPECT_EQ(reading.value(object, "alert_source"), "p");
  EXPECT_EQ(reading.value(object, "alert_source_id"), "3");
  EXPECT_EQ(reading.value(object, "alert_source_type"), "Prom");
  const std::string_view text = R"({"type":"x","service":"payments","source":"EDR"})";
  EXPECT_EQ(reading.value(text, "service_id"), "absent");
  EXPECT_EQ(reading.value(text, "service_name"), "payments");
  EXPECT_EQ(reading.value(text, "alert_source"), "EDR");
  EXPECT_EQ(reading.value(text, "alert_source_type"), "absent");
  EXPECT_EQ(reading.value(R"({"type":"x","service_id":7})", "service_id"), "7");
}

TEST(Attribute, SeverityAndStatusAreLowerCase) {
  Reading reading;
  EXPECT_EQ(reading.value(R"({"type":"x","severity":"HIGH"})", "severity"), "high");
  EXPECT_EQ(reading.value(R"({"type":"x","severity":"high"})", "severity"), "high");
  EXPECT_EQ(reading.value(R"({"type":"x","storyStatus":"OPEN"})", "status"), "open");
  EXPECT_EQ(reading.value(R"({"type":"x","severity":"H\u0049\"\u00C9"})", "severity"), "hi\\\"É");
  EXPECT_EQ(reading.value(R"({"type":"x","severity":{"name":"Major"}})", "severity"), "major");
  EXPECT_EQ(reading.value(R"({"type":"x","title":"HIGH"})", "title"), "HIGH");
  EXPECT_EQ(reading.value(R"({"type":"x","severity":"HIGH"})", "document.severity"), "HIGH");
}

TEST(Attribute, DetectionIdIsTheIdOfDetectionsOnly) {
  Reading reading;
  EXPECT_EQ(reading.value(R"({"type":"x","id":12})", "detection_id", Kind::detection), "12");
  EXPECT_EQ(reading.value(R"({"type":"x","id":12})", "detection_id", Kind::audit), "absent");
}

TEST(Attribute, ConfiguredPathsMakeForeignShapesFit) {
  AttributeTable table;
  ASSERT_TRUE(table.prepend(Kind::alarm, "severity", {"prio"}));
  ASSERT_TRUE(table.prepend(Kind::alarm, "region", {R"(labels["cloud.region"])"}));
  Reading reading(table);
  const std::string_view document = R"({"prio":"P1","severity":"x","labels":{"cloud.region":"eu"}})";
  EXPECT_EQ(reading.value(document, "severity", Kind::alarm), "p1");
  EXPECT_EQ(reading.value(document, "region", Kind::alarm), "eu");
}

TEST(Name, PathsAndFieldsReadTheDocument) {
  Reading reading;
  const std::string_view document = R"({"type":"x","id":1.50,"a":{"b":[{"c":"d"}]},"kind":"field"})";
  EXPECT_EQ(reading.value(document, "a.b.0.c"), "d");
  EXPECT_EQ(reading.value(document, "a"), R"({"b":[{"c":"d"}]})");
  EXPECT_EQ(reading.value(document, "id"), "1.50");
  EXPECT_EQ(reading.value(document, "document.kind"), "field");
  EXPECT_EQ(reading.value(document, "nope"), "absent");
  EXPECT_EQ(reading.value(document, "document"), document);
}

TEST(Name, ReservedNamesDescribeTheRecord) {
  Reading reading;
  auto record = Reading::record(R"({"type":"some.type"})");
  record.topic = "ops.incidents";
  EXPECT_EQ(reading.value(record, "kind", Kind::detection), "detection");
  EXPECT_EQ(reading.value(record, "type"), "some_type");
  EXPECT_EQ(reading.value(record, "topic"), "ops.incidents");
  EXPECT_EQ(reading.value(record, "key"), "null");
  record.key = "k\"1\xFF";
  EXPECT_EQ(reading.value(record, "key"), "k\\\"1\uFFFD");
}

TEST(Headers, AreReadOneByOneOrAsAnObject) {
  Reading reading;
  const std::vector<Header> headers{{"content-type", "application/json"},
                                    {"n", std::nullopt},
                                    {"q", "a\"b\xFF"},
                                    {"q", "second"},
                                    {"hookline.webhook", "w"},
                                    {"trace.id", "t"}};
  const auto record = Reading::record(R"({"type":"x"})", headers);
  EXPECT_EQ(reading.value(record, R"(headers["content-type"])"), "application/json");
  EXPECT_EQ(reading.value(record, "headers.n"), "null");
  EXPECT_EQ(reading.value(record, "headers.q"), "a\\\"b\uFFFD");
  EXPECT_EQ(reading.value(record, "headers.trace.id"), "t");
  EXPECT_EQ(reading.value(record, "headers.missing"), "absent");
  EXPECT_EQ(reading.value(record, "headers"),
            "{\"content-type\":\"application/json\",\"n\":null,\"q\":\"a\\\"b\uFFFD\",\"trace.id\":\"t\"}");
  EXPECT_EQ(reading.value(Reading::record(R"({"type":"x"})"), "headers"), "{}");
}

TEST(Headers, HooklinesOwnOnASourceRecordAreNotVisible) {
  Reading reading;
  const std::vector<Header> headers{{"hookline.webhook", "w"}, {"hookline", "fine"}};
  const auto record = Reading::record(R"({"type":"x"})", headers);
  EXPECT_EQ(reading.value(record, R"(headers["hookline.webhook"])"), "absent");
  EXPECT_EQ(reading.value(record, "headers"), R"({"hookline":"fine"})");
}

TEST(Headers, ManyOfThemDoNotTakeSquareTime) {
  Reading reading;
  std::vector<std::string> names;
  for (int i = 0; i < 200'000; ++i)
    names.push_back("h" + std::to_string(i));
  std::vector<Header> headers;
  for (const auto& name : names)
    headers.push_back({name, "v"});
  const auto start = std::chrono::steady_clock::now();
  const auto text = reading.value(Reading::record(R"({"type":"x"})", headers), "headers");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));  // square: minutes
  EXPECT_GT(text.size(), 2'000'000U);
}

}  // namespace
}  // namespace hookline::event
