// Commits and what is read back of them.
#include "cluster.h"

namespace hookline::kafka {
namespace {

using testing::SizeIs;

constexpr std::int16_t offset_commit = 8;
const TopicPartition first{"events", 0};
const TopicPartition second{"events", 1};

class CommitTest : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    create_topic("events", 2);
    publish("events", 0, 10);
    member_ = std::make_unique<Member>(open());
    ASSERT_TRUE(member()->subscribe({"events"}));
    ASSERT_TRUE(member().step_until([&] { return member().position_.size() == 2; }));
  }

  void TearDown() override {
    member_.reset();
    ClusterTest::TearDown();
  }

  Member& member() { return *member_; }

  CommitReport next_report() {
    EXPECT_TRUE(member().step_until([&] { return !member().reports_.empty(); }));
    auto report = std::move(member().reports_.front());
    member().reports_.erase(member().reports_.begin());
    return report;
  }

  Committed committed(const TopicPartition& partition) {
    const auto read = member()->committed({partition}, patience);
    EXPECT_TRUE(read) << read.error().message;
    return read->at(0);
  }

  std::unique_ptr<Member> member_;
};

TEST_F(CommitTest, metadata_comes_back_to_the_byte_and_what_was_never_committed_is_none) {
  for (const std::size_t size : {0u, 1u, 7u, 4096u}) {
    const std::string metadata(size, 'm');
    ASSERT_TRUE(member()->commit_now({{first, 5, metadata}}, patience));
    const auto read = committed(first);
    EXPECT_EQ(read.partition, first);
    EXPECT_EQ(read.offset, 5);
    EXPECT_EQ(read.metadata, metadata);
  }
  EXPECT_EQ(committed(second).offset, std::nullopt);
  EXPECT_EQ(committed(second).metadata, "");
}

TEST_F(CommitTest, each_asynchronous_commit_is_reported_once_with_its_token) {
  for (std::uint64_t token = 1; token <= 50; ++token)
    member()->commit({{first, static_cast<std::int64_t>(token % 11), "m"}, {second, 0, {}}}, token);
  ASSERT_TRUE(member().step_until([&] { return member().reports_.size() >= 50; }));
  EXPECT_TRUE(holds_for(
      [&] {
        member().step();
        return member().reports_.size() == 50;
      },
      50ms));
  for (std::uint64_t token = 1; token <= 50; ++token) {
    const auto& report = member().reports_[token - 1];
    EXPECT_EQ(report.token, token);
    EXPECT_FALSE(report.error);
    ASSERT_THAT(report.partitions, SizeIs(2));
    EXPECT_EQ(report.partitions[0].first, first);
    EXPECT_FALSE(report.partitions[0].second);
  }
  EXPECT_EQ(committed(first).offset, 50 % 11);
}

TEST_F(CommitTest, the_descriptor_tells_of_a_report) {
  Batch batch;
  member()->poll(batch, 100, 100ms);
  member()->commit({{first, 1, {}}}, 1);
  ASSERT_TRUE(wait_until(
      [&] {
        member()->poll(batch, 100, 5s);  // the report ends the wait
        return true;
      },
      3s));
  EXPECT_TRUE(wait_until(
      [&] {
        member()->poll(batch, 100, 10ms);
        return member()->take_commit_reports().size() == 1;
      },
      patience));
}

struct CommitFault {
  std::int16_t code;
  core::ErrorCode meaning;
};
class CommitFaults : public CommitTest, public testing::WithParamInterface<CommitFault> {};

TEST_P(CommitFaults, are_reported) {
  const auto [code, meaning] = GetParam();
  cluster_->fail_requests(offset_commit, code, 1);
  member()->commit({{first, 3, {}}}, 9);
  const auto failed = next_report();
  EXPECT_EQ(failed.token, 9u);
  ASSERT_TRUE(failed.error || (failed.partitions.size() == 1 && failed.partitions[0].second));
  EXPECT_EQ(failed.error ? failed.error->code : failed.partitions[0].second->code, meaning);
  EXPECT_EQ(committed(first).offset, std::nullopt);
}

