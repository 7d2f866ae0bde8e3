// Source topics as they are in the field: with transactions, compacted, compressed, shortened by
// retention, widened while they are read.
#include <set>

#include "e2e/proof.h"

namespace hookline::test {
namespace {

class Sources : public Proof {
 protected:
  const std::string once = "all/0";

  EventToPublish keyed(int number, int keys) {
    auto event = test_event(number);
    event.key = std::to_string(number % keys);
    return event;
  }

  void expect_each_once(const std::vector<PublishedEvent>& events) {
    const auto report = account_of(events, {once});
    print(::testing::UnitTest::GetInstance()->current_test_info()->name(), report, 0);
    EXPECT_TRUE(report.complete()) << report.text;
    EXPECT_EQ(report.duplicates, 0) << report.text;
    EXPECT_EQ(report.dead_lettered, 0) << report.text;
  }

  /// From one partition to four under `start: latest`, after so many events.
  void widen(int before) {
    create_topics(1);
    Publisher early(kafka.bootstrap()), publisher(kafka.bootstrap());
    early.publish_events(topic, 50);  // before the group: `latest` passes them
    HooklineProcess hookline(options(webhook("all"), "start: latest\n", "  topic.metadata.refresh.interval.ms: 1000\n"));
    ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
    publisher.publish_events(topic, before, 50);
    const auto delivered = [&](int count) { return receiver.count() >= static_cast<std::uint64_t>(count); };
    ASSERT_TRUE(wait_until([&] { return delivered(before); }, 30s)) << hookline.log();

    kafka.admin().add_partitions(topic, 4);
    Publisher later(kafka.bootstrap());  // knows the new partitions at once, before Hookline does
    later.publish_events(topic, 400, [](int number) {
      auto event = test_event(number);
      event.partition = 1 + number % 3;
      return event;
    }, 100);
    ASSERT_TRUE(wait_until([&] { return delivered(before + 400); }, 60s)) << receiver.count() << "\n" << hookline.log();
    ASSERT_TRUE(wait_until([&] { return all_committed(); }, 60s)) << lag() << "\n" << hookline.log();
    EXPECT_EQ(hookline.terminate()->code, 0);
    auto events = publisher.acknowledged();
    events.insert(events.end(), later.acknowledged().begin(), later.acknowledged().end());
    expect_each_once(events);
  }
};

TEST_F(Sources, OfTransactionsOnlyTheCommittedOnesAreDeliveredAndTheOffsetReachesTheEnd) {
  create_topics(2);
  HooklineProcess hookline(options(webhook("all")));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  Publisher publisher(kafka.bootstrap(), {{"transactional.id", fresh_name("publisher")}});
  constexpr int transactions = 21, size = 50;
  for (int i = 0; i < transactions; ++i) {
    publisher.begin_transaction();
    publisher.publish_events(topic, size, i * size);
    // The last one ends with an abort: behind it stand nothing but records that nobody may see, and a marker.
    i % 5 == 0 ? publisher.abort_transaction() : publisher.commit_transaction();
  }
  ASSERT_EQ(publisher.acknowledged().size(), 16u * size);
  ASSERT_EQ(publisher.aborted().size(), 5u * size);
  EXPECT_GT(kafka.admin().size(topic), transactions * size);  // the markers take offsets of their own
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 60s)) << lag() << "\n" << hookline.log();
  ASSERT_TRUE(wait_until([&] { return hookline.metric("hookline_consumer_lag") == 0; }, 30s)) << *hookline.metric("hookline_consumer_lag");
  expect_each_once(publisher.acknowledged());

  // A restart at an offset that only a marker has goes on behind it.
  ASSERT_EQ(hookline.terminate()->code, 0) << hookline.log();
  hookline.start();
  publisher.begin_transaction();
  publisher.publish_events(topic, size, transactions * size);
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  ASSERT_TRUE(holds_for([&] { return receiver.count() == 16u * size; }, 500ms)) << "delivered before it was committed";
  publisher.commit_transaction();
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 60s)) << lag() << "\n" << hookline.log();
  expect_each_once(publisher.acknowledged());
}

