// What the tests of this room share: an embedded cluster per test, records on it, and a member of a group
// that answers rebalances by itself.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hookline/kafka/consumer.h"
#include "hookline/kafka/embedded_cluster.h"
#include "hookline/kafka/producer.h"
#include "support/wait.h"

namespace hookline::kafka {

using namespace std::chrono_literals;
using test::holds_for;
using test::wait_until;

constexpr auto patience = 20s;  ///< only a failure waits so long

/// The reports of a producer, from its thread.
class ReportBox {
 public:
  std::shared_ptr<const ReportSink> sink() {
    return std::make_shared<const ReportSink>([this](std::vector<ProduceReport>&& reports) {
      const std::lock_guard lock(mutex_);
      ++turns_;
      for (auto& report : reports)
        reports_.push_back(std::move(report));
    });
  }
  std::vector<ProduceReport> all() const {
    const std::lock_guard lock(mutex_);
    return reports_;
  }
  std::size_t count() const { return all().size(); }
  std::size_t turns() const {
    const std::lock_guard lock(mutex_);
    return turns_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<ProduceReport> reports_;
  std::size_t turns_ = 0;
};

/// librdkafka takes a second to end a client; that is done aside, and waited for when the program ends.
template <class... Owned>
void end_aside(Owned... owned) {
  static std::vector<std::jthread> ending;
  ending.emplace_back([kept = std::tuple(std::move(owned)...)]() mutable {
    std::apply([](auto&... one) { (one.reset(), ...); }, kept);
  });
}

class ClusterTest : public testing::Test {
 protected:
  void TearDown() override { end_aside(std::move(publisher_), std::move(cluster_)); }
  void SetUp() override {
    auto started = EmbeddedCluster::start();
    ASSERT_TRUE(started) << started.error().message;
    cluster_ = std::move(*started);
  }

  /// Settings as a user's file would give them, and quick enough for tests.
  config::Settings settings(std::vector<std::pair<std::string, std::string>> more = {}) const {
    config::Settings result;
    std::vector<std::pair<std::string, std::string>> all{
        {"bootstrap.servers", cluster_->bootstrap_servers()},
        {"group.id", "group"},
        {"session.timeout.ms", "2000"},  // less a second, the embedded cluster's wait for members that rejoin
        {"heartbeat.interval.ms", "100"},
        {"fetch.wait.max.ms", "50"},
        {"fetch.error.backoff.ms", "50"},
        {"reconnect.backoff.max.ms", "200"}};
    all.insert(all.end(), more.begin(), more.end());
    for (auto& [name, value] : all)
      result.kafka.push_back({name, config::Secret(value), false});
    return result;
  }

  std::unique_ptr<Consumer> open(std::vector<std::pair<std::string, std::string>> more = {},
                                 std::size_t member = 0) {
    auto opened = Consumer::open(consumer_properties(settings(std::move(more)), member));
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }

  void create_topic(const std::string& topic, int partitions) {
    const auto made = cluster_->create_topic(topic, partitions);
    ASSERT_TRUE(made) << made.error().message;
  }

  /// Publishes values "from", "from+1", … to one partition.
  void publish(const std::string& topic, std::int32_t partition, int count, int from = 0) {
    std::vector<OwnedRecord> records;
    for (int i = 0; i < count; ++i) {
      OwnedRecord record;
      record.topic = topic;
      record.partition = partition;
      record.value = std::to_string(from + i);
      records.push_back(std::move(record));
    }
    publish(std::move(records));
  }
  void publish(std::vector<OwnedRecord> records) {
    if (!publisher_) {
      auto opened = Producer::open(producer_properties(settings()));
      ASSERT_TRUE(opened) << opened.error().message;
      publisher_ = std::move(*opened);
    }
    ReportBox box;
    const auto sink = box.sink();
    const auto count = records.size();
    for (std::size_t i = 0; i < count; ++i)
      publisher_->produce(std::move(records[i]), i, sink);
    ASSERT_TRUE(publisher_->flush(patience));
    for (const auto& report : box.all())
      ASSERT_FALSE(report.error) << report.error->message;
    ASSERT_EQ(box.count(), count);
  }

