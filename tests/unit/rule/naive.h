// The expression language once more, as simply as possible: a tree of strings, evaluated over a
// nlohmann tree. It shares nothing with the room; the property test holds the two against each other.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "hookline/json/tree.h"

namespace hookline::rule::naive {

/// An expression as an operator's spelling, a literal, or a name; `op` tells which.
struct Ast {
  std::string op;    // "lit", "name", ".", "[]", "list", "&&", "size", "exists" …
  std::string text;  // literal as written, name, field, iteration variable
  std::vector<Ast> of;
};

struct Value;
using Items = std::vector<Value>;
using Fields = std::map<std::string, Value>;
struct Value {
  std::variant<std::nullptr_t, bool, long double, std::string, Items, Fields> data = nullptr;
  char number = ' ';     // i, u or d
  bool literal = false;  // a list that the expression makes, not the document
};

struct Result {
  std::optional<Value> value;
  std::string error;
};

inline Result failed(std::string error) {
  return {std::nullopt, std::move(error)};
}
inline Result good(Value value) {
  return {std::move(value), ""};
}
inline Result truth(bool value) {
  return good(Value{value});
}

inline Value number(long double n, char type) {
  Value value{n};
  value.number = type;
  return value;
}

inline Value from_json(const nlohmann::json& json) {
  if (json.is_null()) return {};
  if (json.is_boolean()) return {json.get<bool>()};
  if (json.is_number_float()) return number(static_cast<long double>(json.get<double>()), 'd');
  if (json.is_number_unsigned()) {
    const auto n = json.get<std::uint64_t>();
    if (n > INT64_MAX) return number(static_cast<long double>(static_cast<double>(n)), 'd');
    return number(static_cast<long double>(n), 'i');
  }
  if (json.is_number_integer()) return number(static_cast<long double>(json.get<std::int64_t>()), 'i');
  if (json.is_string()) return {json.get<std::string>()};
  if (json.is_array()) {
    Items items;
    for (const auto& item : json)
      items.push_back(from_json(item));
    return {items};
  }
  Fields fields;
  for (const auto& [key, value] : json.items())
    fields[key] = from_json(value);
  return {fields};
}

inline bool same(const Value& a, const Value& b) {
  if (a.data.index() != b.data.index()) return false;
  if (const auto* items = std::get_if<Items>(&a.data)) {
    const auto& others = std::get<Items>(b.data);
    if (items->size() != others.size()) return false;
    for (std::size_t i = 0; i < items->size(); ++i) {
      if (!same((*items)[i], others[i])) return false;
    }
    return true;
  }
  if (const auto* fields = std::get_if<Fields>(&a.data)) {
    const auto& others = std::get<Fields>(b.data);
    if (fields->size() != others.size()) return false;
    for (const auto& [key, value] : *fields) {
      const auto other = others.find(key);
      if (other == others.end() || !same(value, other->second)) return false;
    }
    return true;
  }
  if (const auto* n = std::get_if<long double>(&a.data)) return *n == std::get<long double>(b.data);
  if (const auto* s = std::get_if<std::string>(&a.data)) return *s == std::get<std::string>(b.data);
  if (const auto* t = std::get_if<bool>(&a.data)) return *t == std::get<bool>(b.data);
  return true;
}

class Evaluator {
 public:
  explicit Evaluator(const nlohmann::json& document) : document_(from_json(document)) {}

  Result run(const Ast& e) {
    if (e.op == "lit") return good(literal(e.text));
    if (e.op == "name") return name(e.text);
    if (e.op == ".") return field(e);
    if (e.op == "[]") return element(e);
    if (e.op == "list") return list(e);
    if (e.op == "has") return truth(run(e.of[0]).value.has_value());
    if (e.op == "!") return negate(condition(e.of[0]));
    if (e.op == "&&" || e.op == "||") return logic(e);
    if (e.op == "?:") return choose(e);
    if (e.op == "exists" || e.op == "all") return quantify(e);
    return strict(e);
  }

 private:
  static constexpr const char* no_overload = "no matching overload";
  static constexpr const char* no_field = "no such field";

  static Value literal(const std::string& text) {
    if (text == "null") return {};
    if (text == "true" || text == "false") return {text == "true"};
    if (text[0] == '"') return {nlohmann::json::parse(text).get<std::string>()};
    if (text.back() == 'u') return number(static_cast<long double>(std::stoull(text)), 'u');
    if (text.find('.') != std::string::npos) return number(static_cast<long double>(std::stod(text)), 'd');
    return number(static_cast<long double>(std::stoll(text)), 'i');
  }

