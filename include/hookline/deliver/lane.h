// The way to one endpoint: who may start now. Holds the deliveries that are ready or waiting for it,
// in order, and admits them under its concurrency, rate and `Retry-After` pause, which belongs to the
// whole endpoint and not to one request. Pure state machine, one per endpoint and worker.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>

#include "hookline/core/time.h"

namespace hookline::deliver {

/// Index of a delivery in its worker's table.
using DeliveryIndex = std::uint32_t;

class Lane {
 public:
  struct Limits {
    std::uint32_t concurrency = 64;
    std::optional<double> rate;  ///< per second and worker
  };
  explicit Lane(Limits limits) : limits_(limits) {}
  void set_limits(Limits limits) { limits_ = limits; }

  void push(DeliveryIndex delivery);
  /// The next delivery that may start now, counted as in flight; nullopt: nothing is ready or allowed.
  std::optional<DeliveryIndex> take(core::MonoTime now);
  /// An attempt that take() admitted has ended.
  void finished();
  /// The endpoint asked to be left alone until then; a longer pause wins.
  void pause_until(core::MonoTime time);
  /// When take() may next give something if nothing else happens; nullopt: not by time alone.
  std::optional<core::MonoTime> next_start(core::MonoTime now) const;

  std::size_t ready() const { return ready_.size(); }
  std::uint32_t in_flight() const { return in_flight_; }
  bool idle() const { return ready_.empty() && in_flight_ == 0; }
  std::deque<DeliveryIndex>& queue() { return ready_; }

 private:
  Limits limits_;
  std::deque<DeliveryIndex> ready_;
  std::uint32_t in_flight_ = 0;
  core::MonoTime paused_until_{};
  double tokens_ = 1;
  core::MonoTime refilled_{};
};

}  // namespace hookline::deliver
