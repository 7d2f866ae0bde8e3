// Thresholds: what the words of docs/policies.md promise, and that who counts the same log again answers the same.
#include "hookline/rule/counter.h"

#include <map>
#include <random>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace hookline::rule {
namespace {

using namespace std::chrono_literals;

core::WallTime at(std::int64_t ms) { return core::from_unix_ms(ms); }
constexpr Counter::Threshold three_in_ten{3, 10s};

class Counting : public testing::Test {
 protected:
  bool count(std::int64_t ms, std::uint64_t origin, std::string_view group = "g") {
    return counter_.count(group, {origin, at(ms)}, three_in_ten).has_value();
  }
  Counter counter_;
};

TEST_F(Counting, FiresOnTheCountthOnceInAWindow) {
  EXPECT_FALSE(count(1000, 1));
  EXPECT_FALSE(count(2000, 2));
  EXPECT_TRUE(count(3000, 3));
  for (std::uint64_t more = 4; more < 20; ++more) EXPECT_FALSE(count(3000 + static_cast<std::int64_t>(more), more));
  EXPECT_FALSE(count(10'999, 20)) << "the window that began at 1 s";
  EXPECT_FALSE(count(11'000, 21));
  EXPECT_FALSE(count(11'001, 22));
  EXPECT_TRUE(count(11'002, 23)) << "the next one";
}

TEST_F(Counting, EventsThatLieTooFarApartDoNotMakeAWindow) {
  EXPECT_FALSE(count(0, 1));
  EXPECT_FALSE(count(5000, 2));
  EXPECT_FALSE(count(10'000, 3)) << "10 s after the first: outside";
  EXPECT_TRUE(count(14'999, 4));
}

TEST_F(Counting, ACopyCountsOnce) {
  EXPECT_FALSE(count(1000, 1));
  EXPECT_FALSE(count(1000, 1));
  EXPECT_FALSE(count(2000, 2));
  EXPECT_FALSE(count(1000, 1));
  EXPECT_TRUE(count(2000, 3));
  EXPECT_FALSE(count(2000, 3));
}

TEST_F(Counting, GroupsAreCountedByThemselves) {
  EXPECT_FALSE(count(1000, 1, "a"));
  EXPECT_FALSE(count(1000, 2, "b"));
  EXPECT_FALSE(count(1000, 3, "a"));
  EXPECT_FALSE(count(1000, 4, "b"));
  EXPECT_TRUE(count(1000, 5, "a"));
  EXPECT_TRUE(count(1000, 6, "b"));
}

TEST_F(Counting, TheOrderInWhichTheyArriveMayBeAnother) {
  EXPECT_FALSE(count(9000, 1));
  EXPECT_FALSE(count(1000, 2));
  EXPECT_TRUE(count(5000, 3));
}

TEST_F(Counting, ACountOfOneFiresOncePerWindow) {
  const Counter::Threshold one{1, 10s};
  EXPECT_TRUE(counter_.count("g", {1, at(1000)}, one));
  EXPECT_FALSE(counter_.count("g", {2, at(10'999)}, one));
  EXPECT_TRUE(counter_.count("g", {3, at(11'000)}, one));
}

TEST(CounterBounds, ForgetsTheGroupThatWasTouchedLongestAgo) {
  Counter counter(8);
  for (std::uint64_t group = 0; group < 5; ++group) counter.count(std::to_string(group), {group, at(1000)}, three_in_ten);
  EXPECT_LE(counter.size(), 8u);
  EXPECT_EQ(counter.forgotten(), 1u);
  EXPECT_FALSE(counter.count("0", {10, at(1000)}, three_in_ten));
  EXPECT_FALSE(counter.count("0", {11, at(1000)}, three_in_ten)) << "its count began anew";
  EXPECT_TRUE(counter.count("0", {12, at(1000)}, three_in_ten));
  counter.sweep(at(11'001));
  EXPECT_GT(counter.size(), 0u) << "touched since the last time";
  counter.sweep(at(11'001));
  EXPECT_EQ(counter.size(), 0u);
}

/// The words as they stand: all events of a group in one list, every combination looked at.
class Naive {
 public:
  bool count(const std::string& group, std::uint64_t origin, std::int64_t time, const Counter::Threshold& threshold) {
    auto& g = groups_[group];
    const std::int64_t within = threshold.within / 1ms;
    if (time < g.until || (!g.events.empty() && time < g.events.rbegin()->first - 2 * within)) return false;
    if (!g.events.insert({time, origin}).second) return false;
    std::erase_if(g.events, [&](const auto& event) { return event.first < g.events.rbegin()->first - 2 * within; });
    for (const auto& [oldest, who] : g.events) {
      std::size_t inside = 0;
      bool this_one = false;
      for (const auto& [other, name] : g.events) {
        const bool in = std::pair(other, name) >= std::pair(oldest, who) && other < oldest + within;
        inside += in;
        this_one = this_one || (in && other == time && name == origin);
      }
      if (!this_one || inside < threshold.count) continue;
      g.until = oldest + within;
      std::erase_if(g.events, [&](const auto& event) { return event.first < g.until; });
      return true;
    }
    return false;
  }

 private:
  struct Group {
    std::set<std::pair<std::int64_t, std::uint64_t>> events;
    std::int64_t until = INT64_MIN;
  };
  std::map<std::string, Group> groups_;
};

struct Logged {
  std::string group;
  Counter::Event event;
  std::optional<core::WallTime> fired;
};

/// A log of events of some groups, a bit out of order and with copies.
std::vector<Logged> make_log(std::mt19937& random, std::size_t size) {
  std::vector<Logged> log;
  std::int64_t time = 100'000;
  for (std::size_t i = 0; i < size; ++i) {
    time += static_cast<std::int64_t>(random() % 2000);
    if (!log.empty() && random() % 8 == 0) {
      log.push_back({log[log.size() - 1 - random() % std::min<std::size_t>(log.size(), 5)]});
      continue;
    }
    log.push_back({std::string(1, static_cast<char>('a' + random() % 3)), {i, at(time - static_cast<std::int64_t>(random() % 6000))}, {}});
  }
  return log;
}

TEST(CounterProperty, AnswersWhatTheNaiveModelDoes) {
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    std::mt19937 random(seed);
    const Counter::Threshold threshold{1 + static_cast<std::uint32_t>(random() % 6), std::chrono::seconds(3 + random() % 20)};
    Counter counter;
    Naive naive;
    for (const auto& entry : make_log(random, 200)) {
      const bool fires = counter.count(entry.group, entry.event, threshold).has_value();
      ASSERT_EQ(fires, naive.count(entry.group, entry.event.origin, core::to_unix_ms(entry.event.at), threshold)) << "seed " << seed;
    }
  }
}

TEST(CounterProperty, WhoReadsTheLogAgainFiresOnTheSameEvents) {
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    std::mt19937 random(seed);
    const Counter::Threshold threshold{1 + static_cast<std::uint32_t>(random() % 6), std::chrono::seconds(3 + random() % 20)};
    auto log = make_log(random, 200);
    Counter first;
    for (auto& entry : log) entry.fired = first.count(entry.group, entry.event, threshold);

    const std::size_t base = random() % log.size();  // what lies below is settled: its firings are known
    Counter second;
    std::vector<std::size_t> order(base);
    for (std::size_t i = 0; i < base; ++i) order[i] = i;
    for (const std::size_t i : order) second.remember(log[i].group, log[i].event, threshold);
    std::shuffle(order.begin(), order.end(), random);  // notes of firings come later, in any order
    for (const std::size_t i : order) {
      if (log[i].fired) second.fired(log[i].group, *log[i].fired);
    }
    for (std::size_t i = base; i < log.size(); ++i) {
      ASSERT_EQ(second.count(log[i].group, log[i].event, threshold), log[i].fired) << "seed " << seed << ", record " << i << " after " << base;
    }
  }
}

}  // namespace
}  // namespace hookline::rule