  /// Of the attributes only `host` is used: the first of `host`, `hostname` that holds anything.
  Result name(const std::string& name) {
    for (auto local = locals_.rbegin(); local != locals_.rend(); ++local) {
      if (local->first == name) return good(local->second);
    }
    if (name == "kind") return good({std::string("alarm")});
    if (name == "document") return good(document_);
    if (name != "host") return member(document_, name);
    for (const char* path : {"host", "hostname"}) {
      const Result found = member(document_, path);
      if (found.value && found.value->data.index() != 0) return found;
    }
    return good({});
  }

  bool is_local(const std::string& name) const {
    for (const auto& local : locals_) {
      if (local.first == name) return true;
    }
    return false;
  }

  static Result member(const Value& base, const std::string& key) {
    const auto* fields = std::get_if<Fields>(&base.data);
    if (fields == nullptr || fields->count(key) == 0) return failed(no_field);
    return good(fields->at(key));
  }

  /// What a select or an index is applied to: a bare name there is the document's field.
  Result base(const Ast& e) {
    if (e.op == "name" && !is_local(e.text) && e.text != "document") return member(document_, e.text);
    return run(e);
  }

  Result field(const Ast& e) {
    const Result of = base(e.of[0]);
    return of.value ? member(*of.value, e.text) : of;
  }

  Result element(const Ast& e) {
    const Result of = base(e.of[0]);
    if (!of.value) return of;
    const Result key = run(e.of[1]);
    if (!key.value) return key;
    const auto* n = std::get_if<long double>(&key.value->data);
    const auto* s = std::get_if<std::string>(&key.value->data);
    const bool whole = n != nullptr && key.value->number != 'd';
    const auto* items = std::get_if<Items>(&of.value->data);
    if (items != nullptr && of.value->literal) {
      if (!whole) return failed(no_overload);
      if (*n < 0 || *n >= static_cast<long double>(items->size())) return failed("index out of bounds");
      return good((*items)[static_cast<std::size_t>(*n)]);
    }
    if (!whole && s == nullptr) return failed(no_overload);
    const std::string segment = s != nullptr ? *s : std::to_string(static_cast<long long>(*n));
    if (items == nullptr) return member(*of.value, segment);
    if (segment.empty() || segment.find_first_not_of("0123456789") != std::string::npos)
      return failed(no_field);
    const unsigned long long position = std::stoull(segment);
    return position < items->size() ? good((*items)[position]) : failed(no_field);
  }

  Result list(const Ast& e) {
    Items items;
    for (const Ast& child : e.of) {
      Result item = run(child);
      if (!item.value) return item;
      items.push_back(*item.value);
    }
    Value value{items};
    value.literal = true;
    return good(value);
  }

  Result condition(const Ast& e) {
    Result result = run(e);
    if (result.value && !std::holds_alternative<bool>(result.value->data)) return failed(no_overload);
    return result;
  }

  static Result negate(const Result& result) {
    return result.value ? truth(!std::get<bool>(result.value->data)) : result;
  }

  Result logic(const Ast& e) {
    const bool decisive = e.op == "||";
    const Result left = condition(e.of[0]);
    if (left.value && std::get<bool>(left.value->data) == decisive) return left;
    const Result right = condition(e.of[1]);
    if (right.value && std::get<bool>(right.value->data) == decisive) return right;
    return left.value ? right : left;
  }

  Result choose(const Ast& e) {
    const Result which = condition(e.of[0]);
    if (!which.value) return which;
    return run(e.of[std::get<bool>(which.value->data) ? 1 : 2]);
  }

  Result quantify(const Ast& e) {
    const Result range = run(e.of[0]);
    if (!range.value) return range;
    Items items;
    if (const auto* list = std::get_if<Items>(&range.value->data)) {
      items = *list;
    } else if (const auto* fields = std::get_if<Fields>(&range.value->data)) {
      for (const auto& [key, value] : *fields)
        items.push_back({key});
    } else {
      return failed(no_overload);
    }
    const bool decisive = e.op == "exists";
    Result answer = truth(!decisive);
    for (const Value& item : items) {
      locals_.emplace_back(e.text, item);
      const Result one = condition(e.of[1]);
      locals_.pop_back();
      if (one.value && std::get<bool>(one.value->data) == decisive) return one;
      if (!one.value && answer.value) answer = one;
    }
    return answer;
  }

