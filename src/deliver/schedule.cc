#include "hookline/deliver/schedule.h"

namespace hookline::deliver {
namespace {

constexpr core::Duration long_wait = std::chrono::seconds(10);
constexpr double jitter = 0.2;
constexpr double jitter_of_long_waits = 0.03;  // the grain of the retry topics adds up to 0.05

}  // namespace

std::optional<core::Duration> next_wait(const config::Retry& retry, std::uint32_t attempts,
                                        core::Random& random) {
  if (attempts == 0) return core::Duration::zero();
  if (attempts > retry.schedule.size()) return std::nullopt;
  const auto wait = retry.schedule[attempts - 1];
  const double spread = wait > long_wait ? jitter_of_long_waits : jitter;
  return wait + core::Duration(static_cast<core::Duration::rep>(static_cast<double>(wait.count()) * spread *
                                                                random.unit()));
}

}  // namespace hookline::deliver
