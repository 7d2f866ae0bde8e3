// The tree that an expression is while it is compiled: the parser builds it, the checker types and
// folds it, Code packs it. Texts of its constants live in the Program's Arena.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <re2/re2.h>

#include "hookline/json/path.h"
#include "node.h"

namespace hookline::rule {

/// What is known of a value before any event: `any` is nothing.
enum class Type : std::uint8_t { any, null, boolean, integer, unsigned_integer, floating, text, list };

struct Tree {
  Op op = Op::constant;
  Type type = Type::any;
  event::Variable::Source source = event::Variable::Source::path;  ///< of a bound variable
  event::Reserved reserved = event::Reserved::kind;                ///< of a bound reserved one
  std::uint32_t slot = 0;                                          ///< as in Node
  std::uint32_t at = 0;
  std::uint32_t length = 1;
  std::uint32_t height = 1;
  Value constant;
  std::vector<Tree> children;
  json::Path path;  ///< of a variable, as written; of a select its one segment

  std::unique_ptr<const re2::RE2> pattern;  ///< of matches with a constant pattern
  std::optional<Cidr> network;              ///< of contains_ip with a constant network
  bool texts_only = false;                  ///< of `in` with a constant list of texts

  const Tree& operator[](std::size_t i) const { return children[i]; }
  bool is_text() const {
    return op == Op::constant && std::holds_alternative<std::string_view>(constant.data);
  }
  std::string_view text() const { return std::get<std::string_view>(constant.data); }
};

}  // namespace hookline::rule
