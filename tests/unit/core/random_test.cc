#include "hookline/core/random.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <vector>

#include <gtest/gtest.h>

namespace hookline::core {
namespace {

// Computed by another implementation of xoshiro256** seeded by SplitMix64: a seed of the simulation
// must mean the same run for ever.
TEST(Random, ASeedMeansTheSameNumbersForEver) {
  Random random(42);
  for (const std::uint64_t expected :
       {0x15780b2e0c2ec716u, 0x6104d9866d113a7eu, 0xae17533239e499a1u, 0xecb8ad4703b360a1u}) {
    EXPECT_EQ(random.next(), expected);
  }
  EXPECT_EQ(Random(0).next(), 0x99ec5f36cb75f2b4u);
}

TEST(Random, BelowStaysBelowAndReachesEveryValue) {
  Random random(1);
  std::array<int, 7> seen{};
  for (int i = 0; i < 70'000; ++i) {
    const auto value = random.below(7);
    ASSERT_LT(value, 7u);
    ++seen[value];
  }
  for (const int count : seen)
    EXPECT_NEAR(count, 10'000, 500);
  EXPECT_EQ(random.below(1), 0u);
}

TEST(Random, UnitIsInItsHalfOpenRangeAndEven) {
  Random random(2);
  double sum = 0;
  for (int i = 0; i < 100'000; ++i) {
    const double value = random.unit();
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 1);
    sum += value;
  }
  EXPECT_NEAR(sum / 100'000, 0.5, 0.01);
}

TEST(Random, ChanceOfNothingAndOfCertainty) {
  Random random(3);
  for (int i = 0; i < 1000; ++i) {
    ASSERT_FALSE(random.chance(0));
    ASSERT_TRUE(random.chance(1));
  }
}

TEST(Random, ShufflesAsAStandardGenerator) {
  std::vector<int> cards(52);
  std::iota(cards.begin(), cards.end(), 0);
  auto shuffled = cards;
  Random random(4);
  std::shuffle(shuffled.begin(), shuffled.end(), random);
  EXPECT_NE(shuffled, cards);
  std::sort(shuffled.begin(), shuffled.end());
  EXPECT_EQ(shuffled, cards);
}

TEST(Random, TheSystemGivesADifferentSeedEachTime) {
  EXPECT_NE(Random::from_system().next(), Random::from_system().next());
}

}  // namespace
}  // namespace hookline::core
