// Texts and events made to hurt: deep, long, broken, quadratic.
#include <chrono>

#include <gmock/gmock.h>

#include "hookline/rule/expression.h"
#include "rule/document.h"
#include "unit/rule/given.h"

namespace hookline::rule {
namespace {

std::string repeat(std::string_view text, std::size_t times) {
  std::string repeated;
  for (std::size_t i = 0; i < times; ++i)
    repeated += text;
  return repeated;
}

TEST(Hostile, NestingIsBoundedNotTheStack) {
  const std::string rows[] = {
      repeat("(", 4000),
      repeat("(", 4000) + "a" + repeat(")", 4000),
      repeat("!", 8000) + "a",
      repeat("[", 4000) + repeat("]", 4000),
      repeat("a?b:", 2000) + "c",
      "a" + repeat("==a", 2000),
      "[1]" + repeat("[0]", 2500),
      "(a==1)" + repeat(".size()", 1000),
      repeat("size(", 1300) + "a" + repeat(")", 1300),
      "a[a[i].b" + repeat(".b", 3000) + "]",
  };
  Given given;
  for (const std::string& text : rows) {
    const auto compiled = Expression::compile(text, given.variables());
    ASSERT_FALSE(compiled) << text.substr(0, 20);
    EXPECT_EQ(compiled.error().what, "nested too deeply") << text.substr(0, 20);
  }
}

TEST(Hostile, LongChainsAreFlatAndFine) {
  EXPECT_EQ(evaluate("true" + repeat("&&true", 1300)), "true");
  EXPECT_EQ(evaluate("false" + repeat("||false", 1100)), "false");
  EXPECT_EQ(evaluate("1" + repeat("+1", 4000)), "4001");
  EXPECT_EQ(evaluate("x" + repeat("+x", 4000), R"({"x":1})"), "4001");
  EXPECT_EQ(evaluate("a" + repeat(".a", 4000)), "error: no such field");
  EXPECT_EQ(evaluate(repeat("(", 90) + "1" + repeat(")", 90)), "1");
  EXPECT_EQ(evaluate(repeat("!", 90) + "true"), "true");
}

TEST(Hostile, TextAndListsAreBounded) {
  EXPECT_EQ(evaluate("\"" + std::string(max_text - 10, 'x') + "\" == a", R"({"a":1})"), "false");
  EXPECT_EQ(evaluate("\"" + std::string(max_text, 'x') + "\""), "fault: longer than 8 KiB");
  EXPECT_EQ(evaluate("1 in [" + repeat("1,", 1000) + "]"), "true");
  EXPECT_EQ(evaluate("1 in [" + repeat("1,", 1001) + "]"), "fault: a list of more than 1000 elements");
  EXPECT_EQ(evaluate(repeat("[1].all(x,", 9) + "true" + repeat(")", 9)), "fault: macros nested too deeply");
  EXPECT_EQ(evaluate(repeat("[1].all(x,", 8) + "true" + repeat(")", 8)), "true");
}

TEST(Hostile, AnyTruncationOrOneChangedByteIsAFaultOrAnExpressionNeverACrash) {
  const std::string text =
      R"(a.b["c"].exists(x, x.y[0] in [1, -2.5e3, 'q', null] && !has(x.z)) ? cidr('10.0.0.0/8').containsIP(s) : )"
      R"(r"\d".size() + 0x1Fu >= 3 || d.lowerAscii().matches('^\u0041') // end)";
  Given given;
  std::size_t compiled = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    compiled += Expression::compile(text.substr(0, i), given.variables()) ? 1 : 0;
    for (const char c : {'\0', '"', '\'', '(', ')', '[', '.', '\\', '&', '\n', '\x80', '0', 'r'}) {
      std::string changed = text;
      if (i < changed.size()) changed[i] = c;
      compiled += Expression::compile(changed, given.variables()) ? 1 : 0;
    }
  }
  EXPECT_GT(compiled, 10u);
}

TEST(Hostile, BrokenDocumentsAreErrorsWhereLookedAt) {
  // Only the outline of an event is checked before the filter runs.
  const auto in = [](std::string_view json, json::ValueKind kind, std::string_view key) {
    Cursor cursor(json::Value{kind, json});
    while (cursor.next()) {
      if (kind == json::ValueKind::object && cursor.key() == key) return std::string("found");
    }
    return std::string(cursor.malformed() ? "malformed" : "end");
  };
  using json::ValueKind;
  EXPECT_EQ(in(R"({"a":1})", ValueKind::object, "a"), "found");
  EXPECT_EQ(in(R"({"a":1})", ValueKind::object, "b"), "end");
  EXPECT_EQ(in(R"( {"a":1})", ValueKind::object, "b"), "malformed");
  for (const std::string_view text : {"",
                                      "{",
                                      "}",
                                      "{]",
                                      "[}",
                                      R"({"a")",
                                      R"({"a"})",
                                      R"({"a":})",
                                      R"({"a":1,})",
                                      R"({"a":1 "c":2})",
                                      R"({a:1})",
                                      R"({"a":tru})",
                                      R"({"a":"x})",
                                      R"({"a":[1})",
                                      R"({"a":"\)",
                                      R"({"a":"\"})",
                                      R"({,})",
                                      R"({"a"::1})",
                                      R"({"a":+})",
                                      R"({"a":{"c":"}})"}) {
    const std::string verdict = in(text, ValueKind::object, "b");
    EXPECT_TRUE(verdict == "malformed" || text == R"({"a":+})") << text << ": " << verdict;
  }
  for (const std::string_view text :
       {"[", "[1", "[1 2]", "[1,]", "[,1]", "[[]", "[\"]", "[x]", "[tru]", "[nulll]"}) {
    EXPECT_EQ(in(text, ValueKind::array, ""), "malformed") << text;
  }
  EXPECT_EQ(in("[]", ValueKind::array, ""), "end");
  EXPECT_EQ(in("[ \n]", ValueKind::array, ""), "end");
}

