#include "hookline/kafka/consumer.h"

#include <poll.h>
#include <unistd.h>

#include "cluster.h"

namespace hookline::kafka {
namespace {

using testing::ElementsAreArray;
using testing::SizeIs;

const TopicPartition first{"events", 0};
const TopicPartition second{"events", 1};

class ConsumerTest : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    create_topic("events", 2);
  }

  /// A consumer that reads from given offsets, outside of the group's choice.
  Member reading(const std::vector<Assignment>& assignment) {
    Member member(open());
    const auto assigned = member->assign(assignment);
    EXPECT_TRUE(assigned) << assigned.error().message;
    return member;
  }

  /// A member that got all of the topic.
  Member joined(std::vector<std::pair<std::string, std::string>> more = {}) {
    Member member(open(std::move(more)));
    EXPECT_TRUE(member->subscribe({"events"}));
    EXPECT_TRUE(member.step_until([&] { return member.position_.size() == 2; }));
    return member;
  }
};

bool readable(int fd) {
  pollfd entry{fd, POLLIN, 0};
  return ::poll(&entry, 1, 0) == 1;
}

void clear(int fd) {
  std::uint64_t count = 0;
  (void)!read(fd, &count, sizeof count);
}

TEST_F(ConsumerTest, hands_out_records_in_order_and_in_batches_of_at_most_max) {
  publish("events", 0, 2500);
  const auto consumer = open();
  ASSERT_TRUE(consumer->assign({{first, 0}}));
  Batch batch;
  std::vector<std::int64_t> offsets;
  ASSERT_TRUE(wait_until(
      [&] {
        consumer->poll(batch, 1000, 100ms);
        EXPECT_LE(batch.messages().size(), 1000u);
        for (const auto& message : batch.messages()) {
          EXPECT_EQ(message.topic, "events");
          EXPECT_EQ(message.partition, 0);
          EXPECT_EQ(message.value, std::to_string(message.offset));
          EXPECT_GT(core::to_unix_ms(message.timestamp), 1'600'000'000'000);
          offsets.push_back(message.offset);
        }
        return offsets.size() >= 2500;
      },
      patience));
  EXPECT_THAT(offsets, ElementsAreArray(counting(2500)));
}

TEST_F(ConsumerTest, its_descriptor_tells_of_records_and_stays_readable_while_more_wait) {
  const auto consumer = open();
  ASSERT_TRUE(consumer->assign({{first, 0}}));
  Batch batch;
  ASSERT_TRUE(wait_until(
      [&] {
        consumer->poll(batch, 10, 10ms);
        return consumer->cached_high(first) == 0;
      },
      patience));
  clear(consumer->event_fd());
  publish("events", 0, 30);
  ASSERT_TRUE(wait_until([&] { return readable(consumer->event_fd()); }, patience));

  // As the engine does it: read the descriptor, poll once, wait again.
  std::size_t got = 0;
  while (got < 30) {
    ASSERT_TRUE(wait_until([&] { return readable(consumer->event_fd()); }, patience)) << got;
    clear(consumer->event_fd());
    consumer->poll(batch, 10);
    got += batch.messages().size();
  }
  EXPECT_EQ(got, 30u);
}

TEST_F(ConsumerTest, records_of_a_batch_may_outlive_the_next_poll_of_another_batch_but_not_their_consumer) {
  publish("events", 0, 20);
  Batch outlives;
  {
    const auto consumer = open();
    ASSERT_TRUE(consumer->assign({{first, 0}}));
    Batch other;
    ASSERT_TRUE(wait_until(
        [&] {
          consumer->poll(outlives, 5, 100ms);
          return outlives.messages().size() == 5;
        },
        patience));
    consumer->poll(other, 5, 100ms);
    EXPECT_EQ(outlives.messages()[4].value, "4");
    Batch moved = std::move(outlives);
    EXPECT_EQ(moved.messages()[0].value, "0");
    outlives = std::move(moved);
  }
  EXPECT_THAT(outlives.messages(), SizeIs(0));  // gone with it, in order
}

