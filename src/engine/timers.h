// What is due when: a heap of moments on the monotonic clock. Entries are not taken out when they
// become needless; their handle tells that when they fall due. One thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "hookline/core/time.h"
#include "slab.h"

namespace hookline::engine {

struct Timer {
  enum class What : std::uint8_t {
    retry,         ///< a delivery's wait is over (handle: delivery)
    produce,       ///< a refused record may be tried again (handle: burial)
    lane,          ///< a lane's pause or rate allows more (handle: lane number)
  };
  core::MonoTime due{};
  What what = What::retry;
  Handle handle = 0;
};

class Timers {
 public:
  void push(Timer timer) {
    heap_.push_back(timer);
    std::push_heap(heap_.begin(), heap_.end(), later);
  }
  /// The next one that is due, taken out.
  std::optional<Timer> pop_due(core::MonoTime now) {
    if (heap_.empty() || heap_.front().due > now) return std::nullopt;
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const Timer timer = heap_.back();
    heap_.pop_back();
    return timer;
  }
  std::optional<core::MonoTime> next() const {
    if (heap_.empty()) return std::nullopt;
    return heap_.front().due;
  }

 private:
  static bool later(const Timer& a, const Timer& b) { return a.due > b.due; }
  std::vector<Timer> heap_;
};

}  // namespace hookline::engine
