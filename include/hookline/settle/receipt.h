// What ties a piece of work to the record that it came from, so that finishing it settles the right
// record, once, and only while this member still owns the partition.
#pragma once

#include <cstdint>

namespace hookline::settle {

/// Counts the assignments of a partition to this member; a completion of an older one is stale.
using Epoch = std::uint64_t;

/// Names the slot of one record: `sequence` counts the slots of one OffsetTracker from its birth.
struct Receipt {
  std::uint32_t partition = 0;  ///< index of the partition within its worker
  Epoch epoch = 0;
  std::uint64_t sequence = 0;

  bool operator==(const Receipt&) const = default;
};

}  // namespace hookline::settle