TEST_F(Sources, OfACompactedTopicEverythingThatIsThereIsDelivered) {
  kafka.create_topic(topic, 1, {{"cleanup.policy", "compact"}, {"segment.ms", "100"}, {"segment.bytes", "1048576"},
                                {"min.cleanable.dirty.ratio", "0.001"}, {"max.compaction.lag.ms", "100"},
                                {"delete.retention.ms", "100"}});
  kafka.create_topic(dead_letters, 1);
  constexpr int events = 2000, keys = 50;
  Publisher publisher(kafka.bootstrap());
  // A tombstone stands behind each part; a later record lets the segment before it be closed and cleaned.
  int part = 0;
  ASSERT_TRUE(wait_until(
      [&] {
        if (part < 4) {
          publisher.publish_events(topic, events / 4, [&](int number) { return keyed(number, keys); }, events / 4 * part++);
        } else {
          publisher.publish_events(topic, 1, [&](int number) { return keyed(number, keys); }, events + part++);
        }
        return part > 4 && kafka.read(topic).size() < events / 2;
      },
      240s, 500ms));
  // Which of them are left is Kafka's affair: what is read while nothing is written any more must arrive,
  // what went meanwhile may.
  HooklineProcess hookline(options(webhook("all")));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 60s)) << lag() << "\n" << hookline.log();
  std::set<std::string> left;
  for (const auto& record : kafka.read(topic)) left.insert(event_id(*record.value));
  ASSERT_LT(left.size(), events / 2u);
  std::set<std::string> delivered;
  for (const auto& request : receiver.requests()) {
    EXPECT_TRUE(delivered.insert(event_id(request.body)).second) << "twice: " << request.body;
  }
  for (const auto& id : left) EXPECT_TRUE(delivered.contains(id)) << "lost: " << id;
  fmt::print("compacted: {} published, {} left, {} delivered\n", publisher.acknowledged().size(), left.size(), delivered.size());
}

TEST_F(Sources, EveryCompressionIsRead) {
  const std::vector<std::string> codecs = {"none", "gzip", "snappy", "lz4", "zstd"};
  std::vector<std::string> topics;
  std::vector<PublishedEvent> events;
  for (std::size_t i = 0; i < codecs.size(); ++i) {
    topics.push_back(topic + "-" + codecs[i]);
    kafka.create_topic(topics.back(), 2, {{"compression.type", i % 2 == 0 ? codecs[i] == "none" ? "uncompressed" : codecs[i] : "producer"}});
    Publisher publisher(kafka.bootstrap(), {{"compression.codec", codecs[i]}, {"linger.ms", "20"}});
    publisher.publish_events(topics.back(), 500, static_cast<int>(i) * 500);
    events.insert(events.end(), publisher.acknowledged().begin(), publisher.acknowledged().end());
  }
  kafka.create_topic(dead_letters, 1);
  HooklineProcess hookline(options_for(topics, webhook("all")));
  for (const auto& name : topics) {
    ASSERT_TRUE(wait_until([&] { return kafka.admin().lag(group, name) == 0; }, 60s)) << name << "\n" << hookline.log();
  }
  EXPECT_EQ(hookline.terminate()->code, 0);
  expect_each_once(events);
}

TEST_F(Sources, WhatRetentionTookBeforeItWasReadIsSaidAndTheRestIsDelivered) {
  create_topics(2);
  HooklineProcess hookline(options(webhook("all")));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  const auto to_partition = [](std::int32_t partition) {
    return [partition](int number) {
      auto event = test_event(number);
      event.partition = partition;
      return event;
    };
  };
  Publisher publisher(kafka.bootstrap());
  publisher.publish_events(topic, 100, to_partition(0));
  publisher.publish_events(topic, 100, to_partition(1), 100);
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 60s)) << hookline.log();
  ASSERT_EQ(hookline.terminate()->code, 0);

  publisher.publish_events(topic, 100, to_partition(0), 200);
  publisher.publish_events(topic, 100, to_partition(1), 300);
  kafka.admin().delete_records_before(topic, 0, 160);  // 60 that nobody has read
  hookline.start();
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 60s)) << lag() << "\n" << hookline.log();
  EXPECT_NE(hookline.log().find(topic + "[0]: offsets 100 to 159 are gone from the log"), std::string::npos) << hookline.log();
  EXPECT_EQ(hookline.log().find(topic + "[1]: offsets"), std::string::npos) << hookline.log();
  EXPECT_EQ(hookline.metric("hookline_lost_records_total"), 60);
  auto events = publisher.acknowledged();
  std::erase_if(events, [](const PublishedEvent& event) { return event.partition == 0 && event.offset >= 100 && event.offset < 160; });
  ASSERT_EQ(events.size(), 340u);
  expect_each_once(events);
}

TEST_F(Sources, PartitionsAddedWhileItRunsAreReadFromTheirBeginningEvenIfItStartedAtTheEnd) { widen(1); }

/// Its group has no other position than that of its start then.
TEST_F(Sources, PartitionsAddedBeforeTheFirstEventAreReadFromTheirBeginningToo) { widen(0); }

}  // namespace
}  // namespace hookline::test
