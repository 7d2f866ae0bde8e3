// What people write by mistake, and what they are told: where, what, and what to write instead.
#include <gmock/gmock.h>

#include "hookline/rule/expression.h"
#include "unit/rule/given.h"

namespace hookline::rule {
namespace {

using testing::HasSubstr;

struct Row {
  std::string_view expression;
  std::size_t at;
  std::string_view what;
  std::string_view remedy;
};

TEST(Fault, NamesThePlaceTheMistakeAndTheRemedy) {
  const Row rows[] = {
      {"severity = \"high\"", 9, "'=' is not an operator", "did you mean '=='?"},
      {"\"a\" = b", 4, "'=' is not an operator", "did you mean '=='?"},
      {"severity === \"high\"", 9, "'===' is not an operator", "did you mean '=='?"},
      {"a !== 1", 2, "'!=='", "did you mean '!='?"},
      {"a <> 1", 2, "'<>'", "did you mean '!='?"},
      {"a & b", 2, "'&' is not an operator", "did you mean '&&'?"},
      {"a | b", 2, "'|' is not an operator", "did you mean '||'?"},
      {"a == 1 and b == 2", 7, "'and' is not an operator", "use &&"},
      {"a == 1 AND b == 2", 7, "'AND' is not an operator", "use &&"},
      {"a == 1 or b == 2", 7, "'or' is not an operator", "use ||"},
      {"(a == 1 or b == 2)", 8, "'or' is not an operator", "use ||"},
      {"not a", 0, "'not'", "use !"},
      {"not(a)", 0, "unknown function 'not'", "use !(…)"},
      {"a not in [1]", 2, "'not' is not an operator", "write !(x in"},
      {"a !in [1]", 2, "'!' behind a value", "write !(x in"},
      {"a is null", 2, "'is' is not an operator", "x == null"},
      {"a like \"x%\"", 2, "'like' is not an operator", "contains"},
      {"a contains \"x\"", 2, "'contains' is not an operator", "write x.contains"},
      {"a =~ \"x\"", 2, "'=~'", "matches"},
      {"a == True", 5, "'True' is not part of the language", "use true"},
      {"a == None", 5, "'None' is not part of the language", "use null"},
      {"package == 1", 0, "'package' is a reserved word", "document.package"},
      {"a - 1 > 2", 2, "'-' is not an operator", "document[\"a-b\"]"},
      {"a-b == 1", 1, "'-' is not an operator", "document[\"a-b\"]"},
      {"-a", 0, "'-' in front of something that is no number", ""},
      {"a * 2", 2, "'*' is not an operator", "adds"},
      {"a / 2", 2, "'/' is not an operator", "adds"},
      {"$severity == 1", 0, "'$' is not an operator", "names stand alone"},
      {"${severity} == 1", 0, "'${' is not an operator", "names stand alone"},
      {"a == {}", 5, "'{' is not an operator", "maps are not part"},
      {"a == 1;", 6, "';' is not an operator", "ends by itself"},
      {"a == `x`", 5, "'`' is not an operator", "straight quotes"},
      {"a == \u201Cx\u201D", 5, "is not an operator", "straight quotes"},
      {"a == \"x", 5, "a string without closing quote", "close it with \""},
      {"a == 'x", 5, "a string without closing quote", "close it with '"},
      {"a == \"x\n\"", 5, "a string without closing quote", "close it with \""},
      {"a == '''x'", 5, "a string without closing quote", "close it with '''"},
      {"a == \"it\"s\"", 9, "a string right behind a name", ""},
      {"a == \"\\d\"", 6, "unknown escape", "raw string"},
      {"a == \"\\x4\"", 6, "too few digits", "\\xHH"},
      {"a == \"\\ud800\"", 6, "no Unicode character", ""},
      {"a == \"\\U00110000\"", 6, "no Unicode character", ""},
      {"a == b\"x\"", 5, "bytes are not supported", ""},
      {"(a == 1", 0, "a bracket that is never closed", "close it with ')'"},
      {"size(a", 4, "a bracket that is never closed", "close it with ')'"},
      {"a in [1, 2", 5, "a bracket that is never closed", "close it with ']'"},
      {"a == 1)", 6, "a closing bracket that was never opened", ""},
      {"a == 1, b == 2", 6, "a comma outside", "&&"},
      {"a ==", 2, "ends where a value is missing", ""},
      {"a && && b", 5, "an operator where a value is missing", ""},
      {"", 0, "an empty expression", "leave the filter out"},
      {" // only a comment", 18, "an empty expression", "leave the filter out"},
      {"a b", 2, "'b' follows without an operator", "&&"},
      {"a \"b\"", 2, "a text follows", "=="},
      {"a 1", 2, "a number follows", "=="},
      {"a.0.b == 1", 1, "a field name that begins with a digit", "[0]"},
      {"a[0].1", 4, "a field name that begins with a digit", "[0]"},
      {".a == 1", 0, "a name cannot begin with '.'", "document.x"},
      {"a.\"b\"", 2, "no field name behind '.'", "a[\"b\"]"},
      {"a.in == 1", 2, "'in' is a word of the language", "[\"in\"]"},
      {"a ? 1", 5, "a '?' without ':'", "condition ? a : b"},
      {"a : 1", 2, "a ':' without '?'", "condition ? a : b"},
      {"sizeof(a) > 1", 0, "unknown function 'sizeof'", "size"},
      {"len(a) > 1", 0, "unknown function 'len'", "use size(x)"},
      {"a.length() > 1", 2, "unknown function 'length'", "use size(x)"},
      {"a.startswith(\"x\")", 2, "unknown function 'startswith'", "did you mean x.startsWith"},
      {"a.toLowerCase()", 2, "unknown function 'toLowerCase'", "lowerAscii"},
      {"a.map(x, x)", 2, "unknown function 'map'", "not part of the language"},
      {"frobnicate(a)", 0, "unknown function 'frobnicate'", "there are size startsWith"},
      {"contains(a, \"x\")", 0, "'contains' is called on a value", "write x.contains"},
      {"a.has(b)", 2, "'has' is not called on a value", "has(a.b)"},
      {"has(a)", 0, "has() asks for a field", "document.x"},
      {"has(a.b == 1)", 0, "has() asks for a field", "has(a.b)"},
      {"a.startsWith()", 2, "wrong number of arguments", "x.startsWith"},
      {"size()", 0, "wrong number of arguments", "size(x)"},
      {"a.exists(x)", 2, "needs a condition", "list.exists(x, …)"},
      {"a.exists(x.y, true)", 2, "needs a condition", "list.exists(x, …)"},
      {"a.exists(1, true)", 2, "needs a name", "list.exists(x, …)"},
      {"cidr('10.0.0.0/8') == a", 0, "'cidr' is no value", "containsIP"},
      {"a.containsIP(b)", 2, "not called on a value", "cidr("},
      {"cidr('10.0.0.0').containsIP(a)", 5, "not a network", "/32"},
      {"9223372036854775808", 0, "a number out of range", "9223372036854775807"},
      {"-9223372036854775809", 1, "a number out of range", "-9223372036854775808"},
      {"1e999", 0, "a number out of range", ""},
      {"a > 10MB", 4, "runs into a name", "without a unit"},
      {"a.matches(\"(\")", 10, "not a regular expression: missing )", "RE2"},
      {"\"a\" && true", 0, "a text is neither true nor false", "x == \"a\" || x == \"b\""},
      {"severity == \"high\" || \"critical\"", 22, "a text is neither true nor false", "x in ["},
      {"!1", 1, "a whole number is neither true nor false", ""},
      {"1 == \"a\"", 0, "compares a whole number with a text", "never equal"},
      {"kind == 1", 0, "compares a text with a whole number", "never equal"},
      {"a < null", 4, "null is neither less nor greater", ""},
      {"\"a\" < 1", 0, "compares a text with a whole number", "no order"},
      {"\"a\" in \"abc\"", 7, "'in' looks into lists and objects", "text.contains(part)"},
      {"1 + \"a\"", 4, "'+' does not add a text to a whole number", "one type"},
      {"1 + 1.5", 4, "'+' does not add a number with a fraction to a whole number", "one type"},
      {"true + a", 0, "'+' does not add a bool", ""},
      {"size(1)", 5, "a whole number has no size", ""},
      {"(1).startsWith(\"a\")", 1, "'startsWith' takes a text, not a whole number", ""},
      {"[1][\"a\"]", 4, "a text is no index", "[0]"},
      {"\"a\".b", 0, "a text has no fields", ""},
      {"\xff", 0, "not UTF-8", "UTF-8"},
      {"a == \"\xc3\"", 6, "not UTF-8", "UTF-8"},
      {"\x01", 0, "unexpected character", ""},
  };
  Given given;
  for (const Row& row : rows) {
    const auto compiled = Expression::compile(row.expression, given.variables());
    ASSERT_FALSE(compiled) << row.expression;
    const core::Fault& fault = compiled.error();
    EXPECT_EQ(fault.at, row.at) << row.expression << ": " << fault.what;
    EXPECT_THAT(fault.what, HasSubstr(std::string(row.what))) << row.expression;
    EXPECT_THAT(fault.remedy, HasSubstr(std::string(row.remedy))) << row.expression;
    EXPECT_GE(fault.length, 1u) << row.expression;
    EXPECT_LE(fault.at + (row.expression.empty() ? 0 : fault.length), row.expression.size() + 1)
        << row.expression;
    EXPECT_FALSE(fault.warning);
  }
}

TEST(Fault, AFilterThatCanNeverBeTrueOrFalseIsOne) {
  Given given;
  for (const std::string_view text :
       {"\"high\"", "size(tags)", "1 + 1", "[true]", "null", "kind", "a ? \"x\" : \"y\""}) {
    EXPECT_FALSE(Expression::compile_filter(text, given.variables())) << text;
    EXPECT_TRUE(Expression::compile(text, given.variables())) << text;
  }
  for (const std::string_view text :
       {"true", "flag", "a.b", "a ? b : c", "a == 1", "has(a.b)", "[1].all(x, x)"}) {
    EXPECT_TRUE(Expression::compile_filter(text, given.variables())) << text;
  }
}

}  // namespace
}  // namespace hookline::rule