INSTANTIATE_TEST_SUITE_P(
    Codes, CommitFaults,
    testing::Values(CommitFault{12, core::ErrorCode::too_large},    // OFFSET_METADATA_TOO_LARGE
                    CommitFault{22, core::ErrorCode::unavailable},  // ILLEGAL_GENERATION
                    CommitFault{30, core::ErrorCode::refused}));    // GROUP_AUTHORIZATION_FAILED

TEST_F(CommitTest, after_a_failure_the_next_commit_succeeds) {
  cluster_->fail_requests(offset_commit, 12, 1);
  const auto failed = member()->commit_now({{first, 3, {}}}, patience);
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, core::ErrorCode::too_large);
  ASSERT_TRUE(member()->commit_now({{first, 3, {}}}, patience));
  EXPECT_EQ(committed(first).offset, 3);
}

TEST_F(CommitTest, a_commit_that_gets_no_answer_in_time_fails_and_its_late_report_disturbs_nobody) {
  cluster_->set_latency(600ms);
  const auto late = member()->commit_now({{first, 2, {}}}, 100ms);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, core::ErrorCode::timeout);
  cluster_->set_latency(0ms);
  member()->commit({{first, 4, {}}}, 5);
  EXPECT_EQ(next_report().token, 5u);
  EXPECT_TRUE(holds_for(
      [&] {
        member().step();
        return member().reports_.empty();
      },
      700ms));
  EXPECT_EQ(committed(first).offset, 4);
}

// librdkafka and the broker accept a commit for a partition that the member does not own.
TEST_F(CommitTest, a_partition_that_is_not_owned_is_never_committed) {
  const TopicPartition foreign{"events", 7};
  member()->commit({{first, 6, {}}, {foreign, 1, {}}}, 1);
  const auto mixed = next_report();
  EXPECT_FALSE(mixed.error);
  ASSERT_THAT(mixed.partitions, SizeIs(2));
  for (const auto& [partition, error] : mixed.partitions)
    EXPECT_EQ(error.has_value(), partition == foreign);
  EXPECT_EQ(committed(first).offset, 6);

  ASSERT_TRUE(member()->unassign());
  member()->commit({{first, 9, {}}}, 2);
  const auto stale = next_report();
  ASSERT_THAT(stale.partitions, SizeIs(1));
  ASSERT_TRUE(stale.partitions[0].second);
  EXPECT_EQ(stale.partitions[0].second->code, core::ErrorCode::refused);
  EXPECT_EQ(member()->commit_now({{first, 9, {}}}, patience).error().code, core::ErrorCode::refused);
  EXPECT_EQ(committed(first).offset, 6);
}

TEST_F(CommitTest, an_empty_commit_is_reported_at_once) {
  member()->commit({}, 3);
  const auto report = next_report();
  EXPECT_EQ(report.token, 3u);
  EXPECT_FALSE(report.error);
  EXPECT_TRUE(member()->commit_now({}, patience));
}

TEST_F(CommitTest, two_hundred_fifty_partitions_with_full_metadata_go_in_one_request) {
  create_topic("wide", 250);
  Member wide(open({{"group.id", "wide"}}));
  ASSERT_TRUE(wide->subscribe({"wide"}));
  ASSERT_TRUE(wide.step_until([&] { return wide.position_.size() == 250; }));
  std::vector<CommitEntry> entries;
  for (std::int32_t p = 0; p < 250; ++p)
    entries.push_back({{"wide", p}, p, std::string(1000, static_cast<char>('a' + p % 26))});
  ASSERT_TRUE(wide->commit_now(entries, patience));
  std::vector<TopicPartition> partitions;
  for (const auto& entry : entries)
    partitions.push_back(entry.partition);
  const auto read = wide->committed(partitions, patience);
  ASSERT_TRUE(read);
  ASSERT_THAT(*read, SizeIs(250));
  for (std::size_t i = 0; i < 250; ++i) {
    EXPECT_EQ((*read)[i].offset, entries[i].offset);
    EXPECT_EQ((*read)[i].metadata, entries[i].metadata);
  }
}

}  // namespace
}  // namespace hookline::kafka
