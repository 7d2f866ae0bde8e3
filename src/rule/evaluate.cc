#include "evaluate.h"

#include <charconv>
#include <string>

#include "errors.h"

namespace hookline::rule {
namespace {

using Kind = json::ValueKind;
using Source = event::Variable::Source;

bool is_position(std::string_view text) {
  constexpr std::size_t longest = 20;  // digits of 64 bits
  return !text.empty() && text.size() <= longest &&
         text.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace

bool is_direct(Source source, event::Reserved reserved) {
  return source == Source::reserved && reserved != event::Reserved::headers &&
         reserved != event::Reserved::document;
}

std::optional<std::string_view> direct_text(const event::Event& event, event::Reserved reserved) {
  switch (reserved) {
    case event::Reserved::kind:
      return event::name(event.kind());
    case event::Reserved::type:
      return event.type();
    case event::Reserved::topic:
      return event.record().topic;
    case event::Reserved::key:
      return event.record().key;
    default:
      return std::nullopt;
  }
}

Truth Evaluation::fail(std::size_t at, std::string_view what) {
  error_ = {at, what};
  return Truth::error;
}

bool Evaluation::charge(std::size_t work, std::size_t at) {
  work_ += work;
  if (work_ <= max_work) return true;
  work_ = max_work + 1;  // stays exhausted, cannot wrap
  fail(at, error::limit);
  return false;
}

Outcome Evaluation::value(const Node& node) {
  if (!charge_node(node)) return failure();
  switch (node.op) {
    case Op::constant:
      return node.constant;
    case Op::local:
      return locals_[node.slot];
    case Op::variable:
      return variable(node);
    case Op::select:
      return select(node);
    case Op::index:
      return index(node);
    case Op::list:
      return list(node);
    case Op::add:
      return sum(node);
    case Op::size:
      return size(node);
    case Op::lower_ascii:
    case Op::upper_ascii: {
      const Outcome operand = value(node[0]);
      return operand ? changed_case(*operand, node.op == Op::lower_ascii, node.at) : operand;
    }
    case Op::conditional: {
      const Truth condition = truth(node[0]);
      if (condition == Truth::error) return failure();
      return value(node[condition == Truth::yes ? 1 : 2]);
    }
    default:
      break;
  }
  const Truth answer = truth(node);
  if (answer == Truth::error) return failure();
  return Value{answer == Truth::yes};
}

Truth Evaluation::truth(const Node& node) {
  if (!charge_node(node)) return Truth::error;
  switch (node.op) {
    case Op::negation: {
      const Truth inner = truth(node[0]);
      return inner == Truth::error ? inner : inner == Truth::yes ? Truth::no : Truth::yes;
    }
    case Op::conjunction:
      return conjunction(node);
    case Op::disjunction:
      return disjunction(node);
    case Op::has:
      return has(node);
    case Op::equal:
    case Op::not_equal:
      return equality(node);
    case Op::less:
    case Op::less_equal:
    case Op::greater:
    case Op::greater_equal:
      return order(node);
    case Op::in:
      return membership(node);
    case Op::starts_with:
    case Op::ends_with:
    case Op::contains:
    case Op::matches:
      return text_test(node);
    case Op::exists:
    case Op::all:
      return quantify(node);
    case Op::contains_ip:
      return contains_ip(node);
    default:
      break;
  }
  const Outcome outcome = value(node);
  if (!outcome) {
    error_ = outcome.error();
    return Truth::error;
  }
  const bool* answer = std::get_if<bool>(&outcome->data);
  if (answer == nullptr) return fail(node.at, error::no_overload);
  return *answer ? Truth::yes : Truth::no;
}

// A side that decides wins over an error of the other, whichever comes first; of several errors the
// first is told.
Truth Evaluation::conjunction(const Node& node) {
  std::optional<EvalError> first;
  for (const Node& child : node.each()) {
    const Truth answer = truth(child);
    if (answer == Truth::no) return Truth::no;
    if (answer == Truth::error && !first) first = error_;
  }
  if (!first) return Truth::yes;
  error_ = *first;
  return Truth::error;
}

Truth Evaluation::disjunction(const Node& node) {
  std::optional<EvalError> first;
  for (const Node& child : node.each()) {
    const Truth answer = truth(child);
    if (answer == Truth::yes) return Truth::yes;
    if (answer == Truth::error && !first) first = error_;
  }
  if (!first) return Truth::no;
  error_ = *first;
  return Truth::error;
}

Outcome Evaluation::variable(const Node& node) {
  if (is_direct(node.source, node.reserved)) {
    const auto text = direct_text(*event_, node.reserved);
    return text ? Value{*text} : Value{};
  }
  const json::Value raw = event_->get(node.slot);
  if (raw.kind == Kind::absent) {
    if (node.source == Source::attribute || node.source == Source::reserved) return Value{};
    return failure(node.at, error::no_such_field);
  }
  return load(raw, node.at);
}

Outcome Evaluation::load(const json::Value& raw, std::size_t at) {
  switch (raw.kind) {
    case Kind::null:
      return Value{};
    case Kind::boolean:
      return Value{raw.raw == "true"};
    case Kind::object:
    case Kind::array:
      return Value{raw};
    case Kind::absent:
      return failure(at, error::no_such_field);
    case Kind::number: {
      if (!charge(raw.raw.size(), at)) return failure();
      const auto number = parse_number(raw.raw);
      if (!number) return failure(at, error::malformed);
      return *number;
    }
    case Kind::string:
      break;
  }
  if (!charge_text(raw.raw, at)) return failure();
  if (raw.raw.find('\\') == std::string_view::npos) return Value{raw.raw};
  if (!charge(raw.raw.size(), at)) return failure();
  return Value{json::unescape(raw.raw, arena_.text())};
}

Outcome Evaluation::select(const Node& node) {
  const Outcome base = value(node[0]);
  if (!base) return base;
  return find(*base, std::get<std::string_view>(node.constant.data), node.at);
}

Outcome Evaluation::index(const Node& node) {
  const Outcome base = value(node[0]);
  if (!base) return base;
  const Outcome key = value(node[1]);
  if (!key) return key;
  const auto* signed_key = std::get_if<std::int64_t>(&key->data);
  const auto* unsigned_key = std::get_if<std::uint64_t>(&key->data);

  if (const auto* list = std::get_if<const List*>(&base->data)) {
    if (signed_key == nullptr && unsigned_key == nullptr) return failure(node.at, error::no_overload);
    const std::uint64_t position = signed_key ? static_cast<std::uint64_t>(*signed_key) : *unsigned_key;
    if (position >= (*list)->size()) return failure(node.at, error::out_of_bounds);
    return (**list)[position];
  }
  char digits[24];
  std::string_view segment;
  if (const auto* text = std::get_if<std::string_view>(&key->data)) {
    segment = *text;
  } else if (signed_key != nullptr || unsigned_key != nullptr) {
    char* const end = digits + sizeof digits;
    const auto written =
        signed_key ? std::to_chars(digits, end, *signed_key) : std::to_chars(digits, end, *unsigned_key);
    segment = std::string_view(digits, static_cast<std::size_t>(written.ptr - digits));
  } else {
    return failure(node.at, error::no_overload);
  }
  return find(*base, segment, node.at);
}

Outcome Evaluation::find(const Value& base, std::string_view segment, std::size_t at) {
  const auto* document = std::get_if<json::Value>(&base.data);
  if (document == nullptr) return failure(at, error::no_such_field);
  const bool object = document->kind == Kind::object;
  std::size_t position = 0;
  if (!object) {
    if (!is_position(segment)) return failure(at, error::no_such_field);
    const auto read = std::from_chars(segment.data(), segment.data() + segment.size(), position);
    if (read.ec != std::errc{}) return failure(at, error::no_such_field);
  }
  Cursor cursor(*document);
  while (cursor.next()) {
    if (!charge(cursor.walked(), at)) return failure();
    if (object ? spells(cursor.key(), segment) : position-- == 0) return load(cursor.value(), at);
  }
  return failure(at, cursor.malformed() ? error::malformed : error::no_such_field);
}

Truth Evaluation::has(const Node& node) {
  const Node& field = node[0];
  if (field.op == Op::variable) {
    return event_->get(field.slot).kind == Kind::absent ? Truth::no : Truth::yes;
  }
  const Outcome found = value(field);
  return found ? Truth::yes : Truth::no;
}

Outcome Evaluation::list(const Node& node) {
  List& elements = arena_.list();
  for (const Node& child : node.each()) {
    const Outcome element = value(child);
    if (!element) return element;
    elements.push_back(*element);
  }
  if (!charge(elements.size(), node.at)) return failure();
  return Value{static_cast<const List*>(&elements)};
}

Elements::Elements(const Value& range) {
  if (const auto* list = std::get_if<const List*>(&range.data)) {
    list_ = *list;
  } else if (const auto* document = std::get_if<json::Value>(&range.data)) {
    cursor_.emplace(*document);
    keys_ = document->kind == Kind::object;
  } else {
    countable_ = false;
  }
}

bool Elements::next() {
  if (cursor_) return cursor_->next();
  return list_ != nullptr && position_++ < list_->size();
}

Outcome Elements::element(Evaluation& evaluation, std::size_t at) const {
  if (!cursor_) return (*list_)[position_ - 1];
  return evaluation.load(keys_ ? json::Value{Kind::string, cursor_->key()} : cursor_->value(), at);
}

// `exists` is a long ||, `all` a long &&: an element that decides wins over errors of others.
Truth Evaluation::quantify(const Node& node) {
  const Outcome range = value(node[0]);
  if (!range) {
    error_ = range.error();
    return Truth::error;
  }
  Elements elements(*range);
  if (!elements.countable()) return fail(node.at, error::no_overload);
  const Truth decisive = node.op == Op::exists ? Truth::yes : Truth::no;
  std::optional<EvalError> first;
  const Arena::Mark mark = arena_.mark();
  for (; elements.next(); arena_.release(mark)) {
    if (!charge(elements.walked(), node.at)) return Truth::error;
    const Outcome element = elements.element(*this, node.at);
    Truth answer = Truth::error;
    if (element) {
      locals_[node.slot] = *element;
      answer = truth(node[1]);
    } else {
      error_ = element.error();
    }
    if (answer == decisive) return decisive;
    if (answer == Truth::error && !first) first = error_;
  }
  if (elements.malformed()) return fail(node.at, error::malformed);
  if (first) {
    error_ = *first;
    return Truth::error;
  }
  return decisive == Truth::yes ? Truth::no : Truth::yes;
}

}  // namespace hookline::rule
