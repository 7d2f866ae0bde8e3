// Rebalances: answered late, while closing, and with every record accounted for.
#include <algorithm>
#include <set>

#include "cluster.h"

namespace hookline::kafka {
namespace {

using testing::SizeIs;

class GroupTest : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    create_topic("events", 4);
  }

  std::unique_ptr<Member> join(std::vector<std::pair<std::string, std::string>> more = {}) {
    auto member = std::make_unique<Member>(open(std::move(more)));
    EXPECT_TRUE(member->consumer().subscribe({"events"}));
    return member;
  }
};

/// How often each record was got, by all members.
std::map<std::pair<TopicPartition, std::int64_t>, int> account(const std::vector<const Member*>& members) {
  std::map<std::pair<TopicPartition, std::int64_t>, int> seen;
  for (const Member* member : members)
    for (const auto& [partition, offsets] : member->got_)
      for (const auto offset : offsets)
        ++seen[{partition, offset}];
  return seen;
}

TEST_F(GroupTest, an_assignment_answered_late_hands_nothing_over_before) {
  publish("events", 0, 20);
  const auto member = join();
  member->hold_ = true;
  ASSERT_TRUE(member->step_until([&] { return member->unanswered_.has_value(); }));
  EXPECT_EQ(member->unanswered_->what, Rebalance::What::assigned);
  EXPECT_THAT(member->unanswered_->partitions, SizeIs(4));
  EXPECT_TRUE(holds_for(
      [&] {
        member->step();
        return member->got_.empty();
      },
      500ms));
  // Positions may be committed in this state, before the first record is taken.
  EXPECT_TRUE(member->consumer().commit_now({{{"events", 0}, 0, {}}}, patience));
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_TRUE(member->consumer().committed(member->unanswered_->partitions, patience));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 10s);
  member->hold_ = false;
  EXPECT_TRUE(member->step_until([&] { return member->got_[{"events", 0}].size() == 20; }));
}

TEST_F(GroupTest, what_was_not_in_the_rebalance_cannot_be_taken) {
  const auto member = join();
  member->hold_ = true;
  ASSERT_TRUE(member->step_until([&] { return member->unanswered_.has_value(); }));
  const auto foreign = member->consumer().assign({{{"events", 9}, 0}});
  ASSERT_FALSE(foreign);
  EXPECT_EQ(foreign.error().code, core::ErrorCode::not_found);
}

TEST_F(GroupTest, a_revocation_answered_two_seconds_later_loses_nothing_and_repeats_nothing_committed) {
  const std::vector<std::pair<std::string, std::string>> patient{{"session.timeout.ms", "6000"}};
  for (std::int32_t p = 0; p < 4; ++p)
    publish("events", p, 300);
  const auto old = join(patient);
  ASSERT_TRUE(old->step_until([&] { return account({old.get()}).size() == 1200; }));
  ASSERT_TRUE(old->consumer().commit_now(old->to_commit(), patience));

  const auto newcomer = join(patient);
  old->hold_ = true;
  ASSERT_TRUE(old->step_until([&] {
    newcomer->step(0ms);
    return old->unanswered_.has_value();
  }));
  EXPECT_EQ(old->unanswered_->what, Rebalance::What::revoked);
  EXPECT_THAT(old->unanswered_->partitions, SizeIs(4));

  // Records go on coming in; nobody gets one while the answer is owed.
  for (std::int32_t p = 0; p < 4; ++p)
    publish("events", p, 100, 300);
  EXPECT_TRUE(holds_for(
      [&] {
        old->step(5ms);
        newcomer->step(5ms);
        return account({old.get()}).size() == 1200 && newcomer->rebalances_ == 0;
      },
      2000ms));

  old->answer();
  old->hold_ = false;
  ASSERT_TRUE(wait_until(
      [&] {
        old->step(5ms);
        newcomer->step(5ms);
        return account({old.get(), newcomer.get()}).size() == 1600;
      },
      patience, 0ms));
  for (const auto& [record, times] : account({old.get(), newcomer.get()})) {
    const bool committed = record.second < 300;
    EXPECT_LE(times, committed ? 1 : 2) << name(record.first) << record.second;
  }
  EXPECT_TRUE(wait_until(
      [&] {
        old->step(5ms);
        newcomer->step(5ms);
        return old->position_.size() == 2 && newcomer->position_.size() == 2;
      },
      patience, 0ms));
}

