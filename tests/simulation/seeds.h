// Runs many seeds, each in a world of its own, in child processes: as many as asked for, told of by seed
// when they fail, even by an abort of the code that is tested.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace hookline::test {

struct SeedRun {
  std::uint64_t first = 1, count = 1000;
  unsigned processes = 1;
  bool progress = false;  ///< a line on stdout now and then
};

/// Empty, or what went wrong with the first seed that was seen to fail. `world` gets a seed and answers
/// likewise; its process has no stderr.
std::string run_seeds(const SeedRun& run, const std::function<std::string(std::uint64_t)>& world);

}  // namespace hookline::test
