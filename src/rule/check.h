// Second step of compiling: types as far as they are known, constants folded, patterns and networks
// prepared. What can never be right is refused here, before any event comes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hookline/core/result.h"
#include "node.h"

namespace hookline::rule {

class Checker {
 public:
  /// `constants` takes what folding makes and must outlive the tree.
  explicit Checker(Arena& constants) : constants_(constants) {}

  /// Types, folds and prepares the whole tree. The first fault, if any.
  [[nodiscard]] std::optional<core::Fault> check(Node& node);

 private:
  using Fault = std::optional<core::Fault>;

  Fault check_operands(Node& node);
  Fault check_conditions(const Node& node, std::size_t count) const;
  Fault check_comparison(const Node& node) const;
  Fault check_membership(const Node& node) const;
  Fault check_sum(Node& node) const;
  Fault check_call(const Node& node) const;
  Fault check_index(const Node& node) const;
  Fault fold(Node& node);
  Fault prepare(Node& node) const;

  Arena& constants_;
};

/// Can a value of this type be true or false?
inline bool can_be_bool(Type type) {
  return type == Type::any || type == Type::boolean;
}

/// "a text", "a number", …
std::string_view describe(Type type);

}  // namespace hookline::rule
