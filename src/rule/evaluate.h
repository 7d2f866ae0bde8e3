// One evaluation of a compiled expression against one event: walks the tree, keeps the error that
// came first and counts the work. Lives on the stack of whoever asks; one thread.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string_view>

#include "document.h"
#include "hookline/rule/expression.h"
#include "node.h"

namespace hookline::rule {

enum class Truth : std::uint8_t { no, yes, error };

class Evaluation {
 public:
  /// `event` may be null where the tree holds no variable (constant folding).
  Evaluation(const event::Event* event, Arena& arena) : event_(event), arena_(arena) {}

  Outcome value(const Node& node);
  /// The value where a bool is needed; anything else is the error "no matching overload".
  Truth truth(const Node& node);
  /// Why truth() was Truth::error.
  const EvalError& error() const { return error_; }

  /// What a document's value is in the language.
  Outcome load(const json::Value& raw, std::size_t at);
  /// `a + b`, and a text with the case of its ASCII letters changed.
  Outcome plus(const Value& a, const Value& b, std::size_t at);
  Outcome changed_case(const Value& operand, bool lower, std::size_t at);

 private:
  /// The operands of a binary operator, wherever they stand.
  Outcome left(const Node& node) { return node.fused ? variable(node) : value(node[0]); }
  Outcome right(const Node& node) { return node.fused ? Outcome(node.constant) : value(node[1]); }

  // evaluate.cc: names, logic, macros
  Outcome variable(const Node& node);
  Outcome select(const Node& node);
  Outcome index(const Node& node);
  Outcome list(const Node& node);
  Truth has(const Node& node);
  Truth conjunction(const Node& node);
  Truth disjunction(const Node& node);
  Truth quantify(const Node& node);
  /// The member of an object or the element of an array that a path's segment names.
  Outcome find(const Value& base, std::string_view segment, std::size_t at);

  // compare.cc: equality, order, membership, sums
  Truth equality(const Node& node);
  Truth order(const Node& node);
  Truth membership(const Node& node);
  Truth equal(const Value& a, const Value& b, std::size_t at, std::size_t depth);
  Truth equal_lists(const Value& a, const Value& b, std::size_t at, std::size_t depth);
  Truth equal_objects(const json::Value& a, const json::Value& b, std::size_t at, std::size_t depth);
  Truth variable_is(const Node& variable, std::string_view text);
  Outcome sum(const Node& node);

  // texts.cc
  Outcome size(const Node& node);
  Truth text_test(const Node& node);
  Truth matches(const Node& node, std::string_view text, std::string_view pattern);
  Truth contains_ip(const Node& node);

  /// Counts work, in units of about a nanosecond: a node of the tree, a byte walked over in the
  /// document, eight bytes of a text. False (with error_ set) once the limit is reached.
  bool charge(std::size_t work, std::size_t at);
  bool charge_node(const Node& node) { return charge(8, node.at); }
  bool charge_text(std::string_view text, std::size_t at) { return charge(text.size() / 8, at); }
  Truth fail(std::size_t at, std::string_view what);
  tl::unexpected<EvalError> failure() const { return tl::unexpected<EvalError>(error_); }
  tl::unexpected<EvalError> failure(std::size_t at, std::string_view what) const {
    return tl::unexpected<EvalError>(EvalError{at, what});
  }

  const event::Event* event_;
  Arena& arena_;
  EvalError error_;
  std::uint64_t work_ = 0;
  std::array<Value, max_macros> locals_;
};

/// Numbers of any type by their mathematical value; unordered where one is not a number.
std::partial_ordering compare_numbers(const Value& a, const Value& b);
bool is_number(const Value& value);

/// The text of a variable that the event itself knows (kind, type, topic, key) without going through
/// JSON. nullopt: a key that is not there, or another variable.
std::optional<std::string_view> direct_text(const event::Event& event, event::Reserved reserved);
bool is_direct(event::Variable::Source source, event::Reserved reserved);

/// Goes over the elements of a list, an array, or the keys of an object (as raw strings).
class Elements {
 public:
  explicit Elements(const Value& range);
  bool countable() const { return countable_; }
  bool next();
  bool malformed() const { return cursor_ && cursor_->malformed(); }
  std::size_t walked() const { return cursor_ ? cursor_->walked() : 1; }
  /// The present element; a part of the document is loaded by `evaluation`.
  Outcome element(Evaluation& evaluation, std::size_t at) const;

 private:
  const List* list_ = nullptr;
  std::optional<Cursor> cursor_;
  std::size_t position_ = 0;
  bool keys_ = false;
  bool countable_ = true;
};

}  // namespace hookline::rule
