// The whole engine in this process: real librdkafka on its in-memory cluster, real HTTP, and a Kafka
// that refuses, falls silent and comes back.

#include "hookline/kafka/producer.h"
#include "hookline/settle/dead_letter.h"
#include "integration/embedded_engine.h"

namespace hookline::test {
namespace {

constexpr std::int16_t produce_request = 0;
constexpr std::int16_t offset_commit_request = 8;
constexpr std::int16_t coordinator_loading = 14;
constexpr std::int16_t not_enough_replicas = 19;

class EngineOnEmbeddedKafka : public EmbeddedEngine {
 protected:
  std::unique_ptr<engine::Engine> engine;

  void TearDown() override {
    if (!engine) return;
    EXPECT_TRUE(engine->stop());
  }

  config::Configuration load(const std::string& webhooks) { return configure(webhooks, "workers: 1\n"); }
  void start(const std::string& webhooks) { engine = started(load(webhooks)); }

  std::string webhook(const std::string& path, const std::string& more = {}) {
    return fmt::format("name: hook\nevents: [incident]\nendpoints: [{{url: \"{}\"}}]\n{}\n", receiver.url(path), more);
  }

  /// What the group has committed, by the engine's own account, once nothing is open.
  std::int64_t settled() {
    std::int64_t sum = 0;
    for (const auto& worker : engine->status().workers) {
      for (const auto& partition : worker.partitions) sum += partition.committed;
    }
    return sum;
  }

  std::size_t dead_letters() {
    std::size_t count = 0;
    (void)kafka::read_topic(kafka::client_properties(engine->settings()), "hookline.dead-letters", std::nullopt, 2s,
                            [&](kafka::OwnedRecord&& record) {
                              count += settle::parse_dead_letter(record.headers).has_value();
                              return true;
                            });
    return count;
  }
};

TEST_F(EngineOnEmbeddedKafka, CommitsThatFailAreMadeUpForAndDeliveriesGoOn) {
  start(webhook("/hook"));
  cluster->fail_requests(offset_commit_request, coordinator_loading, 20);
  publish(200);
  ASSERT_TRUE(wait_until([&] { return receiver.count() == 200; }, 30s)) << receiver.count();
  ASSERT_TRUE(wait_until([&] { return settled() == 200; }, 30s)) << settled();
  EXPECT_TRUE(wait_until([&] { return engine->metrics().commits("success").value() > 0; }, 30s));
  EXPECT_EQ(receiver.count(), 200u);
}

TEST_F(EngineOnEmbeddedKafka, ADeadLetterThatTheBrokerRefusesIsWrittenInTheEndAndHoldsItsOffsetUntilThen) {
  receiver.on("/gone", answer(410));
  start(webhook("/gone"));
  publish(10);
  cluster->fail_requests(produce_request, not_enough_replicas, 30);
  ASSERT_TRUE(wait_until([&] { return receiver.count() == 10; }, 30s));
  ASSERT_TRUE(wait_until([&] { return settled() == 10; }, 60s)) << settled();
  EXPECT_EQ(dead_letters(), 10u);
  EXPECT_EQ(receiver.count(), 10u);
}

TEST_F(EngineOnEmbeddedKafka, ABrokerThatGoesAwayAndComesBackLosesNothing) {
  start(webhook("/hook"));
  publish(100);
  ASSERT_TRUE(wait_until([&] { return receiver.count() == 100; }, 30s));
  cluster->set_broker_up(1, false);
  ASSERT_TRUE(holds_for([&] { return receiver.count() == 100; }, 500ms));
  cluster->set_broker_up(1, true);
  publish(100, 100);
  ASSERT_TRUE(wait_until([&] { return receiver.count() >= 200; }, 60s)) << receiver.count();
  ASSERT_TRUE(wait_until([&] { return settled() == 200; }, 60s)) << settled();
}

TEST_F(EngineOnEmbeddedKafka, ANewRevisionIsInForceForEveryEventTakenFromThenOn) {
  start(webhook("/old"));
  publish(5);
  ASSERT_TRUE(wait_until([&] { return receiver.count("/old") == 5; }, 30s));
  engine->adopt(load(webhook("/new")));
  publish(5, 5);
  ASSERT_TRUE(wait_until([&] { return receiver.count("/new") == 5; }, 30s));
  EXPECT_EQ(receiver.count("/old"), 5u);
}

TEST_F(EngineOnEmbeddedKafka, ADeletedEndpointsWaitingDeliveriesBecomeDeadLetters) {
  receiver.on("/sick", answer(500));
  start(webhook("/sick", "retry: {schedule: [2s, 2s]}"));
  publish(3);
  ASSERT_TRUE(wait_until([&] { return receiver.count() == 3; }, 30s));
  engine->adopt(load("name: other\nevents: [alarm]\nendpoints: [{url: \"" + receiver.url("/other") + "\"}]\n"));
  ASSERT_TRUE(wait_until([&] { return dead_letters() == 3; }, 30s)) << "when they come back from their retry topic";
  EXPECT_EQ(engine->metrics().dead_letters("disabled").value(), 3u);
  const auto names = [&](const std::string& text) { return engine->exposition().find(text) != std::string::npos; };
  ASSERT_TRUE(wait_until([&] { return engine->status().endpoints().size() == 1; }, 30s));
  EXPECT_EQ(engine->status().endpoints().front().webhook, "other");
  EXPECT_TRUE(names("webhook=\"other\""));
  EXPECT_FALSE(names("webhook=\"hook\"")) << engine->exposition();
  EXPECT_FALSE(names("/sick")) << engine->exposition();
  engine->adopt(load(webhook("/well")));
  EXPECT_TRUE(wait_until([&] { return names("hookline_deliveries_total{webhook=\"hook\""); }, 30s)) << "made again, it counts again" << engine->exposition();
}

TEST_F(EngineOnEmbeddedKafka, StatusNamesWhatHoldsAPartition) {
  receiver.on("/hang", hang());
  start(webhook("/hang", "timeout: {request: 60s}"));
  publish(1);
  std::optional<engine::Holder> holder;
  ASSERT_TRUE(wait_until([&] {
    for (const auto& worker : engine->status().workers) {
      for (const auto& partition : worker.partitions) {
        if (partition.holder) holder = partition.holder;
      }
    }
    return holder.has_value();
  }, 30s));
  EXPECT_EQ(holder->webhook, "hook");
  EXPECT_EQ(holder->endpoint, "0");
  EXPECT_EQ(holder->offset, 0);
  EXPECT_NE(engine->exposition().find("hookline_oldest_open_seconds"), std::string::npos);
  receiver.drop_connections();
}

}  // namespace
}  // namespace hookline::test
