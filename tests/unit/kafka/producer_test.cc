#include "hookline/kafka/producer.h"

#include <algorithm>
#include <thread>

#include "cluster.h"
#include "hookline/kafka/admin.h"

namespace hookline::kafka {
namespace {

using testing::ElementsAreArray;
using testing::SizeIs;

constexpr std::int16_t produce_request = 0;

class ProducerTest : public ClusterTest {
 protected:
  void SetUp() override {
    ClusterTest::SetUp();
    create_topic("out", 1);
  }

  void TearDown() override {
    end_aside(std::move(producer_));
    ClusterTest::TearDown();
  }

  void open_producer(std::vector<std::pair<std::string, std::string>> more = {},
                     std::uint64_t event_size = 1 << 20) {
    auto with = settings(std::move(more));
    with.limits.event_size = event_size;
    auto opened = Producer::open(producer_properties(with));
    ASSERT_TRUE(opened) << opened.error().message;
    producer_ = std::move(*opened);
  }

  static OwnedRecord record(std::string value, std::string topic = "out") {
    OwnedRecord result;
    result.topic = std::move(topic);
    result.value = std::move(value);
    return result;
  }

  std::vector<OwnedRecord> read(const std::string& topic = "out") {
    std::vector<OwnedRecord> records;
    const auto done =
        read_topic(client_properties(settings()), topic, std::nullopt, 5s, [&](OwnedRecord&& r) {
          records.push_back(std::move(r));
          return true;
        });
    EXPECT_TRUE(done) << done.error().message;
    return records;
  }

  std::vector<std::uint64_t> tokens() const {
    std::vector<std::uint64_t> result;
    for (const auto& report : box_.all())
      result.push_back(report.token);
    std::sort(result.begin(), result.end());
    return result;
  }

