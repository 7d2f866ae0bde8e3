// Equality, order, membership and sums: where values of two sides meet.
#include <algorithm>
#include <cmath>
#include <string>
#include <type_traits>

#include "errors.h"
#include "evaluate.h"

namespace hookline::rule {
namespace {

using Kind = json::ValueKind;
using Source = event::Variable::Source;

const json::Value* document_of(const Value& value, Kind kind) {
  const auto* document = std::get_if<json::Value>(&value.data);
  return document != nullptr && document->kind == kind ? document : nullptr;
}

bool is_list(const Value& value) {
  return std::holds_alternative<const List*>(value.data) || document_of(value, Kind::array) != nullptr;
}

// By the exact value: 9007199254740993 is not 9007199254740992.0, though it converts to it.
template <class Integer>
std::partial_ordering compare_with_double(Integer a, double b) {
  if (std::isnan(b)) return std::partial_ordering::unordered;
  constexpr double limit = sizeof(Integer) == 8 && std::is_signed_v<Integer> ? 0x1p63 : 0x1p64;
  if (b >= limit) return std::partial_ordering::less;
  if (b < (std::is_signed_v<Integer> ? -limit : 0.0)) return std::partial_ordering::greater;
  const auto whole = static_cast<Integer>(b);
  if (a != whole) return a <=> whole;
  return 0.0 <=> b - std::trunc(b);
}

std::partial_ordering reversed(std::partial_ordering order) {
  return 0 <=> order;
}

std::partial_ordering compare(std::int64_t a, std::int64_t b) {
  return a <=> b;
}
std::partial_ordering compare(std::uint64_t a, std::uint64_t b) {
  return a <=> b;
}
std::partial_ordering compare(double a, double b) {
  return a <=> b;
}
std::partial_ordering compare(std::int64_t a, std::uint64_t b) {
  return a < 0 ? std::partial_ordering::less : static_cast<std::uint64_t>(a) <=> b;
}
std::partial_ordering compare(std::uint64_t a, std::int64_t b) {
  return reversed(compare(b, a));
}
std::partial_ordering compare(std::int64_t a, double b) {
  return compare_with_double(a, b);
}
std::partial_ordering compare(std::uint64_t a, double b) {
  return compare_with_double(a, b);
}
std::partial_ordering compare(double a, std::int64_t b) {
  return reversed(compare_with_double(b, a));
}
std::partial_ordering compare(double a, std::uint64_t b) {
  return reversed(compare_with_double(b, a));
}

template <class T>
constexpr bool numeric =
    std::is_same_v<T, std::int64_t> || std::is_same_v<T, std::uint64_t> || std::is_same_v<T, double>;

}  // namespace

bool is_number(const Value& value) {
  return std::visit([](const auto& v) { return numeric<std::decay_t<decltype(v)>>; }, value.data);
}

std::partial_ordering compare_numbers(const Value& a, const Value& b) {
  return std::visit(
      [](const auto& x, const auto& y) -> std::partial_ordering {
        if constexpr (numeric<std::decay_t<decltype(x)>> && numeric<std::decay_t<decltype(y)>>) {
          return compare(x, y);
        } else {
          return std::partial_ordering::unordered;
        }
      },
      a.data, b.data);
}

// The comparison that most filters consist of: nothing is copied, parsed or allocated.
Truth Evaluation::variable_is(const Node& variable, std::string_view text) {
  if (is_direct(variable.source, variable.reserved)) {
    return direct_text(*event_, variable.reserved) == text ? Truth::yes : Truth::no;
  }
  const json::Value raw = event_->get(variable.slot);
  if (raw.kind == Kind::string) {
    if (!charge(std::min(raw.raw.size(), 6 * text.size()), variable.at)) return Truth::error;
    return spells(raw.raw, text) ? Truth::yes : Truth::no;
  }
  if (raw.kind == Kind::absent && variable.source != Source::attribute &&
      variable.source != Source::reserved) {
    return fail(variable.at, error::no_such_field);
  }
  return Truth::no;
}

Truth Evaluation::equality(const Node& node) {
  Truth same = Truth::error;
  if (node.fused && std::holds_alternative<std::string_view>(node.constant.data)) {
    same = variable_is(node, std::get<std::string_view>(node.constant.data));
  } else if (!node.fused && node[1].op == Op::variable && node[0].is_text()) {
    same = variable_is(node[1], node[0].text());
  } else {
    const Outcome a = left(node);
    const Outcome b = a ? right(node) : a;
    if (!b) {
      error_ = b.error();
      return Truth::error;
    }
    same = equal(*a, *b, node.at, 0);
  }
  if (same == Truth::error || node.op == Op::equal) return same;
  return same == Truth::yes ? Truth::no : Truth::yes;
}

Truth Evaluation::equal(const Value& a, const Value& b, std::size_t at, std::size_t depth) {
  const auto verdict = [](bool same) { return same ? Truth::yes : Truth::no; };
  if (!charge(8, at)) return Truth::error;
  if (is_number(a) && is_number(b)) return verdict(compare_numbers(a, b) == 0);
  if (is_list(a) && is_list(b)) return equal_lists(a, b, at, depth + 1);
  if (a.data.index() != b.data.index()) return Truth::no;
  if (const auto* text = std::get_if<std::string_view>(&a.data)) {
    const auto& other = std::get<std::string_view>(b.data);
    if (text->size() != other.size()) return Truth::no;
    return charge_text(*text, at) ? verdict(*text == other) : Truth::error;
  }
  if (const auto* answer = std::get_if<bool>(&a.data)) return verdict(*answer == std::get<bool>(b.data));
  const auto* object = document_of(a, Kind::object);
  const auto* other = document_of(b, Kind::object);
  if (object != nullptr && other != nullptr) return equal_objects(*object, *other, at, depth + 1);
  return verdict(object == nullptr && other == nullptr && std::holds_alternative<std::nullptr_t>(a.data));
}

Truth Evaluation::equal_lists(const Value& a, const Value& b, std::size_t at, std::size_t depth) {
  if (depth > json::max_depth) return fail(at, error::too_deep);
  Elements left(a);
  Elements right(b);
  const Arena::Mark mark = arena_.mark();
  for (;; arena_.release(mark)) {
    const bool more = left.next();
    const bool other = right.next();
    if (left.malformed() || right.malformed()) return fail(at, error::malformed);
    if (!more || !other) return more == other ? Truth::yes : Truth::no;
    if (!charge(left.walked() + right.walked(), at)) return Truth::error;
    const Outcome x = left.element(*this, at);
    const Outcome y = x ? right.element(*this, at) : x;
    if (!y) {
      error_ = y.error();
      return Truth::error;
    }
    const Truth same = equal(*x, *y, at, depth);
    if (same != Truth::yes) return same;
  }
}

Truth Evaluation::equal_objects(const json::Value& a, const json::Value& b, std::size_t at,
                                std::size_t depth) {
  if (depth > json::max_depth) return fail(at, error::too_deep);
  if (!charge(4 * (a.raw.size() + b.raw.size()), at)) return Truth::error;
  const Arena::Mark mark = arena_.mark();
  const auto left = members_of(a, arena_);
  const auto right = members_of(b, arena_);
  if (!left || !right) return fail(at, error::malformed);
  if (left->size() != right->size()) return Truth::no;
  for (std::size_t i = 0; i < left->size(); ++i) {
    if ((*left)[i].key != (*right)[i].key) return Truth::no;
  }
  Truth same = Truth::yes;
  for (std::size_t i = 0; same == Truth::yes && i < left->size(); ++i) {
    const Outcome x = load((*left)[i].value, at);
    const Outcome y = x ? load((*right)[i].value, at) : x;
    if (!y) {
      error_ = y.error();
      return Truth::error;
    }
    same = equal(*x, *y, at, depth);
  }
  arena_.release(mark);
  return same;
}

Truth Evaluation::order(const Node& node) {
  const Outcome a = left(node);
  const Outcome b = a ? right(node) : a;
  if (!b) {
    error_ = b.error();
    return Truth::error;
  }
  std::partial_ordering order = std::partial_ordering::unordered;
  const auto* text = std::get_if<std::string_view>(&a->data);
  const auto* other_text = std::get_if<std::string_view>(&b->data);
  const auto* answer = std::get_if<bool>(&a->data);
  const auto* other_answer = std::get_if<bool>(&b->data);
  if (is_number(*a) && is_number(*b)) {
    order = compare_numbers(*a, *b);
  } else if (text != nullptr && other_text != nullptr) {
    if (!charge_text(*text, node.at)) return Truth::error;
    order = *text <=> *other_text;
  } else if (answer != nullptr && other_answer != nullptr) {
    order = *answer <=> *other_answer;
  } else {
    return fail(node.at, error::no_overload);
  }
  const bool holds = node.op == Op::less         ? order < 0
                     : node.op == Op::less_equal ? order <= 0
                     : node.op == Op::greater    ? order > 0
                                                 : order >= 0;
  return holds ? Truth::yes : Truth::no;
}

Truth Evaluation::membership(const Node& node) {
  const Outcome item = left(node);
  const Outcome range = item ? right(node) : item;
  if (!range) {
    error_ = range.error();
    return Truth::error;
  }
  const auto* text = std::get_if<std::string_view>(&item->data);
  if (node.texts != nullptr) {  // nothing but a text can be in it
    return text != nullptr && std::binary_search(node.texts, node.texts + node.text_count, *text) ? Truth::yes
                                                                                                  : Truth::no;
  }
  Elements elements(*range);
  if (!elements.countable()) return fail(node.at, error::no_overload);
  std::optional<EvalError> first;
  const Arena::Mark mark = arena_.mark();
  for (; elements.next(); arena_.release(mark)) {
    if (!charge(elements.walked(), node.at)) return Truth::error;
    const Outcome element = elements.element(*this, node.at);
    Truth same = Truth::error;
    if (element) {
      same = equal(*item, *element, node.at, 0);
    } else {
      error_ = element.error();
    }
    if (same == Truth::yes) return Truth::yes;
    if (same == Truth::error && !first) first = error_;
  }
  if (elements.malformed()) return fail(node.at, error::malformed);
  if (!first) return Truth::no;
  error_ = *first;
  return Truth::error;
}

Outcome Evaluation::sum(const Node& node) {
  Outcome total = value(node[0]);
  for (std::size_t i = 1; total && i < node.child_count; ++i) {
    const Outcome next = value(node[i]);
    total = next ? plus(*total, *next, node.at) : next;
  }
  return total;
}

Outcome Evaluation::plus(const Value& a, const Value& b, std::size_t at) {
  const auto* x = std::get_if<std::int64_t>(&a.data);
  const auto* y = std::get_if<std::int64_t>(&b.data);
  if (x != nullptr && y != nullptr) {
    std::int64_t result = 0;
    if (__builtin_add_overflow(*x, *y, &result)) return failure(at, error::overflow);
    return Value{result};
  }
  const auto* u = std::get_if<std::uint64_t>(&a.data);
  const auto* v = std::get_if<std::uint64_t>(&b.data);
  if (u != nullptr && v != nullptr) {
    std::uint64_t result = 0;
    if (__builtin_add_overflow(*u, *v, &result)) return failure(at, error::overflow);
    return Value{result};
  }
  const auto* d = std::get_if<double>(&a.data);
  const auto* e = std::get_if<double>(&b.data);
  if (d != nullptr && e != nullptr) return Value{*d + *e};

  const auto* text = std::get_if<std::string_view>(&a.data);
  const auto* tail = std::get_if<std::string_view>(&b.data);
  if (text != nullptr && tail != nullptr) {
    if (!charge(text->size() + tail->size(), at)) return failure();
    std::string& joined = arena_.text();
    joined.append(*text).append(*tail);
    return Value{std::string_view(joined)};
  }
  if (!is_list(a) || !is_list(b)) return failure(at, error::no_overload);
  List& joined = arena_.list();
  for (const Value* side : {&a, &b}) {
    Elements elements(*side);
    while (elements.next()) {
      if (!charge(8 + elements.walked(), at)) return failure();
      const Outcome element = elements.element(*this, at);
      if (!element) return element;
      joined.push_back(*element);
    }
    if (elements.malformed()) return failure(at, error::malformed);
  }
  return Value{static_cast<const List*>(&joined)};
}

}  // namespace hookline::rule
