// The functions: size, the text functions, and addresses.
#include <cstring>
#include <string>

#include "errors.h"
#include "evaluate.h"
#include "pattern.h"
#include "utf8.h"

namespace hookline::rule {
namespace {

/// Two-way search (linear): string_view::find is quadratic on a hostile pair of texts.
bool holds(std::string_view text, std::string_view part) {
  return part.empty() || memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

}  // namespace

Outcome Evaluation::size(const Node& node) {
  const Outcome operand = value(node[0]);
  if (!operand) return operand;
  const auto counted = [](std::size_t n) { return Value{static_cast<std::int64_t>(n)}; };
  if (const auto* text = std::get_if<std::string_view>(&operand->data)) {
    if (!charge_text(*text, node.at)) return failure();
    return counted(count_code_points(*text));
  }
  if (const auto* list = std::get_if<const List*>(&operand->data)) return counted((*list)->size());
  const auto* document = std::get_if<json::Value>(&operand->data);
  if (document == nullptr) return failure(node.at, error::no_overload);

  if (!charge(4 * document->raw.size(), node.at)) return failure();
  if (document->kind == json::ValueKind::object) {
    const Arena::Mark mark = arena_.mark();
    const auto members = members_of(*document, arena_);
    arena_.release(mark);
    return members ? Outcome(counted(members->size())) : failure(node.at, error::malformed);
  }
  std::size_t count = 0;
  Cursor cursor(*document);
  while (cursor.next())
    ++count;
  if (cursor.malformed()) return failure(node.at, error::malformed);
  return counted(count);
}

Outcome Evaluation::changed_case(const Value& operand, bool lower, std::size_t at) {
  const auto* text = std::get_if<std::string_view>(&operand.data);
  if (text == nullptr) return failure(at, error::no_overload);
  if (!charge(text->size(), at)) return failure();

  const auto concerns = [&](char c) { return lower ? c >= 'A' && c <= 'Z' : c >= 'a' && c <= 'z'; };
  std::size_t i = 0;
  while (i < text->size() && !concerns((*text)[i]))
    ++i;
  if (i == text->size()) return operand;
  std::string& changed = arena_.text();
  changed = *text;
  for (; i < changed.size(); ++i) {
    if (concerns(changed[i])) changed[i] = static_cast<char>(changed[i] ^ 0x20);
  }
  return Value{std::string_view(changed)};
}

Truth Evaluation::text_test(const Node& node) {
  const Outcome a = left(node);
  const Outcome b = a ? right(node) : a;
  if (!b) {
    error_ = b.error();
    return Truth::error;
  }
  const auto* text = std::get_if<std::string_view>(&a->data);
  const auto* part = std::get_if<std::string_view>(&b->data);
  if (text == nullptr || part == nullptr) return fail(node.at, error::no_overload);
  if (!charge(text->size() / 4, node.at)) return Truth::error;
  const auto verdict = [](bool yes) { return yes ? Truth::yes : Truth::no; };
  switch (node.op) {
    case Op::starts_with:
      return verdict(text->starts_with(*part));
    case Op::ends_with:
      return verdict(text->ends_with(*part));
    case Op::contains:
      return verdict(holds(*text, *part));
    default:
      return matches(node, *text, *part);
  }
}

Truth Evaluation::matches(const Node& node, std::string_view text, std::string_view pattern) {
  if (node.pattern != nullptr) {
    if (!charge(text.size(), node.at)) return Truth::error;
    return finds(*node.pattern, text) ? Truth::yes : Truth::no;
  }
  // A pattern out of the event: whoever publishes may choose it to be expensive, so it pays for being
  // compiled and for its size on every byte.
  constexpr std::size_t longest = 256;
  constexpr std::size_t compile_work = 1 << 20;
  if (pattern.size() > longest) return fail(node.at, error::bad_pattern);
  if (!charge(compile_work, node.at)) return Truth::error;
  const auto compiled = compile_pattern(pattern);
  if (!compiled) return fail(node.at, error::bad_pattern);
  const auto program = static_cast<std::size_t>((*compiled)->ProgramSize());
  if (!charge(text.size() * (1 + program / 8), node.at)) return Truth::error;
  return finds(**compiled, text) ? Truth::yes : Truth::no;
}

Truth Evaluation::contains_ip(const Node& node) {
  std::optional<Cidr> written_in_event;
  const Cidr* network = node.network;
  if (network == nullptr) {
    const Outcome written = value(node[0]);
    if (!written) {
      error_ = written.error();
      return Truth::error;
    }
    const auto* text = std::get_if<std::string_view>(&written->data);
    if (text != nullptr) written_in_event = Cidr::parse(*text);
    if (!written_in_event) return fail(node.at, error::no_network);
    network = &*written_in_event;
  }
  const Outcome operand = value(node[1]);
  if (!operand) {
    error_ = operand.error();
    return Truth::error;
  }
  const auto* text = std::get_if<std::string_view>(&operand->data);
  const auto address = text != nullptr ? parse_address(*text) : std::nullopt;
  if (!address) return fail(node[1].at, error::no_address);
  return network->contains(*address) ? Truth::yes : Truth::no;
}

}  // namespace hookline::rule
