#include "hookline/kafka/follower.h"

#include "cluster.h"

namespace hookline::kafka {
namespace {

TEST(Follower, ReadsToTheEndAndGoesOnFromThere) {
  auto cluster = std::move(*EmbeddedCluster::start());
  ASSERT_TRUE(cluster->create_topic("log", 2));
  const Properties properties{{"bootstrap.servers", cluster->bootstrap_servers()}, {"group.id", "none"}};
  auto producer = std::move(*Producer::open({{"bootstrap.servers", cluster->bootstrap_servers()}}));
  ReportBox reports;
  std::size_t sent = 0;
  const auto send = [&](const std::string& value) {
    OwnedRecord record{.topic = "log"};
    record.value = value;
    producer->produce(std::move(record), 0, reports.sink());
    ++sent;
    return wait_until([&] { return reports.count() == sent; }, patience);
  };
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(send("early"));

  auto follower = Follower::open(properties, "log", std::nullopt);
  ASSERT_TRUE(follower) << follower.error().message;
  std::vector<std::string> values;
  const auto poll = [&] {
    EXPECT_TRUE((*follower)->poll(20ms, [&](OwnedRecord&& record) { values.push_back(*record.value); }));
    return values.size();
  };
  EXPECT_FALSE((*follower)->caught_up());
  ASSERT_TRUE(wait_until([&] { return poll() == 10 && (*follower)->caught_up(); }, patience));
  ASSERT_TRUE(send("late"));
  ASSERT_TRUE(wait_until([&] { return poll() == 11; }, patience));
  EXPECT_EQ(values.back(), "late");
  end_aside(std::move(*follower), std::move(producer), std::move(cluster));
}

TEST(Follower, AnEmptyTopicIsReadAtOnceAndOneThatIsMissingIsAnError) {
  auto cluster = std::move(*EmbeddedCluster::start());
  ASSERT_TRUE(cluster->create_topic("empty", 1));
  const Properties properties{{"bootstrap.servers", cluster->bootstrap_servers()}, {"group.id", "none"}};
  auto follower = Follower::open(properties, "empty", std::nullopt);
  ASSERT_TRUE(follower) << follower.error().message;
  EXPECT_TRUE((*follower)->caught_up());
  cluster->hide_topic("gone");
  const auto missing = Follower::open(properties, "gone", std::nullopt);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, core::ErrorCode::not_found);
  end_aside(std::move(*follower), std::move(cluster));
}

}  // namespace
}  // namespace hookline::kafka
