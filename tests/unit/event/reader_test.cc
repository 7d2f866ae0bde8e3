#include "hookline/event/reader.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hookline/core/crypto.h"
#include "unit/event/read_fixture.h"

namespace hookline::event {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(Type, IsTheFirstOfItsFieldsThatHoldsAText) {
  Reading reading;
  EXPECT_EQ(reading.type(R"({"event_type":"incident_triggered","type":"other"})"), "incident_triggered");
  EXPECT_EQ(reading.type(R"({"type":"other","event":{"type":"incident.triggered"}})"), "incident_triggered");
  EXPECT_EQ(reading.type(R"({"event":"checkEvaluation"})"), "check_evaluation");
  EXPECT_EQ(reading.type(R"({"eventType":"a","alertType":"b"})"), "a");
  EXPECT_EQ(reading.type(R"({"alertType":"LIFECYCLE_CHANGED"})"), "lifecycle_changed");
  EXPECT_EQ(reading.type(R"({"summary":"x","details":{"notification_type":"vuln"}})"), "vuln");
  EXPECT_EQ(reading.type(R"({"type":"login"})"), "login");
}

TEST(Type, WhatIsNoTextOrSaysNothingIsPassedOver) {
  Reading reading;
  EXPECT_EQ(reading.type(R"({"event_type":7,"event":{"id":1},"type":"login"})"), "login");
  EXPECT_EQ(reading.type(R"({"event_type":null,"type":"login"})"), "login");
  EXPECT_EQ(reading.type(R"({"event_type":"","eventType":"--","type":"login"})"), "login");
}

TEST(Type, EscapesAreResolved) {
  Reading reading;
  EXPECT_EQ(reading.type(R"({"event_type":"incident\u002etriggered"})"), "incident_triggered");
  EXPECT_EQ(reading.type(R"({"event\u005ftype":"a\"b"})"), "a_b");
}

TEST(Type, OnlyAnAlarmDoesWithout) {
  Reading reading;
  EXPECT_EQ(reading.type(R"({"id":1})", Kind::alarm), "notification");
  for (const Kind kind : {Kind::audit, Kind::detection, Kind::incident}) {
    EXPECT_THAT(reading.type(R"({"id":1})", kind), StartsWith("error: no type")) << name(kind);
  }
}

TEST(Type, ConfiguredPathsComeFirst) {
  AttributeTable table;
  ASSERT_TRUE(table.prepend(Kind::audit, "type", {"meta.what"}));
  Reading reading(table);
  EXPECT_EQ(reading.type(R"({"meta":{"what":"seen"},"event_type":"x"})", Kind::audit), "seen");
  EXPECT_EQ(reading.type(R"({"meta":{"what":"seen"},"event_type":"x"})", Kind::incident), "x");
}

TEST(Read, ARecordThatIsNoEventSaysWhy) {
  Reading reading;
  const auto message = [&](std::optional<std::string_view> value) {
    const auto event = reading.read(Reading::record(value));
    return event ? "no error" : event.error().message;
  };
  EXPECT_THAT(message(std::nullopt), HasSubstr("tombstone"));
  EXPECT_THAT(message(""), StartsWith("not JSON"));
  EXPECT_THAT(message("hello"), StartsWith("not JSON"));
  EXPECT_EQ(message("7"), "not one JSON object: a value of another kind at byte 0");
  EXPECT_THAT(message("{\"type\":\"x\""), StartsWith("not JSON"));
  EXPECT_THAT(message("{\"type\":\"\xFF\"}"), HasSubstr("UTF-8"));
  EXPECT_THAT(message("[]"), HasSubstr("array"));
  EXPECT_THAT(message(R"([{"type":"a"},{"type":"b"}])"), HasSubstr("several"));
  EXPECT_THAT(message(std::string_view("\0\0\0\0\7", 5)), StartsWith("not JSON"));
  EXPECT_THAT(message(std::string_view("\0\0\0\0\7\2\0\6abc", 11)), StartsWith("not JSON"));
}

TEST(Read, TakesWhateverWrapsTheDocument) {
  Reading reading;
  const std::string document = R"({"type":"x"})";
  for (const std::string& value : {document, " \n" + document + "\t", "[" + document + "]",
                                   "\xEF\xBB\xBF" + document, std::string("\0\0\0\0\7", 5) + document,
                                   std::string("\0\1\2\3\4\xEF\xBB\xBF[", 9) + document + " ]"}) {
    const auto event = reading.read(Reading::record(value));
    ASSERT_TRUE(event) << event.error().message;
    EXPECT_EQ(event->document(), document);
    EXPECT_EQ(event->type(), "x");
  }
}

TEST(CloudEvents, TheDocumentOfAStructuredOneIsItsData) {
  Reading reading;
  const std::string value =
      R"({"specversion":"1.0","id":"ce-1","source":"/a","type":"com.acme.down","data":{"event_type":"inner","severity":"HIGH"}})";
  const auto event = reading.read(Reading::record(value));
  ASSERT_TRUE(event) << event.error().message;
  EXPECT_EQ(event->type(), "com_acme_down");
  EXPECT_EQ(event->document(), R"({"event_type":"inner","severity":"HIGH"})");
  EXPECT_EQ(reading.value(value, "severity"), "high");
  EXPECT_EQ(reading.value(value, "id"), "absent");  // the envelope is not part of the document
}

TEST(CloudEvents, DataInBase64IsDecoded) {
  Reading reading;
  const std::string document = R"({"severity":"low"})";
  const std::string value =
      R"({"specversion":"1.0","type":"a.b","data_base64":")" + core::base64(document) + "\"}";
  const auto event = reading.read(Reading::record(value));
  ASSERT_TRUE(event) << event.error().message;
  EXPECT_EQ(event->document(), document);
  EXPECT_EQ(event->type(), "a_b");
  EXPECT_EQ(reading.value(value, "severity"), "low");
}

