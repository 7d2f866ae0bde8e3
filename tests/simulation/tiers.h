// The retry topics of the simulated world: short ones.
#pragma once

#include <array>
#include <chrono>

#include "hookline/core/time.h"

namespace hookline::test {

inline constexpr std::array<core::Duration, 3> tier_delays{std::chrono::seconds(2), std::chrono::seconds(5),
                                                           std::chrono::seconds(12)};

}  // namespace hookline::test
