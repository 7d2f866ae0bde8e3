// Examples of the CEL specification and its conformance suite (github.com/google/cel-spec: doc/langdef.md and
// tests/simple/testdata) that lie within the subset, with the answers that they give. A row names the section
// or test that it is from. `fault:` stands where the specification's checker refuses an expression as well.
#include <gtest/gtest.h>

#include "unit/rule/given.h"

namespace hookline::rule {
namespace {

struct Row {
  const char* from;
  const char* expression;
  const char* document;
  const char* result;
};

constexpr const char* overload = "error: no matching overload";

constexpr Row rows[] = {
    // basic.textproto: self-evaluating values
    {"self_eval_int_zero", "0", "{}", "0"},
    {"self_eval_uint_zero", "0u", "{}", "0"},
    {"self_eval_float_zerowithexp", "0e+0", "{}", "0"},
    {"self_eval_string_empty", "''", "{}", R"("")"},
    {"self_eval_string_raw_prefix", "r''", "{}", R"("")"},
    {"self_eval_bool_false", "false", "{}", "false"},
    {"self_eval_null", "null", "{}", "null"},
    {"self_eval_empty_list", "[]", "{}", "[]"},
    {"self_eval_int_nonzero", "42", "{}", "42"},
    {"self_eval_int_negative_min", "-9223372036854775808", "{}", "-9223372036854775808"},
    {"self_eval_uint_alias", "123u", "{}", "123"},
    {"self_eval_float_negative_exp", "-2.3e+1", "{}", "-23"},
    {"self_eval_string_escape", R"('\a\b\f\n\r\t\v\"\'\\')", "{}", R"("\u0007\b\f\n\r\t\u000b\"'\\")"},
    {"self_eval_string_raw_escape", R"(r'\n')", "{}", R"("\\n")"},
    {"self_eval_int_hex", "0x55555555", "{}", "1431655765"},
    {"self_eval_int_hex_negative", "-0x55555555", "{}", "-1431655765"},
    {"self_eval_unicode_escape_four", R"("\u270c")", "{}", "\"\u270c\""},
    {"self_eval_unicode_escape_eight", R"("\U0001f431")", "{}", "\"\U0001f431\""},
    {"self_eval_ascii_escape_seq", R"("\a\b\f\n\r\t\v\"\'\\\?\`")", "{}", R"("\u0007\b\f\n\r\t\u000b\"'\\?`")"},
    {"unbound", "x", "{}", "error: no such field"},

    // comparisons.textproto: equality
    {"eq_int", "1 == 1", "{}", "true"},
    {"not_eq_int", "-1 == 1", "{}", "false"},
    {"eq_int_uint", "1 == 1u", "{}", "true"},
    {"eq_int_double", "1 == 1.0", "{}", "true"},
    {"not_eq_int_double", "2 == 1.0", "{}", "false"},
    {"eq_double", "1.0 == 1.0e+0", "{}", "true"},
    {"eq_string", "'' == \"\"", "{}", "true"},
    {"not_eq_string", "'a' == 'b'", "{}", "false"},
    {"eq_raw_string", R"('abc' == r'abc')", "{}", "true"},
    {"not_eq_string_case", "'abc' == 'ABC'", "{}", "false"},
    {"eq_string_unicode", "'\u03b1\u03b2\u03b3' == '\\u03b1\\u03b2\\u03b3'", "{}", "true"},
    {"not_eq_string_unicode_ascii", "'a' == '\u00e0'", "{}", "false"},
    {"no_string_normalization", R"('Am\u00E9lie' == 'Ame\u0301lie')", "{}", "false"},
    {"eq_null", "null == null", "{}", "true"},
    {"eq_bool", "true == true", "{}", "true"},
    {"not_eq_bool", "false == true", "{}", "false"},
    {"eq_list_empty", "[] == []", "{}", "true"},
    {"eq_list_numbers", "[1, 2, 3] == [1, 2, 3]", "{}", "true"},
    {"not_eq_list_order", "[1, 2, 3] == [1, 3, 2]", "{}", "false"},
    {"not_eq_list_string_case", "['case'] == ['cAse']", "{}", "false"},
    {"eq_list_elem_mixed_types", "[1] == [1.0]", "{}", "true"},
    {"not_eq_list_length", "['one'] == [2, 3]", "{}", "false"},
    {"eq_map", "a == b", R"({"a":{"k":"v"},"b":{"k":"v"}})", "true"},
    {"not_eq_map_value", "a == b", R"({"a":{"k":"v"},"b":{"k":"v1"}})", "false"},
    {"not_eq_map_extra_key", "a == b", R"({"a":{"k":"v","k1":"v1"},"b":{"k":"v"}})", "false"},
    {"eq_map_key_order", "a == b", R"({"a":{"k1":"v1","k2":"v2"},"b":{"k2":"v2","k1":"v1"}})", "true"},
    {"eq_dyn_string_null", "a == null", R"({"a":"x"})", "false"},
    {"ne_int", "24 != 42", "{}", "true"},
    {"not_ne_string", "'abc' != 'abc'", "{}", "false"},

    // comparisons.textproto: order and membership
    {"lt_int", "-1 < 0", "{}", "true"},
    {"not_lt_int", "0 < 0", "{}", "false"},
    {"not_lt_string_empty_to_empty", "'' < ''", "{}", "false"},
    {"lt_string_case", "'Abc' < 'aBC'", "{}", "true"},
    {"lt_string_length", "'abc' < 'abcd'", "{}", "true"},
    {"not_lt_string_diacritical", "'a' > '\u00e0'", "{}", "false"},
    {"lt_bool_false_first", "false < true", "{}", "true"},
    {"lt_list_unsupported", "a < [1]", R"({"a":[0]})", "fault: a list is neither less nor greater than anything"},
    {"lt_dyn_int_uint", "a < 2u", R"({"a":1})", "true"},
    {"lt_dyn_int_big_lossy_double", "9007199254740992 < 9007199254740993.0", "{}", "false"},
    {"gte_dyn_int_big_double", "9223372036854775807 >= 9223372036854775807.0", "{}", "false"},
    {"in_list_empty", "'empty' in []", "{}", "false"},
    {"elem_in_list", "'elem' in ['elem', 'elemA', 'elemB']", "{}", "true"},
    {"elem_not_in_list", "'not' in ['elem1', 'elem2', 'elem3']", "{}", "false"},
    {"elem_in_mixed_type_list_cross", "'elem' in [1u, 'str', 2, 'elem']", "{}", "true"},
    {"elem_in_mixed_type_list_numbers", "1 in [4u, 3, 2u, 1.0]", "{}", "true"},
    {"key_in_map", "'key' in a", R"({"a":{"key":"1","other":"2"}})", "true"},
    {"key_not_in_map", "'key' in a", R"({"a":{"lock":1,"gate":2}})", "false"},

    // logic.textproto
    {"AND/all_true", "true && true", "{}", "true"},
    {"AND/short_circuit_left", "false && a", R"({"a":32})", "false"},
    {"AND/short_circuit_right", "a && false", R"({"a":"horses"})", "false"},
    {"AND/short_circuit_error_left", "false && no.such > 2", "{}", "false"},
    {"AND/short_circuit_error_right", "no.such > 2 && false", "{}", "false"},
    {"AND/error_right", "true && no.such > 2", "{}", "error: no such field"},
    {"AND/no_overload", "a && b", R"({"a":"less filling","b":"tastes great"})", overload},
    {"OR/short_circuit_left", "true || a", R"({"a":32})", "true"},
    {"OR/short_circuit_right", "a || true", R"({"a":"horses"})", "true"},
    {"OR/short_circuit_error_right", "no.such > 2 || true", "{}", "true"},
    {"OR/error_left", "no.such > 2 || false", "{}", "error: no such field"},
    {"NOT/not_true", "!true", "{}", "false"},
    {"NOT/no_overload", "!a", R"({"a":0})", overload},
    {"conditional/true_case", "true ? 1 : 2", "{}", "1"},
    {"conditional/false_case", "false ? 'foo' : 'bar'", "{}", R"("bar")"},
    {"conditional/error_case", "no.such ? 'cows' : 17", "{}", "error: no such field"},
    {"conditional/mixed_type", "a ? 'cows' : 17", R"({"a":true})", R"("cows")"},
    {"conditional/bad_type", "a ? false : true", R"({"a":"cows"})", overload},

    // string.textproto
    {"size/one_ascii", "size('A')", "{}", "1"},
    {"size/one_unicode", "size('\u00ff')", "{}", "1"},
    {"size/multiple_ascii", "size('four')", "{}", "4"},
    {"size/multiple_unicode", "size('\u03c0\u03ad\u03bd\u03c4\u03b5')", "{}", "5"},
    {"size/supplementary", "'\U0001f600'.size()", "{}", "1"},
    {"starts_with/basic_true", "'foobar'.startsWith('foo')", "{}", "true"},
    {"starts_with/empty_arg", "'foobar'.startsWith('')", "{}", "true"},
    {"starts_with/unicode", "'\u03b1\u03b2\u03b3'.startsWith('\u03b1\u03b2')", "{}", "true"},
    {"ends_with/basic_false", "'foobar'.endsWith('foo')", "{}", "false"},
    {"ends_with/empty_target", "''.endsWith('foo')", "{}", "false"},
    {"contains/mid", "'impossible'.contains('poss')", "{}", "true"},
    {"contains/unicode", "'fl\u00fbte'.contains('\u00fb')", "{}", "true"},
    {"matches/basic", "'hubba'.matches('ubb')", "{}", "true"},
    {"matches/re_concat", "'abcd'.matches('bc')", "{}", "true"},
    {"matches/re_alternation", "'grey'.matches('gr(a|e)y')", "{}", "true"},
    {"matches/re_plus", "'banana'.matches('ba(na)+')", "{}", "true"},
    {"matches/re_groups", "'cows'.matches('^(mooo)$')", "{}", "false"},
    {"concatenation/concat_with_empty", "'' + 'abc'", "{}", R"("abc")"},
    {"concatenation/concat_not_commutative", "'abc' + 'def' == 'def' + 'abc'", "{}", "false"},

    // lists.textproto and fields.textproto
    {"concatenation/list_append", "[0, 1, 2] + [3, 4, 5] == [0, 1, 2, 3, 4, 5]", "{}", "true"},
    {"index/array_bad_index", "[7, 8, 9][a]", R"({"a":3})", "error: index out of bounds"},
    {"index/zero_based", "[7, 8, 9][0]", "{}", "7"},
    {"fields/map_key_string", "a['key']", R"({"a":{"key":"value"}})", R"("value")"},
    {"fields/map_no_such_key", "a.name", R"({"a":{"holiday":"field"}})", "error: no such field"},
    {"fields/map_has", "has(a.a)", R"({"a":{"a":1,"b":2}})", "true"},
    {"fields/map_has_not", "has(a.c)", R"({"a":{"a":1,"b":2}})", "false"},
    {"fields/qualified_ident", "a.b.c", R"({"a":{"b":{"c":"yeah"}}})", R"("yeah")"},

    // macros.textproto
    {"exists/list_elem_all_true", "[1, 2, 3].exists(e, e > 0)", "{}", "true"},
    {"exists/list_elem_none_true", "[1, 2, 3].exists(e, e > 3)", "{}", "false"},
    {"exists/list_elem_type_shortcircuit", "a.exists(e, e == '1')", R"({"a":[1,"1"]})", "true"},
    {"exists/list_elem_error", "a.exists(e, e.startsWith('z'))", R"({"a":["a",2]})", overload},
    {"exists/list_empty", "[].exists(e, e == 2)", "{}", "false"},
    {"exists/map_key", "a.exists(k, k == 'key2')", R"({"a":{"key1":1,"key2":2}})", "true"},
    {"all/list_elem_some_true", "[1, 2, 3].all(e, e == 2)", "{}", "false"},
    {"all/list_elem_type_shortcircuit", "a.all(e, e == 'x')", R"({"a":[1,"x"]})", "false"},
    {"all/list_elem_error", "a.all(e, e > 0)", R"({"a":[1,"foo"]})", overload},
    {"all/list_empty", "[].all(e, e > 0)", "{}", "true"},
    {"nested/filter_all", "['signer'].all(s, ['signer'].exists(t, s == t))", "{}", "true"},

    // langdef.md: precedence, and evaluation of the logical operators
    {"precedence", "1 + 2 == 3 && !false || false", "{}", "true"},
    {"conditional is right-associative", "false ? 1 : false ? 2 : 3", "{}", "3"},
    {"reserved words are no identifiers", "while == 1", "{}", "fault: 'while' is a reserved word"},
};

TEST(CelSpec, ExamplesWithinTheSubsetHaveItsAnswers) {
  for (const Row& row : rows) {
    EXPECT_EQ(evaluate(row.expression, row.document), row.result) << row.from << ": " << row.expression;
  }
}

}  // namespace
}  // namespace hookline::rule
