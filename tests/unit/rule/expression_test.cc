// What each operator and function answers, row by row: expression, document, result.
#include "hookline/rule/expression.h"

#include <array>

#include <gmock/gmock.h>

#include "unit/rule/given.h"

namespace hookline::rule {
namespace {

struct Row {
  std::string_view expression;
  std::string_view document;
  std::string_view result;
};

void expect_rows(std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    EXPECT_EQ(evaluate(row.expression, row.document), row.result) << row.expression << " on " << row.document;
  }
}

TEST(Expression, LiteralsAreThoseOfCel) {
  expect_rows({
      {"1", "{}", "1"},
      {"-1", "{}", "-1"},
      {"- 1", "{}", "-1"},
      {"0x1F", "{}", "31"},
      {"-0x10", "{}", "-16"},
      {"7u", "{}", "7"},
      {"0xFFFFFFFFFFFFFFFFu", "{}", "18446744073709551615"},
      {"9223372036854775807", "{}", "9223372036854775807"},
      {"-9223372036854775808", "{}", "-9223372036854775808"},
      {"1.5", "{}", "1.5"},
      {".5", "{}", "0.5"},
      {"1e3", "{}", "1000"},
      {"-2.5E-1", "{}", "-0.25"},
      {"true", "{}", "true"},
      {"false", "{}", "false"},
      {"null", "{}", "null"},
      {"[1, \"a\", [true]]", "{}", "[1,\"a\",[true]]"},
      {"[]", "{}", "[]"},
      {"[1,]", "{}", "[1]"},
      {"1 // the rest is a comment", "{}", "1"},
      {"// first a comment\n 1", "{}", "1"},
  });
}

TEST(Expression, StringLiteralsAreThoseOfCel) {
  expect_rows({
      {R"("a")", "{}", R"("a")"},
      {R"('a')", "{}", R"("a")"},
      {R"("it's")", "{}", R"("it's")"},
      {R"('say "a"')", "{}", R"("say \"a\"")"},
      {R"('it\'s')", "{}", R"("it's")"},
      {R"("")", "{}", R"("")"},
      {R"('''it's''')", "{}", R"("it's")"},
      {"\"\"\"two\nlines \"quoted\" \"\"\"", "{}", R"("two\nlines \"quoted\" ")"},
      {R"("""""")", "{}", R"("")"},
      {R"(r"\d+")", "{}", R"("\\d+")"},
      {R"(R'\d')", "{}", R"("\\d")"},
      {R"(r'''a\'''')", "{}", "fault: a string without closing quote"},
      {R"("\a\b\f\n\r\t\v" == "\x07\x08\x0c\x0a\x0d\x09\x0b")", "{}", "true"},
      {R"("\\\?\"\'\`")", "{}", R"("\\?\"'`")"},
      {R"("\x41\X42\u00e9\U0001F600\103")", "{}", "\"AB\u00e9\U0001F600C\""},
      {R"("\xe9" == "\u00e9")", "{}", "true"},
      {R"("// no comment")", "{}", R"("// no comment")"},
  });
}

TEST(Expression, EqualityComparesValuesNotSpellings) {
  expect_rows({
      {"1 == 1", "{}", "true"},
      {"1 == 1.0", "{}", "true"},
      {"1u == 1", "{}", "true"},
      {"1u == 1.0", "{}", "true"},
      {"-1 == 18446744073709551615u", "{}", "false"},
      {"9007199254740993 == 9007199254740992.0", "{}", "false"},
      {"9223372036854775807 == 9223372036854775807.0", "{}", "false"},
      {"18446744073709551615u == 18446744073709551615.0", "{}", "false"},
      {"a == 1", R"({"a":1.0})", "true"},
      {"a == 1", R"({"a":1e0})", "true"},
      {"a == 1", R"({"a":"1"})", "false"},
      {"a == \"1\"", R"({"a":1})", "false"},
      {"a == \"A\"", R"({"a":"\u0041"})", "true"},
      {"a == \"A\\\\\"", R"({"a":"A\\"})", "true"},
      {"a == \"x\\\\n\"", R"({"a":"x\n"})", "false"},
      {"a == \"x\\n\"", R"({"a":"x\n"})", "true"},
      {"\"b\" == a", R"({"a":"b"})", "true"},
      {"a == b", R"({"a":"\u0041b","b":"Ab"})", "true"},
      {"a == null", R"({"a":null})", "true"},
      {"a != null", R"({"a":0})", "true"},
      {"a == [1, 2]", R"({"a":[1, 2.0]})", "true"},
      {"a == [1, 2]", R"({"a":[1, 2, 3]})", "false"},
      {"[1, [\"x\"]] == a", R"({"a":[1,["\u0078"]]})", "true"},
      {"a == b", R"({"a":{"x":1,"y":[2]},"b":{"y":[2.0],"x":1}})", "true"},
      {"a == b", R"({"a":{"x":1},"b":{"x":1,"y":null}})", "false"},
      {"a == b", R"({"a":{"x":1,"x":2},"b":{"x":1}})", "true"},
      {"a == b", R"({"a":{"k":1},"b":{"\u006b":1}})", "true"},
      {"a == b", R"({"a":{},"b":[]})", "false"},
      {"a == b", R"({"a":"true","b":true})", "false"},
      {"a == [1, 2]", R"({"a":{"0":1,"1":2}})", "false"},
      {"(1 == 1) == true", "{}", "true"},
      {"1 == 1 == true", "{}", "true"},
  });
}

TEST(Expression, OrderIsByValueAndOnlyWithinAKind) {
  expect_rows({
      {"1 < 2", "{}", "true"},
      {"2 <= 2.0", "{}", "true"},
      {"3u > -1", "{}", "true"},
      {"-1 < 0u", "{}", "true"},
      {"9007199254740993 > 9007199254740992.0", "{}", "true"},
      {"-9223372036854775808 >= -9223372036854775808.0", "{}", "true"},
      {"9223372036854775807 < 9223372036854775808.0", "{}", "true"},
      {"1 < 1.5", "{}", "true"},
      {"-1 > -1.5", "{}", "true"},
      {"1.5 < 2u", "{}", "true"},
      {"\"a\" < \"b\"", "{}", "true"},
      {"\"Z\" < \"a\"", "{}", "true"},
      {"\"\\u00e9\" > \"z\"", "{}", "true"},
      {"false < true", "{}", "true"},
      {"a < 10", R"({"a":9})", "true"},
      {"a < 10", R"({"a":1e400})", "false"},
      {"a > -10", R"({"a":-1e400})", "false"},
      {"a == 0", R"({"a":1e-400})", "true"},
      {"a > 0", R"({"a":92233720368547758080})", "true"},
      {"a < 10", R"({"a":"9"})", "error: no matching overload"},
      {"a < 10", R"({"a":null})", "error: no matching overload"},
      {"a < b", R"({"a":[1],"b":[2]})", "error: no matching overload"},
      {"severity < 1", "{}", "error: no matching overload"},
      {"a < a", R"({"a":{}})", "error: no matching overload"},
  });
}

TEST(Expression, LogicAbsorbsErrorsOnEitherSide) {
  expect_rows({
      {"true || false", "{}", "true"},
      {"true && false", "{}", "false"},
      {"!true", "{}", "false"},
      {"!!true", "{}", "true"},
      {"no.such == 1 || true", "{}", "true"},
      {"true || no.such == 1", "{}", "true"},
      {"no.such == 1 && false", "{}", "false"},
      {"false && no.such == 1", "{}", "false"},
      {"no.such == 1 || false", "{}", "error: no such field"},
      {"true && no.such == 1", "{}", "error: no such field"},
      {"no.such == 1 && a < 1", R"({"a":"x"})", "error: no such field"},
      {"a < 1 || no.such == 1", R"({"a":"x"})", "error: no matching overload"},
      {"!(no.such == 1)", "{}", "error: no such field"},
      {"a || true", R"({"a":"x"})", "true"},
      {"a && true", R"({"a":"x"})", "error: no matching overload"},
      {"a && true", R"({"a":1})", "error: no matching overload"},
      {"a && true", R"({"a":true})", "true"},
      {"!a", R"({"a":0})", "error: no matching overload"},
      {"true || false && false", "{}", "true"},
      {"(true || false) && false", "{}", "false"},
      {"true ? 1 : no.such", "{}", "1"},
      {"false ? no.such : 2", "{}", "2"},
      {"no.such ? 1 : 2", "{}", "error: no such field"},
      {"a ? 1 : 2", R"({"a":null})", "error: no matching overload"},
      {"false ? 1 : true ? 2 : 3", "{}", "2"},
      {"true ? .5 : 1.0", "{}", "0.5"},
      {"true?.5:1.0", "{}", "0.5"},
  });
}

TEST(Expression, NamesReadReservedWordsThenAttributesThenFields) {
  expect_rows({
      {"kind", "{}", R"("alarm")"},
      {"type", R"({"event_type":"newHits"})", R"("new_hits")"},
      {"topic", "{}", R"("security.alarms")"},
      {"key", "{}", "null"},
      {"document.kind", R"({"kind":"x"})", R"("x")"},
      {"kind.x", R"({"kind":{"x":1}})", "1"},
      {"service", R"({"service":{"slug":"pay","name":"Payments"}})", R"("pay")"},
      {"service.name", R"({"service":{"slug":"pay","name":"Payments"}})", R"("Payments")"},
      {"service[\"name\"]", R"({"service":{"name":"Payments"}})", R"("Payments")"},
      {"document.service.slug", R"({"service":{"slug":"pay"}})", R"("pay")"},
      {"severity", R"({"severity":"HIGH"})", R"("high")"},
      {"document.severity", R"({"severity":"HIGH"})", R"("HIGH")"},
      {"document[\"severity\"]", R"({"severity":"HIGH"})", R"("HIGH")"},
      {"severity", "{}", "null"},
      {"no_such", "{}", "error: no such field"},
      {"a.b.c", R"({"a":{"b":{"c":1}}})", "1"},
      {"a.b.c", R"({"a":{"b":7}})", "error: no such field"},
      {"a.b", R"({"a":{"b":null}})", "null"},
      {"a[1].b", R"({"a":[{"b":1},{"b":2}]})", "2"},
      {"a[1]", R"({"a":[1]})", "error: no such field"},
      {"a[0]", R"({"a":{"0":"zero"}})", R"("zero")"},
      {"a[\"x.y/z\"]", R"({"a":{"x.y/z":1}})", "1"},
      {"(a).b", R"({"a":{"b":1}})", "1"},
      {"a.b[i]", R"({"a":{"b":[5,6]},"i":1})", "6"},
      {"a.b[i]", R"({"a":{"b":{"k":7}},"i":"k"})", "7"},
      {"a[i].b", R"({"a":[{"b":"x"}],"i":0})", R"("x")"},
      {"a[i]", R"({"a":[5],"i":1})", "error: no such field"},
      {"a[i]", R"({"a":[5],"i":-1})", "error: no such field"},
      {"a[i]", R"({"a":[5],"i":null})", "error: no matching overload"},
      {"service[i]", R"({"service":{"tier":1},"i":"tier"})", "1"},
      {"[5, 6][i]", R"({"i":1})", "6"},
      {"[5, 6][i]", R"({"i":2})", "error: index out of bounds"},
      {"[5, 6][i]", R"({"i":-1})", "error: index out of bounds"},
      {"a", R"({"a":{ "b" : [ 1, 2 ] }})", R"({"b":[1,2]})"},
      {"document", R"({"a": 1})", R"({"a":1})"},
      {"document.package", R"({"package":1})", "1"},
  });
}

TEST(Expression, AnAbsentAttributeIsNullAndComparesAsNull) {
  expect_rows({
      {"service == \"x\"", "{}", "false"},
      {"service != \"x\"", "{}", "true"},
      {"!(service == \"x\")", "{}", "true"},
      {"service == null", "{}", "true"},
      {"service in [\"x\"]", "{}", "false"},
      {"service in [\"x\", null]", "{}", "true"},
      {"service.startsWith(\"x\")", "{}", "error: no matching overload"},
      {"service.name == \"x\"", "{}", "error: no such field"},
      {"service + \"x\"", "{}", "error: no matching overload"},
      {"size(service)", "{}", "error: no matching overload"},
      {"service < \"x\"", "{}", "error: no matching overload"},
  });
}

TEST(Expression, HasTellsWhetherAFieldIsThereAndNeverFails) {
  expect_rows({
      {"has(a.b)", R"({"a":{"b":1}})", "true"},
      {"has(a.b)", R"({"a":{"b":null}})", "true"},
      {"has(a.b)", R"({"a":{}})", "false"},
      {"has(a.b)", R"({"a":1})", "false"},
      {"has(a.b.c)", "{}", "false"},
      {"has(a[\"b\"])", R"({"a":{"b":1}})", "true"},
      {"has(document.a)", R"({"a":1})", "true"},
      {"has(document.a)", "{}", "false"},
      {"has(service.name)", R"({"service":{"name":"x"}})", "true"},
      {"has(a[i].b)", R"({"a":[{"b":1}],"i":0})", "true"},
      {"has(a[i].b)", R"({"a":[],"i":0})", "false"},
      {"a.exists(x, has(x.y))", R"({"a":[1,{"z":1},{"y":2}]})", "true"},
      {"a.all(x, has(x.y))", R"({"a":[{"y":1},{"y":2}]})", "true"},
      {"has(a.b) && a.b == 1", "{}", "false"},
  });
}

TEST(Expression, InLooksIntoListsAndKeys) {
  expect_rows({
      {"1 in [1, 2]", "{}", "true"},
      {"1 in [1.0]", "{}", "true"},
      {"3 in [1, 2]", "{}", "false"},
      {"1 in []", "{}", "false"},
      {"\"a\" in tags", R"({"tags":["b","\u0061"]})", "true"},
      {"\"c\" in tags", R"({"tags":["b","a"]})", "false"},
      {"\"k\" in o", R"({"o":{"k":1}})", "true"},
      {"\"k\" in o", R"({"o":{"\u006b":1}})", "true"},
      {"\"v\" in o", R"({"o":{"k":"v"}})", "false"},
      {"1 in o", R"({"o":{"1":1}})", "false"},
      {"x in o", R"({"o":[[1],{"a":2}],"x":{"a":2.0}})", "true"},
      {"\"a\" in s", R"({"s":"abc"})", "error: no matching overload"},
      {"\"a\" in s", R"({"s":null})", "error: no matching overload"},
      {"no.such in [1]", "{}", "error: no such field"},
      {"x in [\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"]", R"({"x":"i"})", "true"},
      {"x in [\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"]", R"({"x":"j"})", "false"},
      {"x in [\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"]", R"({"x":1})", "false"},
      {"x in [y, \"b\"]", R"({"x":"a","y":"a"})", "true"},
      {"!(x in [1])", R"({"x":2})", "true"},
  });
}

TEST(Expression, PlusAddsNumbersTextsAndListsOfOneType) {
  expect_rows({
      {"1 + 2", "{}", "3"},
      {"1 + -2 + 3", "{}", "2"},
      {"1u + 2u", "{}", "3"},
      {"1.5 + 0.25", "{}", "1.75"},
      {"\"a\" + \"b\" + \"c\"", "{}", R"("abc")"},
      {"[1] + [2, 3]", "{}", "[1,2,3]"},
      {"[1] + a", R"({"a":[2]})", "[1,2]"},
      {"a + b", R"({"a":"x","b":"\u0079"})", R"("xy")"},
      {"a + 1", R"({"a":9223372036854775807})", "error: integer overflow"},
      {"a + -1", R"({"a":-9223372036854775808})", "error: integer overflow"},
      {"18446744073709551615u + a", R"({"a":1})", "error: no matching overload"},
      {"a + 1", R"({"a":1.5})", "error: no matching overload"},
      {"a + \"x\"", R"({"a":1})", "error: no matching overload"},
      {"a + a", R"({"a":true})", "error: no matching overload"},
      {"\"a\" + \"b\" == \"ab\"", "{}", "true"},
      {"9223372036854775807 + 1", "{}", "fault: integer overflow"},
      {"18446744073709551615u + 1u", "{}", "fault: integer overflow"},
  });
}

TEST(Expression, TextFunctions) {
  expect_rows({
      {"size(\"abc\")", "{}", "3"},
      {"\"\\u00e9\\U0001F600\".size()", "{}", "2"},
      {"size(a)", R"({"a":"\u00e9\ud83d\ude00"})", "2"},
      {"size([1, 2])", "{}", "2"},
      {"size(a)", R"({"a":[1,[2,3],{}]})", "3"},
      {"a.size()", R"({"a":[ ]})", "0"},
      {"size(a)", R"({"a":{"x":1,"y":{"z":2}}})", "2"},
      {"size(a)", R"({"a":{"x":1,"\u0078":2}})", "1"},
      {"size(a)", R"({"a":7})", "error: no matching overload"},
      {"a.startsWith(\"ab\")", R"({"a":"abc"})", "true"},
      {"a.startsWith(\"\")", R"({"a":""})", "true"},
      {"a.startsWith(\"abcd\")", R"({"a":"abc"})", "false"},
      {"a.endsWith(\"bc\")", R"({"a":"abc"})", "true"},
      {"a.endsWith(b)", R"({"a":"abc","b":"a"})", "false"},
      {"a.contains(\"\")", R"({"a":""})", "true"},
      {"a.contains(\"b\")", R"({"a":"a\u0062c"})", "true"},
      {"a.contains(\"x\")", R"({"a":"abc"})", "false"},
      {"a.contains(1 == 1)", R"({"a":"abc"})", "fault: 'contains' takes a text, not a bool"},
      {"a.contains(\"a\")", R"({"a":["a"]})", "error: no matching overload"},
      {"a.lowerAscii()", R"({"a":"AbC\u00c9"})", "\"abc\u00c9\""},
      {"a.upperAscii()", R"({"a":"aBz{"})", R"("ABZ{")"},
      {"\"X\".lowerAscii() == \"x\"", "{}", "true"},
      {"a.lowerAscii()", R"({"a":1})", "error: no matching overload"},
      {"a.lowerAscii().upperAscii().startsWith(\"A\")", R"({"a":"abc"})", "true"},
  });
}

TEST(Expression, MatchesSearchesWithRe2) {
  expect_rows({
      {R"(a.matches("b+"))", R"({"a":"abbc"})", "true"},
      {R"(matches(a, "^b"))", R"({"a":"abbc"})", "false"},
      {R"(a.matches(r"^\d{3}$"))", R"({"a":"123"})", "true"},
      {R"(a.matches("(?i)^PROD-"))", R"({"a":"prod-1"})", "true"},
      {R"(a.matches(""))", R"({"a":""})", "true"},
      {R"(a.matches("^.$"))", R"({"a":"\u00e9"})", "true"},
      {R"(a.matches(b))", R"({"a":"abc","b":"^a.c$"})", "true"},
      {R"(a.matches(b))", R"({"a":"abc","b":"("})", "error: invalid regular expression"},
      {R"(a.matches("a"))", R"({"a":1})", "error: no matching overload"},
      {"a.matches('(?=x)')", "{}", "fault: not a regular expression: invalid perl operator: (?="},
  });
}

TEST(Expression, MacrosAskEveryElementAndAbsorbErrorsLikeLogic) {
  expect_rows({
      {"[1, 2].exists(x, x > 1)", "{}", "true"},
      {"[1, 2].exists(x, x > 2)", "{}", "false"},
      {"[].exists(x, true)", "{}", "false"},
      {"[].all(x, false)", "{}", "true"},
      {"[1, 2].all(x, x > 0)", "{}", "true"},
      {"[1, 2].all(x, x > 1)", "{}", "false"},
      {"a.exists(x, x.k == 2)", R"({"a":[{"k":1},{"k":2}]})", "true"},
      {"a.exists(x, x.k == 2)", R"({"a":[{"j":1},{"k":2}]})", "true"},
      {"a.exists(x, x.k == 3)", R"({"a":[{"j":1},{"k":2}]})", "error: no such field"},
      {"a.all(x, x.k == 2)", R"({"a":[{"j":1},{"k":1}]})", "false"},
      {"a.all(x, x.k == 2)", R"({"a":[{"j":1},{"k":2}]})", "error: no such field"},
      {"a.exists(x, x)", R"({"a":[1,true]})", "true"},
      {"a.exists(x, x)", R"({"a":[1,false]})", "error: no matching overload"},
      {"a.exists(k, k == \"y\")", R"({"a":{"x":1,"y":2}})", "true"},
      {"a.exists(x, x == 1)", R"({"a":5})", "error: no matching overload"},
      {"a.exists(x, x == 1)", R"({"a":null})", "error: no matching overload"},
      {"a.exists(x, b.exists(y, x == y))", R"({"a":[1,2],"b":[3,2]})", "true"},
      {"a.exists(x, x.exists(x, x == 2))", R"({"a":[[1],[2]]})", "true"},
      {"a.exists(x, x[0] == 2)", R"({"a":[[1],[2]]})", "true"},
      {"a.exists(x, x.lowerAscii() == \"b\")", R"({"a":["A","B"]})", "true"},
  });
}

TEST(Expression, TheIterationVariableHidesEveryOtherMeaningInTheMacroOnly) {
  expect_rows({
      {"[1].all(service, service == 1) && service == \"s\"", R"({"service":"s"})", "true"},
      {"[{\"a\":1}].all(x, true)", "{}", "fault: '{' is not an operator here"},
      {"a.all(service, service.name == \"in\")", R"({"a":[{"name":"in"}],"service":{"name":"out"}})", "true"},
      {"a.all(document, document.b == 1)", R"({"a":[{"b":1}],"b":2})", "true"},
      {"[1].all(x, [2].all(x, x == 2) && x == 1)", "{}", "true"},
      {"x.all(x, x == 1)", R"({"x":[1]})", "true"},
      {"[1].all(type, type == 1)", "{}", "true"},
      {"[1].all(y, true) && y == 5", R"({"y":5})", "true"},
  });
}

TEST(Expression, ContainsIpKnowsBothFamilies) {
  expect_rows({
      {"cidr('10.0.0.0/8').containsIP(a)", R"({"a":"10.255.0.1"})", "true"},
      {"cidr('10.0.0.0/8').containsIP(a)", R"({"a":"11.0.0.1"})", "false"},
      {"cidr('10.1.2.3/8').containsIP(a)", R"({"a":"10.255.0.1"})", "true"},
      {"cidr('10.0.0.128/25').containsIP(a)", R"({"a":"10.0.0.127"})", "false"},
      {"cidr('10.0.0.1/32').containsIP(a)", R"({"a":"10.0.0.1"})", "true"},
      {"cidr('0.0.0.0/0').containsIP(a)", R"({"a":"203.0.113.5"})", "true"},
      {"cidr('0.0.0.0/0').containsIP(a)", R"({"a":"::1"})", "false"},
      {"cidr('::/0').containsIP(a)", R"({"a":"203.0.113.5"})", "false"},
      {"cidr('2001:db8::/32').containsIP(a)", R"({"a":"2001:DB8:0::5"})", "true"},
      {"cidr('2001:db8::/33').containsIP(a)", R"({"a":"2001:db8:8000::"})", "false"},
      {"cidr('10.0.0.0/8').containsIP(a)", R"({"a":"::ffff:10.0.0.1"})", "true"},
      {"cidr(n).containsIP(a)", R"({"a":"10.0.0.1","n":"10.0.0.0/24"})", "true"},
      {"cidr(n).containsIP(a)", R"({"a":"10.0.0.1","n":"10.0.0.0"})", "error: not a CIDR"},
      {"cidr('10.0.0.0/8').containsIP(source_ip)", "{}", "error: not an IP address"},
      {"cidr('10.0.0.0/8').containsIP(a)", R"({"a":"10.0.0"})", "error: not an IP address"},
      {"cidr('10.0.0.0/8').containsIP(a)", R"({"a":"10.0.0.1 "})", "error: not an IP address"},
      {"cidr('10.0.0.0/8').containsIP(a)", R"({"a":"10.0.0.1/32"})", "error: not an IP address"},
      {"cidr('10.0.0.0/8').containsIP(a)", R"({"a":"fe80::1%eth0"})", "error: not an IP address"},
      {"cidr('10.0.0.0/8').containsIP(a)", R"({"a":167772161})", "error: not an IP address"},
      {"cidr('10.0.0.0/33').containsIP(a)", "{}", "fault: not a network"},
      {"cidr('10.0.0.0/-1').containsIP(a)", "{}", "fault: not a network"},
      {"cidr('10.0.0.0/').containsIP(a)", "{}", "fault: not a network"},
      {"cidr('::/129').containsIP(a)", "{}", "fault: not a network"},
      {"cidr('10.0.0.1').containsIP(a)", "{}", "fault: not a network"},
  });
}

TEST(Expression, KeyAndHeadersComeFromTheRecord) {
  Given given;
  const std::array<event::Header, 1> headers{{{"tenant", "acme \"1\""}}};
  given.record().headers = headers;
  given.record().key = "st-\"1\"\\";
  const auto key = given.compile(R"(key == 'st-"1"\\')");
  const auto header = given.compile(R"(headers.tenant == 'acme "1"')");
  const auto dynamic = given.compile(R"(headers[document.name] == 'acme "1"')");
  const auto missing = given.compile("headers.nobody == \"x\"");
  const auto present = given.compile("has(headers.tenant) && !has(headers.nobody)");
  const event::Event& event = given.read(R"({"name":"tenant"})");
  Arena arena;
  EXPECT_EQ(show(key.evaluate(event, arena)), "true");
  EXPECT_EQ(show(header.evaluate(event, arena)), "true");
  EXPECT_EQ(show(dynamic.evaluate(event, arena)), "true");
  EXPECT_EQ(show(missing.evaluate(event, arena)), "error: no such field");
  EXPECT_EQ(show(present.evaluate(event, arena)), "true");
}

TEST(Expression, MatchesOnlyOnTrueAndTellsTheErrorThatItMeant) {
  Given given;
  const auto text = given.compile("document.a");
  const auto missing = given.compile("a == 1 && no.such == 2");
  const event::Event& event = given.read(R"({"a":1})");
  Arena arena;
  std::optional<EvalError> error;
  EXPECT_FALSE(text.matches(event, arena, &error));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->what, "no matching overload");
  error.reset();
  EXPECT_FALSE(missing.matches(event, arena, &error));
  ASSERT_TRUE(error);
  EXPECT_EQ(error->what, "no such field");
  EXPECT_EQ(error->at, 10u);
  EXPECT_FALSE(missing.matches(event, arena));
}

TEST(Expression, AFaultLeavesTheVariablesAlone) {
  Given given;
  EXPECT_FALSE(Expression::compile("some_field == 1 && \"a\" == other_field && 1 = 2", given.variables()));
  EXPECT_FALSE(Expression::compile("some_field && \"a\"", given.variables()));
  EXPECT_EQ(given.variables().size(), 0u);
  EXPECT_TRUE(Expression::compile("some_field && other_field && some_field", given.variables()));
  EXPECT_EQ(given.variables().size(), 2u);
}

TEST(Expression, AStaticPathIsOneVariable) {
  Given given;
  given.compile("a.b.c == 1 && a[\"b\"][\"c\"] == 1 && document.a.b.c == 1");
  EXPECT_EQ(given.variables().size(), 1u);
}

TEST(Expression, AppendTextShowsValuesAsPayloadsDo) {
  const auto text = [](Value value) {
    std::string out = ">";
    append_text(value, out);
    return out;
  };
  const List list{Value{std::int64_t{1}}, Value{std::string_view("a\"b")}};
  EXPECT_EQ(text({std::string_view("a \"b\"")}), ">a \"b\"");
  EXPECT_EQ(text({std::int64_t{-5}}), ">-5");
  EXPECT_EQ(text({std::uint64_t{18446744073709551615u}}), ">18446744073709551615");
  EXPECT_EQ(text({2.5}), ">2.5");
  EXPECT_EQ(text({1e21}), ">1e+21");
  EXPECT_EQ(text({true}), ">true");
  EXPECT_EQ(text({nullptr}), ">null");
  EXPECT_EQ(text({&list}), R"(>[1,"a\"b"])");
  EXPECT_EQ(text({json::Value{json::ValueKind::object, R"({ "a" : 1.50 })"}}), R"(>{"a":1.50})");
}

}  // namespace
}  // namespace hookline::rule
