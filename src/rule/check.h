// Second step of compiling: types as far as they are known, constants folded, patterns and networks
// prepared. What can never be right is refused here, before any event comes.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hookline/core/result.h"
#include "tree.h"

namespace hookline::rule {

class Checker {
 public:
  /// `constants` takes what folding makes and must outlive the tree.
  explicit Checker(Arena& constants) : constants_(constants) {}

  /// Types, folds and prepares the whole tree. The first fault, if any.
  [[nodiscard]] std::optional<core::Fault> check(Tree& tree);

 private:
  using Fault = std::optional<core::Fault>;

  Fault check_operands(Tree& tree);
  Fault check_conditions(const Tree& tree, std::size_t count) const;
  Fault check_comparison(const Tree& tree) const;
  Fault check_membership(const Tree& tree) const;
  Fault check_sum(Tree& tree) const;
  Fault check_call(const Tree& tree) const;
  Fault check_index(const Tree& tree) const;
  Fault fold(Tree& tree);
  Fault prepare(Tree& tree) const;

  Arena& constants_;
};

/// Can a value of this type be true or false?
inline bool can_be_bool(Type type) {
  return type == Type::any || type == Type::boolean;
}

/// "a text", "a number", …
std::string_view describe(Type type);

}  // namespace hookline::rule
