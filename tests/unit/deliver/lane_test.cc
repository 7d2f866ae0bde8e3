#include "hookline/deliver/lane.h"

#include <cmath>
#include <deque>
#include <limits>
#include <vector>

#include <gtest/gtest.h>

#include "hookline/core/random.h"

namespace hookline::deliver {
namespace {

using namespace std::chrono_literals;
using core::Duration;
using core::MonoTime;

constexpr MonoTime t0{std::chrono::hours(5)};

Lane lane_of(Lane::Limits limits, std::uint32_t ready) {
  Lane lane(limits);
  for (std::uint32_t i = 0; i < ready; ++i)
    lane.push(i);
  return lane;
}

TEST(Lane, GivesDeliveriesInOrderUpToItsConcurrency) {
  auto lane = lane_of({.concurrency = 2, .rate = {}}, 3);
  EXPECT_EQ(lane.take(t0), 0u);
  EXPECT_EQ(lane.take(t0), 1u);
  EXPECT_EQ(lane.take(t0), std::nullopt);
  EXPECT_EQ(lane.next_start(t0), std::nullopt) << "only an answer helps";
  EXPECT_EQ(lane.in_flight(), 2u);
  lane.finished();
  EXPECT_EQ(lane.next_start(t0), t0);
  EXPECT_EQ(lane.take(t0), 2u);
  EXPECT_EQ(lane.ready(), 0u);
  EXPECT_FALSE(lane.idle());
  lane.finished();
  lane.finished();
  EXPECT_TRUE(lane.idle());
  EXPECT_EQ(lane.next_start(t0), std::nullopt);
}

TEST(Lane, PausesAsAWholeAndTheLongerPauseWins) {
  auto lane = lane_of({}, 2);
  lane.pause_until(t0 + 10s);
  lane.pause_until(t0 + 5s);
  EXPECT_EQ(lane.take(t0 + 10s - 1ns), std::nullopt);
  EXPECT_EQ(lane.next_start(t0), t0 + 10s);
  EXPECT_EQ(lane.take(t0 + 10s), 0u);
}

TEST(Lane, NeverStartsMoreThanItsRateInAnySecond) {
  for (const double rate : {0.5, 1.0, 3.0, 100.0, 150.0, 7000.0}) {
    auto lane = lane_of({.concurrency = ~0u, .rate = rate}, 30'000);
    std::deque<MonoTime> last_second;
    MonoTime now = t0;
    std::uint64_t starts = 0;
    const MonoTime end = t0 + 4s;
    while (now < end) {
      while (lane.take(now)) {
        ++starts;
        last_second.push_back(now);
      }
      while (!last_second.empty() && last_second.front() <= now - 1s)
        last_second.pop_front();
      ASSERT_LE(static_cast<double>(last_second.size()), rate * 1.01 + 1) << rate;
      const auto next = lane.next_start(now);
      ASSERT_TRUE(next);
      ASSERT_GT(*next, now);
      now = *next;
    }
    EXPECT_GE(static_cast<double>(starts), rate * 4 - 1) << rate;
  }
}

TEST(Lane, ARateIsNotSavedUpOverIdleTime) {
  auto lane = lane_of({.concurrency = 100, .rate = 100}, 50);
  EXPECT_TRUE(lane.take(t0 + std::chrono::hours(1)));
  EXPECT_FALSE(lane.take(t0 + std::chrono::hours(1)));
}

TEST(Lane, ANewRateBeginsAfreshAndTheSameRateDoesNot) {
  auto lane = lane_of({.concurrency = 9, .rate = 1.0 / 3600}, 5);
  EXPECT_TRUE(lane.take(t0));
  lane.set_limits({.concurrency = 9, .rate = 1.0 / 3600});
  EXPECT_EQ(lane.next_start(t0), t0 + 1h);
  lane.set_limits({.concurrency = 9, .rate = 100});
  EXPECT_EQ(lane.take(t0 + 1ms), 1u);
  EXPECT_EQ(lane.take(t0 + 1ms), std::nullopt);
  lane.set_limits({.concurrency = 9, .rate = {}});
  EXPECT_EQ(lane.take(t0 + 1ms), 2u);
  EXPECT_EQ(lane.take(t0 + 1ms), 3u);
}

TEST(Lane, RatesThatMakeNoSenseDoNotLimit) {
  for (const double rate : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN()}) {
    auto lane = lane_of({.concurrency = 9, .rate = rate}, 3);
    EXPECT_TRUE(lane.take(t0) && lane.take(t0) && lane.take(t0)) << rate;
  }
  auto slow = lane_of({.concurrency = 9, .rate = 1e-300}, 2);
  EXPECT_TRUE(slow.take(t0));
  EXPECT_EQ(slow.next_start(t0), t0 + 24h);
}

TEST(Lane, LessConcurrencyThanInFlightWaitsForAnswers) {
  auto lane = lane_of({.concurrency = 3, .rate = {}}, 4);
  EXPECT_TRUE(lane.take(t0) && lane.take(t0) && lane.take(t0));
  lane.set_limits({.concurrency = 1, .rate = {}});
  lane.finished();
  lane.finished();
  EXPECT_FALSE(lane.take(t0));
  lane.finished();
  EXPECT_TRUE(lane.take(t0));
}

/// The same promises, told the slow way: every start remembered, every rule checked over all of them.
struct NaiveLane {
  Lane::Limits limits;
  std::deque<DeliveryIndex> ready;
  std::vector<MonoTime> starts;  ///< since the rate was set
  std::uint32_t in_flight = 0;
  std::vector<MonoTime> pauses;