TEST(Hostile, NumbersAreThoseOfJsonsGrammar) {
  for (const std::string_view text :
       {"", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "1.5.2", "0x10", "1-2", "inf", "nan", "1 "}) {
    EXPECT_FALSE(parse_number(text)) << text;
  }
  const auto integer = [](std::string_view text) {
    return std::get_if<std::int64_t>(&parse_number(text)->data) != nullptr;
  };
  EXPECT_TRUE(integer("0") && integer("-0") && integer("9223372036854775807") &&
              integer("-9223372036854775808"));
  EXPECT_FALSE(integer("9223372036854775808") || integer("1.0") || integer("1e0"));
  const auto real = [](std::string_view text) { return std::get<double>(parse_number(text)->data); };
  EXPECT_EQ(real("1e400"), std::numeric_limits<double>::infinity());
  EXPECT_EQ(real("-1e400"), -std::numeric_limits<double>::infinity());
  EXPECT_EQ(real("1e-400"), 0.0);
  EXPECT_EQ(real("1" + std::string(400, '0') + "e-400"), 1.0);
  EXPECT_EQ(real("0." + std::string(400, '0') + "1e401"), 1.0);
  EXPECT_EQ(real("4.9e-324"), 4.9e-324);
}

TEST(Hostile, EscapedStringsCompareByWhatTheySpell) {
  EXPECT_TRUE(spells(R"(\u0041\u0042)", "AB"));
  EXPECT_TRUE(spells(R"(\ud83d\ude00)", "\U0001F600"));
  EXPECT_FALSE(spells(R"(a\\b)", R"(a\\b)"));
  EXPECT_TRUE(spells(R"(a\\b)", R"(a\b)"));
  EXPECT_TRUE(spells("", ""));
  EXPECT_FALSE(spells(std::string(1 << 20, 'x'), "x"));
}

class WorkLimit : public testing::Test {
 protected:
  /// The verdict, and that it came soon enough even on a slow machine under sanitizers.
  std::string timed(std::string_view expression, const std::string& json) {
    const auto start = std::chrono::steady_clock::now();
    std::string verdict = evaluate(expression, json);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30)) << expression;
    return verdict;
  }
};

TEST_F(WorkLimit, EndsNestedLoopsOverLargeLists) {
  const std::string list = "[" + repeat("1,", 100000) + "1]";
  const std::string json = R"({"a":)" + list + R"(,"b":)" + list + R"(,"i":99999})";
  EXPECT_EQ(timed("a.exists(x, b.exists(y, x != y))", json), "error: evaluation limit exceeded");
  EXPECT_EQ(timed("a.all(x, !(2 in b))", json), "error: evaluation limit exceeded");
  EXPECT_EQ(timed("a.exists(x, size(b) == 1)", json), "error: evaluation limit exceeded");
  EXPECT_EQ(timed("a.exists(x, b[i] == 2)", json), "error: evaluation limit exceeded");
  EXPECT_EQ(timed("a == b", json), "true");
  EXPECT_EQ(timed("a.exists(x, x == 2)", json), "false");
}

