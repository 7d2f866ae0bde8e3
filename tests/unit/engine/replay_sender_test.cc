#include "engine/replay_sender.h"

#include <gtest/gtest.h>

#include "engine/replay_gate.h"

namespace hookline::engine {
namespace {

using namespace std::chrono_literals;

/// Holds what it was given until it is told what becomes of it.
class HeldProducer final : public kafka::Producer {
 public:
  void produce(kafka::OwnedRecord record, std::uint64_t token, std::shared_ptr<const kafka::ReportSink> to) override {
    held.push_back({std::move(record), token});
    sink = std::move(to);
  }
  core::Result<void> flush(core::Duration) override { return {}; }
  std::size_t pending() const override { return held.size(); }
  std::uint64_t rebirths() const override { return 0; }

  void report(std::optional<core::Error> error = {}) {
    const auto token = held.front().second;
    held.erase(held.begin());
    (*sink)({{.token = token, .error = std::move(error), .partition = 1, .offset = next_offset++}});
  }
  std::vector<std::pair<kafka::OwnedRecord, std::uint64_t>> held;
  std::shared_ptr<const kafka::ReportSink> sink;
  std::int64_t next_offset = 10;
};

kafka::OwnedRecord to(const char* topic) { return {.topic = topic}; }

TEST(ReplaySender, AMarkIsWrittenOnlyAfterEveryReentryIsAcknowledged) {
  HeldProducer producer;
  ReplaySender sender(producer);
  sender.send({.reentries = {to("retry"), to("retry")}, .marks = {to("replays"), to("replays")}, .tag = 7});
  ASSERT_EQ(producer.held.size(), 2u);
  producer.report();
  EXPECT_TRUE(sender.take(0s).empty());
  ASSERT_EQ(producer.held.size(), 1u) << "one of two is not enough";
  producer.report();
  EXPECT_TRUE(sender.take(0s).empty());
  ASSERT_EQ(producer.held.size(), 2u);
  EXPECT_EQ(producer.held[0].first.topic, "replays");
  EXPECT_EQ(sender.in_flight(), 1u) << "what a crash may repeat is counted until the mark stands";
  producer.report();
  producer.report();
  const auto done = sender.take(0s);
  ASSERT_EQ(done.size(), 1u);
  EXPECT_EQ(done[0].tag, 7u);
  EXPECT_FALSE(done[0].error);
  EXPECT_EQ(done[0].reentered.size(), 2u);
  EXPECT_EQ(sender.in_flight(), 0u);
}

TEST(ReplaySender, WhatIsRefusedGetsNoMark) {
  HeldProducer producer;
  ReplaySender sender(producer);
  sender.send({.reentries = {to("retry"), to("retry")}, .marks = {to("replays")}, .tag = 1});
  producer.report(core::Error{core::ErrorCode::too_large, "too large"});
  producer.report();
  const auto done = sender.take(0s);
  ASSERT_EQ(done.size(), 1u);
  EXPECT_EQ(done[0].error->code, core::ErrorCode::too_large);
  EXPECT_TRUE(producer.held.empty());
}

TEST(ReplaySender, WhatLeadsToNoDeliveryIsMarkedAtOnce) {
  HeldProducer producer;
  ReplaySender sender(producer);
  sender.send({.reentries = {}, .marks = {to("replays")}, .tag = 1});
  ASSERT_EQ(producer.held.size(), 1u);
  producer.report();
  EXPECT_EQ(sender.take(0s).size(), 1u);
}

TEST(Pacer, KeepsARateAndCatchesUpOnASecondAtMost) {
  Pacer pacer(100);
  core::MonoTime now{1h};
  int sent = 0;
  const auto run = [&](core::Duration span) {
    for (const auto end = now + span; now < end; now += 1ms) {
      while (pacer.wait(now) == core::Duration{}) {
        pacer.sent(1, now);
        ++sent;
      }
    }
  };
  run(10s);
  EXPECT_NEAR(sent, 1000, 2);
  now += 500ms;  // held up
  run(10s);
  EXPECT_NEAR(sent, 2050, 3);
  now += 60s;
  run(1s);
  EXPECT_NEAR(sent, 2250, 3);
}

TEST(Pacer, WithoutARateEverythingGoes) {
  Pacer pacer(std::nullopt);
  pacer.sent(1000, core::MonoTime{1h});
  EXPECT_EQ(pacer.wait(core::MonoTime{1h}), core::Duration{});
}

TEST(OpenReentries, AreThoseThatTheGroupHasNotCommitted) {
  OpenReentries open;
  for (const std::int64_t offset : {3, 4, 9}) open.add(0, offset);
  open.add(1, 2);
  EXPECT_EQ(open.count(), 4u);
  open.committed(0, 4);
  EXPECT_EQ(open.count(), 3u);
  open.committed(0, 100);
  open.committed(2, 100);
  EXPECT_EQ(open.count(), 1u);
}

}  // namespace
}  // namespace hookline::engine
