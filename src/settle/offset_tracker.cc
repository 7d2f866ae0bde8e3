#include "hookline/settle/offset_tracker.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <limits>

namespace hookline::settle {
namespace {

constexpr std::size_t first_capacity = 64;
// An emptied ring of up to this many slots (256 KiB) is kept, because it will be filled again.
constexpr std::size_t kept_capacity = std::size_t{1} << 14;

[[noreturn]] void misuse(const char* what) {
  std::fprintf(stderr, "hookline: bug in offset tracking: %s\n", what);
  std::abort();
}

}  // namespace

OffsetTracker::OffsetTracker(std::int64_t base, const OffsetMap& map) : base_(base), next_(base), end_(base) {
  if (map.base <= base) restore(map);
}

void OffsetTracker::restore(const OffsetMap& map) {
  for (const auto& [first, last] : map.finished) {
    if (last <= end_) continue;
    for (std::int64_t offset = end_; offset < first; ++offset)
      push({offset, 0, 1});
    end_ = last;
  }
  awaited_end_ = tail_;
  advance();
}

OffsetTracker::Admitted OffsetTracker::admit_tracked(std::int64_t offset, std::uint32_t deliveries,
                                                     std::uint64_t bytes) {
  if (offset < next_) return {Admission::duplicate};
  next_ = offset + 1;
  vanish_below(offset);

  const auto held =
      static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes, std::numeric_limits<std::uint32_t>::max()));
  if (offset < end_) {  // within the map
    if (awaited_ == awaited_end_ || at(awaited_).offset != offset) return {Admission::finished};
    const std::uint64_t sequence = awaited_++;
    if (deliveries == 0) {
      settle(sequence);
      return {Admission::fresh};
    }
    at(sequence) = {offset, held, deliveries};
    open_bytes_ += held;
    return {Admission::fresh, sequence};
  }

  end_ = next_;
  if (deliveries == 0) {
    if (open_ == 0) base_ = end_;
    return {Admission::fresh};
  }
  if (open_ == 0) base_ = offset;
  push({offset, held, deliveries});
  return {Admission::fresh, tail_ - 1};
}

bool OffsetTracker::pass(std::int64_t offset) {
  if (offset <= next_ || !has_room(offset - 1)) return false;
  next_ = offset;
  vanish_below(offset);
  if (offset > end_) {
    end_ = offset;
    if (open_ == 0) base_ = end_;
  }
  return true;
}

/// Restored slots below an offset that polling has reached: their records are gone.
void OffsetTracker::vanish_below(std::int64_t offset) {
  while (awaited_ != awaited_end_ && at(awaited_).offset < offset) {
    ++vanished_;
    settle(awaited_++);
  }
}

bool OffsetTracker::finish_one(std::uint64_t sequence) {
  open_slot(sequence);
  if (at(sequence).deliveries > 1) {
    --at(sequence).deliveries;
    return false;
  }
  settle(sequence);
  return true;
}

void OffsetTracker::add_deliveries(std::uint64_t sequence, std::uint32_t more) {
  if (more > std::numeric_limits<std::uint32_t>::max() - open_slot(sequence).deliveries)
    misuse("too many deliveries");
  at(sequence).deliveries += more;
}

OffsetMap OffsetTracker::snapshot() const {
  OffsetMap map{base_, {}};
  std::int64_t told = base_;
  if (open_ == static_cast<std::uint64_t>(end_ - base_)) return map;  // nothing finished in between
  for (std::uint64_t sequence = head_; sequence != tail_; ++sequence) {
    const Slot& slot = at(sequence);
    if (slot.deliveries == 0) continue;
    if (told < slot.offset) map.finished.emplace_back(told, slot.offset);
    told = slot.offset + 1;
  }
  if (told < end_) map.finished.emplace_back(told, end_);
  return map;
}

void OffsetTracker::push(Slot slot) {
  if (tail_ - head_ == ring_.size()) {
    std::vector<Slot> larger(std::max(first_capacity, ring_.size() * 2));
    for (std::uint64_t sequence = head_; sequence != tail_; ++sequence) {
      larger[sequence & (larger.size() - 1)] = at(sequence);
    }
    ring_ = std::move(larger);
  }
  at(tail_++) = slot;
  ++open_;
  open_bytes_ += slot.bytes;
}

void OffsetTracker::settle(std::uint64_t sequence) {
  Slot& slot = at(sequence);
  slot.deliveries = 0;
  --open_;
  open_bytes_ -= slot.bytes;
  if (sequence == head_) advance();
}

void OffsetTracker::advance() {
  while (head_ != tail_ && at(head_).deliveries == 0)
    ++head_;
  base_ = head_ != tail_ ? at(head_).offset : end_;
  if (head_ == tail_ && ring_.size() > kept_capacity) ring_ = {};
}

const OffsetTracker::Slot& OffsetTracker::open_slot(std::uint64_t sequence) const {
  if (sequence < head_ || sequence >= tail_) misuse("a sequence without slot");
  if (sequence >= awaited_ && sequence < awaited_end_) misuse("a restored slot whose record was not polled");
  if (at(sequence).deliveries == 0) misuse("a record settled twice");
  return at(sequence);
}

}  // namespace hookline::settle
