// Which records of one partition are finished. `base` is the lowest offset that is not: everything
// below it is settled, and base is what may be committed. One per owned partition and assignment;
// belongs to its worker's thread; no I/O, no clock.
//
//   offsets:   100   101   102   104   105        (103 does not exist: compaction, a transaction marker)
//   slots:     open  done  open  done  done
//              ^ base: committed as 100, with 101 104 105 in the map
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hookline/settle/offset_map.h"

namespace hookline::settle {

class OffsetTracker {
 public:
  /// Begins at `base`, the committed position. `map` (decoded from the commit's metadata, may be
  /// empty) names offsets from base on that are finished already: each unfinished offset below the
  /// map's end gets a slot at once, so that no later commit can forget it (before its record has been
  /// polled again).
  OffsetTracker(std::int64_t base, const OffsetMap& map);

  /// What a polled record is to this partition.
  enum class Admission {
    fresh,      ///< take it: a slot is open, to be settled by its sequence
    finished,   ///< the map says that it is done: skip it
    duplicate,  ///< below base, or open already: skip it (a refetch)
  };
  struct Admitted {
    Admission admission;
    std::uint64_t sequence = 0;
  };

  /// Takes the record at `offset`, holding `bytes` (counted until it is settled). Offsets come in
  /// ascending order; slots restored from the map whose offset was passed over are gone records:
  /// they are settled and counted (vanished()).
  Admitted admit(std::int64_t offset, std::uint32_t deliveries, std::uint64_t bytes);

  /// Would admit() of one more record at `offset` keep encode_map() within `budget` characters,
  /// whatever finishes first? (FACTS: a bitmap of 24,000 offsets or 900 runs fits 4096.)
  bool has_room(std::int64_t offset) const;

  /// Adds to / finishes one delivery of a slot. True when that settled the record. Settling a
  /// sequence twice is a bug and aborts.
  bool finish_one(std::uint64_t sequence);
  void add_deliveries(std::uint64_t sequence, std::uint32_t more);

  std::int64_t base() const;
  /// One past the highest offset admitted or restored.
  std::int64_t end() const;
  std::uint64_t open() const;         ///< slots not settled
  std::uint64_t open_bytes() const;
  std::uint64_t vanished() const;
  std::int64_t offset_of(std::uint64_t sequence) const;

  /// base and what is finished beyond it, from one moment.
  OffsetMap snapshot() const;

 private:
  struct Slot {
    std::int64_t offset;
    std::uint32_t deliveries;  ///< 0: settled
    bool awaiting_record;      ///< restored from a map, record not polled yet
    std::uint64_t bytes;
  };
};

}  // namespace hookline::settle
