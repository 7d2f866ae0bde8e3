// Filters and criteria: a subset of CEL, the Common Expression Language, compiled once and evaluated
// per event. docs/filters.md is its handbook.
//
// Expression is immutable and shared between threads; an Arena holds the temporary texts and lists
// of one evaluation and belongs to one thread. No I/O, no clock.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "hookline/core/result.h"
#include "hookline/event/reader.h"
#include "hookline/json/scan.h"

namespace hookline::rule {

struct Value;
using List = std::vector<Value>;

/// A value of the language. Texts and lists live in the event, the expression or the Arena.
/// A json::Value stands for an object or array of the document that nobody has looked into yet.
struct Value {
  std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string_view, const List*, json::Value> data =
      nullptr;
};

/// Why an evaluation has no value (CEL's errors): absorbed by && and || where the other side
/// decides, else the filter does not match. `at` points into the expression.
struct EvalError {
  std::size_t at = 0;
  std::string_view what;  ///< from a closed set, e.g. "no such field", "no matching overload"
};

using Outcome = tl::expected<Value, EvalError>;

/// Temporary storage of evaluations. Cleared by its owner between events.
class Arena {
 public:
  void clear();
  std::string& text();
  List& list();

 private:
  std::deque<std::string> texts_;
  std::deque<List> lists_;
  std::size_t texts_used_ = 0;
  std::size_t lists_used_ = 0;
};

class Expression {
 public:
  /// Compiles `text`; the names it uses are added to `variables`, whose Reader must have read the
  /// events that it is evaluated against. Error: the first fault, with position and remedy.
  [[nodiscard]] static tl::expected<Expression, core::Fault> compile(std::string_view text, event::Variables& variables);

  Expression(Expression&&) noexcept;
  Expression& operator=(Expression&&) noexcept;
  ~Expression();

  [[nodiscard]] Outcome evaluate(const event::Event& event, Arena& arena) const;

  /// A filter's verdict: true only for the value true. An error (or a value that is not a bool) is
  /// false, and is told in `error` if given.
  [[nodiscard]] bool matches(const event::Event& event, Arena& arena, std::optional<EvalError>* error = nullptr) const;

  /// `attribute == constant` terms of which one must hold for the filter to be true: what the
  /// matching index hashes on. Empty if the filter does not start from such an equality.
  struct Guard {
    event::VariableId variable;
    std::vector<std::string> any_of;  ///< text constants
  };
  std::optional<Guard> guard() const;

  const std::string& text() const;

  /// One line per term (comparisons, calls, && and || …) with its result and the values seen, in
  /// reading order, for `render --explain`.
  struct Term {
    std::size_t at, length;  ///< the term's text within the expression
    int depth;
    std::string result;      ///< "true", "false", "error: no such field", …
    std::string seen;        ///< e.g. `service = "card-payments"`; empty if it reads nothing
  };
  std::vector<Term> explain(const event::Event& event) const;

  struct Node;

 private:
  Expression();
  std::unique_ptr<Node> root_;
  std::string text_;
};

/// The text of a value as payloads show it: strings as they are, numbers in decimal, true/false,
/// null as "NA" is the caller's business; lists and documents as compact JSON.
void append_text(const Value& value, std::string& out);
/// The value as JSON.
void append_json(const Value& value, std::string& out);

}  // namespace hookline::rule
