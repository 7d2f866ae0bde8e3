#include "engine/watchdog.h"

#include <array>

#include <gtest/gtest.h>

namespace hookline::engine {
namespace {

using namespace std::chrono_literals;

TEST(Watchdog, TellsWhoStandsStillAndForHowLong) {
  Watchdog watchdog;
  std::array<std::uint64_t, 2> turns{5, 5};
  for (int second = 0; second <= 40; ++second) {
    if (second <= 30) ++turns[0];
    ++turns[1];
    watchdog.look(core::MonoTime(std::chrono::seconds(1000 + second)), turns);
  }
  EXPECT_EQ(watchdog.silent(0), 10s);
  EXPECT_EQ(watchdog.silent(1), 0s);
  EXPECT_EQ(watchdog.silent(2), 0s) << "a worker never heard of";
  ++turns[0];
  watchdog.look(core::MonoTime(1041s), turns);
  EXPECT_EQ(watchdog.silent(0), 0s);
}

TEST(Watchdog, AProcessThatStoodStillBlamesNobody) {
  Watchdog watchdog;
  const std::array<std::uint64_t, 1> turns{5};
  watchdog.look(core::MonoTime(1000s), turns);
  watchdog.look(core::MonoTime(1001s), turns);
  watchdog.look(core::MonoTime(1301s), turns);
  EXPECT_EQ(watchdog.silent(0), 0s);
}

}  // namespace
}  // namespace hookline::engine
