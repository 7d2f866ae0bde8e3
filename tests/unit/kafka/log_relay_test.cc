#include "kafka/log_relay.h"

#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hookline/kafka/consumer.h"

namespace hookline::kafka {
namespace {

using core::log::Level;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

const core::MonoTime start = core::MonoTime(1000s);

TEST(LogRelay, translates_levels) {
  const std::pair<int, Level> levels[] = {{0, Level::error}, {3, Level::error}, {4, Level::warn},
                                          {5, Level::info},  {6, Level::info},  {7, Level::debug}};
  for (const auto& [severity, level] : levels) {
    LogRelay relay({});
    const auto line = relay.line(severity, "FAIL", "text", start);
    ASSERT_TRUE(line);
    EXPECT_EQ(line->level, level) << severity;
    EXPECT_THAT(line->text, HasSubstr("FAIL: text"));
  }
}

TEST(LogRelay, leaves_to_others_what_others_tell) {
  for (const auto* const facility : {"CONFWARN", "FATAL"}) {
    const auto line = LogRelay({}).line(0, facility, "text", start);
    ASSERT_TRUE(line);
    EXPECT_EQ(line->level, Level::debug) << facility;
  }
}

TEST(LogRelay, says_a_repeated_fault_once_per_interval_and_how_often_it_came) {
  LogRelay relay({});
  EXPECT_TRUE(relay.line(3, "FAIL", "down", start));
  for (int i = 0; i < 1000; ++i)
    EXPECT_FALSE(relay.line(3, "FAIL", "down", start + 1s));
  EXPECT_TRUE(relay.line(4, "SESSTMOUT", "other", start + 1s));  // its own gate
  const auto later = relay.line(3, "FAIL", "down", start + 31s);
  ASSERT_TRUE(later);
  EXPECT_THAT(later->text, HasSubstr("1000 more"));
}

TEST(LogRelay, never_prints_a_secret) {
  LogRelay relay(
      {{"sasl.username", "ada"}, {"sasl.password", "hunter22"}, {"ssl.key.password", "hunter22-longer"}});
  for (const int severity : {3, 7}) {
    const auto line =
        relay.line(severity, "X", "login as ada with hunter22 and hunter22-longer, hunter22", start);
    ASSERT_TRUE(line);
    EXPECT_THAT(line->text, Not(HasSubstr("hunter22")));
    EXPECT_THAT(line->text, Not(HasSubstr("longer")));
    EXPECT_THAT(line->text, HasSubstr("ada with *** and ***, ***"));
  }
}

TEST(LogRelay, that_a_property_is_of_another_client_is_no_news) {
  LogRelay relay({});
  EXPECT_EQ(relay.line(4, "CONFWARN", "linger.ms is a producer property", start)->level, Level::debug);
}

TEST(LogRelay, memory_is_bounded_whatever_comes) {
  LogRelay relay({});
  std::size_t lines = 0;
  for (int i = 0; i < 10'000; ++i)
    lines += relay.line(4, "F" + std::to_string(i), "x", start) ? 1 : 0;
  EXPECT_LE(lines, 256u);
}

TEST(LogRelay, an_error_of_the_configuration_does_not_quote_a_secret) {
  const auto opened =
      Consumer::open({{"group.id", "g"}, {"ssl.key.pem", "not-a-key-at-all"}, {"security.protocol", "ssl"}});
  ASSERT_FALSE(opened);
  EXPECT_THAT(opened.error().message, Not(HasSubstr("not-a-key-at-all")));
}

}  // namespace
}  // namespace hookline::kafka
