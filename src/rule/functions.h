// The functions of the language, one row each: parser, checker and error texts go by this table.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "tree.h"

namespace hookline::rule {

struct Function {
  /// How it is called, and what its parser has to know beyond its arguments.
  enum class Form : std::uint8_t {
    method,            ///< x.f(…)
    method_or_global,  ///< x.f(…) and f(x, …)
    has,               ///< has(a.b): the argument is a field, not a value
    macro,             ///< list.f(name, predicate)
    network,           ///< cidr(…): only in front of .containsIP(…)
  };
  std::string_view name;
  Op op;
  Form form;
  std::uint8_t operands;  ///< the receiver counts
  Type receiver;          ///< what each operand must be; any: it depends
  Type argument;
  Type result;
  std::string_view usage;
};

std::span<const Function> functions();
const Function* find_function(std::string_view name);
/// The row of a function's node; nullptr for operators.
const Function* find_function(Op op);

}  // namespace hookline::rule
