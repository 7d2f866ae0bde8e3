// Tells a worker that is stuck (in an endless loop, in a call that never returns) from one that has
// nothing to do: every worker turns its loop several times a second. librdkafka's own threads keep the
// membership of a stuck worker alive, so that nobody else would notice for minutes. Pure; one thread.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "hookline/core/time.h"

namespace hookline::engine {

class Watchdog {
 public:
  /// `turns` of each worker so far. To be called about once a second or more often.
  void look(core::MonoTime now, std::span<const std::uint64_t> turns) {
    const bool stood_still = now - looked_at_ > longest_gap;  // the process as a whole: nobody's fault
    looked_at_ = now;
    seen_.resize(turns.size(), Seen{0, now});
    for (std::size_t i = 0; i < turns.size(); ++i) {
      if (stood_still || seen_[i].turns != turns[i]) seen_[i] = {turns[i], now};
    }
  }

  /// For how long the worker had not turned when last looked at.
  core::Duration silent(std::size_t worker) const {
    return worker < seen_.size() ? looked_at_ - seen_[worker].since : core::Duration{};
  }

 private:
  static constexpr core::Duration longest_gap = std::chrono::seconds(5);
  struct Seen {
    std::uint64_t turns;
    core::MonoTime since;
  };
  core::MonoTime looked_at_{};
  std::vector<Seen> seen_;
};

}  // namespace hookline::engine
