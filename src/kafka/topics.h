// What Hookline's own topics hold at most. No state.
#pragma once

#include <algorithm>
#include <cstdint>

#include "hookline/config/settings.h"

namespace hookline::kafka {

/// The largest record that Hookline writes, in bytes: an event with the headers of a delivery. The producer
/// and the own topics are sized by it.
inline std::uint64_t largest_record(const config::Settings& settings) {
  constexpr std::uint64_t most = 1'000'000'000;  // librdkafka's bound of message.max.bytes
  return std::min(std::min(settings.limits.event_size, most) + (256u << 10), most);
}

}  // namespace hookline::kafka
