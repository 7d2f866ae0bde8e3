// The whole engine in this process: real librdkafka on its in-memory cluster, real HTTP, and a Kafka
// that refuses, falls silent and comes back.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "hookline/config/load.h"
#include "hookline/engine/engine.h"
#include "hookline/kafka/admin.h"
#include "hookline/kafka/embedded_cluster.h"
#include "hookline/kafka/producer.h"
#include "hookline/settle/dead_letter.h"
#include "support/behaviours.h"
#include "support/publisher.h"
#include "support/receiver.h"
#include "support/temp_dir.h"
#include "support/wait.h"

namespace hookline::test {
namespace {

using namespace std::chrono_literals;

constexpr std::int16_t produce_request = 0;
constexpr std::int16_t offset_commit_request = 8;
constexpr std::int16_t coordinator_loading = 14;
constexpr std::int16_t not_enough_replicas = 19;

class EngineOnEmbeddedKafka : public ::testing::Test {
 protected:
  std::unique_ptr<kafka::EmbeddedCluster> cluster = std::move(*kafka::EmbeddedCluster::start());
  Receiver receiver;
  TempDir folder;
  std::unique_ptr<engine::Engine> engine;

  void SetUp() override {
    for (const char* topic : {"incidents", "hookline.dead-letters", "hookline.retry.10s", "hookline.retry.1m",
                              "hookline.retry.10m", "hookline.retry.1h", "hookline.retry.6h", "hookline.thresholds", "hookline.ordered", "hookline.correlations"}) ASSERT_TRUE(cluster->create_topic(topic, 4));
    for (const char* topic : {"hookline.webhooks", "hookline.notices", "hookline.jobs"}) ASSERT_TRUE(cluster->create_topic(topic, 1));
  }
  void TearDown() override {
    if (!engine) return;
    EXPECT_TRUE(engine->stop());
  }

  config::Configuration load(const std::string& webhooks) {
    folder.write("webhooks.yaml", webhooks);
    folder.write("hookline.yaml", fmt::format(R"(kafka: {{bootstrap.servers: "{}", group.id: engine, session.timeout.ms: 6000}}
topics: {{incident: [incidents]}}
workers: 1
webhooks: [webhooks.yaml]
egress: {{allow: ["127.0.0.1/32"]}}
commit: {{interval: 50ms}}
shutdown: {{grace: 1s}}
)", cluster->bootstrap_servers()));
    auto configuration = config::load(folder.path() / "hookline.yaml");
    (void)engine::Definitions::compile(configuration, configuration.problems);
    for (const auto& problem : configuration.problems) {
      if (!problem.warning) ADD_FAILURE() << config::format(problem);
    }
    return configuration;
  }

  void start(const std::string& webhooks) {
    engine = std::make_unique<engine::Engine>(load(webhooks));
    const auto started = engine->start([] { return true; });
    ASSERT_TRUE(started) << started.error().message;
    ASSERT_TRUE(wait_until([&] { return engine->readiness().ready; }, 30s));
  }

  std::string webhook(const std::string& path, const std::string& more = {}) {
    return fmt::format("name: hook\nevents: [incident]\nendpoints: [{{url: \"{}\"}}]\n{}\n", receiver.url(path), more);
  }

  void publish(int count, int first = 0) {
    Publisher publisher(cluster->bootstrap_servers());
    publisher.publish_events("incidents", count, first);
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