TEST_F(WorkLimit, EndsGrowingTexts) {
  const std::string json = R"({"a":")" + std::string(900000, 'x') + R"("})";
  EXPECT_EQ(timed("size(" + repeat("a+", 200) + "a) > 0", json), "error: evaluation limit exceeded");
  EXPECT_EQ(timed(repeat("a.contains(\"y\")||", 60) + "false", json), "false");
}

TEST_F(WorkLimit, EndsLoopsOverOneLargeValue) {
  const std::string json = R"({"n":)" + std::string(500000, '1') + R"(,"t":")" + std::string(500000, '7') +
                           R"(","l":[)" + repeat("1,", 50000) + "1]}";
  EXPECT_EQ(timed("l.exists(x, n < 0)", json), "error: evaluation limit exceeded");
  EXPECT_EQ(timed("l.exists(x, t < t)", json), "error: evaluation limit exceeded");
  EXPECT_EQ(timed("[t].exists(y, l.exists(x, y < y))", json), "error: evaluation limit exceeded");
  EXPECT_EQ(timed("[t].exists(y, l.exists(x, has(l[y])))", json), "false");
  EXPECT_EQ(timed("l.exists(x, t == \"" + std::string(7000, '7') + "\")", json),
            "error: evaluation limit exceeded");
}

TEST_F(WorkLimit, EndsPatternsOutOfTheEvent) {
  const std::string json = R"({"a":[)" + repeat("\"((a{100}){100}){100}\",", 1000) + R"("b"]})";
  EXPECT_EQ(timed("a.exists(x, \"aaa\".matches(x))", json), "error: evaluation limit exceeded");
  const std::string text =
      R"({"t":")" + std::string(900000, 'a') + R"(","p":"(a?){200}b","l":[)" + repeat("1,", 100) + "1]}";
  EXPECT_EQ(timed("t.matches(p)", text), "error: evaluation limit exceeded");
  EXPECT_EQ(timed("l.exists(x, \"a\".matches(p))", text), "error: evaluation limit exceeded");
}

TEST_F(WorkLimit, SearchIsLinear) {
  const std::string half(450000, 'a');
  EXPECT_EQ(timed("a.contains(b)", R"({"a":")" + half + half + R"(","b":")" + half + R"(b"})"), "false");
}

TEST_F(WorkLimit, EqualityOfObjectsIsNotQuadraticAndEndsInDepth) {
  std::string object = "{";
  for (int i = 0; i < 40000; ++i)
    object += "\"k" + std::to_string(i) + "\":1,";
  object += "\"z\":1}";
  EXPECT_EQ(timed("a == b && size(a) == 40001", R"({"a":)" + object + R"(,"b":)" + object + "}"), "true");
  const std::string deep = repeat("[", 5000) + repeat("]", 5000);
  EXPECT_EQ(timed("a == b", R"({"a":)" + deep + R"(,"b":)" + deep + "}"),
            "error: document nested too deeply");
}

TEST(Hostile, TemporariesOfALoopAreGivenBack) {
  Given given;
  const auto expression = given.compile("a.all(x, x.lowerAscii() + \"y\" != \"\")");
  Arena arena;
  const event::Event& event = given.read(R"({"a":[)" + repeat("\"X\\n\",", 10000) + "\"Z\"]}");
  EXPECT_EQ(show(expression.evaluate(event, arena)), "true");
  EXPECT_LE(arena.mark().texts, 4u);
}

TEST(Hostile, AnArenaKeepsLittleBetweenEvents) {
  Arena arena;
  for (int i = 0; i < 1000; ++i)
    arena.text().assign(i == 0 ? 1 << 20 : 10, 'x');
  arena.clear();
  EXPECT_EQ(arena.mark().texts, 0u);
  std::string& first = arena.text();
  EXPECT_TRUE(first.empty());
  EXPECT_LT(first.capacity(), 1u << 17);
}

}  // namespace
}  // namespace hookline::rule
