// What the owner of a partition of PREFIX.thresholds keeps of it. One thread.
#pragma once

#include <cstdint>
#include <optional>

#include "hookline/core/time.h"
#include "hookline/rule/counter.h"

namespace hookline::engine {

/// Before counting goes on at the committed offset, the window before it is read again, and on to the log's end of
/// then: there stand the notes of everything that has fired below the committed offset.
struct Reread {
  std::int64_t from = 0;
  std::int64_t end = 0;
};

struct Counting {
  rule::Counter counter;
  std::optional<Reread> rereading;  ///< still under way
  std::uint64_t forgotten = 0;      ///< of the counter's, what was told
};

}  // namespace hookline::engine
