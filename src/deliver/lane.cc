#include "hookline/deliver/lane.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

namespace hookline::deliver {
namespace {

/// The bucket holds 10 ms worth of starts: enough for a worker whose turns are longer than the distance
/// of two starts, too little for a receiver that counts per second to notice (1 % at most).
constexpr core::Duration bucket = std::chrono::milliseconds(10);

/// A start less often than that is as good as never, and keeps sums of times within 64 bits.
constexpr double longest_interval = 86'400e9;

constexpr std::uint32_t live_per_returning = 3;

}  // namespace

Lane::Lane(Limits limits) {
  set_limits(limits);
}

void Lane::set_limits(Limits limits) {
  const bool same_rate = limits.rate == limits_.rate;
  limits_ = limits;
  if (same_rate) return;
  full_at_ = {};
  interval_ = burst_ = {};
  if (!limits.rate || !(*limits.rate > 0)) return;
  interval_ = core::Duration(std::llround(std::ceil(std::min(1e9 / *limits.rate, longest_interval))));
  burst_ = std::max(core::Duration::zero(), bucket - interval_);
}

core::MonoTime Lane::allowed_from() const {
  return std::max(paused_until_, full_at_ - burst_);
}

std::optional<DeliveryIndex> Lane::take(core::MonoTime now) {
  if (ready() == 0 || in_flight_ >= limits_.concurrency || now < allowed_from()) return std::nullopt;
  full_at_ = std::max(full_at_, now) + interval_;
  ++in_flight_;
  return take_along();
}

bool Lane::returning_is_next() const {
  return ready_.empty() || (!returning_.empty() && live_in_a_row_ >= live_per_returning);
}

std::optional<DeliveryIndex> Lane::next() const {
  if (ready() == 0) return std::nullopt;
  return returning_is_next() ? returning_.front() : ready_.front();
}

std::optional<DeliveryIndex> Lane::take_along() {
  if (ready() == 0) return std::nullopt;
  const bool returning = returning_is_next();
  live_in_a_row_ = returning ? 0 : live_in_a_row_ + 1;
  auto& from = returning ? returning_ : ready_;
  const auto delivery = from.front();
  from.pop_front();
  return delivery;
}

std::deque<DeliveryIndex> Lane::take_all() {
  auto all = std::exchange(ready_, {});
  all.insert(all.end(), returning_.begin(), returning_.end());
  returning_.clear();
  return all;
}

void Lane::finished() {
  assert(in_flight_ > 0);
  --in_flight_;
}

void Lane::pause_until(core::MonoTime time) {
  paused_until_ = std::max(paused_until_, time);
}

std::optional<core::MonoTime> Lane::next_start(core::MonoTime now) const {
  if (ready() == 0 || in_flight_ >= limits_.concurrency) return std::nullopt;
  return std::max(now, allowed_from());
}

}  // namespace hookline::deliver
