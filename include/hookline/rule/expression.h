// Filters and criteria: a subset of CEL, the Common Expression Language, compiled once and evaluated
// per event. docs/filters.md is its handbook.
//
// Expression is immutable and shared between threads; an Arena holds the temporary texts and lists
// of one evaluation and belongs to one thread. No I/O, no clock.
#pragma once

#include <cstdint>
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

inline constexpr std::size_t max_text = 8 << 10;   ///< bytes of one expression
inline constexpr std::size_t max_nesting = 100;    ///< levels of operators, calls and brackets
inline constexpr std::size_t max_elements = 1000;  ///< of one list literal
inline constexpr std::size_t max_macros = 8;       ///< `exists` and `all` within each other
/// Work that one evaluation may do, in units of about a nanosecond: a hostile event ends in the error
/// "evaluation limit exceeded" instead of holding up its partition.
inline constexpr std::uint64_t max_work = 64 << 20;

struct Value;
using List = std::vector<Value>;

/// A value of the language. Texts and lists live in the event, the expression or the Arena.
/// A json::Value stands for an object or array of the document that nobody has looked into yet.
struct Value {
  std::variant<std::nullptr_t, bool, std::int64_t, std::uint64_t, double, std::string_view, const List*,
               json::Value>
      data = nullptr;
};

/// Why an evaluation has no value (CEL's errors): absorbed by && and || where the other side
/// decides, else the filter does not match. `at` points into the expression.
struct EvalError {
  std::size_t at = 0;
  std::string_view what;  ///< from a closed set, e.g. "no such field", "no matching overload"
};

using Outcome = tl::expected<Value, EvalError>;

/// Temporary storage of evaluations. Cleared by its owner between events; keeps what it has for the
/// next one, up to a bound.
class Arena {
 public:
  void clear();
  std::string& text();  ///< an empty one, valid until clear()
  List& list();

  /// What is taken after mark() can be given back early by release().
  struct Mark {
    std::size_t texts, lists;
  };
  Mark mark() const { return {texts_used_, lists_used_}; }
  void release(Mark mark);

 private:
  std::vector<std::unique_ptr<std::string>> texts_;
  std::vector<std::unique_ptr<List>> lists_;
  std::size_t texts_used_ = 0;
  std::size_t lists_used_ = 0;
  Mark most_used_{0, 0};  // since clear()
};

class Expression {
 public:
  /// Compiles `text`; the names it uses are added to `variables` (not before the text proved right),
  /// whose Reader must have read the events that it is evaluated against. Error: the first fault,
  /// with position and remedy. Bounds: max_text, max_nesting, max_elements, max_macros.
  [[nodiscard]] static tl::expected<Expression, core::Fault> compile(std::string_view text,
                                                                     event::Variables& variables);

  /// compile() for what must answer yes or no (a filter, a policy's criteria): a text that can never
  /// be true or false (`"high"`, `size(tags)`) is a fault as well.
  [[nodiscard]] static tl::expected<Expression, core::Fault> compile_filter(std::string_view text,
                                                                            event::Variables& variables);

  Expression(Expression&&) noexcept;
  Expression& operator=(Expression&&) noexcept;
  ~Expression();

  [[nodiscard]] Outcome evaluate(const event::Event& event, Arena& arena) const;

  /// A filter's verdict: true only for the value true. An error (or a value that is not a bool) is
  /// false, and is told in `error` if given.
  [[nodiscard]] bool matches(const event::Event& event, Arena& arena,
                             std::optional<EvalError>* error = nullptr) const;

  /// A variable that must hold one of some texts for the filter to be true (`service == "a"`,
  /// `service in ["a", "b"]`, an `||` of these, alone or within `&&`): what the matching index
  /// hashes on. Where a variable that is present holds none of them, the filter is false, and
  /// neither true nor an error.
  struct Guard {
    event::VariableId variable;
    std::vector<std::string> any_of;  ///< each once
  };
  /// All guards of the filter, in reading order; empty if it has none.
  std::vector<Guard> guards() const;

  const std::string& text() const;

  /// One line per term (comparisons, calls, && and || …) with its result and the values seen, in
  /// reading order, for `render --explain`.
  struct Term {
    std::size_t at, length;  ///< the term's text within the expression
    int depth;
    std::string result;  ///< "true", "false", "error: no such field", …
    std::string seen;    ///< e.g. `service = "card-payments"`; empty if it reads nothing
  };
  std::vector<Term> explain(const event::Event& event) const;

 private:
  struct Program;
  friend class Index;  // evaluates programs without the way through their Expression
  static tl::expected<Expression, core::Fault> read(std::string_view text, event::Variables& variables,
                                                    bool filter);
  explicit Expression(std::unique_ptr<const Program> program);
  std::unique_ptr<const Program> program_;
};

/// The text of a value as payloads show it: strings as they are, numbers in decimal, true/false,
/// null as "NA" is the caller's business; lists and documents as compact JSON.
void append_text(const Value& value, std::string& out);
/// The value as JSON.
void append_json(const Value& value, std::string& out);

}  // namespace hookline::rule
