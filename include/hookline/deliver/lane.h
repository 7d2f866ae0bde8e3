// The way to one endpoint: who may start now. Holds the deliveries that are ready for it, in order,
// and admits them under its concurrency, rate and `Retry-After` pause, which belongs to the whole
// endpoint and not to one request. Pure state machine, one per endpoint and worker; what bounds the
// queue is the engine's admission.
#pragma once

#include <algorithm>
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
    std::optional<double> rate;  ///< starts per second of this worker; nullopt or not above 0: any number
    bool operator==(const Limits&) const = default;
  };
  explicit Lane(Limits limits);
  /// Takes effect with the next start; a new rate begins as if nothing had been started.
  void set_limits(Limits limits);

  /// Live deliveries come straight from an event, returning ones from a retry topic: three live ones start
  /// for each returning one, as long as there are both.
  void push(DeliveryIndex delivery) { ready_.push_back(delivery); }
  void push_returning(DeliveryIndex delivery) { returning_.push_back(delivery); }
  /// The next delivery that may start now, counted as in flight; nullopt: nothing is ready or allowed.
  std::optional<DeliveryIndex> take(core::MonoTime now);
  /// What take() would give; nullopt: nothing is ready.
  std::optional<DeliveryIndex> next() const;
  /// One more for the request that take() has begun; nullopt: nothing is ready.
  std::optional<DeliveryIndex> take_along();
  /// Puts back what take_along() gave: it is the next of its queue.
  void put_back(DeliveryIndex delivery, bool returning) { (returning ? returning_ : ready_).push_front(delivery); }
  /// An attempt that take() admitted has ended.
  void finished();
  /// The endpoint asked to be left alone until then; a longer pause wins.
  void pause_until(core::MonoTime time);
  /// It is another endpoint now, which has asked for nothing.
  void end_pause() { paused_until_ = {}; }
  /// When take() will give something if nothing else happens (`now` if at once); nullopt: not by time alone.
  std::optional<core::MonoTime> next_start(core::MonoTime now) const;

  std::size_t ready() const { return ready_.size() + returning_.size(); }
  std::size_t live() const { return ready_.size(); }
  std::size_t returning() const { return returning_.size(); }
  /// For how long the endpoint asked to be left alone, from now on.
  core::Duration paused_for(core::MonoTime now) const { return std::max(paused_until_ - now, core::Duration{}); }
  std::uint32_t in_flight() const { return in_flight_; }
  bool idle() const { return ready() == 0 && in_flight_ == 0; }
  /// All that is ready, taken out.
  std::deque<DeliveryIndex> take_all();
  template <class Predicate>
  void remove_if(Predicate predicate) {
    std::erase_if(ready_, predicate);
    std::erase_if(returning_, predicate);
  }

 private:
  core::MonoTime allowed_from() const;
  bool returning_is_next() const;

  Limits limits_;
  std::deque<DeliveryIndex> ready_;
  std::deque<DeliveryIndex> returning_;
  std::uint32_t live_in_a_row_ = 0;
  std::uint32_t in_flight_ = 0;
  core::MonoTime paused_until_{};
  // The token bucket, as the time at which it will be full again: one start moves it by `interval_`,
  // and a start is allowed while it is no more than `burst_` ahead. Whole nanoseconds, so that
  // next_start() and take() agree to the last one.
  core::Duration interval_{};
  core::Duration burst_{};
  core::MonoTime full_at_{};
};

}  // namespace hookline::deliver
