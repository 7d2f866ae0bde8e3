// Seeds: HOOKLINE_SEED runs one alone, HOOKLINE_SEEDS so many, HOOKLINE_LONG=1 a million over all cores.
#include <cstdlib>
#include <thread>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "hookline/core/log.h"
#include "seeds.h"
#include "support/temp_dir.h"
#include "world.h"

namespace hookline::test {
namespace {

using namespace std::chrono_literals;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t long_seeds = 20'000;
#else
constexpr std::uint64_t long_seeds = 1'000'000;
#endif

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// The seed decides what the world is like, too.
WorldOptions options_of(std::uint64_t seed) {
  core::Random random(seed ^ 0x9e3779b97f4a7c15);
  WorldOptions options{.seed = seed};
  options.members = 1 + static_cast<int>(random.below(3));
  options.partitions = 1 + static_cast<int>(random.below(4));
  options.events = 10 + static_cast<int>(random.below(90));
  options.http_failure = random.unit() * 0.5;
  options.produce_failure = random.unit() * 0.3;
  options.commit_failure = random.unit() * 0.3;
  options.late_commit = random.unit() * 0.2;
  options.crashes = static_cast<int>(random.below(5));
  options.rebalances = static_cast<int>(random.below(4));
  options.stalls = static_cast<int>(random.below(2));
  options.stops = static_cast<int>(random.below(2));
  options.retentions = random.chance(0.2) ? 1 + static_cast<int>(random.below(3)) : 0;
  options.revisions = random.chance(0.3) ? 1 + static_cast<int>(random.below(3)) : 0;
  options.storm = 3s + std::chrono::milliseconds(random.below(9000));
  options.commit_heal = random.chance(0.5) ? 1s : 30s;
  options.max_deliveries = 1 + random.below(random.chance(0.5) ? 10 : 100);
  options.max_bytes = 1000 + random.below(30'000);  // now and then less than one poll brings
  if (random.chance(0.1)) {                         // maps that would not fit
    options.gap = 0.3;
    options.widest_gap = random.chance(0.5) ? 5000 : 200'000;
  }
  options.retry_topics = random.chance(0.6);
  if (random.chance(0.4)) options.sick = static_cast<Targets>(random.below(512));
  if (random.chance(0.3)) {  // nobody answers for a while, and the storm guard sees it
    options.cut = std::chrono::milliseconds(random.below(12'000));
    options.guard = {.least = 1 + static_cast<std::uint32_t>(random.below(30)), .least_hosts = 1 + static_cast<std::uint32_t>(random.below(3))};
  }
  options.siblings = random.chance(0.5);
  options.ordered = options.retry_topics && random.chance(0.6);
  options.counting = options.retry_topics && random.chance(0.4);
  if (options.counting && random.chance(0.2)) options.sick |= page_main;
  options.left_alone = options.retry_topics && random.chance(0.1);
  options.hands = options.ordered && random.chance(0.2) ? 3 : 0;
  return options;
}

TEST(Simulation, NothingIsLostAndNothingIsSentTwiceWithoutAReason) {
  core::log::set_level("error");
  const auto run = [](std::uint64_t seed) { return World(options_of(seed)).run(); };
  if (const auto alone = from_environment("HOOKLINE_SEED", 0)) {
    EXPECT_EQ(run(alone), "");
    return;
  }
  SeedRun seeds;
  seeds.first = from_environment("HOOKLINE_FIRST_SEED", 1);
  seeds.count = from_environment("HOOKLINE_SEEDS", long_run() ? long_seeds : 1000);
  if (long_run()) seeds.processes = std::max(1u, std::thread::hardware_concurrency());
  seeds.progress = seeds.count > 10'000;
  EXPECT_EQ(run_seeds(seeds, run), "") << "run it alone with HOOKLINE_SEED=...";
}

TEST(Simulation, NothingIsSentTwiceWhileNothingFails) {
  const auto run = [](std::uint64_t seed) -> std::string {
    auto options = options_of(seed);
    options.crashes = options.stalls = 0;
    options.sick = 0;
    options.cut = {};
    options.http_failure = options.produce_failure = options.commit_failure = options.late_commit = 0;
    World world(options);
    if (auto failure = world.run(); !failure.empty()) return failure;
    return world.duplicates() == 0 ? "" : fmt::format("seed {}: {} duplicates", seed, world.duplicates());
  };
  EXPECT_EQ(run_seeds({.count = 200}, run), "");
}

}  // namespace
}  // namespace hookline::test
