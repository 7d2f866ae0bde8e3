#include "cluster.h"
#include "hookline/kafka/admin.h"

namespace hookline::kafka {
namespace {

class EmbeddedClusterTest : public ClusterTest {};

TEST_F(EmbeddedClusterTest, its_address_is_one_that_any_client_can_use) {
  const auto& address = cluster_->bootstrap_servers();
  EXPECT_THAT(address, testing::MatchesRegex("127\\.0\\.0\\.1:[0-9]+"));
  create_topic("t", 2);
  // A client that knows nothing but the address.
  auto outsider = Producer::open({{"bootstrap.servers", address}});
  ASSERT_TRUE(outsider);
  ReportBox box;
  (*outsider)->produce({.topic = "t", .partition = 1, .value = "from outside", .headers = {}}, 1, box.sink());
  ASSERT_TRUE((*outsider)->flush(patience));
  ASSERT_FALSE(box.all().at(0).error);
  std::vector<std::string> values;
  ASSERT_TRUE(read_topic({{"bootstrap.servers", address}, {"group.id", "any"}}, "t", std::nullopt, 5s,
                         [&](OwnedRecord&& record) {
                           values.push_back(*record.value);
                           return true;
                         }));
  EXPECT_EQ(values, std::vector<std::string>{"from outside"});
  end_aside(std::move(*outsider));
}

TEST_F(EmbeddedClusterTest, several_live_side_by_side_and_end_cleanly) {
  auto first = EmbeddedCluster::start();
  auto second = EmbeddedCluster::start(3);
  ASSERT_TRUE(first);
  ASSERT_TRUE(second);
  EXPECT_NE((*first)->bootstrap_servers(), (*second)->bootstrap_servers());
  EXPECT_EQ(std::count((*second)->bootstrap_servers().begin(), (*second)->bootstrap_servers().end(), ','), 2);
  EXPECT_TRUE((*second)->create_topic("t", 5));
  end_aside(std::move(*first), std::move(*second));
}

TEST_F(EmbeddedClusterTest, a_topic_has_the_partitions_asked_for) {
  create_topic("seven", 7);
  EXPECT_EQ(open()->partition_count("seven", patience), 7);
}

}  // namespace
}  // namespace hookline::kafka
