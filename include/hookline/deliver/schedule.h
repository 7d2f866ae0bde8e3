// When a delivery is tried again: the schedule's wait with jitter, never earlier than due. Pure; any
// thread with its own Random.
#pragma once

#include <cstdint>
#include <optional>

#include "hookline/config/webhook.h"
#include "hookline/core/random.h"
#include "hookline/core/time.h"

namespace hookline::deliver {

/// The wait before the next attempt after `attempts` have failed; zero after none (the first attempt is
/// due at once), nullopt: exhausted. Waits up to 10 s are lengthened by 0..20 % (the lower half of the
/// ±20 % band is cut off, because nothing may come early), longer ones by 0..3 %: they may come 10 % late,
/// and the retry topics take up to 5 %.
std::optional<core::Duration> next_wait(const config::Retry& retry, std::uint32_t attempts,
                                        core::Random& random);

}  // namespace hookline::deliver
