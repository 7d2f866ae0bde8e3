// Which records of one partition are finished. `base` is the lowest offset that is not: everything
// below it is settled, and base is what may be committed. One per owned partition and assignment;
// belongs to its worker's thread; no I/O, no clock.
//
//   offsets:   100   101   102   104   105        (103 does not exist: compaction, a transaction marker)
//   slots:     open  done  open  done  done
//              ^ base: committed as 100, with 101 and 103 to 105 in the map
//
// Every unfinished offset below end() has a slot, so what has none is finished or does not exist.
// That is all that base and map rest on: a record that is settled as it is admitted needs no slot,
// and gaps cost nothing. Bounded by max_span slots of 16 bytes while has_room() is obeyed.
#pragma once

#include <cstdint>
#include <vector>

#include "hookline/settle/offset_map.h"

namespace hookline::settle {

class OffsetTracker {
 public:
  /// Begins at `base`, the position that polling starts from: the committed offset, or a higher one
  /// if the log begins later. `map` (decoded from the commit's metadata, may be empty) names offsets
  /// from base on that are finished already: each unfinished offset below the map's end gets a slot
  /// at once, so that no later commit can forget it (before its record has been polled again). A map
  /// that begins above `base` says nothing about what lies between and is not used.
  explicit OffsetTracker(std::int64_t base, const OffsetMap& map = {});

  /// What a polled record is to this partition.
  enum class Admission : std::uint8_t {
    fresh,      ///< take it; with deliveries, a slot is open, to be settled by its sequence
    finished,   ///< the map says that it is done: skip it
    duplicate,  ///< it, or a higher offset, was admitted before: skip it (a refetch)
  };
  struct Admitted {
    Admission admission;
    std::uint64_t sequence = 0;  ///< of the slot: only with fresh, and only if it has deliveries
  };

  /// Takes the record at `offset`, holding `bytes` (counted until it is settled; at most 4 GiB each).
  /// With `deliveries` 0 it is settled at once and has no slot. Offsets come in ascending order; slots
  /// restored from the map whose offset was passed over are gone records: they are settled and
  /// counted (vanished()). Call it only where has_room() said yes.
  Admitted admit(std::int64_t offset, std::uint32_t deliveries, std::uint64_t bytes) {
    // Nothing to remember: most records of most topics.
    if (open_ == 0 && deliveries == 0 && offset >= end_) {
      base_ = next_ = end_ = offset + 1;
      return {Admission::fresh};
    }
    return admit_tracked(offset, deliveries, bytes);
  }

  /// After admit() of one more record at `offset`: would the map of whatever finishes first still be
  /// written in full (fits())? If not, the record waits until base moves; an admitted record is open
  /// then, so that it will.
  bool has_room(std::int64_t offset) const {
    const std::uint64_t awaited = awaited_end_ - awaited_;
    // Below end() a record changes nothing; and beyond it the awaited ones vanish.
    if (open_ == awaited || offset < end_) return true;
    return fits(open_ - awaited + 1, static_cast<std::uint64_t>(offset - base_) + 1);
  }

  /// Polling has passed everything below `offset` without a record: transaction markers, aborted or
  /// compacted ones. So that is finished; false if it is no news, or if the map would not fit (has_room()).
  bool pass(std::int64_t offset);

  /// Finishes one delivery of an open slot. True when that settled the record. Any other sequence is
  /// a bug and aborts: it could mark an unfinished record done.
  bool finish_one(std::uint64_t sequence);
  /// Adds deliveries to an open slot; aborts like finish_one.
  void add_deliveries(std::uint64_t sequence, std::uint32_t more);

  /// The lowest unfinished offset; end() if there is none. Never moves back.
  std::int64_t base() const { return base_; }
  /// One past the highest offset admitted or restored.
  std::int64_t end() const { return end_; }
  /// Slots not settled, those restored and not polled yet among them.
  std::uint64_t open() const { return open_; }
  /// Restored slots whose record was not polled yet.
  std::uint64_t awaited() const { return awaited_end_ - awaited_; }
  std::uint64_t open_bytes() const { return open_bytes_; }
  /// Restored slots whose record was gone from the log.
  std::uint64_t vanished() const { return vanished_; }
  /// The offset of an open slot; aborts like finish_one.
  std::int64_t offset_of(std::uint64_t sequence) const { return open_slot(sequence).offset; }

  /// base and what is finished beyond it, from one moment. O(1) if that is nothing, else O(slots from
  /// base to end). Offsets that do not exist count as finished.
  OffsetMap snapshot() const;

 private:
  struct Slot {
    std::int64_t offset;
    std::uint32_t bytes;
    std::uint32_t deliveries;  ///< 0: settled
  };

  Admitted admit_tracked(std::int64_t offset, std::uint32_t deliveries, std::uint64_t bytes);
  void vanish_below(std::int64_t offset);
  void restore(const OffsetMap& map);
  void push(Slot slot);
  void settle(std::uint64_t sequence);
  void advance();

  Slot& at(std::uint64_t sequence) { return ring_[sequence & (ring_.size() - 1)]; }
  const Slot& at(std::uint64_t sequence) const { return ring_[sequence & (ring_.size() - 1)]; }
  const Slot& open_slot(std::uint64_t sequence) const;

  // Slots in the order of their offsets; the one of a sequence stands at sequence modulo the size,
  // a power of two. [head_, tail_) are in use, and the one at head_ is open.
  std::vector<Slot> ring_;
  std::uint64_t head_ = 0;
  std::uint64_t tail_ = 0;
  // [awaited_, awaited_end_) were restored, and their records have not been polled yet.
  std::uint64_t awaited_ = 0;
  std::uint64_t awaited_end_ = 0;

  std::int64_t base_;
  std::int64_t next_;  ///< one past the highest offset admitted: what is below was polled before
  std::int64_t end_;
  std::uint64_t open_ = 0;
  std::uint64_t open_bytes_ = 0;
  std::uint64_t vanished_ = 0;
};

}  // namespace hookline::settle