  ReportBox box_;
  std::unique_ptr<Producer> producer_;
};

TEST_F(ProducerTest, each_record_is_reported_once_with_where_it_stands) {
  open_producer();
  const auto sink = box_.sink();
  for (std::uint64_t i = 0; i < 1000; ++i)
    producer_->produce(record(std::to_string(i)), i, sink);
  ASSERT_TRUE(producer_->flush(patience));
  EXPECT_EQ(producer_->pending(), 0u);
  const auto reports = box_.all();
  ASSERT_THAT(reports, SizeIs(1000));
  for (std::uint64_t i = 0; i < 1000; ++i) {
    EXPECT_EQ(reports[i].token, i);
    EXPECT_FALSE(reports[i].error);
    EXPECT_EQ(reports[i].partition, 0);
    EXPECT_EQ(reports[i].offset, static_cast<std::int64_t>(i));
  }
  EXPECT_LT(box_.turns(), 500u);  // together, not one by one
  EXPECT_EQ(producer_->rebirths(), 0u);
}

TEST_F(ProducerTest, records_arrive_as_they_were_handed_over) {
  open_producer();
  const auto sink = box_.sink();
  std::vector<OwnedRecord> sent{
      {.topic = "out",
       .timestamp = core::from_unix_ms(1'700'000'000'001),
       .key = std::string("\0k", 2),
       .value = std::string("v\0\xff", 3),
       .headers = {{"x", "2"}, {"x", "1"}, {"none", std::nullopt}, {"empty", ""}}},
      {.topic = "out", .timestamp = core::from_unix_ms(1), .key = "", .value = "", .headers = {}},
      {.topic = "out",
       .timestamp = core::from_unix_ms(2),
       .key = std::nullopt,
       .value = std::nullopt,
       .headers = {{"h", "v"}}},
  };
  for (const auto& one : sent)
    producer_->produce(one, 0, sink);
  ASSERT_TRUE(producer_->flush(patience));
  const auto got = read();
  ASSERT_THAT(got, SizeIs(sent.size()));
  for (std::size_t i = 0; i < sent.size(); ++i) {
    SCOPED_TRACE(i);
    EXPECT_EQ(got[i].key, sent[i].key);
    EXPECT_EQ(got[i].value, sent[i].value);
    EXPECT_EQ(got[i].headers, sent[i].headers);
    EXPECT_EQ(got[i].timestamp, sent[i].timestamp);
  }
}

TEST_F(ProducerTest, one_key_goes_to_one_partition_where_java_clients_put_it) {
  create_topic("wide", 10);
  open_producer();
  const auto sink = box_.sink();
  // Hashes that Kafka's own tests name.
  const std::vector<std::pair<std::string, std::int32_t>> murmur2{{"21", -973932308},
                                                                  {"abc", 479470107},
                                                                  {"foobar", -790332482},
                                                                  {"a-little-bit-long-string", -985981536}};
  for (const auto& [key, hash] : murmur2) {
    const auto partition = (hash & 0x7fffffff) % 10;
    for (int i = 0; i < 3; ++i) {
      auto one = record("v", "wide");
      one.key = key;
      producer_->produce(std::move(one), 0, sink);
    }
    ASSERT_TRUE(producer_->flush(patience));
    EXPECT_EQ(box_.all().back().partition, partition) << key;
  }
}

TEST_F(ProducerTest, a_record_over_the_limit_is_too_large_and_its_neighbours_are_not) {
  open_producer({}, 64 << 10);
  const auto sink = box_.sink();
  producer_->produce(record("small"), 1, sink);
  producer_->produce(record(std::string(400 << 10, 'x')), 2, sink);
  producer_->produce(record(std::string(64 << 10, 'x')), 3, sink);
  ASSERT_TRUE(producer_->flush(patience));
  for (const auto& report : box_.all()) {
    ASSERT_EQ(report.error.has_value(), report.token == 2) << report.token;
    if (report.error) {
      EXPECT_EQ(report.error->code, core::ErrorCode::too_large);
    }
  }
}

// The broker measures the batch. What fits alone must not be reported as too large.
TEST_F(ProducerTest, what_the_broker_refused_in_a_batch_is_tried_alone) {
  open_producer({{"linger.ms", "50"}});
  const auto sink = box_.sink();
  cluster_->fail_requests(produce_request, 10, 1);  // MSG_SIZE_TOO_LARGE for one whole batch
  for (std::uint64_t i = 0; i < 10; ++i)
    producer_->produce(record(std::to_string(i)), i, sink);
  ASSERT_TRUE(producer_->flush(patience));
  for (const auto& report : box_.all())
    EXPECT_FALSE(report.error) << report.error->message;
  EXPECT_THAT(tokens(), SizeIs(10));
  EXPECT_THAT(read(), SizeIs(10));
}

TEST_F(ProducerTest, what_the_broker_refuses_alone_as_well_is_too_large) {
  open_producer();
  const auto sink = box_.sink();
  cluster_->fail_requests(produce_request, 10, 2);
  producer_->produce(record("x"), 1, sink);
  ASSERT_TRUE(producer_->flush(patience));
  ASSERT_THAT(box_.all(), SizeIs(1));
  ASSERT_TRUE(box_.all()[0].error);
  EXPECT_EQ(box_.all()[0].error->code, core::ErrorCode::too_large);
}

TEST_F(ProducerTest, a_record_larger_than_the_whole_queue_does_not_block_it) {
  open_producer({{"queue.buffering.max.kbytes", "16"}});
  const auto sink = box_.sink();
  producer_->produce(record(std::string(100 << 10, 'x')), 1, sink);
  for (std::uint64_t i = 2; i < 50; ++i)
    producer_->produce(record(std::string(5 << 10, 'y')), i, sink);
  ASSERT_TRUE(producer_->flush(patience));
  EXPECT_THAT(tokens(), SizeIs(49));
  for (const auto& report : box_.all())
    EXPECT_EQ(report.error.has_value(), report.token == 1) << report.token;
}

TEST_F(ProducerTest, a_full_queue_is_waited_for) {
  open_producer({{"queue.buffering.max.messages", "10"}});
  const auto sink = box_.sink();
  for (std::uint64_t i = 0; i < 500; ++i)
    producer_->produce(record(std::to_string(i)), i, sink);
  ASSERT_TRUE(producer_->flush(patience));
  EXPECT_THAT(tokens(), SizeIs(500));
  const auto got = read();
  ASSERT_THAT(got, SizeIs(500));
  for (std::size_t i = 0; i < 500; ++i)
    EXPECT_EQ(got[i].value, std::to_string(i));
}

class Refusals : public ProducerTest, public testing::WithParamInterface<std::int16_t> {};

TEST_P(Refusals, of_the_broker_are_reported_as_refused) {
  open_producer();
  const auto sink = box_.sink();
  cluster_->fail_requests(produce_request, GetParam(), 1);
  producer_->produce(record("x"), 1, sink);
  ASSERT_TRUE(producer_->flush(patience));
  ASSERT_THAT(box_.all(), SizeIs(1));
  ASSERT_TRUE(box_.all()[0].error);
  EXPECT_EQ(box_.all()[0].error->code, core::ErrorCode::refused);
  EXPECT_THAT(box_.all()[0].error->message, testing::HasSubstr("'out'"));
}

INSTANTIATE_TEST_SUITE_P(Codes, Refusals,
                         testing::Values(29 /* TOPIC_AUTHORIZATION_FAILED */, 44 /* POLICY_VIOLATION */,
                                         87 /* INVALID_RECORD */, 32 /* INVALID_TIMESTAMP */));

TEST_F(ProducerTest, an_unknown_topic_is_refused_and_others_go_on) {
  cluster_->hide_topic("missing");
  open_producer(
      {{"topic.metadata.propagation.max.ms", "300"}, {"topic.metadata.refresh.fast.interval.ms", "50"}});
  const auto sink = box_.sink();
  producer_->produce(record("x", "missing"), 1, sink);
  producer_->produce(record("x"), 2, sink);
  ASSERT_TRUE(producer_->flush(patience));
  for (const auto& report : box_.all()) {
    ASSERT_EQ(report.error.has_value(), report.token == 1);
    if (report.error) {
      EXPECT_EQ(report.error->code, core::ErrorCode::refused);
    }
  }
  EXPECT_THAT(tokens(), SizeIs(2));
}

TEST_F(ProducerTest, a_topic_whose_permission_comes_back_can_be_written_again) {
  open_producer({{"topic.metadata.refresh.interval.ms", "100"}});
  const auto sink = box_.sink();
  cluster_->fail_requests(produce_request, 29, 1);
  producer_->produce(record("x"), 1, sink);
  ASSERT_TRUE(producer_->flush(patience));
  ASSERT_TRUE(box_.all()[0].error);
  std::uint64_t token = 1;
  EXPECT_TRUE(wait_until(
      [&] {
        producer_->produce(record("y"), ++token, sink);
        EXPECT_TRUE(producer_->flush(patience));
        return !box_.all().back().error;
      },
      patience, 50ms));
}

TEST_F(ProducerTest, while_the_broker_is_away_records_wait_and_flush_says_so) {
  open_producer();
  const auto sink = box_.sink();
  producer_->produce(record("before"), 0, sink);
  ASSERT_TRUE(producer_->flush(patience));
  cluster_->set_broker_up(1, false);
  for (std::uint64_t i = 1; i <= 20; ++i)
    producer_->produce(record(std::to_string(i)), i, sink);
  const auto flushed = producer_->flush(300ms);
  ASSERT_FALSE(flushed);
  EXPECT_EQ(flushed.error().code, core::ErrorCode::timeout);
  EXPECT_EQ(producer_->pending(), 20u);
  cluster_->set_broker_up(1, true);
  ASSERT_TRUE(producer_->flush(patience));
  EXPECT_THAT(tokens(), SizeIs(21));
  for (const auto& report : box_.all())
    EXPECT_FALSE(report.error);
}

TEST_F(ProducerTest, errors_that_pass_are_not_reported) {
  open_producer();
  const auto sink = box_.sink();
  cluster_->fail_requests(produce_request, 19, 2);  // NOT_ENOUGH_REPLICAS
  cluster_->fail_requests(produce_request, 6, 1);   // NOT_LEADER_FOR_PARTITION
  cluster_->fail_requests(produce_request, -1, 1);  // UNKNOWN: librdkafka itself gives up on it
  for (std::uint64_t i = 0; i < 5; ++i) {
    producer_->produce(record(std::to_string(i)), i, sink);
    ASSERT_TRUE(producer_->flush(patience));
  }
  for (const auto& report : box_.all())
    EXPECT_FALSE(report.error) << report.error->message;
  EXPECT_THAT(tokens(), SizeIs(5));
}

// One OUT_OF_ORDER_SEQUENCE_NUMBER ends an idempotent instance for good.
TEST_F(ProducerTest, a_fatal_error_costs_no_record_and_no_report) {
  open_producer({{"linger.ms", "20"}});
  const auto sink = box_.sink();
  producer_->produce(record("first"), 0, sink);
  ASSERT_TRUE(producer_->flush(patience));
  cluster_->fail_requests(produce_request, 45, 1);
  for (std::uint64_t i = 1; i <= 200; ++i)
    producer_->produce(record(std::to_string(i)), i, sink);
  ASSERT_TRUE(producer_->flush(patience));
  EXPECT_EQ(producer_->rebirths(), 1u);
  for (std::uint64_t i = 201; i <= 210; ++i)
    producer_->produce(record(std::to_string(i)), i, sink);
  ASSERT_TRUE(producer_->flush(patience));

  std::vector<std::uint64_t> expected;
  for (std::uint64_t i = 0; i <= 210; ++i)
    expected.push_back(i);
  EXPECT_THAT(tokens(), ElementsAreArray(expected));  // each once
  for (const auto& report : box_.all())
    EXPECT_FALSE(report.error) << report.error->message;
  std::vector<std::string> values;
  for (const auto& one : read())
    values.push_back(*one.value);
  for (std::uint64_t i = 1; i <= 210; ++i)
    EXPECT_EQ(std::count(values.begin(), values.end(), std::to_string(i)), 1) << i;
}

TEST_F(ProducerTest, repeated_fatal_errors_are_survived) {
  open_producer();
  const auto sink = box_.sink();
  for (std::uint64_t round = 0; round < 3; ++round) {
    producer_->produce(record("calm"), round * 100, sink);
    ASSERT_TRUE(producer_->flush(patience));
    cluster_->fail_requests(produce_request, 45, 1);
    for (std::uint64_t i = 1; i < 20; ++i)
      producer_->produce(record("x"), round * 100 + i, sink);
    ASSERT_TRUE(producer_->flush(patience));
  }
  EXPECT_EQ(producer_->rebirths(), 3u);
  EXPECT_THAT(tokens(), SizeIs(60));
}

TEST_F(ProducerTest, threads_produce_at_once_each_to_its_own_sink) {
  open_producer();
  std::vector<ReportBox> boxes(4);
  std::vector<std::thread> threads;
  for (auto& box : boxes)
    threads.emplace_back([&] {
      const auto sink = box.sink();
      for (std::uint64_t i = 0; i < 500; ++i)
        producer_->produce(record("x"), i, sink);
    });
  for (auto& thread : threads)
    thread.join();
  ASSERT_TRUE(producer_->flush(patience));
  for (auto& box : boxes)
    EXPECT_EQ(box.count(), 500u);
  EXPECT_THAT(read(), SizeIs(2000));
}

TEST_F(ProducerTest, ending_it_with_records_pending_neither_hangs_nor_reports) {
  open_producer();
  cluster_->set_broker_up(1, false);
  const auto sink = box_.sink();
  for (std::uint64_t i = 0; i < 100; ++i)
    producer_->produce(record("x"), i, sink);
  const auto begun = std::chrono::steady_clock::now();
  producer_.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 10s);
  EXPECT_EQ(box_.count(), 0u);
}

}  // namespace
}  // namespace hookline::kafka