TEST_F(GroupTest, closing_asks_for_the_partitions_back_and_waits_for_the_answer) {
  for (std::int32_t p = 0; p < 4; ++p)
    publish("events", p, 10);
  const auto member = join();
  ASSERT_TRUE(member->step_until([&] { return account({member.get()}).size() == 40; }));
  member->hold_ = true;
  member->consumer().begin_close();
  ASSERT_TRUE(member->step_until([&] { return member->unanswered_.has_value(); }));
  EXPECT_EQ(member->unanswered_->what, Rebalance::What::revoked);
  EXPECT_TRUE(holds_for(
      [&] {
        member->step();
        return !member->consumer().closed();
      },
      1000ms));
  ASSERT_TRUE(member->consumer().commit_now(member->to_commit(), patience));
  member->answer();
  EXPECT_TRUE(member->step_until([&] { return member->consumer().closed(); }));

  const auto next = join();
  ASSERT_TRUE(next->step_until([&] { return next->position_.size() == 4; }));
  for (const auto& [partition, offset] : next->position_)
    EXPECT_EQ(offset, 10) << name(partition);
}

TEST_F(GroupTest, a_member_closed_before_it_was_given_anything_is_closed) {
  const auto member = join();
  EXPECT_TRUE(member->leave());
  const auto silent = std::make_unique<Member>(open({{"group.id", "other"}}));  // never subscribed
  EXPECT_TRUE(silent->leave());
}

TEST_F(GroupTest, closing_takes_back_an_assignment_that_was_not_answered_yet) {
  const auto member = join();
  member->hold_ = true;
  ASSERT_TRUE(member->step_until([&] { return member->unanswered_.has_value(); }));
  member->consumer().begin_close();
  EXPECT_TRUE(member->step_until([&] { return member->consumer().closed(); }));
  // Answers that come too late are errors; they neither hang nor take anything.
  EXPECT_FALSE(member->consumer().assign({{{"events", 0}, 0}}));
  EXPECT_TRUE(member->consumer().unassign());
  EXPECT_FALSE(member->consumer().seek({"events", 0}, 0));
}

// Consuming in batches once lost messages silently at every rebalance (librdkafka 2.0.2).
TEST_F(GroupTest, members_that_come_and_go_lose_nothing) {
  constexpr int rounds = 6;
  constexpr int per_round = 250;
  std::vector<std::unique_ptr<Member>> members;
  std::vector<std::unique_ptr<Member>> gone;
  members.push_back(join());
  const auto all = [&] {
    std::vector<const Member*> result;
    for (const auto& m : members)
      result.push_back(m.get());
    for (const auto& m : gone)
      result.push_back(m.get());
    return result;
  };
  for (int round = 0; round < rounds; ++round) {
    if (round % 2 == 0)
      members.push_back(join());
    else {
      ASSERT_TRUE(wait_until(
          [&] {
            for (auto& m : members)
              m->step(1ms);
            if (!members.front()->consumer().closed()) members.front()->consumer().begin_close();
            return members.front()->consumer().closed();
          },
          patience, 0ms));
      gone.push_back(std::move(members.front()));
      members.erase(members.begin());
    }
    for (std::int32_t p = 0; p < 4; ++p)
      publish("events", p, per_round, round * per_round);
    const std::size_t wanted = 4u * per_round * static_cast<std::size_t>(round + 1);
    std::uint64_t token = 0;
    ASSERT_TRUE(wait_until(
        [&] {
          for (auto& m : members) {
            m->step(2ms);
            if (!m->unanswered_) m->consumer().commit(m->to_commit(), ++token);
          }
          return account(all()).size() >= wanted;
        },
        patience, 0ms))
        << account(all()).size() << " of " << wanted;
  }
  EXPECT_EQ(account(all()).size(), 4u * per_round * rounds);
}

}  // namespace
}  // namespace hookline::kafka
