// The rules of payload templates (docs/templates.md), one table for each.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hookline/json/tree.h"
#include "unit/render/rendering.h"

namespace hookline::render {
namespace {

using ::testing::AllOf;
using testing::fault_of;
using testing::Given;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::render;
using ::testing::SizeIs;
using ::testing::StartsWith;
using testing::warnings_of;

struct Case {
  std::string_view payload;
  std::string_view result;
};

/// One event for the tables: a value of each kind, and spellings that a careless copy would change.
constexpr std::string_view sample = R"({
  "event_type": "incident_triggered", "text": "p99 \"over\"\n2 s \u00e9\/", "empty": "", "nothing": null,
  "int": 42, "float": 1.50, "big": 12345678901234567890123, "exp": 1E+2, "yes": true,
  "object": { "a" : [ 1, "x\"y" ] , "b": "c d" }, "list": [ {"action": "t\\1"}, "two" ],
  "labels": {"app.kubernetes.io/name": "shop", "it's": "quoted"}, "a_b1": "name"
})";

void expect(std::initializer_list<Case> cases, Given given = {}) {
  given.event = sample;
  for (const auto& c : cases)
    EXPECT_EQ(render(c.payload, given), c.result) << c.payload;
}

TEST(Rules, ANameIsALetterOrUnderscoreAndThenTheLongestRun) {
  expect({
      {R"("$text")", R"("p99 \"over\"\n2 s \u00e9\/")"},
      {R"("$a_b1")", R"("name")"},
      {R"("$a_b1.x")", R"("name.x")"},
      {R"("'$a_b1':")", R"("'name':")"},
      {R"("$a_b1-$int")", R"("name-42")"},
      {R"("$_x")", R"("NA")"},
  });
}

TEST(Rules, AnyOtherDollarIsLiteral) {
  expect({
      {R"("$")", R"("$")"},
      {R"("5$ $5 $-")", R"("5$ $5 $-")"},
      {R"("$$int")", R"("$42")"},
      {R"("$ {int}")", R"("$ {int}")"},
      {R"("a$")", R"("a$")"},
  });
}

TEST(Rules, PathsReachIntoObjectsListsAndQuotedKeys) {
  expect({
      {R"("${object.b}")", R"("c d")"},
      {R"("${list.0.action}")", R"("t\\1")"},
      {R"("${list[1]}")", R"("two")"},
      {R"("${labels["app.kubernetes.io/name"]}")", R"("shop")"},
      {R"("${labels[\"app.kubernetes.io/name\"]}")", R"("shop")"},
      {R"("${labels["it's"]}")", R"("quoted")"},
      {R"("${object.a.7}")", R"("NA")"},
      {R"("${document.int}")", R"("42")"},
  });
}

TEST(Rules, InsideAStringTheTextIsInsertedEscaped) {
  expect({
      {R"("<$object>")", R"("<{\"a\":[1,\"x\\\"y\"],\"b\":\"c d\"}>")"},
      {R"("$list")", R"("[{\"action\":\"t\\\\1\"},\"two\"]")"},
      {R"("$float $big $exp $int $yes")", R"("1.50 12345678901234567890123 1E+2 42 true")"},
  });
}

TEST(Rules, StandingAloneTheValueKeepsItsType) {
  expect({
      {R"({"a": $int, "b": ${float}, "c": $yes, "d": $text})",
       R"({"a": 42, "b": 1.50, "c": true, "d": "p99 \"over\"\n2 s \u00e9\/"})"},
      {R"([$list,${object.a}])", R"([[ {"action": "t\\1"}, "two" ],[ 1, "x\"y" ]])"},
      {R"($int)", "42"},
  });
}

TEST(Rules, MissingAndNullReadNAInsideAString) {
  expect({
      {R"("$missing $nothing ${object.z}")", R"("NA NA NA")"},
      {R"("${missing:medium} ${nothing:low}")", R"("medium low")"},
      {R"("[${missing:}] [${nothing:}] [$empty] [${empty:x}]")", R"("[] [] [] []")"},
  });
}

TEST(Rules, StandingAloneMissingIsNAAndNullIsNull) {
  expect({
      {R"([$missing, $nothing, ${object.z}, $empty])", R"(["NA", null, "NA", ""])"},
      {R"([${missing:5}, ${missing:true}, ${missing:null}, ${missing:{}}, ${missing:[1,{"a":"}"}]}])",
       R"([5, true, null, {}, [1,{"a":"}"}]])"},
      {R"([${missing:medium}, ${missing:}, ${missing:"x}"}, ${missing:01}])",
       R"(["medium", "", "x}", "01"])"},
      {R"([${nothing:5}, ${int:5}])", R"([5, 42])"},
      {R"({"a":${missing:{"b":1}},"c":"}"})", R"({"a":{"b":1},"c":"}"})"},
  });
}

