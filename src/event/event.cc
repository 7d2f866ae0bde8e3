// Event::get: what a variable is worth in one event.
#include <algorithm>
#include <cassert>

#include "headers.h"
#include "hookline/json/write.h"
#include "layout.h"
#include "scratch.h"

namespace hookline::event {
namespace {

using json::Value;
using json::ValueKind;

/// Any bytes as the inside of a JSON string.
Value text_value(std::string_view bytes, std::string& buffer) {
  json::append_escaped(bytes, buffer);
  return {ValueKind::string, buffer};
}

Value reserved_value(Reserved which, const Event& event, std::string& buffer) {
  switch (which) {
    case Reserved::kind:
      return {ValueKind::string, name(event.kind())};
    case Reserved::type:
      return {ValueKind::string, event.type()};
    case Reserved::topic:
      return text_value(event.record().topic, buffer);
    case Reserved::key:
      return event.record().key ? text_value(*event.record().key, buffer) : Value{ValueKind::null, "null"};
    case Reserved::headers:
      append_headers(event.record().headers, buffer);
      return {ValueKind::object, buffer};
    case Reserved::document:
      return {ValueKind::object, event.document()};
  }
  return {};
}

Value header_value(std::string_view name, const Event& event, std::string& buffer) {
  const auto* header = find_header(event.record().headers, name);
  if (header == nullptr) return {};
  return header->value ? text_value(*header->value, buffer) : Value{ValueKind::null, "null"};
}

/// What an object that stands for a service, a source, … is called.
Value name_of(const Value& object, Scratch::State& state) {
  if (!state.scanner.scan(object.raw, state.name_paths, state.name_slots)) return {};
  for (const auto& name : state.name_slots) {
    if (name.kind == ValueKind::string || name.kind == ValueKind::number) return name;
  }
  return {};
}

/// A text with its ASCII letters in lower case, also those that stand there as escapes.
Value lower_cased(const Value& value, std::string& buffer) {
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  const bool escaped = value.raw.find('\\') != std::string_view::npos;
  if (!value.is_text() || (!escaped && std::ranges::none_of(value.raw, is_upper))) return value;
  std::string text;
  json::append_unescaped(value.raw, text);
  for (char& c : text) {
    if (is_upper(c)) c = static_cast<char>(c - 'A' + 'a');
  }
  return text_value(text, buffer);
}

Value attribute_value(const Plan& plan, Scratch::State& state, std::string& buffer) {
  for (const auto slot : plan.slots) {
    Value value = state.slots[slot];
    if (value.kind == ValueKind::object) value = name_of(value, state);
    if (!value || value.kind == ValueKind::null) continue;
    return plan.lower_case ? lower_cased(value, buffer) : value;
  }
  return {};
}

}  // namespace

Value Event::get(VariableId id) const {
  const auto& plans = reader_->layout().of(kind_).plans;
  assert(id < plans.size());
  const Plan& plan = plans[id];
  if (plan.source == Variable::Source::path) return state_->slots[plan.slots[0]];
  auto& resolved = state_->resolved[id];
  if (resolved.round == state_->round) return resolved.value;
  resolved.round = state_->round;
  resolved.text.clear();
  switch (plan.source) {
    case Variable::Source::reserved:
      resolved.value = reserved_value(plan.reserved, *this, resolved.text);
      break;
    case Variable::Source::header:
      resolved.value = header_value(plan.header, *this, resolved.text);
      break;
    case Variable::Source::attribute:
      resolved.value = attribute_value(plan, *state_, resolved.text);
      break;
    case Variable::Source::path:
      break;
  }
  return resolved.value;
}

}  // namespace hookline::event
