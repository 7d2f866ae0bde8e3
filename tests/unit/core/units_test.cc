#include "hookline/core/units.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hookline/core/random.h"

namespace hookline::core {
namespace {

using namespace std::chrono_literals;

TEST(Durations, AreANumberAndAUnit) {
  const struct {
    std::string text;
    Duration duration;
  } cases[] = {{"500ms", 500ms}, {"10s", 10s},     {"5m", 5min},     {"2h", 2h},
               {"7d", 168h},     {"1.5h", 90min},  {"0.25s", 250ms}, {"0", 0s},
               {"0s", 0s},       {"1.5 h", 90min}, {"0.5ms", 500us}, {"36500d", 876000h}};
  for (const auto& c : cases) {
    const auto parsed = parse_duration(c.text);
    ASSERT_TRUE(parsed) << c.text;
    EXPECT_EQ(*parsed, c.duration) << c.text;
  }
}

TEST(Durations, RefuseEverythingElseAndSayWhatIsRight) {
  for (const std::string text :
       {"",     "s",    "10",    "-5s", "+5s", "1e3s", "5 minutes", "5M",   "5S",     "10s ",
        " 10s", "1,5s", "1..5s", "5.s", ".5s", "0x5s", "infs",      "nans", "36501d", "99999999999999999999d",
        "10s5s"}) {
    const auto parsed = parse_duration(text);
    EXPECT_FALSE(parsed) << text;
    if (parsed) continue;
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid);
    EXPECT_THAT(parsed.error().message, testing::HasSubstr("500ms or 5m"));
  }
}

TEST(Durations, AreWrittenInTheLargestUnitThatIsExact) {
  EXPECT_EQ(format_duration(0s), "0s");
  EXPECT_EQ(format_duration(90s), "90s");
  EXPECT_EQ(format_duration(120s), "2m");
  EXPECT_EQ(format_duration(48h), "2d");
  EXPECT_EQ(format_duration(1500ms), "1500ms");
  EXPECT_EQ(format_duration(1500us), "1.5ms");
  EXPECT_EQ(format_duration(1ns), "0.000001ms");
}

TEST(Durations, ReadBackWhatTheyWrote) {
  Random random(1);
  for (const std::uint64_t bound : {2'000ull, 2'000'000'000ull, 200'000'000'000'000ull}) {
    for (int i = 0; i < 2000; ++i) {
      const Duration duration(static_cast<std::int64_t>(random.below(bound)));
      const auto text = format_duration(duration);
      const auto parsed = parse_duration(text);
      ASSERT_TRUE(parsed) << text;
      ASSERT_EQ(*parsed, duration) << text;
    }
  }
}

TEST(Sizes, AreANumberAndAPowerOf1024) {
  EXPECT_EQ(parse_size("64KiB"), 65536u);
  EXPECT_EQ(parse_size("8MiB"), 8u << 20);
  EXPECT_EQ(parse_size("1GiB"), 1u << 30);
  EXPECT_EQ(parse_size("1.5KiB"), 1536u);
  EXPECT_EQ(parse_size("100"), 100u);
  EXPECT_EQ(parse_size("100B"), 100u);
  EXPECT_EQ(parse_size("0"), 0u);
}

TEST(Sizes, RefuseEverythingElse) {
  for (const std::string text :
       {"", "KiB", "64KB", "64kib", "64K", "-1", "1e3", "64KiB ", "99999999999GiB", "8 MiB MiB"}) {
    const auto parsed = parse_size(text);
    EXPECT_FALSE(parsed) << text;
    if (parsed) continue;
    EXPECT_EQ(parsed.error().code, ErrorCode::invalid);
  }
}

TEST(Sizes, ReadBackWhatTheyWrote) {
  for (const std::uint64_t bytes :
       {0ull, 1ull, 1023ull, 1024ull, 1536ull, 65536ull, 256ull << 20, 5ull << 30}) {
    EXPECT_EQ(parse_size(format_size(bytes)), bytes);
  }
  EXPECT_EQ(format_size(64 << 10), "64KiB");
  EXPECT_EQ(format_size(1536), "1536B");
}

TEST(Rates, AreEventsPerSecond) {
  EXPECT_DOUBLE_EQ(*parse_rate("100/s"), 100);
  EXPECT_DOUBLE_EQ(*parse_rate("600/m"), 10);
  EXPECT_DOUBLE_EQ(*parse_rate("1800/h"), 0.5);
  EXPECT_DOUBLE_EQ(*parse_rate("0.5/s"), 0.5);
}

TEST(Rates, RefuseEverythingElse) {
  for (const std::string text : {"", "100", "/s", "0/s", "-1/s", "100/d", "100/S", "100 per s", "100/s/s"}) {
    EXPECT_FALSE(parse_rate(text)) << text;
  }
}

TEST(Counted, SaysOneAsOne) {
  EXPECT_EQ(counted(0, "event"), "0 events");
  EXPECT_EQ(counted(1, "event"), "1 event");
  EXPECT_EQ(counted(2, "event"), "2 events");
  EXPECT_EQ(counted(1, "delivery", "deliveries"), "1 delivery");
  EXPECT_EQ(counted(12, "delivery", "deliveries"), "12 deliveries");
}

}  // namespace
}  // namespace hookline::core
