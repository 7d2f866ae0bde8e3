// What an expression is made of at run time: nodes of one cache line each, packed into one block by
// Code (code.h), so that evaluating one of ten thousand filters fetches little memory. Immutable.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "hookline/rule/cidr.h"
#include "hookline/rule/expression.h"

namespace re2 {
class RE2;
}

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

struct Node {
  Op op = Op::constant;
  event::Variable::Source source = event::Variable::Source::path;  ///< of a variable
  event::Reserved reserved = event::Reserved::kind;                ///< of a reserved one
  /// Left operand a variable, right operand a constant: both stand in this node as well (slot, source,
  /// constant), and its children are not needed to evaluate it.
  bool fused = false;
  std::uint32_t slot = 0;  ///< variable id, or place of the iteration variable that is read or introduced
  std::uint16_t at = 0;
  std::uint16_t length = 1;
  std::uint16_t child_count = 0;
  std::uint16_t text_count = 0;  ///< of `in`: how many `texts`
  const Node* children = nullptr;
  /// What was prepared from a constant operand, or null: by op.
  union {
    const re2::RE2* pattern = nullptr;  ///< matches
    const Cidr* network;                ///< contains_ip
    const std::string_view* texts;      ///< in: a list of texts alone, sorted
  };
  Value constant;  ///< of a select: the field's name

  const Node& operator[](std::size_t i) const { return children[i]; }
  std::span<const Node> each() const { return {children, child_count}; }
  bool is_text() const {
    return op == Op::constant && std::holds_alternative<std::string_view>(constant.data);
  }
  std::string_view text() const { return std::get<std::string_view>(constant.data); }
};
static_assert(sizeof(Node) <= 64);

}  // namespace hookline::rule
