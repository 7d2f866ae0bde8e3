// Random expressions, their spelling, and random documents for them. A seed gives one of each.
#pragma once

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/json/tree.h"
#include "unit/rule/naive.h"

namespace hookline::rule {

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  naive::Ast condition(int depth) {
    if (depth <= 0) return {"lit", pick({"true", "false"}), {}};
    switch (below(12)) {
      case 0:
        return {"!", "", {condition(depth - 1)}};
      case 1:
      case 2:
        return {"&&", "", {condition(depth - 1), condition(depth - 1)}};
      case 3:
      case 4:
        return {"||", "", {condition(depth - 1), condition(depth - 1)}};
      case 5:
        return {"?:", "", {condition(depth - 1), condition(depth - 1), condition(depth - 1)}};
      case 6:
        return {"has", "", {field(depth - 1)}};
      case 7:
        return macro(depth);
      case 8:
        return {"in", "", {value(depth - 1), below(3) == 0 ? place(depth - 1) : list(depth - 1)}};
      case 9:
        return {
            pick({"contains", "startsWith", "endsWith", "matches"}), "", {text(depth - 1), text_literal()}};
      case 10:
        return {pick({"<", "<=", ">", ">="}), "", {value(depth - 1), value(depth - 1)}};
      default:
        return {pick({"==", "!="}), "", {value(depth - 1), value(depth - 1)}};
    }
  }

  naive::Ast value(int depth) {
    switch (depth <= 0 ? below(4) : below(12)) {
      case 0:
      case 1:
        return place(depth);
      case 2:
        return literal();
      case 3:
        return text_literal();
      case 4:
        return {"+", "", {value(depth - 1), value(depth - 1)}};
      case 5:
        return {"size", "", {place(depth - 1)}};
      case 6:
        return list(depth - 1);
      case 7:
        return text(depth - 1);
      case 8:
        return {"?:", "", {condition(depth - 1), value(depth - 1), value(depth - 1)}};
      case 9:
        return {"[]", "", {list(depth - 1), value(0)}};
      case 10:
        return condition(depth - 1);
      default:
        return place(depth);
    }
  }

  nlohmann::json document() {
    nlohmann::json document = nlohmann::json::object();
    for (const char* name : {"a", "b", "c", "d", "hostname"}) {
      if (below(8) > 0) document[name] = node(3);
    }
    if (below(3) > 0) document["host"] = scalar();
    if (document.contains("hostname") && document["hostname"].is_structured())
      document["hostname"] = scalar();
    return document;
  }

  /// The document as text, with white space and escapes here and there.
  std::string spell(const nlohmann::json& document) {
    std::string text = document.dump(below(2) == 0 ? -1 : 2, ' ', below(2) == 0);
    if (below(3) > 0) return text;
    std::string escaped;
    for (const char c : text)
      escaped += c == 'x' ? "\\u0078" : std::string(1, c);
    return escaped;
  }

  /// The expression as text; brackets wherever precedence needs them, and sometimes elsewhere.
  std::string spell(const naive::Ast& e) {
    const std::string text = spell_bare(e);
    return below(8) == 0 ? "(" + text + ")" : text;
  }

