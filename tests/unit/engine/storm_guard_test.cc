#include "engine/storm_guard.h"

#include <algorithm>
#include <deque>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "hookline/core/random.h"

namespace hookline::engine {
namespace {

using namespace std::chrono_literals;
using Result = StormGuard::Result;

constexpr core::MonoTime start{1h};

/// So many attempts of each result on so many hosts, within a second.
struct Row {
  const char* what;
  int silent, answered, delivered, hosts;
  bool rages;
};

TEST(StormGuard, GoesByTheShareOfAttemptsWithoutAnAnswerAndByHosts) {
  constexpr Row rows[] = {
      {"all of a hundred, three hosts", 100, 0, 0, 3, true},
      {"all of a hundred, two hosts", 100, 0, 0, 2, false},
      {"too few attempts", 99, 0, 0, 5, false},
      {"91 %", 91, 9, 0, 3, true},
      {"just 90 %", 90, 5, 5, 3, false},
      {"answers of every kind are answers", 10, 90, 0, 10, false},
      {"a fifth succeeds", 400, 0, 100, 10, false},
      {"many", 9100, 0, 900, 40, true},
  };
  for (const auto& row : rows) {
    StormGuard guard({});
    for (int i = 0; i < row.answered; ++i) guard.attempt(start, "well", Result::answered);
    for (int i = 0; i < row.delivered; ++i) guard.attempt(start, "well", Result::delivered);
    for (int i = 0; i < row.silent; ++i) guard.attempt(start + 500ms, fmt::format("h{}", i % row.hosts), Result::silent);
    EXPECT_EQ(guard.raging(), row.rages) << row.what;
    EXPECT_EQ(guard.hosts().size(), row.rages ? static_cast<std::size_t>(row.hosts) : 0u) << row.what;
  }
}

TEST(StormGuard, GoesByDeliveriesThatCannotBeSent) {
  StormGuard guard({});
  for (int i = 0; i < 100; ++i) guard.begun(start);
  for (int i = 0; i < 50; ++i) guard.unsendable(start, "a");
  EXPECT_FALSE(guard.raging()) << "half of them is not more than half";
  guard.unsendable(start, "a");
  EXPECT_TRUE(guard.raging()) << "whatever the number of hosts";
  StormGuard few({});
  for (int i = 0; i < 99; ++i) {
    few.begun(start);
    few.unsendable(start, "a");
  }
  EXPECT_FALSE(few.raging());
}

TEST(StormGuard, ForgetsWhatIsOlderThanAMinute) {
  StormGuard guard({});
  for (int i = 0; i < 99; ++i) guard.attempt(start, fmt::format("h{}", i % 3), Result::silent);
  guard.attempt(start + 60s, "h0", Result::silent);
  EXPECT_FALSE(guard.raging());
  for (int i = 0; i < 99; ++i) guard.attempt(start + 61s, "h0", Result::silent);
  EXPECT_FALSE(guard.raging()) << "the other hosts failed long ago";
}

TEST(StormGuard, EndsWhenHalfOfTheHostsAnswer) {
  StormGuard guard({});
  for (int i = 0; i < 100; ++i) guard.attempt(start, fmt::format("h{}", i % 5), Result::silent);
  ASSERT_TRUE(guard.raging());
  EXPECT_EQ(guard.since(), start);
  guard.attempt(start + 10s, "h1", Result::delivered);
  guard.attempt(start + 10s, "h1", Result::delivered);
  guard.attempt(start + 10s, "h2", Result::answered);
  guard.attempt(start + 10s, "elsewhere", Result::delivered);
  guard.heard(start + 10s, "h3");
  ASSERT_TRUE(guard.raging()) << "two of five";
  guard.attempt(start + 20s, "h2", Result::delivered);
  EXPECT_FALSE(guard.raging());
  for (int i = 0; i < 99; ++i) guard.attempt(start + 20s, fmt::format("h{}", i % 5), Result::silent);
  EXPECT_FALSE(guard.raging()) << "it counts anew";
}

TEST(StormGuard, DoesNotWaitForHostsThatNothingIsSentTo) {
  StormGuard guard({});
  for (int i = 0; i < 100; ++i) guard.attempt(start, fmt::format("h{}", i % 5), Result::silent);
  for (int seconds = 10; seconds < 60; seconds += 10) guard.attempt(start + std::chrono::seconds(seconds), "h0", Result::silent);
  guard.judge_end(start + 59s);
  EXPECT_EQ(guard.awaited(start + 59s), 5u);
  guard.judge_end(start + 60s);
  EXPECT_EQ(guard.awaited(start + 60s), 1u);
  ASSERT_TRUE(guard.raging());
  guard.judge_end(start + 110s);
  EXPECT_FALSE(guard.raging()) << "nobody is left to wait for";
}

TEST(StormGuard, AHostThatIsNotWaitedForMayAnswerAllTheSame) {
  StormGuard guard({});
  for (int i = 0; i < 100; ++i) guard.attempt(start, fmt::format("h{}", i % 5), Result::silent);
  for (int seconds = 10; seconds <= 120; seconds += 10) {
    guard.attempt(start + std::chrono::seconds(seconds), "h0", Result::silent);
    guard.judge_end(start + std::chrono::seconds(seconds));
  }
  ASSERT_TRUE(guard.raging()) << "the only one that is probed is dead";
  guard.attempt(start + 121s, "h1", Result::delivered);
  EXPECT_FALSE(guard.raging()) << "one of two";
}

TEST(StormGuard, ASiblingsStormIsItsOwnAndCanBeSwitchedOff) {
  StormGuard guard({});
  guard.begin(start, {"a", "b"}, "because");
  EXPECT_TRUE(guard.raging());
  EXPECT_EQ(guard.reason(), "because");
  EXPECT_EQ(guard.next_intake(), start + 10s);
  guard.end(start);
  EXPECT_FALSE(guard.raging());
  StormGuard off({.enabled = false});
  for (int i = 0; i < 1000; ++i) off.attempt(start, fmt::format("h{}", i % 9), Result::silent);
  off.begin(start, {"a"}, "because");
  EXPECT_FALSE(off.raging());
}

/// Keeps every attempt, and counts them all each time.
class Naive {
 public:
  bool add(std::int64_t second, const std::string& host, Result result) {
    all_.push_back({second, host, result});
    std::size_t attempts = 0, silent = 0;
    std::set<std::string> hosts;
    for (const auto& one : all_) {
      if (one.second <= second - 60) continue;
      ++attempts;
      if (one.result != Result::silent) continue;
      ++silent;
      hosts.insert(one.host);
    }
    return result == Result::silent && attempts >= 20 && silent * 10 > attempts * 9 && hosts.size() >= 3;
  }

