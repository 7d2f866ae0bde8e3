// The end of a log, as the consumer tells of it.
#include <map>

#include "cluster.h"
#include "hookline/kafka/consumer.h"

namespace hookline::kafka {
namespace {

using ConsumerEndTest = ClusterTest;

TEST_F(ConsumerEndTest, the_end_of_a_log_is_told_after_its_records_and_again_when_it_has_moved) {
  const TopicPartition first{"events", 0}, second{"events", 1};
  create_topic("events", 2);
  publish("events", 0, 5);
  const auto consumer = open();
  ASSERT_TRUE(consumer->assign({{first, 0}, {second, 0}}));
  Batch batch;
  std::size_t got = 0;
  std::map<std::int32_t, std::int64_t> ends;
  const auto at_ends = [&](std::int64_t of_first) {
    return wait_until(
        [&] {
          consumer->poll(batch, 2, 50ms);
          got += batch.messages().size();
          for (const auto& end : consumer->take_ends()) {
            if (end.partition == first) {
              EXPECT_EQ(end.offset, static_cast<std::int64_t>(got));
            }
            ends[end.partition.partition] = end.offset;
          }
          return ends.size() == 2 && ends[0] == of_first;
        },
        patience);
  };
  ASSERT_TRUE(at_ends(5));
  EXPECT_EQ(ends[1], 0);
  publish("events", 0, 3, 5);
  ASSERT_TRUE(at_ends(8));
  EXPECT_TRUE(consumer->take_faults().empty());
}

}  // namespace
}  // namespace hookline::kafka