  std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }

 private:
  std::string pick(std::vector<std::string> of) { return of[below(of.size())]; }

  naive::Ast literal() {
    return {
        "lit",
        pick({"0", "1", "2", "-1", "9223372036854775807", "-9223372036854775808", "9007199254740993", "1u",
              "18446744073709551615u", "0.5", "1.0", "-2.5", "9007199254740992.0", "true", "false", "null"}),
        {}};
  }
  naive::Ast large() {
    return {"lit", pick({"9223372036854775807", "-9223372036854775808", "18446744073709551615u"}), {}};
  }

  naive::Ast text_literal() {
    return {"lit", pick({"\"\"", "\"x\"", "\"X\"", "\"xy\"", "\"0\"", "\"a\"", "\"\\u00e9x\""}), {}};
  }

  naive::Ast text(int depth) {
    if (depth <= 0 || below(3) == 0) return below(4) == 0 ? text_literal() : place(depth);
    return {pick({"lowerAscii", "upperAscii"}), "", {text(depth - 1)}};
  }

  naive::Ast list(int depth) {
    naive::Ast list{"list", "", {}};
    for (std::size_t i = below(below(6) == 0 ? 12 : 4); i > 0; --i) {
      list.of.push_back(below(3) == 0 ? value(depth - 1) : below(2) == 0 ? literal() : text_literal());
    }
    return list;
  }

  naive::Ast name() {
    if (!locals_.empty() && below(2) == 0) return {"name", locals_[below(locals_.size())], {}};
    return {"name", pick({"a", "b", "c", "d", "nobody", "host", "kind", "document"}), {}};
  }

  naive::Ast place(int depth) { return depth <= 0 || below(3) == 0 ? name() : field(depth); }

  naive::Ast field(int depth) {
    naive::Ast base = below(2) == 0 ? place(depth - 1) : name();
    switch (below(5)) {
      case 0:
        return {"[]", "", {base, {"lit", pick({"0", "1", "1u"}), {}}}};
      case 1:
        return {"[]", "", {base, {"lit", pick({"\"a\"", "\"b\"", "\"0\""}), {}}}};
      case 2:
        return {"[]", "", {base, depth > 0 ? value(depth - 1) : name()}};
      default:
        return {".", pick({"a", "b", "c", "d", "host"}), {base}};
    }
  }

  naive::Ast macro(int depth) {
    naive::Ast range = below(4) == 0 ? list(depth - 1) : place(depth - 1);
    const std::string variable = pick({"x", "y", "a", "host"});
    if (locals_.size() >= 4) return {"lit", "true", {}};
    locals_.push_back(variable);
    naive::Ast predicate = condition(depth - 1);
    locals_.pop_back();
    return {pick({"exists", "all"}), variable, {range, predicate}};
  }

  nlohmann::json scalar() {
    static const std::vector<nlohmann::json> scalars{nullptr,
                                                     true,
                                                     false,
                                                     0,
                                                     1,
                                                     2,
                                                     -1,
                                                     0.5,
                                                     1.0,
                                                     -2.5,
                                                     1e300,
                                                     9007199254740993,
                                                     9007199254740992.0,
                                                     INT64_MAX,
                                                     INT64_MIN,
                                                     9223372036854775808ull,
                                                     "",
                                                     "x",
                                                     "X",
                                                     "xy",
                                                     "0",
                                                     "a",
                                                     "line\n\"q\"\\x",
                                                     "\u00e9x"};
    return scalars[below(scalars.size())];
  }

  nlohmann::json node(int depth) {
    const std::size_t shape = depth == 0 ? 9 : below(10);
    if (shape > 5) return scalar();
    nlohmann::json made = shape < 3 ? nlohmann::json::object() : nlohmann::json::array();
    for (std::size_t i = below(4); i > 0; --i) {
      if (shape < 3) {
        made[pick({"a", "b", "c", "d", "0", "x", "host"})] = node(depth - 1);
      } else {
        made.push_back(node(depth - 1));
      }
    }
    return made;
  }

  std::string operand(const naive::Ast& e) {
    const bool atom =
        e.op == "lit" || e.op == "name" || e.op == "." || e.op == "[]" || e.op == "list" || e.op == "has";
    const bool negative = e.op == "lit" && e.text[0] == '-';
    return atom && !negative ? spell(e) : "(" + spell_bare(e) + ")";
  }

  std::string spell_bare(const naive::Ast& e) {
    if (e.op == "lit" || e.op == "name") return e.text;
    if (e.op == ".") return operand(e.of[0]) + "." + e.text;
    if (e.op == "[]") return operand(e.of[0]) + "[" + spell(e.of[1]) + "]";
    if (e.op == "list") {
      std::string text = "[";
      for (const naive::Ast& child : e.of)
        text += spell(child) + ", ";
      return text + "]";
    }
    if (e.op == "has") return "has(" + spell_bare(e.of[0]) + ")";
    if (e.op == "!") return "!" + operand(e.of[0]);
    if (e.op == "?:") return operand(e.of[0]) + " ? " + operand(e.of[1]) + " : " + spell(e.of[2]);
    if (e.op == "exists" || e.op == "all") {
      return operand(e.of[0]) + "." + e.op + "(" + e.text + ", " + spell(e.of[1]) + ")";
    }
    if (e.op == "size") return below(2) == 0 ? "size(" + spell(e.of[0]) + ")" : operand(e.of[0]) + ".size()";
    if (e.op == "lowerAscii" || e.op == "upperAscii") return operand(e.of[0]) + "." + e.op + "()";
    if (e.op == "contains" || e.op == "startsWith" || e.op == "endsWith" || e.op == "matches") {
      return operand(e.of[0]) + "." + e.op + "(" + spell(e.of[1]) + ")";
    }
    const bool tight = e.op == "&&" || e.op == "||";  // chains of one operator stay flat now and then
    const std::string left = tight && e.of[0].op == e.op ? spell_bare(e.of[0]) : operand(e.of[0]);
    return left + " " + e.op + " " + operand(e.of[1]);
  }

  std::mt19937_64 random_;
  std::vector<std::string> locals_;
};

}  // namespace hookline::rule
