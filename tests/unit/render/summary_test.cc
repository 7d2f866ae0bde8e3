// The texts that Hookline makes of events: they read well for every type, and escape what they quote.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hookline/event/catalogue.h"
#include "hookline/json/tree.h"
#include "unit/render/rendering.h"

namespace hookline::render {
namespace {

using testing::Given;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// The text that `"$name"` becomes.
std::string text(std::string_view name, const Given& given) {
  const auto parsed = json::parse_tree(testing::render("\"$" + std::string(name) + "\"", given));
  return parsed ? parsed->get<std::string>() : parsed.error().message;
}

Given given(std::string event, event::Kind kind = event::Kind::incident) {
  Given made;
  made.event = std::move(event);
  made.kind = kind;
  return made;
}

const std::string incident = R"({"event_type":"incident_triggered","message":"p99 <over> 2 s & *more*",
    "description":"line 1\nline 2","service":{"id":"s1","name":"Card payments","slug":"card-payments"},
    "tags":{"severity":{"value":"Critical"}},"created_at":"2026-03-02T10:04:05.11Z",
    "url":"https://i.example.com/a?b=1&c=(x)>\"y"})";

TEST(Summary, TextHasTitleMessageAndFacts) {
  EXPECT_EQ(text("contentText", given(incident)),
            "INCIDENT TRIGGERED\n"
            "p99 <over> 2 s & *more*\n"
            "line 1\nline 2\n"
            "Severity: critical\n"
            "Service: Card payments\n"
            "Time: 2026-03-02T10:04:05.110Z\n"
            "Link: https://i.example.com/a?b=1&c=(x)>\"y");
}

TEST(Summary, MarkdownEscapesWhatTheEventSays) {
  EXPECT_EQ(text("contentMarkdown", given(incident)),
            "**INCIDENT TRIGGERED**\n\n"
            "p99 \\<over\\> 2 s \\& \\*more\\*\n\n"
            "line 1\nline 2\n\n"
            "- **Severity:** critical\n"
            "- **Service:** Card payments\n"
            "- **Time:** 2026-03-02T10:04:05.110Z\n"
            "- **Link:** "
            "[https://i.example.com/a?b=1\\&c=(x)\\>\"y](https://i.example.com/a?b=1&c=%28x%29%3E%22y)");
}

TEST(Summary, HtmlEscapesWhatTheEventSays) {
  EXPECT_EQ(text("contentHTML", given(incident)),
            "<p><strong>INCIDENT TRIGGERED</strong></p>"
            "<p>p99 &lt;over&gt; 2 s &amp; *more*</p>"
            "<p>line 1<br>line 2</p>"
            "<ul><li><strong>Severity:</strong> critical</li>"
            "<li><strong>Service:</strong> Card payments</li>"
            "<li><strong>Time:</strong> 2026-03-02T10:04:05.110Z</li>"
            "<li><strong>Link:</strong> <a href=\"https://i.example.com/a?b=1&amp;c=%28x%29%3E%22y\">"
            "https://i.example.com/a?b=1&amp;c=(x)&gt;&quot;y</a></li></ul>");
}

TEST(Summary, SlackReadsItsOwnDialect) {
  auto made = given(incident);
  made.options.escape = config::TextEscape::slack;
  EXPECT_EQ(text("contentMarkdown", made),
            "*INCIDENT TRIGGERED*\n"
            "p99 &lt;over&gt; 2 s &amp; *more*\n"
            "line 1\nline 2\n"
            "• *Severity:* critical\n"
            "• *Service:* Card payments\n"
            "• *Time:* 2026-03-02T10:04:05.110Z\n"
            "• *Link:* <https://i.example.com/a?b=1&amp;c=%28x%29%3E%22y>");
}

TEST(Summary, OnlyWebAddressesBecomeLinks) {
  const auto made = given(R"_({"event_type":"x","link":"javascript:alert(1)"})_");
  EXPECT_THAT(text("contentHTML", made), HasSubstr("<li><strong>Link:</strong> javascript:alert(1)</li>"));
  EXPECT_THAT(text("contentMarkdown", made), HasSubstr("- **Link:** javascript:alert(1)"));
}

TEST(Summary, TheEventsOwnTextGoesFirstUnlessItIsEmpty) {
  EXPECT_EQ(text("contentText", given(R"({"event_type":"x","contentText":"own \"words\""})")),
            "own \"words\"");
  EXPECT_EQ(text("contentHTML", given(R"({"event_type":"x","contentHTML":"<b>own</b>"})")), "<b>own</b>");
  EXPECT_EQ(text("contentMarkdown", given(R"({"event_type":"x","contentMarkdown":"**own**"})")), "**own**");
  for (const auto* none : {R"("")", "null", "{}"}) {
    EXPECT_EQ(text("contentText", given(std::string(R"({"event_type":"x","contentText":)") + none + "}")),
              "X")
        << none;
  }
}

TEST(Summary, ARulesetIsNotAppliedTwice) {
  auto made = given(R"({"event_type":"x","contentHTML":"<b>own</b>","message":"a*b&c"})");
  made.options.escape = config::TextEscape::html;
  EXPECT_EQ(text("contentHTML", made), "<p><strong>X</strong></p><p>a*b&amp;c</p>");
  made.options.escape = config::TextEscape::markdown;
  EXPECT_EQ(text("contentMarkdown", made), "**X**\n\na\\*b\\&c");
  EXPECT_EQ(text("contentHTML", made), "\\<b\\>own\\</b\\>") << "HTML is text to a receiver of markdown";
}

