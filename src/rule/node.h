// The tree that an expression becomes: parser builds it, checker types and folds it, evaluator walks
// it. Immutable once compiled; its constants live in the Program's Arena.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include <re2/re2.h>

#include "cidr.h"
#include "hookline/rule/expression.h"

namespace hookline::rule {

enum class Op : std::uint8_t {
  constant,
  variable,  // what the event holds under a name or a static path
  local,     // the iteration variable of a macro
  select,    // child . name
  index,     // child [ child ]
  list,
  has,  // child: variable, select or index
  negation,
  conjunction,  // two or more children: chains are flat
  disjunction,
  conditional,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  in,
  add,  // two or more children, from the left
  size,
  starts_with,
  ends_with,
  contains,
  matches,
  lower_ascii,
  upper_ascii,
  exists,  // range, predicate
  all,
  contains_ip,  // network, address
};

/// What is known of a node's value before any event: `any` is nothing.
enum class Type : std::uint8_t { any, null, boolean, integer, unsigned_integer, floating, text, list };

/// What is prepared once from constant operands.
struct Prepared {
  std::unique_ptr<const re2::RE2> pattern;
  std::optional<Cidr> network;
  std::unordered_set<std::string_view> texts;  ///< of `in` with a list of texts
};

struct Node {
  Op op = Op::constant;
  Type type = Type::any;
  event::Variable::Source source = event::Variable::Source::path;  ///< of a variable
  event::Reserved reserved = event::Reserved::kind;                ///< of a reserved one
  event::VariableId variable = 0;
  std::uint32_t local = 0;  ///< slot of the iteration variable: of a local, or introduced by a macro
  std::uint32_t at = 0;
  std::uint32_t length = 1;
  std::uint32_t height = 1;
  Value constant;
  std::vector<Node> children;
  std::unique_ptr<const Prepared> prepared;
  json::Path path;  ///< of a variable, as written; of a select its one segment

  const Node& operator[](std::size_t i) const { return children[i]; }
  std::size_t end() const { return at + length; }
  bool is_text() const {
    return op == Op::constant && std::holds_alternative<std::string_view>(constant.data);
  }
  std::string_view text() const { return std::get<std::string_view>(constant.data); }
};

struct Expression::Program {
  std::string text;
  Arena constants;
  Node root;
};

}  // namespace hookline::rule