TEST_F(ConsumerTest, keys_values_and_headers_come_as_they_were_sent) {
  OwnedRecord full{.topic = "events",
                   .partition = 0,
                   .timestamp = core::from_unix_ms(1'700'000'000'123),
                   .key = std::string("k\0y", 3),
                   .value = "value",
                   .headers = {{"b", "1"}, {"a", ""}, {"b", std::nullopt}, {"a", std::string("\0\xff", 2)}}};
  OwnedRecord empty{.topic = "events", .partition = 0, .key = "", .value = "", .headers = {}};
  OwnedRecord tombstone{
      .topic = "events", .partition = 0, .key = "gone", .value = std::nullopt, .headers = {}};
  OwnedRecord keyless{.topic = "events", .partition = 0, .key = std::nullopt, .value = "v", .headers = {}};
  publish({full, empty, tombstone, keyless});

  const auto consumer = open();
  ASSERT_TRUE(consumer->assign({{first, 0}}));
  Batch batch;
  ASSERT_TRUE(wait_until(
      [&] {
        consumer->poll(batch, 10, 200ms);
        return batch.messages().size() == 4;
      },
      patience));
  const auto messages = batch.messages();
  EXPECT_EQ(messages[0].key, std::string_view("k\0y", 3));
  EXPECT_EQ(messages[0].value, "value");
  EXPECT_EQ(core::to_unix_ms(messages[0].timestamp), 1'700'000'000'123);
  std::vector<std::pair<std::string_view, std::optional<std::string_view>>> headers;
  messages[0].headers(headers);
  const decltype(headers) expected{
      {"b", "1"}, {"a", ""}, {"b", std::nullopt}, {"a", std::string_view("\0\xff", 2)}};
  EXPECT_EQ(headers, expected);

  EXPECT_EQ(messages[1].key, "");
  EXPECT_EQ(messages[1].value, "");
  EXPECT_EQ(messages[2].key, "gone");
  EXPECT_EQ(messages[2].value, std::nullopt);
  EXPECT_EQ(messages[3].key, std::nullopt);
  messages[3].headers(headers);
  EXPECT_TRUE(headers.empty());
}

TEST_F(ConsumerTest, resuming_what_is_not_paused_moves_nothing) {
  publish("events", 0, 100);
  auto member = reading({{first, 0}});
  ASSERT_TRUE(member.step_until([&] { return member.got_[first].size() == 100; }));
  ASSERT_TRUE(member->resume({first}));
  ASSERT_TRUE(member->resume({first, second}));  // the second is not even assigned
  publish("events", 0, 10, 100);
  ASSERT_TRUE(member.step_until([&] { return member.got_[first].size() >= 110; }));
  EXPECT_THAT(member.got_[first], ElementsAreArray(counting(110)));
}

TEST_F(ConsumerTest, a_paused_partition_is_quiet_and_goes_on_without_gap_or_repetition) {
  publish("events", 0, 3000);
  const auto consumer = open();
  ASSERT_TRUE(consumer->assign({{first, 0}, {second, 0}}));
  Batch batch;
  std::vector<std::int64_t> offsets;
  const auto look = [&](std::size_t max) {
    consumer->poll(batch, max, 20ms);
    for (const auto& message : batch.messages())
      if (message.partition == 0) offsets.push_back(message.offset);
  };
  ASSERT_TRUE(wait_until(
      [&] {
        look(7);
        return offsets.size() >= 50;
      },
      patience));
  for (int round = 0; round < 5; ++round) {
    ASSERT_TRUE(consumer->pause({first}));
    ASSERT_TRUE(consumer->pause({first, second}));  // the first is so already
    const auto before = offsets.size();
    EXPECT_TRUE(holds_for(
        [&] {
          look(7);
          return offsets.size() == before;
        },
        100ms));
    ASSERT_TRUE(consumer->resume({second}));
    ASSERT_TRUE(consumer->resume({first, second}));
    ASSERT_TRUE(consumer->resume({first}));
    ASSERT_TRUE(wait_until(
        [&] {
          look(7);
          return offsets.size() >= before + 200;
        },
        patience));
  }
  ASSERT_TRUE(wait_until(
      [&] {
        look(1000);
        return offsets.size() >= 3000;
      },
      patience));
  EXPECT_THAT(offsets, ElementsAreArray(counting(3000)));
}

