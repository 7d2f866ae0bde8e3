#include "hookline/deliver/schedule.h"

#include <gtest/gtest.h>

namespace hookline::deliver {
namespace {

using namespace std::chrono_literals;

config::Retry with(std::vector<core::Duration> schedule) {
  config::Retry retry;
  retry.schedule = std::move(schedule);
  return retry;
}

/// The presets, as the handbook gives them.
const std::vector<std::vector<core::Duration>> presets{
    {5s, 5min, 30min, 2h, 5h, 10h, 10h},
    {5s, 30s, 2min},
    {1s, 3s, 5s, 10s, 10s, 0s, 1s, 3s, 5s, 30s, 1min, 1min, 3min, 5min, 10min, 30min},
};

TEST(Schedule, NeverEarlyAndAtMostAFifthLateOrThreeHundredthsForWaitsOverTenSeconds) {
  core::Random random(1);
  for (const auto& schedule : presets) {
    const auto retry = with(schedule);
    for (std::uint32_t failed = 1; failed <= schedule.size(); ++failed) {
      const auto due = schedule[failed - 1];
      const auto latest = due + (due > 10s ? due * 3 / 100 : due / 5);
      core::Duration least = core::Duration::max(), most{};
      for (int i = 0; i < 1000; ++i) {
        const auto wait = next_wait(retry, failed, random);
        ASSERT_TRUE(wait);
        ASSERT_GE(*wait, due);
        ASSERT_LE(*wait, latest);
        least = std::min(least, *wait);
        most = std::max(most, *wait);
      }
      // The whole width is used, or a receiver that comes back would be hit by all at once.
      EXPECT_LE(least, due + (latest - due) / 50);
      EXPECT_GE(most, latest - (latest - due) / 50);
    }
  }
}

TEST(Schedule, TenSecondsCountAsShort) {
  core::Random random(2);
  const auto retry = with({10s, 10s + 1ns});
  core::Duration most_of_short{}, most_of_long{};
  for (int i = 0; i < 1000; ++i) {
    most_of_short = std::max(most_of_short, *next_wait(retry, 1, random));
    most_of_long = std::max(most_of_long, *next_wait(retry, 2, random));
  }
  EXPECT_GT(most_of_short, 11500ms);
  EXPECT_LE(most_of_long, 11s + 1ns);
}

TEST(Schedule, IsExhaustedAfterItsLastWait) {
  core::Random random(3);
  for (const auto& schedule : presets) {
    const auto retry = with(schedule);
    const auto length = static_cast<std::uint32_t>(schedule.size());
    EXPECT_TRUE(next_wait(retry, length, random));
    EXPECT_FALSE(next_wait(retry, length + 1, random));
    EXPECT_FALSE(next_wait(retry, ~std::uint32_t{0}, random));
  }
  EXPECT_FALSE(next_wait(with({}), 1, random));
}

TEST(Schedule, TheFirstAttemptIsDueAtOnce) {
  core::Random random(4);
  EXPECT_EQ(next_wait(with({5s}), 0, random), core::Duration::zero());
  EXPECT_EQ(next_wait(with({}), 0, random), core::Duration::zero());
}

TEST(Schedule, TheLongestWaitDoesNotOverflow) {
  core::Random random(5);
  const core::Duration century = std::chrono::hours(24 * 36500);
  for (int i = 0; i < 100; ++i)
    EXPECT_GE(*next_wait(with({century}), 1, random), century);
}

}  // namespace
}  // namespace hookline::deliver