  std::unique_ptr<EmbeddedCluster> cluster_;
  std::unique_ptr<Producer> publisher_;
};

/// A member of a group as the engine is one: starts at what is committed (or at 0), keeps what it got.
/// Answers rebalances at once, or when told.
class Member {
 public:
  explicit Member(std::unique_ptr<Consumer> consumer) : consumer_(std::move(consumer)) {}

  Consumer& consumer() { return *consumer_; }
  Consumer* operator->() { return consumer_.get(); }

  /// Polls once, and answers what it may.
  void step(core::Duration timeout = 10ms) {
    consumer_->poll(batch_, 1000, timeout);
    for (const auto& message : batch_.messages()) {
      const TopicPartition partition{std::string(message.topic), message.partition};
      got_[partition].push_back(message.offset);
      position_[partition] = message.offset + 1;
    }
    for (auto& fault : consumer_->take_faults())
      faults_.push_back(std::move(fault));
    for (auto& report : consumer_->take_commit_reports())
      reports_.push_back(std::move(report));
    if (auto rebalance = consumer_->take_rebalance()) {
      unanswered_ = std::move(rebalance);
      ++rebalances_;
    }
    if (unanswered_ && !hold_) answer();
  }

  /// Commits what was got and answers the rebalance that waits.
  void answer() {
    const auto rebalance = std::exchange(unanswered_, std::nullopt);
    if (rebalance->what == Rebalance::What::assigned) {
      const auto committed = consumer_->committed(rebalance->partitions, patience);
      ASSERT_TRUE(committed) << committed.error().message;
      std::vector<Assignment> start;
      position_.clear();
      for (const auto& one : *committed) {
        start.push_back({one.partition, one.offset.value_or(0)});
        position_[one.partition] = one.offset.value_or(0);
      }
      const auto assigned = consumer_->assign(start);
      ASSERT_TRUE(assigned) << assigned.error().message;
    } else {
      // The embedded cluster refuses commits once a rebalance has begun (a real one takes them): what is
      // to be got once only is committed before.
      if (rebalance->what == Rebalance::What::revoked) (void)consumer_->commit_now(to_commit(), patience);
      position_.clear();
      ASSERT_TRUE(consumer_->unassign());
    }
  }

  std::vector<CommitEntry> to_commit() const {
    std::vector<CommitEntry> entries;
    for (const auto& [partition, offset] : position_)
      entries.push_back({partition, offset, {}});
    return entries;
  }

  template <class Fact>
  bool step_until(Fact fact, std::chrono::milliseconds deadline = patience) {
    return wait_until(
        [&] {
          step();
          return fact();
        },
        deadline, 0ms);
  }

  /// Leaves the group in order.
  bool leave() {
    consumer_->begin_close();
    return step_until([&] { return consumer_->closed(); });
  }

  bool hold_ = false;
  std::optional<Rebalance> unanswered_;
  int rebalances_ = 0;
  std::map<TopicPartition, std::vector<std::int64_t>> got_;
  std::map<TopicPartition, std::int64_t> position_;  ///< of what is assigned
  std::vector<ConsumerFault> faults_;
  std::vector<CommitReport> reports_;

 private:
  std::unique_ptr<Consumer> consumer_;
  Batch batch_;
};

inline std::string name(const TopicPartition& partition) {
  return partition.topic + "[" + std::to_string(partition.partition) + "] ";
}

/// from, from + 1, …
inline std::vector<std::int64_t> counting(std::int64_t count, std::int64_t from = 0) {
  std::vector<std::int64_t> result;
  for (std::int64_t i = 0; i < count; ++i)
    result.push_back(from + i);
  return result;
}

}  // namespace hookline::kafka
