// How a replay shows on the screen: a bar with rate and time left on a terminal, a line every few seconds in a
// pipe. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>

#include "hookline/core/time.h"
#include "hookline/engine/replay.h"

namespace hookline::cli {

/// `[#####.....] 1234 of 50000, 812/s, 1m 2s left`: done, rate (0: not known yet), width of the bar (0: none).
std::string progress_line(const engine::ReplayCounts& counts, double per_second, std::size_t bar);

class ReplayScreen {
 public:
  /// Quiet: prints nothing.
  ReplayScreen(bool quiet, bool terminal) : quiet_(quiet), terminal_(terminal) {}
  void show(const engine::ReplayCounts& counts, core::MonoTime now);
  /// A line of its own.
  void say(const std::string& line);
  /// Ends the bar.
  void finish(const engine::ReplayCounts& counts, core::MonoTime now);

 private:
  double rate(const engine::ReplayCounts& counts, core::MonoTime now);

  const bool quiet_, terminal_;
  bool bar_open_ = false;
  core::MonoTime next_{};
  std::deque<std::pair<core::MonoTime, std::uint64_t>> seen_;  ///< of the last ten seconds
};

}  // namespace hookline::cli