TEST_F(ConsumerTest, a_partition_that_was_given_back_while_paused_comes_back_reading) {
  publish("events", 0, 10);
  auto member = reading({{first, 0}});
  ASSERT_TRUE(member.step_until([&] { return member.got_[first].size() == 10; }));
  ASSERT_TRUE(member->pause({first}));
  ASSERT_TRUE(member->unassign());
  member.got_.clear();
  ASSERT_TRUE(member->assign({{first, 3}}));
  ASSERT_TRUE(member.step_until([&] { return member.got_[first].size() >= 7; }));
  EXPECT_THAT(member.got_[first], ElementsAreArray(counting(7, 3)));
}

TEST_F(ConsumerTest, an_earlier_position_holds_even_if_the_partition_is_paused_before_anything_came) {
  publish("events", 0, 50);
  auto member = reading({{first, 0}});
  ASSERT_TRUE(member.step_until([&] { return member.got_[first].size() == 50; }));
  ASSERT_TRUE(member->unassign());
  member.got_.clear();
  ASSERT_TRUE(member->assign({{first, 10}}));
  ASSERT_TRUE(member->pause({first}));
  ASSERT_TRUE(member->resume({first}));
  ASSERT_TRUE(member.step_until([&] { return member.got_[first].size() >= 40; }));
  EXPECT_THAT(member.got_[first], ElementsAreArray(counting(40, 10)));

  member.got_.clear();
  ASSERT_TRUE(member->seek(first, 20));
  ASSERT_TRUE(member->pause({first}));
  ASSERT_TRUE(member->resume({first}));
  ASSERT_TRUE(member.step_until([&] { return member.got_[first].size() >= 30; }));
  EXPECT_THAT(member.got_[first], ElementsAreArray(counting(30, 20)));
}

TEST_F(ConsumerTest, nothing_of_a_former_assignment_comes_up_after_unassign) {
  publish("events", 0, 2000);
  for (int round = 0; round < 5; ++round) {
    auto member = reading({{first, 0}});
    Batch batch;
    ASSERT_TRUE(wait_until(
        [&] {
          member->poll(batch, 1, 100ms);
          return !batch.messages().empty();
        },
        patience));
    ASSERT_TRUE(member->unassign());
    EXPECT_TRUE(holds_for(
        [&] {
          member.step();
          return member.got_.empty();
        },
        50ms));
  }
}

TEST_F(ConsumerTest, a_position_out_of_range_is_a_fault_and_seek_makes_it_go_on_while_others_lose_nothing) {
  publish("events", 0, 100);
  publish("events", 1, 100);
  auto member = reading({{first, 5000}, {second, 0}});
  ASSERT_TRUE(
      member.step_until([&] { return member.faults_.size() == 1 && member.got_[second].size() == 100; }));
  EXPECT_EQ(member.faults_[0].what, ConsumerFault::What::offset_out_of_range);
  EXPECT_EQ(member.faults_[0].partition, first);
  EXPECT_FALSE(member.faults_[0].text.empty());

  ASSERT_TRUE(member->pause({second}));
  const auto moved = member->seek(first, 40);
  ASSERT_TRUE(moved) << moved.error().message;
  ASSERT_TRUE(member.step_until([&] { return member.got_[first].size() >= 60; }));
  EXPECT_THAT(member.got_[first], ElementsAreArray(counting(60, 40)));

  // The other one went on where it was, and is paused still.
  publish("events", 1, 10, 100);
  EXPECT_TRUE(holds_for(
      [&] {
        member.step();
        return member.got_[second].size() == 100;
      },
      100ms));
  ASSERT_TRUE(member->resume({second}));
  ASSERT_TRUE(member.step_until([&] { return member.got_[second].size() >= 110; }));
  EXPECT_THAT(member.got_[second], ElementsAreArray(counting(110)));
  EXPECT_THAT(member.faults_, SizeIs(1));
}

