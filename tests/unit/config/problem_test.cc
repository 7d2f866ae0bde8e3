// Where a fault within a text stands in the file, for each of YAML's ways to write a text.
#include <gtest/gtest.h>

#include "reading.h"

namespace hookline::config {
namespace {

#define GOOD "name: a\nevents: [x]\nendpoints: [{url: https://h/}]\n"

Webhook with(const std::string& yaml) {
  auto read = read_webhooks(GOOD + yaml);
  EXPECT_FALSE(has_errors(read.problems)) << yaml;
  return read.webhooks.empty() ? Webhook{} : read.webhooks.front();
}

/// "line:column" of the character that `marker` begins with in the text.
std::string place(const Text& text, std::string_view marker) {
  const auto at = text.value.find(marker);
  EXPECT_NE(at, std::string::npos) << text.value;
  const auto problem = problem_in(text, {at, 1, "wrong", "", false});
  return std::to_string(problem.place.line) + ":" + std::to_string(problem.place.column);
}

TEST(ProblemWithin, APlainTextIsExact) {
  const auto filter = *with("filter: service == @x\n").filter;
  EXPECT_EQ(place(filter, "service"), "4:9");
  EXPECT_EQ(place(filter, "@"), "4:20");
}

TEST(ProblemWithin, AQuotedTextIsExact) {
  EXPECT_EQ(place(*with("filter: 'service == @x'\n").filter, "@"), "4:21");
  EXPECT_EQ(place(*with("filter: \"service == @x\"\n").filter, "@"), "4:21");
}

TEST(ProblemWithin, ATextCountsCharactersNotBytes) {
  EXPECT_EQ(place(*with("filter: 'ä€😀 @x'\n").filter, "@"), "4:14");
}

TEST(ProblemWithin, ABlockIsExactInEveryLine) {
  const auto payload = *with("payload: |\n  {\n    \"a\": @1,\n\n  \"b\": @2}\n").payload;
  EXPECT_EQ(place(payload, "{"), "5:3");
  EXPECT_EQ(place(payload, "@1"), "6:10");
  EXPECT_EQ(place(payload, "@2"), "8:8");
}

TEST(ProblemWithin, ABlockMayBeginWithEmptyLinesAndBeDeep) {
  const auto w = with("fields:\n  f: |-\n\n\n      a\n      @b\n");
  EXPECT_EQ(place(w.fields.at(0).second, "a"), "8:7");
  EXPECT_EQ(place(w.fields.at(0).second, "@b"), "9:7");
}

TEST(ProblemWithin, ABlockWithAnIndentOfItsOwnIsExact) {
  const auto payload = *with("payload: |2\n    {\n   @}\n").payload;
  EXPECT_EQ(payload.value, "  {\n @}\n");
  EXPECT_EQ(place(payload, "@"), "6:4");
}

TEST(ProblemWithin, ABlockOfAWindowsFileIsExact) {
  auto read = read_webhooks(
      "name: a\r\nevents: [x]\r\nendpoints: [{url: https://h/}]\r\npayload: |\r\n  {\r\n   @}\r\n");
  ASSERT_EQ(read.webhooks.size(), 1u);
  EXPECT_EQ(place(*read.webhooks[0].payload, "@"), "6:4");
}

TEST(ProblemWithin, ATextWithTagAndAnchorIsExact) {
  EXPECT_EQ(place(*with("filter: !!str &f service == @x\n").filter, "@"), "4:29");
  EXPECT_EQ(place(*with("payload: &p |\n  {@}\n").payload, "@"), "5:4");
}

TEST(ProblemWithin, AnEscapedOrFoldedTextStandsAtItsStart) {
  EXPECT_EQ(place(*with("filter: \"a\\t@x\"\n").filter, "@"), "4:9");
  EXPECT_EQ(place(*with("filter: 'it''s @x'\n").filter, "@"), "4:9");
  EXPECT_EQ(place(*with("filter: >\n  a\n  @b\n").filter, "@"), "4:9");
  EXPECT_EQ(place(*with("filter: a\n  @b\n").filter, "@"), "4:9");
}

TEST(ProblemWithin, ATextBehindASecretIsExact) {
  const auto w = with("headers: {X-A: 'ä ${env:TOKEN} b ${env:DOLLAR}@'}\n");
  EXPECT_EQ(place(w.headers.at(0).value, "b "), "4:32");
  EXPECT_EQ(place(w.headers.at(0).value, "@"), "4:47");
}

TEST(ProblemWithin, ASecretStandsWhereItsReferenceBegins) {
  const auto w = with("headers: {X-A: 'ä ${env:TOKEN}'}\n");
  EXPECT_EQ(place(w.headers.at(0).value, "value"), "4:19");
}

TEST(ProblemWithin, ASecretNeverRepeatsIt) {
  const auto w = with("headers: {X-A: '${env:TOKEN}'}\n");
  const auto problem = problem_in(
      w.headers.at(0).value, {0, 1, "'t0ken-value' and t0ken-value are wrong", "not t0ken-value", false});
  EXPECT_EQ(problem.what, "'***' and *** are wrong");
  EXPECT_EQ(problem.remedy, "not ***");
}

TEST(ProblemWithin, ATextTellsWarningsAsSuch) {
  EXPECT_TRUE(problem_in({"x", {}, 0, false, {}}, {0, 1, "odd", "", true}).warning);
}

TEST(ProblemLines, AreWhatCompilersPrint) {
  EXPECT_EQ(format({{"a.yaml", 3, 7, "/x"}, "it is wrong", "right it", false}),
            "a.yaml:3:7: error: it is wrong; right it");
  EXPECT_EQ(format({{"a.yaml", 0, 0, ""}, "it is odd", "", true}), "a.yaml: warning: it is odd");
}

TEST(ProblemLines, StandInTheOrderOfFilesLinesAndColumns) {
  Problems problems{{{"b.yaml", 1, 1, ""}, "3", "", false},    {{"a.yaml", 9, 2, ""}, "2", "", false},
                    {{"elsewhere", 1, 1, ""}, "5", "", false}, {{"a.yaml", 9, 1, ""}, "1", "", true},
                    {{"b.yaml", 1, 1, ""}, "4", "", false},    {{"a.yaml", 0, 0, ""}, "0", "", true}};
  sort_problems(problems, {"a.yaml", "b.yaml"});
  std::string order;
  for (const auto& problem : problems)
    order += problem.what;
  EXPECT_EQ(order, "012345");
}

TEST(ProblemLines, TellErrorsFromWarnings) {
  EXPECT_FALSE(has_errors({}));
  EXPECT_FALSE(has_errors({{{}, "odd", "", true}}));
  EXPECT_TRUE(has_errors({{{}, "odd", "", true}, {{}, "wrong", "", false}}));
}

}  // namespace
}  // namespace hookline::config
