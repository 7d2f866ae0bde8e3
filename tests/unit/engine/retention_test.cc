#include "engine/retention.h"

#include <gtest/gtest.h>

namespace hookline::engine {
namespace {

using namespace std::chrono_literals;

const core::WallTime now{1'772'445'846'000ms};

PartitionStatus partition(core::Duration age) {
  return {.topic = "hookline.retry.6h", .partition = 3, .committed = 10, .position = 10, .end = 20,
          .oldest_since = now - std::chrono::duration_cast<std::chrono::milliseconds>(age)};
}

TEST(Retention, WarnsWhenHalfOfItHasPassed) {
  EXPECT_FALSE(retention_warning(partition(12h), 24h, now));
  const auto warning = retention_warning(partition(12h + 1min), 24h, now);
  ASSERT_TRUE(warning);
  EXPECT_NE(warning->find("hookline.retry.6h[3]"), std::string::npos) << *warning;
  EXPECT_NE(warning->find("retention.ms"), std::string::npos) << *warning;
}

TEST(Retention, SaysNothingOfWhatIsFinishedOrWasNotReadYet) {
  auto finished = partition(23h);
  finished.committed = 20;
  EXPECT_FALSE(retention_warning(finished, 24h, now));
  auto unread = partition(23h);
  unread.oldest_since.reset();
  EXPECT_FALSE(retention_warning(unread, 24h, now));
}

TEST(Retention, CountsWhatWasTakenAndIsHeldUp) {
  auto held = partition(1h);
  held.holder = Holder{.offset = 10, .open_for = 13h};
  EXPECT_TRUE(retention_warning(held, 24h, now));
}

}  // namespace
}  // namespace hookline::engine