TEST(CloudEvents, WithoutDataTheEnvelopeIsTheDocument) {
  Reading reading;
  for (const std::string_view value : {R"({"specversion":"1.0","type":"a","id":"ce-1"})",
                                       R"({"specversion":"1.0","type":"a","id":"ce-1","data":null})"}) {
    EXPECT_EQ(reading.type(value), "a");
    EXPECT_EQ(reading.value(value, "id"), "ce-1");
  }
}

TEST(CloudEvents, DataThatIsNoObjectIsAnError) {
  Reading reading;
  for (const std::string_view data :
       {R"("data":"text")", R"("data":7)", R"("data":[])", R"("data":[1])", R"("data_base64":"%%")",
        R"("data_base64":"aGVsbG8=")", R"("data_base64":"")"}) {
    const auto type = reading.type(R"({"specversion":"1.0","type":"a",)" + std::string(data) + "}");
    EXPECT_THAT(type, StartsWith("error: ")) << data;
    EXPECT_THAT(type, HasSubstr("CloudEvents")) << data;
  }
  EXPECT_EQ(reading.type(R"({"specversion":"1.0","type":"a","data":[{"x":1}]})"), "a");
}

TEST(CloudEvents, TypeAndSpecversionMakeAnEnvelopeNotDataAlone) {
  Reading reading;
  EXPECT_EQ(reading.value(R"({"type":"a","data":{"id":1}})", "data.id"), "1");
  EXPECT_EQ(reading.value(R"({"specversion":1,"type":"a","data":{"id":1}})", "data.id"), "1");
}

