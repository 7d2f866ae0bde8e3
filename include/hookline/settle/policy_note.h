// What a delivery knows of the policy that brought it about: the names $policy, $count and $window of payloads.
// It travels with the delivery through retry topics and dead letters, so that a later attempt says the same. A value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "hookline/core/time.h"

namespace hookline::settle {

struct PolicyNote {
  std::string policy;                     ///< its name; empty: no policy
  std::optional<std::uint64_t> count;     ///< of its threshold
  std::optional<core::Duration> window;   ///< of its threshold, whole milliseconds
  bool operator==(const PolicyNote&) const = default;
};

}  // namespace hookline::settle