 private:
  struct One {
    std::int64_t second;
    std::string host;
    Result result;
  };
  std::deque<One> all_;
};

TEST(StormGuard, DoesAsANaiveModelDoes) {
  int storms = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    core::Random random(seed);
    StormGuard guard({.least = 20});
    Naive naive;
    std::int64_t second = 5000;
    const double health = random.unit() * 0.2;
    const auto hosts = 1 + random.below(6);
    for (int i = 0; i < 400 && !guard.raging(); ++i) {
      second += static_cast<std::int64_t>(random.chance(0.3) ? random.below(random.chance(0.02) ? 70 : 6) : 0);
      const auto host = fmt::format("h{}", random.below(hosts));
      const auto result = random.chance(health) ? (random.chance(0.5) ? Result::delivered : Result::answered) : Result::silent;
      guard.attempt(core::MonoTime(std::chrono::seconds(second)), host, result);
      ASSERT_EQ(guard.raging(), naive.add(second, host, result)) << "seed " << seed << ", attempt " << i;
    }
    storms += guard.raging();
  }
  EXPECT_GT(storms, 50);
  EXPECT_LT(storms, 290);
}

TEST(StormGuard, CountsWhatSiblingsCounted) {
  StormGuard one({}), other({});
  EXPECT_FALSE(one.take_tally());
  for (int i = 0; i < 60; ++i) one.attempt(start, "h0", Result::silent);
  for (int i = 0; i < 40; ++i) other.attempt(start, i % 2 ? "h1" : "h2", Result::silent);
  const auto told = one.take_tally();
  ASSERT_TRUE(told);
  EXPECT_FALSE(one.take_tally()) << "told once";
  other.add(start, *told);
  EXPECT_TRUE(other.raging()) << "a hundred attempts on three hosts, between the two of them";
  EXPECT_EQ(other.hosts().size(), 3u);
  EXPECT_FALSE(one.raging());
  EXPECT_FALSE(other.take_tally()) << "the storm is told instead";
  StormGuard third({});
  third.add(start, *told);
  EXPECT_FALSE(third.take_tally()) << "what was heard is not told again";
}

TEST(StormGuard, ProbesAndWhatWasCountedBeforeAStormsEndBeginNone) {
  StormGuard one({}), other({});
  for (int i = 0; i < 200; ++i) one.attempt(start, fmt::format("h{}", i % 5), Result::silent);
  ASSERT_TRUE(one.raging());
  EXPECT_FALSE(one.take_tally()) << "siblings are told of the storm";
  for (int i = 0; i < 90; ++i) other.attempt(start + 1s, fmt::format("h{}", i % 5), Result::silent);
  const auto late = other.take_tally();
  one.end(start + 2s);
  for (int i = 0; i < 2; ++i) one.add(start + 3s, *late);
  EXPECT_FALSE(one.raging()) << "these are of before";
  StormGuard another({});
  for (int i = 0; i < 90; ++i) another.attempt(start + 4s, fmt::format("h{}", i % 5), Result::silent);
  const auto fresh = another.take_tally();
  for (int i = 0; i < 2; ++i) one.add(start + 5s, *fresh);
  EXPECT_TRUE(one.raging());
}

TEST(StormGuard, ASiblingsGoodDeliveriesKeepItCalm) {
  StormGuard one({}), other({});
  for (int i = 0; i < 50; ++i) other.attempt(start, "well", Result::delivered);
  one.add(start, *other.take_tally());
  for (int i = 0; i < 300; ++i) one.attempt(start, fmt::format("h{}", i % 5), Result::silent);
  EXPECT_FALSE(one.raging());
}

TEST(StormGuard, WhatCannotBeSentIsAddedUpToo) {
  StormGuard one({}), other({});
  for (int i = 0; i < 60; ++i) one.begun(start), one.unsendable(start, "a");
  for (int i = 0; i < 60; ++i) other.begun(start), other.unsendable(start, "b");
  EXPECT_FALSE(one.raging());
  one.add(start, *other.take_tally());
  EXPECT_TRUE(one.raging());
  EXPECT_EQ(one.hosts().size(), 2u);
}

/// Whoever made an attempt: those who tell each other every second know, as the second ends, what one who made them all knows.
TEST(StormGuard, SeveralTogetherDoAsOneDoes) {
  int storms = 0;
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    core::Random random(seed);
    StormGuard alone({.least = 20});
    std::vector<StormGuard> several(2 + random.below(4), StormGuard({.least = 20}));
    const double health = random.unit() * 0.25;
    const auto hosts = 1 + random.below(6);
    for (int second = 0; second < 150 && !alone.raging(); ++second) {
      const core::MonoTime now = start + std::chrono::seconds(second);
      // The good ones first: within the second nobody concludes from half of the picture what the whole denies.
      std::vector<Result> results;
      for (auto left = random.chance(0.3) ? random.below(8) : 0; left > 0; --left) results.push_back(random.chance(health) ? Result::delivered : Result::silent);
      std::sort(results.begin(), results.end());
      const auto exchange = [&] {
        for (std::size_t from = 0; from < several.size(); ++from) {
          const auto tally = several[from].take_tally();
          for (std::size_t to = 0; to < several.size(); ++to) {
            if (to != from && tally) several[to].add(now, *tally);
            if (to != from && several[from].raging()) several[to].begin(now, {"h0"}, several[from].reason());  // as News tells it
          }
        }
      };
      for (const auto result : results) {
        const auto host = fmt::format("h{}", random.below(hosts));
        alone.attempt(now, host, result);
        several[random.below(several.size())].attempt(now, host, result);
        if (result != Result::silent) exchange();
      }
      exchange();
      for (const auto& one : several) ASSERT_EQ(one.raging(), alone.raging()) << "seed " << seed << ", second " << second;
    }
    storms += alone.raging();
  }
  EXPECT_GT(storms, 50);
  EXPECT_LT(storms, 290);
}

TEST(HostOf, IsTheMachineAndNothingElse) {
  const std::pair<const char*, const char*> rows[] = {
      {"https://Tickets.Example.com/api/${service}", "tickets.example.com"},
      {"http://127.0.0.1:9000/hook", "127.0.0.1"},
      {"http://[::1]:9000/hook", "[::1]"},
      {"http://[::1]", "[::1]"},
      {"https://a.example.com?x=1:2", "a.example.com"},
      {"", ""},
  };
  for (const auto& [url, host] : rows) EXPECT_EQ(host_of(url), host) << url;
}

}  // namespace
}  // namespace hookline::engine
