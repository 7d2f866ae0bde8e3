#include "engine/partitions.h"

#include <gtest/gtest.h>

namespace hookline::engine {
namespace {

using namespace std::chrono_literals;

TEST(Partitions, AMarkerOfTheBeginningGoesWithEachCommitThatHasNoMap) {
  Partitions partitions("c");
  const core::MonoTime now(1h);
  partitions.add({"t", 0}, event::Kind::incident, Role::source, std::nullopt, 10, "start 4", now);
  partitions.add({"t", 1}, event::Kind::incident, Role::source, std::nullopt, 0, "", now);
  Partition& first = *partitions.find("t", 0);
  (void)first.tracker.admit(10, 0, 0);
  ++first.version;
  auto commits = partitions.take_commits(now, 24h);
  ASSERT_EQ(commits.size(), 1u);
  EXPECT_EQ(commits[0][0].metadata, "start 4") << "a member that resolves later still sees a group that is only starting";
  (void)first.tracker.admit(11, 1, 0);
  (void)first.tracker.admit(12, 0, 0);
  ++first.version;
  commits = partitions.take_commits(now, 24h);
  EXPECT_TRUE(commits[0][0].metadata.starts_with("HK1.")) << commits[0][0].metadata;
}

}  // namespace
}  // namespace hookline::engine
