// Fails the first, second, third ... operation of every port in a small fixed world, one at a time, until there
// is none left to fail. Crashes come in pairs, too: the process dies again so many steps after its new start,
// before or after it has read again what the map left open.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "hookline/core/log.h"
#include "seeds.h"
#include "support/temp_dir.h"
#include "world.h"

namespace hookline::test {
namespace {

using namespace std::chrono_literals;

/// Nothing fails by chance; what is out of order is so by the latencies and the dead letters.
WorldOptions small_world() {
  WorldOptions options{.seed = 7};
  options.members = 2;
  options.partitions = 2;
  options.events = 24;
  options.poison = 0.1;
  options.http_failure = options.produce_failure = options.commit_failure = options.late_commit = 0;
  options.crashes = options.stalls = options.stops = 0;
  options.rebalances = 1;
  options.storm = 7s;
  options.commit_heal = 1s;
  options.max_deliveries = 12;
  return options;
}

std::string name_of(Port port) {
  switch (port) {
    case Port::attempt_refused: return "attempt_refused";
    case Port::attempt_unheard: return "attempt_unheard";
    case Port::produce_refused: return "produce_refused";
    case Port::produce_unheard: return "produce_unheard";
    case Port::commit_refused: return "commit_refused";
    case Port::commit_unheard: return "commit_unheard";
    case Port::commit_partial: return "commit_partial";
    case Port::commit_late: return "commit_late";
    case Port::crash_after_step: return "crash_after_step";
    case Port::crash_in_step: return "crash_in_step";
    case Port::count: break;
  }
  return "none";
}

/// Runs the world with n = 1, 2, 3 ... until there is no n-th operation.
std::string fail_each(const WorldOptions& world_options, Port port, std::uint64_t again, std::uint64_t& worlds) {
  for (std::uint64_t n = 1;; ++n) {
    auto options = world_options;
    options.port = port;
    options.nth = n;
    options.again = again;
    World world(options);
    if (const auto failure = world.run(); !failure.empty()) {
      return fmt::format("{} {}, again after {}: {}", name_of(port), n, again, failure);
    }
    if (world.operations(port) < n) return "";
    ++worlds;
  }
}

class NthFailure : public testing::TestWithParam<Port> {
 protected:
  void expect_no_loss(const WorldOptions& options);
};

void NthFailure::expect_no_loss(const WorldOptions& options) {
  core::log::set_level("error");
  const bool crash = GetParam() == Port::crash_after_step || GetParam() == Port::crash_in_step;
  const std::uint64_t most = !crash ? 0 : long_run() ? 40 : 8;
  const auto share = [&](std::uint64_t again) -> std::string {
    std::uint64_t worlds = 0;
    if (auto failure = fail_each(options, GetParam(), again - 1, worlds); !failure.empty()) return failure;
    return worlds > 0 ? "" : "the world has no such operation";
  };
  EXPECT_EQ(run_seeds({.first = 1, .count = most + 1}, share), "");
}

TEST_P(NthFailure, LosesNothing) {
  expect_no_loss(small_world());
}

TEST_P(NthFailure, LosesNothingWhereAPolicyCounts) {
  auto options = small_world();
  options.retry_topics = options.counting = true;
  expect_no_loss(options);
}

INSTANTIATE_TEST_SUITE_P(Ports, NthFailure,
                         testing::Values(Port::attempt_refused, Port::attempt_unheard, Port::produce_refused,
                                         Port::produce_unheard, Port::commit_refused, Port::commit_unheard,
                                         Port::commit_partial, Port::commit_late, Port::crash_after_step,
                                         Port::crash_in_step),
                         [](const auto& port) { return name_of(port.param); });

}  // namespace
}  // namespace hookline::test
