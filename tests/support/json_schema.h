// A small checker of JSON Schema (draft 2020-12) for tests: the keywords that Hookline's schemas use,
// and a complaint about any other, so that no rule is passed over. Header only; one thread each.
#pragma once

#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "hookline/json/tree.h"

namespace hookline::test {

class JsonSchema {
 public:
  explicit JsonSchema(json::Tree schema) : root_(std::move(schema)) {}

  /// What of `value` breaks the schema: "/retry/schedule/0: pattern ^…$"; empty if nothing does.
  std::vector<std::string> violations(const json::Tree& value) const {
    std::vector<std::string> found;
    check(root_, value, "", found);
    return found;
  }

 private:
  using Found = std::vector<std::string>;

  bool holds(const json::Tree& schema, const json::Tree& value, const std::string& at) const {
    Found found;
    check(schema, value, at, found);
    return found.empty();
  }

  void check(const json::Tree& schema, const json::Tree& value, const std::string& at, Found& found) const {
    if (schema.is_boolean()) {
      if (!schema.get<bool>()) found.push_back(at + ": nothing may stand here");
      return;
    }
    for (const auto& [keyword, rule] : schema.items()) {
      if (!(check_any(keyword, rule, value, at, found) ||
            check_combination(keyword, rule, value, at, found) ||
            check_text(keyword, rule, value, at, found) || check_number(keyword, rule, value, at, found) ||
            check_array(keyword, rule, value, at, found) ||
            check_object(schema, keyword, rule, value, at, found))) {
        found.push_back(fmt::format("{}: the keyword '{}' is not known to this checker", at, keyword));
      }
    }
  }

  static bool is_type(const json::Tree& value, const std::string& type) {
    if (type == "integer")
      return value.is_number_integer() ||
             (value.is_number_float() &&
              value.get<double>() == static_cast<double>(static_cast<long long>(value.get<double>())));
    if (type == "number") return value.is_number();
    return std::string(value.type_name()) == type;
  }

  /// Appends "AT: KEYWORD RULE" unless `good`; always true: the keyword is known.
  static bool expect(bool good, const std::string& at, const std::string& keyword, const json::Tree& rule,
                     Found& found) {
    if (!good) found.push_back(fmt::format("{}: {} {}", at, keyword, rule.dump()));
    return true;
  }

  bool check_any(const std::string& keyword, const json::Tree& rule, const json::Tree& value,
                 const std::string& at, Found& found) const {
    static const std::set<std::string> annotations{"$schema",     "$id",     "$defs",    "$comment", "title",
                                                   "description", "default", "examples", "format"};
    if (annotations.count(keyword)) return true;
    if (keyword == "$ref") {
      check(root_.at(json::Tree::json_pointer(rule.get<std::string>().substr(1))), value, at, found);
      return true;
    }
    if (keyword == "type") {
      bool good = false;
      for (const auto& type : rule.is_array() ? rule : json::Tree::array({rule}))
        good = good || is_type(value, type.get<std::string>());
      return expect(good, at, keyword, rule, found);
    }
    if (keyword == "const") return expect(value == rule, at, keyword, rule, found);
    if (keyword == "enum")
      return expect(std::find(rule.begin(), rule.end(), value) != rule.end(), at, keyword, rule, found);
    return false;
  }

  bool check_combination(const std::string& keyword, const json::Tree& rule, const json::Tree& value,
                         const std::string& at, Found& found) const {
    if (keyword == "not") return expect(!holds(rule, value, at), at, keyword, rule, found);
    if (keyword != "anyOf" && keyword != "oneOf" && keyword != "allOf") return false;
    std::size_t held = 0;
    for (const auto& part : rule)
      held += holds(part, value, at) ? 1 : 0;
    const bool good = keyword == "anyOf" ? held > 0 : keyword == "oneOf" ? held == 1 : held == rule.size();
    return expect(good, at, keyword, rule, found);
  }

  const std::regex& compiled(const std::string& pattern) const {
    const auto found = patterns_.find(pattern);
    return found != patterns_.end() ? found->second
                                    : patterns_.emplace(pattern, std::regex(pattern)).first->second;
  }

  bool check_text(const std::string& keyword, const json::Tree& rule, const json::Tree& value,
                  const std::string& at, Found& found) const {
    const bool text = value.is_string();
    if (keyword == "pattern")
      return expect(!text || std::regex_search(value.get<std::string>(), compiled(rule.get<std::string>())),
                    at, keyword, rule, found);
    if (keyword == "minLength") return expect(!text || length(value) >= rule, at, keyword, rule, found);
    if (keyword == "maxLength") return expect(!text || length(value) <= rule, at, keyword, rule, found);
    return false;
  }

  static std::size_t length(const json::Tree& value) {
    std::size_t count = 0;
    for (const char c : value.get_ref<const std::string&>())
      count += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
    return count;
  }

  static bool check_number(const std::string& keyword, const json::Tree& rule, const json::Tree& value,
                           const std::string& at, Found& found) {
    const bool number = value.is_number();
    if (keyword == "minimum") return expect(!number || value >= rule, at, keyword, rule, found);
    if (keyword == "maximum") return expect(!number || value <= rule, at, keyword, rule, found);
    if (keyword == "exclusiveMinimum") return expect(!number || value > rule, at, keyword, rule, found);
    return false;
  }

  bool check_array(const std::string& keyword, const json::Tree& rule, const json::Tree& value,
                   const std::string& at, Found& found) const {
    if (keyword == "minItems")
      return expect(!value.is_array() || value.size() >= rule, at, keyword, rule, found);
    if (keyword == "maxItems")
      return expect(!value.is_array() || value.size() <= rule, at, keyword, rule, found);
    if (keyword != "items") return false;
    for (std::size_t i = 0; value.is_array() && i < value.size(); ++i)
      check(rule, value[i], fmt::format("{}/{}", at, i), found);
    return true;
  }

  bool check_object(const json::Tree& schema, const std::string& keyword, const json::Tree& rule,
                    const json::Tree& value, const std::string& at, Found& found) const {
    const bool object = value.is_object();
    if (keyword == "minProperties") return expect(!object || value.size() >= rule, at, keyword, rule, found);
    if (keyword == "maxProperties") return expect(!object || value.size() <= rule, at, keyword, rule, found);
    if (keyword == "required") {
      for (const auto& key : rule)
        expect(!object || value.contains(key.get<std::string>()), at, keyword, key, found);
      return true;
    }
    if (keyword == "dependentRequired") {
      for (const auto& [key, others] : rule.items()) {
        for (const auto& other : others)
          expect(!object || !value.contains(key) || value.contains(other.get<std::string>()), at, keyword,
                 rule, found);
      }
      return true;
    }
    if (keyword != "properties" && keyword != "additionalProperties" && keyword != "propertyNames")
      return false;
    if (!object) return true;
    for (const auto& [key, member] : value.items()) {
      const auto there = at + "/" + key;
      const bool named = schema.contains("properties") && schema["properties"].contains(key);
      if (keyword == "properties" && named) check(rule[key], member, there, found);
      if (keyword == "additionalProperties" && !named) check(rule, member, there, found);
      if (keyword == "propertyNames") check(rule, key, there, found);
    }
    return true;
  }

  json::Tree root_;
  mutable std::map<std::string, std::regex> patterns_;  // compiling one costs more than all the rest
};

}  // namespace hookline::test
