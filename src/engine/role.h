// What the records of a partition are to the worker that owns it: decides what happens to each of them.
#pragma once

#include <cstdint>

namespace hookline::engine {

enum class Role : std::uint8_t {
  source,      ///< events of upstream systems, and Hookline's own notices
  retry,       ///< deliveries that wait for their next attempt, in one of CoreOptions::tiers
  ordered,     ///< deliveries that go out one per key at a time
  thresholds,  ///< events that policies with a threshold count
};

/// Of Hookline's own topics a worker holds nothing that it cannot work on yet: such a partition stands still and
/// is read again from the record at its head, while source partitions have what was polled wait in memory.
constexpr bool stands_still(Role role) { return role != Role::source; }

}  // namespace hookline::engine
