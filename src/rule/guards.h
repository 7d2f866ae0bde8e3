// Which equalities must hold for a tree to be true: what the matching index hashes on. No state.
#pragma once

#include <vector>

#include "node.h"

namespace hookline::rule {

/// See Expression::guards().
std::vector<Expression::Guard> guards_of(const Node& node);

}  // namespace hookline::rule
