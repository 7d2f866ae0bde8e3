#include "hookline/config/presets.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <numeric>

namespace hookline::config {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

std::span<const RetryPreset> retry_presets() {
  static const std::array<RetryPreset, 3> presets{{
      {"standard",
       {seconds(5), minutes(5), minutes(30), hours(2), hours(5), hours(10), hours(10)},
       RetryOn::transient},
      {"squadcast", {seconds(5), seconds(30), minutes(2)}, RetryOn::any_failure},
      {"wallarm",
       {seconds(1), seconds(3), seconds(5), seconds(10), seconds(10),               // first cycle
        seconds(0), seconds(1), seconds(3), seconds(5), seconds(30),                // second
        minutes(1), minutes(1), minutes(3), minutes(5), minutes(10), minutes(30)},  // third
       RetryOn::any_failure},
  }};
  return presets;
}

core::Duration default_max_age(const std::vector<core::Duration>& schedule) {
  const auto sum = std::accumulate(schedule.begin(), schedule.end(), core::Duration::zero());
  return std::max<core::Duration>(2 * sum, minutes(15));
}

Retry standard_retry() {
  const auto& standard = retry_presets().front();
  assert(standard.name == "standard");
  return {standard.schedule, standard.on, default_max_age(standard.schedule)};
}

}  // namespace hookline::config