  Result strict(const Ast& e) {
    std::vector<Value> values;
    for (const Ast& child : e.of) {
      Result value = run(child);
      if (!value.value) return value;
      values.push_back(*value.value);
    }
    if (e.op == "==" || e.op == "!=") return truth(same(values[0], values[1]) == (e.op == "=="));
    if (e.op == "in") return in(values[0], values[1]);
    if (e.op == "+") return plus(values[0], values[1]);
    if (e.op[0] == '<' || e.op[0] == '>') return order(e.op, values[0], values[1]);
    return call(e.op, values);
  }

  static Result in(const Value& item, const Value& range) {
    if (const auto* items = std::get_if<Items>(&range.data)) {
      for (const Value& each : *items) {
        if (same(item, each)) return truth(true);
      }
      return truth(false);
    }
    const auto* fields = std::get_if<Fields>(&range.data);
    if (fields == nullptr) return failed(no_overload);
    const auto* key = std::get_if<std::string>(&item.data);
    return truth(key != nullptr && fields->count(*key) > 0);
  }

  static Result plus(const Value& a, const Value& b) {
    const auto* s = std::get_if<std::string>(&a.data);
    const auto* t = std::get_if<std::string>(&b.data);
    if (s != nullptr && t != nullptr) return good({*s + *t});
    const auto* i = std::get_if<Items>(&a.data);
    const auto* j = std::get_if<Items>(&b.data);
    if (i != nullptr && j != nullptr) {
      Items items = *i;
      items.insert(items.end(), j->begin(), j->end());
      Value value{items};
      value.literal = true;
      return good(value);
    }
    if (a.number == ' ' || a.number != b.number) return failed(no_overload);
    const long double sum = std::get<long double>(a.data) + std::get<long double>(b.data);
    if (a.number == 'd') return good(number(static_cast<long double>(static_cast<double>(sum)), 'd'));
    const bool fits = a.number == 'i' ? sum >= -0x1p63L && sum < 0x1p63L : sum < 0x1p64L;
    return fits ? good(number(sum, a.number)) : failed("integer overflow");
  }

  static Result order(const std::string& op, const Value& a, const Value& b) {
    const auto pick = [&](bool less, bool equal) {
      if (op == "<") return truth(less);
      if (op == "<=") return truth(less || equal);
      return truth(op == ">" ? !less && !equal : !less);
    };
    if (a.data.index() != b.data.index()) return failed(no_overload);
    if (const auto* n = std::get_if<long double>(&a.data)) {
      const auto m = std::get<long double>(b.data);
      return pick(*n < m, *n == m);
    }
    if (const auto* s = std::get_if<std::string>(&a.data)) {
      const int sign = s->compare(std::get<std::string>(b.data));
      return pick(sign < 0, sign == 0);
    }
    if (const auto* t = std::get_if<bool>(&a.data)) {
      const bool u = std::get<bool>(b.data);
      return pick(!*t && u, *t == u);
    }
    return failed(no_overload);
  }

  static Result call(const std::string& op, const std::vector<Value>& values) {
    const auto* s = std::get_if<std::string>(&values[0].data);
    if (op == "size") {
      if (const auto* items = std::get_if<Items>(&values[0].data)) {
        return good(number(static_cast<long double>(items->size()), 'i'));
      }
      if (const auto* fields = std::get_if<Fields>(&values[0].data)) {
        return good(number(static_cast<long double>(fields->size()), 'i'));
      }
      if (s == nullptr) return failed(no_overload);
      long double count = 0;
      for (const char c : *s)
        count += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
      return good(number(count, 'i'));
    }
    if (s == nullptr) return failed(no_overload);
    if (op == "lowerAscii" || op == "upperAscii") {
      std::string changed;
      for (const char c : *s) {
        const bool lower = op == "lowerAscii";
        changed += lower && c >= 'A' && c <= 'Z'    ? static_cast<char>(c + 32)
                   : !lower && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32)
                                                    : c;
      }
      return good({changed});
    }
    const auto* t = std::get_if<std::string>(&values[1].data);
    if (t == nullptr) return failed(no_overload);
    if (op == "startsWith") return truth(s->substr(0, t->size()) == *t);
    if (op == "endsWith") return truth(s->size() >= t->size() && s->substr(s->size() - t->size()) == *t);
    return truth(s->find(*t) != std::string::npos);  // contains, and matches with a plain text
  }

  Value document_;
  std::vector<std::pair<std::string, Value>> locals_;
};

}  // namespace hookline::rule::naive