TEST(Rules, AnAttributeStandingAloneTellsANullFromAMissingOne) {
  Given given;
  given.event = R"({"event_type":"x","severity":null,"tags":{}})";
  EXPECT_EQ(render("[$severity, $status, ${severity:low}]", given), R"([null, "NA", "low"])");
}

TEST(Rules, ADefaultInsideAStringIsSpelledLikeTheStringAroundIt) {
  expect({
      {R"("${missing:a\nb}")", R"("a\nb")"},
      {R"("${missing:say \"hi\"}")", R"("say \"hi\"")"},
      {R"("${missing:C:\\t}")", R"("C:\\t")"},
      {R"("${missing:$int}")", R"("$int")"},
      {R"("${missing:{x}}")", R"("{x}")"},
  });
}

TEST(Rules, ASlashBeforeADollarWritesTheDollar) {
  expect({
      {R"("/$int")", R"("$int")"},
      {R"("/${int}")", R"("${int}")"},
      {R"("//$int")", R"("//42")"},
      {R"("\/$int")", R"("\/42")"},
      {R"("https://$int/x")", R"("https://42/x")"},
      {R"("///$int")", R"("///42")"},
      {R"("\//$int")", R"("\//42")"},
      {R"("/$5 /$")", R"("$5 $")"},
      {R"("a/$int b/$int")", R"("a$int b$int")"},
      {R"("\\/$int")", R"("\\$int")"},
      {R"({"/$schema": "x", "$int": 1})", R"({"$schema": "x", "42": 1})"},
  });
}

TEST(Rules, AWarningTellsOfASlashBeforeANameThatWouldResolve) {
  for (const auto* payload :
       {R"("a/$Title")", R"("/$severity")", R"("/$document")", R"("/${data.id}")", R"("/${severity:x}")"}) {
    EXPECT_THAT(warnings_of(payload), SizeIs(1)) << payload;
  }
  EXPECT_THAT(warnings_of(R"("/$mine")", {"mine"}), SizeIs(1));
  for (const auto* payload :
       {R"("/$5")", R"("/$schema")", R"("//$Title")", R"("\/$Title")", R"("$Title")", R"("/$")"}) {
    EXPECT_THAT(warnings_of(payload), IsEmpty()) << payload;
  }
  const auto warning = warnings_of(R"({"url": "a/$Title"})").at(0);
  EXPECT_TRUE(warning.warning);
  EXPECT_EQ(warning.at, 10U);
  EXPECT_EQ(warning.length, 7U);
  EXPECT_THAT(warning.remedy, HasSubstr(R"(\/$Title)"));
}

TEST(Rules, KeysTakePlaceholdersLikeAnyString) {
  expect({{R"({"$text": 1, "x-${int}": $missing, "${missing:k}": 2})",
           R"({"p99 \"over\"\n2 s \u00e9\/": 1, "x-42": "NA", "k": 2})"}});
}

TEST(Rules, WhiteSpaceAroundThePayloadIsDroppedAndWithinItStays) {
  expect({{"\n {\"a\":\n 1 }\n\n", "{\"a\":\n 1 }"}});
}

struct Wrong {
  std::string_view payload;
  std::size_t at;
  std::string_view what;
};

TEST(Faults, TellTheByteAndTheReason) {
  const Wrong table[] = {
      {R"({"a": "${int"})", 7, "not closed"},
      {R"("${int:x)", 1, "not closed"},
      {R"({"a": "${int:x", "b": "y}"})", 7, "not closed"},
      {R"("${int:\q}")", 7, "not an escape"},
      {"\"${int:a\nb}\"", 8, "control character"},
      {R"("${}")", 3, "path begins"},
      {R"("${ int}")", 3, "path begins"},
      {R"("${a..b}")", 5, "missing after"},
      {R"("${a-b}")", 4, "does not belong"},
      {R"({"a": hello})", 6, "value is missing"},
      {R"({"a": $int x})", 11, "missing here"},
      {R"({"a": x$int})", 6, "value is missing"},
      {R"({"a": 1$int})", 7, "missing here"},
      {R"({$int: 1})", 1, "as a key"},
      {R"({a: 1})", 1, "key is missing"},
      {R"({"a" 1})", 5, "':' is missing"},
      {R"({"a": 1,})", 8, "comma before"},
      {R"([1,])", 3, "comma before"},
      {R"(["a)", 1, "does not end"},
      {R"({"a": 1} x)", 9, "goes on"},
      {R"({"a": $})", 6, "begins no placeholder"},
      {R"({"a": "\q"})", 7, "not an escape"},
      {R"({"a": "\$int"})", 7, "not an escape"},
      {R"({"a": "\u12x4"})", 7, "not an escape"},
      {"\"a\nb\"", 2, "control character"},
      {R"({"a": 01})", 6, "not a JSON number"},
      {R"({"a": -})", 6, "not a JSON number"},
      {R"({"a": 1.})", 6, "not a JSON number"},
      {R"({"a": 1e})", 6, "not a JSON number"},
      {R"({"a": tru})", 6, "value is missing"},
      {R"({"a": 1)", 7, "ends too early"},
      {"", 0, "empty"},
      {"  \n", 0, "empty"},
      {"\"\xFF\"", 0, "UTF-8"},
  };
  for (const auto& wrong : table) {
    const auto fault = fault_of(wrong.payload);
    EXPECT_EQ(fault.at, wrong.at) << wrong.payload << ": " << fault.what;
    EXPECT_THAT(fault.what, HasSubstr(wrong.what)) << wrong.payload;
    EXPECT_GE(fault.length, 1U);
    EXPECT_FALSE(fault.warning);
  }
}

TEST(Faults, TooDeepAPayloadIsRefusedAndTheDeepestAllowedIsNot) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(fault_of(nested(64)).what, "");
  EXPECT_THAT(fault_of(nested(65)).what, HasSubstr("deeper than 64"));
  EXPECT_THAT(fault_of(std::string(1 << 20, '[')).what, HasSubstr("deeper than 64"));
}

TEST(Names, AreThoseOfEventsFieldsAndHookline) {
  Given given;
  given.event =
      R"({"event_type":"incident_triggered","message":"m","severity":"HIGH","count":7,"attempt":"mine",
                    "tags":{"severity":{"value":"x"}}})";
  given.key = "k\"1";
  const event::Header headers[] = {{"trace", "t\\1"}};
  given.headers.assign(std::begin(headers), std::end(headers));
  given.scope.attempt = 3;
  const Case table[] = {
      {R"("$kind $type $topic $key")", R"("incident incident_triggered events k\"1")"},
      {R"("${headers.trace}")", R"("t\\1")"},
      {R"("$severity ${document.severity}")", R"("high HIGH")"},
      {R"("$webhook $deliveryId $now")", R"("example msg_example 2026-03-02T10:04:07.000Z")"},
      {R"([$attempt, ${document.attempt}, "$attempt"])", R"([3, "mine", "3"])"},
      {R"("$occurredAt $time")", R"("2026-03-02T10:04:05.000Z 2026-03-02T10:04:05.000Z")"},
      {R"("${correlationId:12345}")", R"("12345")"},
      {R"("$Title / $Event")", R"("INCIDENT TRIGGERED / m")"},
      {R"([$Title, $Event])", R"(["INCIDENT TRIGGERED", "m"])"},
      {R"([$count, $policy, $window])", R"([7, "NA", "NA"])"},
  };
  for (const auto& c : table)
    EXPECT_EQ(render(c.payload, given), c.result) << c.payload;

  given.scope.correlation_id = "a\"b";
  given.scope.policy = "hosts";
  given.scope.count = 100;
  given.scope.window = std::chrono::minutes(10);
  EXPECT_EQ(render(R"(["$correlationId", $count, "$policy", $window])", given),
            R"(["a\"b", 100, "hosts", "10m"])");
}

TEST(Names, TheTimeOfAnEventIsWhatItSays) {
  Given given;
  given.event = R"({"event_type":"detection_created","updated_datetime":1772445999.5})";
  EXPECT_EQ(render(R"(["$occurredAt", $time])", given), R"(["2026-03-02T10:06:39.500Z", 1772445999.5])");
}

TEST(Names, ComputedFieldsWinOverThoseOfTheEvent) {
  Given given;
  given.event =
      R"({"event_type":"incident_resolved","action":"event's","n":2.5,"list":[1,2],"deep":{"x":1}})";
  given.fields = {{"action", R"(type == "incident_resolved" ? "re\"solve" : "trigger")"},
                  {"severity", R"("P" + "1")"},
                  {"broken", "document.missing.field"},
                  {"nothing", "null"},
                  {"whole", "document.deep"},
                  {"number", "1 < 2"},
                  {"items", R"(["a\"b", "c"])"},
                  {"Title", R"("mine")"}};
  const Case table[] = {
      {R"(["$action", $action, "${document.action}"])", R"(["re\"solve", "re\"solve", "event's"])"},
      {R"("$severity")", R"("P1")"},
      {R"(["$broken", $broken, "${broken:d}", ${broken:1}])", R"(["NA", "NA", "d", 1])"},
      {R"(["$nothing", $nothing])", R"(["NA", null])"},
      {R"(["$whole", $whole])", R"(["{\"x\":1}", {"x":1}])"},
      {R"(["$number", $number])", R"(["true", true])"},
      {R"(["$items", $items])", R"(["[\"a\\\"b\",\"c\"]", ["a\"b","c"]])"},
      {R"("$Title")", R"("INCIDENT RESOLVED")"},
  };
  for (const auto& c : table)
    EXPECT_EQ(render(c.payload, given), c.result) << c.payload;
}

TEST(Names, EventIsTheMessageElseTheDocument) {
  Given given;
  EXPECT_EQ(render(R"(["$Event", $Event])", given),
            R"(["{\"event_type\":\"incident_triggered\"}", {"event_type":"incident_triggered"}])");
  given.event = R"({ "event_type" : "x", "message": "" })";
  EXPECT_EQ(render(R"("$Event")", given), R"("")");
  given.scope.formatting = config::EventFormatting::slack;
  given.event = R"({"event_type":"x","message":"m"})";
  given.scope.test_message = true;
  EXPECT_EQ(render(R"(["$Title", "$Event"])", given), R"(["[Test message] X", ""])");
}

TEST(Names, ATestMessageIsMarkedInTitleAndMessage) {
  Given given;
  given.event = R"({"event_type":"x","title":"t","message":"m","severity":"high"})";
  given.scope.test_message = true;
  EXPECT_EQ(render(R"(["$Title","$Event",$title,"$message","$severity"])", given),
            R"(["[Test message] X","[Test message] m","[Test message] t","[Test message] m","high"])");
  EXPECT_THAT(render(R"("$contentText")", given), StartsWith(R"("[Test message] X\nt\nm)"));
  given.context = Context::header;
  EXPECT_EQ(render("$title", given), "[Test message] t");
  given.context = Context::url;
  EXPECT_EQ(render("https://h/$title", given), "https://h/t");
}

TEST(Uses, KnowsWhichNamesAPayloadHoldsAndWhere) {
  const event::AttributeTable attributes;
  event::Variables variables(attributes);
  std::vector<core::Fault> warnings;
  const auto payload =
      Template::compile(R"({"a": {"b": ["x $Title"]}, "$Event": 1, "c": ${count:1}, "d": "/$attempt"})",
                        Context::json_body, {}, variables, warnings);
  ASSERT_TRUE(payload);
  EXPECT_TRUE(payload->uses("Title"));
  EXPECT_TRUE(payload->uses_as_value("Title"));
  EXPECT_TRUE(payload->uses("Event"));
  EXPECT_FALSE(payload->uses_as_value("Event")) << "a key is no value";
  EXPECT_TRUE(payload->uses_as_value("count"));
  EXPECT_FALSE(payload->uses("attempt")) << "a literal";
  EXPECT_FALSE(payload->constant());
  const auto list = Template::compile(R"(["$Title"])", Context::json_body, {}, variables, warnings);
  ASSERT_TRUE(list);
  EXPECT_FALSE(list->uses_as_value("Title")) << "not in an object";
  EXPECT_TRUE(
      Template::compile(R"({"a": "/$x $5"})", Context::json_body, {}, variables, warnings)->constant());
}

TEST(Receivers, TextIsEscapedForThemAndCut) {
  Given given;
  given.event = R"({"event_type":"x","text":"a<b>&\"c\" *d*\n- e","n":12345678,"o":{"k":"<"}})";
  given.options.escape = config::TextEscape::slack;
  EXPECT_EQ(
      render(R"(["<$text>", $text, "$o", $o])", given),
      R"(["<a&lt;b&gt;&amp;\"c\" *d*\n- e>", "a&lt;b&gt;&amp;\"c\" *d*\n- e", "{\"k\":\"&lt;\"}", {"k":"<"}])");
  given.options.escape = config::TextEscape::html;
  EXPECT_EQ(render(R"("$text")", given), R"("a&lt;b&gt;&amp;&quot;c&quot; *d*\n- e")");
  given.options.escape = config::TextEscape::markdown;
  EXPECT_EQ(render(R"("$text")", given), R"("a\\<b\\>\\&\"c\" \\*d\\*\n\\- e")");
  given.event = R"({"event_type":"x","text":"a\r# b\r\n- c","n":12345678})";
  EXPECT_EQ(render(R"("$text")", given), R"("a\r\\# b\r\n\\- c")") << "each ending of a line is one";
  given.event = R"({"event_type":"x","text":"a<b>&\"c\" *d*\n- e","n":12345678})";
  given.options = {.escape = config::TextEscape::slack, .max_text = 6};
  EXPECT_EQ(render(R"(["$text","$n",$n,"${missing:long default}"])", given),
            R"(["a&lt;…","12345…",12345678,"long default"])");
}

}  // namespace
}  // namespace hookline::render
