// Why a filter did or did not match, term by term.
#include <gmock/gmock.h>

#include "hookline/rule/expression.h"
#include "unit/rule/given.h"

namespace hookline::rule {
namespace {

/// "depth text -> result [seen]" per term.
std::vector<std::string> explain(std::string_view text, std::string_view json) {
  Given given;
  const auto expression = given.compile(text);
  std::vector<std::string> lines;
  for (const auto& term : expression.explain(given.read(json))) {
    std::string line = std::to_string(term.depth) + " " + std::string(text.substr(term.at, term.length)) +
                       " -> " + term.result;
    if (!term.seen.empty()) line += " [" + term.seen + "]";
    lines.push_back(line);
  }
  return lines;
}

using testing::ElementsAre;

TEST(Explain, ShowsEveryTermEvenBehindOneThatDecided) {
  EXPECT_THAT(
      explain(R"(service in ["pay", "shop"] && !(alert_source == "x") && data.level > 3)",
              R"({"service":"cards","alert_source":"y"})"),
      ElementsAre(R"(0 service in ["pay", "shop"] && !(alert_source == "x") && data.level > 3 -> false)",
                  R"(1 service in ["pay", "shop"] -> false [service = "cards"])",
                  R"(1 !(alert_source == "x") -> true)",
                  R"(2 alert_source == "x" -> false [alert_source = "y"])",
                  R"(1 data.level > 3 -> error: no such field [data.level = error: no such field])"));
}

TEST(Explain, ShowsCallsMacrosAndBoolsByName) {
  EXPECT_THAT(
      explain(R"((flag || has(a.b)) ? size(name) > 2 : tags.exists(t, t == "x" && t == name))",
              R"({"flag":false,"a":{},"name":"ab","tags":["x","y"]})"),
      ElementsAre(R"(0 (flag || has(a.b)) ? size(name) > 2 : tags.exists(t, t == "x" && t == name) -> false)",
                  R"(1 flag || has(a.b) -> false)", R"(2 flag -> false [flag = false])",
                  R"(2 has(a.b) -> false [a.b = error: no such field])",
                  R"(1 size(name) > 2 -> false [name = "ab"])", R"(2 size(name) -> 2 [name = "ab"])",
                  R"(1 tags.exists(t, t == "x" && t == name) -> false [tags = ["x","y"], name = "ab"])"));
}

TEST(Explain, ABareVariableIsATerm) {
  EXPECT_THAT(explain("document.ok", R"({"ok":true})"),
              ElementsAre("0 document.ok -> true [document.ok = true]"));
}

TEST(Explain, LongValuesAreCutBetweenCharacters) {
  std::string value;
  for (int i = 0; i < 300; ++i)
    value += "\u00e9";
  const auto lines = explain("a == \"x\"", R"({"a":")" + value + R"("})");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_LT(lines[0].size(), 300u);
  EXPECT_THAT(lines[0], testing::HasSubstr("\u00e9…]"));
}

}  // namespace
}  // namespace hookline::rule