TEST(CloudEvents, InBinaryModeTheHeaderWinsAndTheValueIsTheDocument) {
  Reading reading;
  const std::vector<Header> headers{
      {"ce_specversion", "1.0"}, {"ce_type", "com.acme.down"}, {"ce_type", "second"}};
  EXPECT_EQ(reading.type(R"({"event_type":"inner"})", Kind::audit, headers), "com_acme_down");
  EXPECT_EQ(reading.value(Reading::record(R"({"type":"x","data":{"a":1}})", headers), "data.a"), "1");
  const std::vector<Header> empty{{"ce_type", std::nullopt}};
  EXPECT_EQ(reading.type(R"({"event_type":"inner"})", Kind::audit, empty), "inner");
  const std::vector<Header> broken{{"ce_type", "\xFF"}};
  EXPECT_THAT(reading.type(R"({"event_type":"inner"})", Kind::audit, broken), HasSubstr("UTF-8"));
}

TEST(Validate, ChecksTheWholeDocument) {
  Reading reading;
  const auto good = reading.read(Reading::record(R"({"type":"x","a":[1,{"b":1e999}]})"));
  ASSERT_TRUE(good);
  EXPECT_TRUE(validate(*good, reading.scratch()));

  const auto bad = reading.read(Reading::record(R"({"type":"x","a":[1,{"b":tru}]})"));
  ASSERT_TRUE(bad);
  EXPECT_THAT(validate(*bad, reading.scratch()).error().message, HasSubstr("byte 24"));

  const auto deep = R"({"type":"x","a":)" + std::string(64, '[') + std::string(64, ']') + "}";
  const auto event = reading.read(Reading::record(deep));
  ASSERT_TRUE(event);
  EXPECT_THAT(validate(*event, reading.scratch()).error().message, HasSubstr("nested"));
}

TEST(Scratch, OneServesManyReadersAndForgetsTheEventBefore) {
  const AttributeTable table;
  Variables few(table);
  const auto severity = few.want(json::Path{{"severity"}});
  Variables many(table);
  for (const auto& attribute : table.names())
    many.want(json::Path{{attribute}});
  const auto title = many.want(json::Path{{"title"}});
  const Reader first(few);
  const Reader second(many);
  Scratch scratch;
  for (int i = 0; i < 3; ++i) {
    const std::string text = "{\"type\":\"x\",\"severity\":\"S" + std::to_string(i) + "\"}";
    const auto record = Reading::record(text);
    auto event = first.read(record, Kind::audit, scratch);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->get(severity).raw, "s" + std::to_string(i));
    const auto other = Reading::record(R"({"type":"x","title":"T"})");
    event = second.read(other, Kind::audit, scratch);
    ASSERT_TRUE(event);
    EXPECT_EQ(event->get(title).raw, "T");
  }
}

TEST(EventTime, ReadsRfc3339AndUnixSeconds) {
  const auto record = core::from_unix_ms(42);
  const auto time = [&](json::ValueKind kind, std::string_view raw) {
    return core::to_unix_ms(event_time({kind, raw}, record));
  };
  EXPECT_EQ(time(json::ValueKind::string, "2026-03-02T10:04:05.11Z"), 1772445845110);
  EXPECT_EQ(time(json::ValueKind::string, R"(2026-03-02T10:04:05\u005A)"), 1772445845000);
  EXPECT_EQ(time(json::ValueKind::number, "1772445846.5"), 1772445846500);
  EXPECT_EQ(time(json::ValueKind::number, "1772445846500"), 1772445846500);  // milliseconds
  EXPECT_EQ(time(json::ValueKind::number, "0"), 0);
}

TEST(EventTime, IsTheRecordsWhereTheAttributeTellsNone) {
  const auto record = core::from_unix_ms(42);
  const std::pair<json::ValueKind, std::string_view> table[] = {
      {json::ValueKind::absent, ""},          {json::ValueKind::null, "null"},
      {json::ValueKind::string, "yesterday"}, {json::ValueKind::boolean, "true"},
      {json::ValueKind::number, "1e999"},     {json::ValueKind::number, "-1"},
      {json::ValueKind::number, "9e300"},     {json::ValueKind::array, "[1]"},
      {json::ValueKind::string, ""}};
  for (const auto& [kind, raw] : table)
    EXPECT_EQ(core::to_unix_ms(event_time({kind, raw}, record)), 42) << raw;
}

}  // namespace
}  // namespace hookline::event
