// All that a compiled Expression owns. Immutable, shared between threads.
#pragma once

#include <optional>
#include <string>

#include "code.h"
#include "hookline/rule/expression.h"

namespace hookline::rule {

struct Expression::Program {
  std::string text;
  Arena constants;  ///< lists and texts that folding made
  std::optional<Code> code;

  const Node& root() const { return code->root(); }
};

}  // namespace hookline::rule
