// Randomness as a value: one seeded generator per owner, so that the simulation replays a seed to
// the letter. Not for secrets. xoshiro256** (Blackman and Vigna). Not thread-safe.
#pragma once

#include <cstdint>

namespace hookline::core {

class Random {
 public:
  using result_type = std::uint64_t;

  explicit Random(std::uint64_t seed);
  /// Seeds from the operating system.
  static Random from_system();

  std::uint64_t next();
  /// Uniform in [0, bound); bound > 0.
  std::uint64_t below(std::uint64_t bound);
  /// Uniform in [0, 1).
  double unit();
  bool chance(double probability) { return unit() < probability; }

  // UniformRandomBitGenerator, for std::shuffle.
  static constexpr std::uint64_t min() { return 0; }
  static constexpr std::uint64_t max() { return ~std::uint64_t{0}; }
  std::uint64_t operator()() { return next(); }

 private:
  std::uint64_t state_[4];
};

}  // namespace hookline::core
