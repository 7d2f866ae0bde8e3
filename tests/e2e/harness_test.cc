// The harness itself, before anything is concluded from it: a real Kafka keeps 1,000 acknowledged events
// through a crash, a group's commit comes back with its metadata, and the account finds what is missing.
#include <algorithm>

#include <gtest/gtest.h>

#include "support/accounting.h"
#include "support/kafka_cluster.h"
#include "support/publisher.h"

namespace hookline::test {
namespace {

using namespace std::chrono_literals;

TEST(Harness, KafkaKeepsWhatItAcknowledged) {
  auto& kafka = KafkaCluster::shared();
  auto const topic = fresh_name("events");
  kafka.create_topic(topic, 3);

  Publisher publisher(kafka.bootstrap());
  publisher.publish_events(topic, 1000);
  ASSERT_EQ(publisher.acknowledged().size(), 1000u);
  EXPECT_EQ(kafka.admin().size(topic), 1000);

  auto const records = kafka.read(topic);
  ASSERT_EQ(records.size(), 1000u);
  for (auto const& published : publisher.acknowledged()) {
    auto const found = std::find_if(records.begin(), records.end(), [&](auto& record) {
      return record.partition == published.partition && record.offset == published.offset;
    });
    ASSERT_NE(found, records.end()) << published.id;
    EXPECT_EQ(event_id(*found->value), published.id);
    EXPECT_EQ(found->key, published.id);
  }
}

TEST(Harness, KafkaComesBackWithItsDataAfterACrash) {
  auto& kafka = KafkaCluster::shared();
  auto const topic = fresh_name("events");
  kafka.create_topic(topic, 1, {{"max.message.bytes", "5000000"}});
  Publisher publisher(kafka.bootstrap());
  publisher.publish_events(topic, 100);

  kafka.kill9();
  EXPECT_FALSE(kafka.running());
  kafka.start();

  publisher.publish_events(topic, 100, 100);
  EventToPublish large{"large",          "k", std::string(3'000'000, 'x'), {{"h", "1"}, {"h", "2"}}, 0,
                       1'700'000'000'000};
  publisher.publish(topic, large);
  ASSERT_TRUE(publisher.flush(30s));
  auto const records = kafka.read(topic);
  ASSERT_EQ(records.size(), 201u);
  EXPECT_EQ(records.back().value->size(), 3'000'000u);
  EXPECT_EQ(records.back().headers, (Headers{{"h", "1"}, {"h", "2"}}));
  EXPECT_EQ(records.back().timestamp, 1'700'000'000'000);
}

TEST(Harness, ShowsWhatAGroupHasCommitted) {
  auto& kafka = KafkaCluster::shared();
  auto const topic = fresh_name("events");
  auto const group = fresh_name("group");
  kafka.create_topic(topic, 2);
  Publisher publisher(kafka.bootstrap());
  publisher.publish_events(topic, 50);
  EXPECT_EQ(kafka.admin().lag(group, topic), 50);

  auto const ends = kafka.admin().offsets(topic);
  kafka.admin().commit(group, topic, 1, {ends[1].end, "HK1.metadata"});
  auto const committed = kafka.committed(group, topic);
  EXPECT_EQ(committed[0].offset, -1);
  EXPECT_EQ(committed[1].offset, ends[1].end);
  EXPECT_EQ(committed[1].metadata, "HK1.metadata");
  EXPECT_EQ(kafka.admin().lag(group, topic), ends[0].end);

  kafka.admin().delete_records_before(topic, 0, 3);
  EXPECT_EQ(kafka.admin().offsets(topic)[0].begin, 3);
  kafka.admin().add_partitions(topic, 4);
  EXPECT_EQ(kafka.admin().partitions(topic), 4);
  kafka.admin().delete_topic(topic);
}

TEST(Harness, AccountsForEveryEvent) {
  auto& kafka = KafkaCluster::shared();
  auto const topic = fresh_name("dead-letters");
  kafka.create_topic(topic);
  Publisher publisher(kafka.bootstrap());
  auto const dead_letter = [](int number) {
    auto event = test_event(number);
    event.headers = {
        {"hookline.webhook", "pay"}, {"hookline.endpoint", "main"}, {"hookline.delivery.id", "m" + event.id}};
    return event;
  };
  publisher.publish_events(topic, 9, dead_letter);

  Accounting account;
  for (int i = 0; i < 10; ++i)
    account.expect(test_event(i).id, "pay/main");
  account.dead_lettered(kafka.read(topic));
  auto const report = account.report();
  EXPECT_EQ(report.dead_lettered, 9);
  EXPECT_EQ(report.lost, 1) << report.text;
  EXPECT_FALSE(report.complete());
}

}  // namespace
}  // namespace hookline::test
