// What a worker tells the others of its process about endpoints, so that each need not find out by itself: by post,
// never waited for. Values; other processes learn from their own answers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hookline/core/time.h"
#include "storm_guard.h"

namespace hookline::engine {

struct News {
  enum class What : std::uint8_t {
    paused,    ///< the endpoint asked with Retry-After to be left alone until then
    opened,    ///< its circuit is open; no probe before then
    closed,    ///< it answers again
    storm,     ///< the storm guard stops intake: why, and over which hosts
    heard,     ///< a host of the storm has answered with a 2xx
    calm,      ///< the storm is over
    tally,     ///< what this worker's attempts of the last second came to
  };
  What what = What::paused;
  std::string webhook, endpoint;   ///< paused, opened, closed
  core::MonoTime until{};          ///< paused, opened
  core::WallTime worked_at{};      ///< paused, opened, closed: when the endpoint answered last as one that works
  std::vector<std::string> hosts;  ///< storm, heard
  std::string reason;              ///< storm
  StormTally counted;              ///< tally
};

}  // namespace hookline::engine