TEST(Summary, APayloadThatEscapesTakesNoMarkupOfTheEvents) {
  auto made = given(R"_({"event_type":"x","message":"m","contentMarkdown":"[pay here](https://evil.example)",
      "contentHTML":"<script>alert(1)</script>","contentText":"*own*"})_");
  made.options.escape = config::TextEscape::markdown;
  EXPECT_EQ(text("contentMarkdown", made), "**X**\n\nm");
  EXPECT_EQ(text("contentText", made), "\\*own\\*") << "text is escaped, so the event's own may go out";
  made.options.escape = config::TextEscape::html;
  EXPECT_EQ(text("contentHTML", made), "<p><strong>X</strong></p><p>m</p>");
}

TEST(Summary, ATextOfNothingButLineBreaksTakesNoSquareTime) {
  std::string breaks, expected = "<p><strong>X</strong></p><p>";
  for (int i = 0; i < 500'000; ++i) {
    breaks += "\\n";
    expected += "<br>";
  }
  EXPECT_TRUE(text("contentHTML", given(R"({"event_type":"x","message":")" + breaks + "\"}")) == expected + "</p>");
}

TEST(Summary, ATestMessageIsMarked) {
  auto made = given(R"({"event_type":"x","message":"m"})");
  made.scope.test_message = true;
  EXPECT_EQ(text("contentText", made), "[Test message] X\nm");
  EXPECT_EQ(text("contentHTML", made), "[Test message] <p><strong>X</strong></p><p>m</p>");
}

TEST(Summary, ReadsWellForEveryTypeOfTheCatalogue) {
  for (const auto& type : event::catalogue()) {
    const auto sample = event::sample(type.name);
    ASSERT_TRUE(sample) << type.name;
    auto tree = json::parse_tree(*sample).value();
    for (const auto* own : {"contentText", "contentMarkdown", "contentHTML"})
      tree.erase(own);
    const auto made = given(tree.dump(), type.kind);
    const std::string summary = text("contentText", made);
    EXPECT_THAT(summary, StartsWith(std::string(type.title) + "\n")) << "says more than the title";
    EXPECT_THAT(summary, Not(HasSubstr("NA"))) << type.name << "\n" << summary;
    EXPECT_EQ(summary.find_first_of("{}["), std::string::npos) << "raw JSON in " << type.name << "\n"
                                                               << summary;
    EXPECT_NE(summary.back(), '\n') << type.name;
    EXPECT_THAT(text("contentMarkdown", made), StartsWith("**" + std::string(type.title) + "**\n\n"))
        << type.name;
    EXPECT_THAT(text("contentHTML", made),
                StartsWith("<p><strong>" + std::string(type.title) + "</strong></p>"));
  }
}

TEST(Summary, ListsOfTextsAreJoined) {
  const auto of = [](std::string_view list) {
    return text("contentText", given(R"({"event_type":"x","investigation":)" + std::string(list) + "}"));
  };
  EXPECT_EQ(of(R"(["a \"q\", ]", "b" , 1.50,true])"), "X\nInvestigation: a \"q\", ], b, 1.50, true");
  EXPECT_EQ(of(R"([ "a", {"k": 1} ])"), R"(X
Investigation: ["a",{"k":1}])");
  EXPECT_EQ(of("[ ]"), "X") << "nothing to tell";
}

TEST(Jira, DescribesADetectionWithItsMetadata) {
  auto made = given(
      R"({"event_type":"detection_created","id":12,"name":"Suspicious *binary*","description":"Bad hash",
      "finding_id":"f-12","investigation_id":3,"investigation":"Case 3","created_datetime":1772445846.5,
      "severity":"High","source":"EDR","impact":"Code | runs","resource_data":[{"resource_id":"web-3"}],
      "mitre":["T1059","T1204"],"raw_event":"Suspicious binary in Case 3","status":"new","group_id":4})",
      event::Kind::detection);
  made.scope.formatting = config::EventFormatting::jira;
  EXPECT_EQ(text("Event", made),
            "**Suspicious \\*binary\\***\n\n"
            "Bad hash\n\n"
            "Suspicious binary in Case 3\n\n"
            "- **Detection:** 12\n"
            "- **Severity:** High\n"
            "- **Status:** new\n"
            "- **Source:** EDR\n"
            "- **Impact:** Code \\| runs\n"
            "- **Investigation:** Case 3\n"
            "- **Investigation id:** 3\n"
            "- **Finding:** f-12\n"
            "- **Detection group:** 4\n"
            "- **MITRE ATT\\&CK:** T1059, T1204\n"
            "- **Resource:** web-3\n"
            "- **Created:** 2026-03-02T10:04:06.500Z");
}

TEST(Jira, DescribesAGroup) {
  auto made =
      given(R"({"event_type":"detection_group_updated","id":4,"investigation":"Case 3","source":["EDR","IDS"],
      "detection_count":6,"raw_event":"Group 4 now holds 6 detections"})",
            event::Kind::detection);
  made.scope.formatting = config::EventFormatting::jira;
  EXPECT_EQ(text("Event", made),
            "Group 4 now holds 6 detections\n\n"
            "- **Detection group:** 4\n"
            "- **Source:** EDR, IDS\n"
            "- **Investigation:** Case 3\n"
            "- **Detections:** 6");
}

}  // namespace
}  // namespace hookline::render