TEST_F(ConsumerTest, two_partitions_out_of_range_are_two_faults_each_mended_by_its_own_seek) {
  publish("events", 0, 10);
  publish("events", 1, 10);
  auto member = reading({{first, 70}, {second, 80}});
  ASSERT_TRUE(member.step_until([&] { return member.faults_.size() >= 2; }));
  ASSERT_TRUE(member->seek(first, 0));
  ASSERT_TRUE(member.step_until([&] { return member.got_[first].size() == 10; }));
  EXPECT_TRUE(holds_for(
      [&] {
        member.step();
        return member.faults_.size() == 2;
      },
      100ms));
  ASSERT_TRUE(member->seek(second, 5));
  ASSERT_TRUE(member.step_until([&] { return member.got_[second].size() == 5; }));
  EXPECT_THAT(member.got_[first], ElementsAreArray(counting(10)));
  EXPECT_THAT(member.got_[second], ElementsAreArray(counting(5, 5)));
}

TEST_F(ConsumerTest, seek_and_assign_refuse_what_makes_no_sense) {
  auto member = reading({{first, 0}});
  EXPECT_EQ(member->seek(second, 0).error().code, core::ErrorCode::not_found);
  EXPECT_EQ(member->seek(first, -2).error().code, core::ErrorCode::invalid);
  EXPECT_EQ(member->assign({{first, -1001}}).error().code, core::ErrorCode::invalid);
}

TEST_F(ConsumerTest, tells_the_ends_of_a_partition_its_topics_width_and_the_cluster) {
  publish("events", 1, 42);
  const auto consumer = open();
  const auto ends = consumer->watermarks(second, patience);
  ASSERT_TRUE(ends) << ends.error().message;
  EXPECT_EQ(ends->low, 0);
  EXPECT_EQ(ends->high, 42);
  EXPECT_EQ(consumer->cached_high({"other", 3}), std::nullopt);
  EXPECT_EQ(consumer->partition_count("events", patience), 2);
  EXPECT_FALSE(consumer->cluster_id(patience).value_or("").empty());
  const auto after_all = consumer->offset_at(second, core::from_unix_ms(4'000'000'000'000), patience);
  ASSERT_TRUE(after_all) << after_all.error().message;
  EXPECT_EQ(*after_all, 42);

  cluster_->hide_topic("missing");
  EXPECT_EQ(consumer->partition_count("missing", patience).error().code, core::ErrorCode::not_found);
}

TEST_F(ConsumerTest, opens_without_a_broker_and_says_so_in_time) {
  cluster_->set_broker_up(1, false);
  const auto consumer = open();
  ASSERT_TRUE(consumer->subscribe({"events"}));
  Batch batch;
  consumer->poll(batch, 10, 50ms);
  EXPECT_TRUE(batch.messages().empty());
  EXPECT_FALSE(consumer->committed({first}, 200ms));
  EXPECT_FALSE(consumer->watermarks(first, 200ms));
  EXPECT_FALSE(consumer->partition_count("events", 200ms));
  EXPECT_FALSE(consumer->cluster_id(200ms));
  EXPECT_FALSE(consumer->offset_at(first, core::from_unix_ms(0), 200ms));
}

