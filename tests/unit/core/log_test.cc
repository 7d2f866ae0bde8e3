#include "hookline/core/log.h"

#include <algorithm>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hookline::core::log {
namespace {

using namespace std::chrono_literals;

MonoTime at(Duration since_start) {
  return MonoTime(since_start);
}

TEST(Gate, LetsTheFirstThroughAndThenOnePerInterval) {
  Gate gate(60s);
  EXPECT_EQ(gate.pass(at(0s)), 0u);
  EXPECT_EQ(gate.pass(at(1s)), std::nullopt);
  EXPECT_EQ(gate.pass(at(59s)), std::nullopt);
  EXPECT_EQ(gate.pass(at(60s)), 2u);
  EXPECT_EQ(gate.pass(at(61s)), std::nullopt);
  EXPECT_EQ(gate.pass(at(1h)), 1u);
  EXPECT_EQ(gate.pass(at(2h)), 0u);
}

TEST(Gate, TheFirstPassesWhateverTheClockSays) {
  Gate early(60s), negative(60s);
  EXPECT_EQ(early.pass(at(1ns)), 0u);
  EXPECT_EQ(negative.pass(at(-1h)), 0u);
}

TEST(Gate, AMillionRepetitionsCostAFewLines) {
  Gate gate(60s);
  int lines = 0;
  std::uint64_t told = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    if (const auto held_back = gate.pass(at(i * 1ms))) {
      ++lines;
      told += *held_back;
    }
  }
  EXPECT_EQ(lines, 17);
  EXPECT_EQ(told + static_cast<std::uint64_t>(lines), 960'001u);  // up to the last line
}

class LogTest : public testing::Test {
 protected:
  ~LogTest() override { set_level("info"); }
  template <class F>
  std::string captured(F say) {
    testing::internal::CaptureStderr();
    say();
    return testing::internal::GetCapturedStderr();
  }
};

TEST_F(LogTest, ALineHasTimeLevelAndText) {
  const auto out = captured([] { warn("{} waits for {}", "orders[3]", 7); });
  EXPECT_THAT(out, testing::MatchesRegex("[0-9T:.-]+Z .*warn.* orders\\[3\\] waits for 7\n"));
}

TEST_F(LogTest, TheLevelIsAThresholdAndInfoByDefault) {
  const auto all = [] {
    debug("d");
    info("i");
    warn("w");
    error("e");
  };
  const auto lines = [&](std::string_view level) {
    set_level(level);
    const auto out = captured(all);
    return std::count(out.begin(), out.end(), '\n');
  };
  EXPECT_EQ(lines("debug"), 4);
  EXPECT_EQ(lines("info"), 3);
  EXPECT_EQ(lines("warn"), 2);
  EXPECT_EQ(lines("error"), 1);
  EXPECT_EQ(lines("no such level"), 3);
}

TEST_F(LogTest, WhatIsNotShownIsNotFormatted) {
  set_level("error");
  EXPECT_FALSE(enabled(Level::warn));
  EXPECT_TRUE(enabled(Level::error));
}

TEST_F(LogTest, TextFromOutsideCannotForgeALineOrDriveATerminal) {
  const auto out =
      captured([] { info("said {}", "x\n2026-01-01T00:00:00.000Z error forged\r\x1b[2J\x7f tab\there {}"); });
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1);
  EXPECT_THAT(out,
              testing::HasSubstr("x\\n2026-01-01T00:00:00.000Z error forged\\r\\x1b[2J\\x7f tab here {}\n"));
}

TEST_F(LogTest, TextInOtherAlphabetsStaysReadable) {
  EXPECT_THAT(captured([] { info("Störung in Zürich ✓"); }), testing::HasSubstr("Störung in Zürich ✓\n"));
}

}  // namespace
}  // namespace hookline::core::log