  bool may_start(MonoTime now) const {
    if (ready.empty() || in_flight >= limits.concurrency) return false;
    for (const auto pause : pauses) {
      if (now < pause) return false;
    }
    if (!limits.rate) return true;
    // A bucket that loses one per start and gains one per interval, up to 10 ms worth, at least one.
    const auto interval = static_cast<long double>(std::ceil(1e9 / *limits.rate));
    const long double capacity = std::max<long double>(interval, 1e7L);
    long double level = capacity;
    for (std::size_t i = 0; i < starts.size(); ++i) {
      if (i > 0)
        level = std::min(capacity, level + static_cast<long double>((starts[i] - starts[i - 1]).count()));
      level -= interval;
    }
    if (!starts.empty())
      level = std::min(capacity, level + static_cast<long double>((now - starts.back()).count()));
    return level >= interval;
  }
};

TEST(Lane, BehavesLikeTheNaiveModelOverRandomHistories) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    core::Random random(seed);
    const std::optional<double> rates[] = {std::nullopt, 2.0, 90.0, 333.0, 5000.0};
    const auto random_limits = [&] {
      return Lane::Limits{.concurrency = static_cast<std::uint32_t>(random.below(5)),
                          .rate = rates[random.below(5)]};
    };
    NaiveLane naive{random_limits(), {}, {}, 0, {}};
    Lane lane(naive.limits);
    MonoTime now = t0;
    DeliveryIndex next = 0;
    for (int step = 0; step < 600; ++step) {
      SCOPED_TRACE(testing::Message() << "seed " << seed << " step " << step);
      switch (random.below(8)) {
        case 0:
        case 1:
          lane.push(next);
          naive.ready.push_back(next++);
          break;
        case 2:
        case 3:
          now += Duration(static_cast<Duration::rep>(random.below(20'000'000)));
          break;
        case 4:
          if (const auto time = lane.next_start(now)) now = *time;
          break;
        case 5:
          if (naive.in_flight > 0) {
            lane.finished();
            --naive.in_flight;
          }
          break;
        case 6:
          if (random.chance(0.2)) {
            const auto until = now + Duration(static_cast<Duration::rep>(random.below(100'000'000)));
            lane.pause_until(until);
            naive.pauses.push_back(until);
          }
          break;
        case 7:
          if (random.chance(0.1)) {
            const auto limits = random_limits();
            if (limits.rate != naive.limits.rate) naive.starts.clear();
            naive.limits = limits;
            lane.set_limits(limits);
          }
          break;
      }
      // What it says of the time of the next start is true, to the nanosecond.
      const auto start = lane.next_start(now);
      ASSERT_EQ(start == now, naive.may_start(now));
      if (start && *start > now) {
        ASSERT_FALSE(naive.may_start(*start - 1ns));
        ASSERT_TRUE(naive.may_start(*start));
      }
      if (!start) {
        ASSERT_FALSE(naive.may_start(now + std::chrono::hours(1)));
      }
      if (random.chance(0.7)) {
        const bool expected = naive.may_start(now);
        const auto taken = lane.take(now);
        ASSERT_EQ(taken.has_value(), expected);
        if (taken) {
          ASSERT_EQ(*taken, naive.ready.front());
          naive.ready.pop_front();
          naive.starts.push_back(now);
          ++naive.in_flight;
        }
      }
      ASSERT_EQ(lane.ready(), naive.ready.size());
      ASSERT_EQ(lane.in_flight(), naive.in_flight);
      ASSERT_EQ(lane.idle(), naive.ready.empty() && naive.in_flight == 0);
    }
  }
}

}  // namespace
}  // namespace hookline::deliver