TEST_F(ConsumerTest, a_missing_group_and_an_unknown_property_are_errors_that_name_them) {
  auto properties = consumer_properties(settings(), 0);
  std::erase_if(properties, [](const auto& p) { return p.first == "group.id"; });
  const auto groupless = Consumer::open(properties);
  ASSERT_FALSE(groupless);
  EXPECT_THAT(groupless.error().message, testing::HasSubstr("group.id"));

  properties.emplace_back("no.such.property", "1");
  const auto unknown = Consumer::open(properties);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, core::ErrorCode::invalid);
  EXPECT_THAT(unknown.error().message, testing::HasSubstr("no.such.property"));
}

struct JoinFault {
  std::int16_t code;
  ConsumerFault::What what;
};
class JoinFaults : public ConsumerTest, public testing::WithParamInterface<JoinFault> {};

TEST_P(JoinFaults, come_up_as_values) {
  constexpr std::int16_t join_group = 11;
  cluster_->fail_requests(join_group, GetParam().code, 1);
  Member member(open({{"group.instance.id", "one"}}));
  ASSERT_TRUE(member->subscribe({"events"}));
  const auto seen = [&] {
    return std::any_of(member.faults_.begin(), member.faults_.end(),
                       [](const auto& f) { return f.what == GetParam().what; });
  };
  EXPECT_TRUE(member.step_until(seen));
}

INSTANTIATE_TEST_SUITE_P(Codes, JoinFaults,
                         testing::Values(JoinFault{30, ConsumerFault::What::authorization},
                                         JoinFault{82, ConsumerFault::What::fenced}));

TEST_F(ConsumerTest, after_a_fatal_fault_it_closes_at_once) {
  constexpr std::int16_t join_group = 11;
  cluster_->fail_requests(join_group, 82, 1);
  Member member(open({{"group.instance.id", "one"}}));
  ASSERT_TRUE(member->subscribe({"events"}));
  ASSERT_TRUE(member.step_until([&] { return !member.faults_.empty(); }));
  EXPECT_TRUE(member.leave());
}

TEST_F(ConsumerTest, an_unknown_topic_in_the_subscription_is_a_fault) {
  cluster_->hide_topic("missing");
  Member member(open());
  ASSERT_TRUE(member->subscribe({"events", "missing"}));
  const auto seen = [&] {
    return std::any_of(member.faults_.begin(), member.faults_.end(), [](const auto& f) {
      return f.what == ConsumerFault::What::unknown_topic && f.partition && f.partition->topic == "missing";
    });
  };
  EXPECT_TRUE(member.step_until(seen));
  EXPECT_TRUE(member.step_until([&] { return member.position_.size() == 2; }));  // the rest works
}

TEST_F(ConsumerTest, a_loop_that_stands_still_is_told_that_it_was_evicted_and_what_it_lost) {
  auto member = joined({{"session.timeout.ms", "1000"}, {"max.poll.interval.ms", "1000"}});
  // Time has to pass here: it is what the group measures.
  std::this_thread::sleep_for(2500ms);
  member.hold_ = true;
  ASSERT_TRUE(member.step_until([&] { return member.unanswered_.has_value(); }));
  EXPECT_EQ(member.unanswered_->what, Rebalance::What::lost);
  EXPECT_TRUE(member->assignment_lost());
  ASSERT_FALSE(member.faults_.empty());
  EXPECT_EQ(member.faults_[0].what, ConsumerFault::What::max_poll_exceeded);

  // Nothing is committed for what is lost.
  member->commit(member.to_commit(), 7);
  ASSERT_TRUE(member.step_until([&] { return member.reports_.size() == 1; }));
  ASSERT_THAT(member.reports_[0].partitions, SizeIs(2));
  for (const auto& [partition, error] : member.reports_[0].partitions) {
    ASSERT_TRUE(error);
    EXPECT_EQ(error->code, core::ErrorCode::refused);
  }
  EXPECT_FALSE(member->assign({{first, 0}}));  // too late for that answer

  member.hold_ = false;
  ASSERT_TRUE(member.step_until([&] { return member.position_.size() == 2; }));  // and back again
}

}  // namespace
}  // namespace hookline::kafka
