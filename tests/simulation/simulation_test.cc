#include <cstdlib>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "world.h"

namespace hookline::test {
namespace {

/// HOOKLINE_SEED runs one seed alone, HOOKLINE_SEEDS so many.
std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// The seed decides what the world is like, too.
WorldOptions options_of(std::uint64_t seed) {
  core::Random random(seed ^ 0x9e3779b97f4a7c15);
  WorldOptions options{.seed = seed};
  options.members = 1 + static_cast<int>(random.below(3));
  options.partitions = 1 + static_cast<int>(random.below(5));
  options.events = 20 + static_cast<int>(random.below(150));
  options.http_failure = random.unit() * 0.5;
  options.crashes = static_cast<int>(random.below(4));
  options.rebalances = static_cast<int>(random.below(5));
  options.stalls = random.chance(0.3) ? 1 : 0;
  options.stops = static_cast<int>(random.below(2));
  options.max_deliveries = 5 + random.below(100);
  options.max_bytes = 100 + random.below(10'000);  // now and then less than one poll brings
  return options;
}

TEST(Simulation, NothingIsLostAndNoCommitPassesAnOpenRecord) {
  const auto alone = from_environment("HOOKLINE_SEED", 0);
  const auto seeds = alone ? 1 : from_environment("HOOKLINE_SEEDS", 1000);
  for (std::uint64_t i = 0; i < seeds; ++i) {
    const auto seed = alone ? alone : i + 1;
    World world(options_of(seed));
    const auto failure = world.run();
    ASSERT_EQ(failure, "") << "run it alone with HOOKLINE_SEED=" << seed;
  }
}

TEST(Simulation, WithoutCrashesOrLostAssignmentsNothingIsSentTwiceUnlessAnAnswerWasLost) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    auto options = options_of(seed);
    options.crashes = options.stalls = 0;
    options.http_failure = options.produce_failure = options.commit_failure = options.late_commit = 0;
    World world(options);
    ASSERT_EQ(world.run(), "");
    EXPECT_EQ(world.duplicates(), 0u) << "seed " << seed;
  }
}

}  // namespace
}  // namespace hookline::test
