// A Kafka in memory with Hookline's topics, a receiver and a configuration: what tests of whole engines stand on. The
// test makes the engines itself.
#pragma once

#include <memory>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "hookline/config/load.h"
#include "hookline/engine/engine.h"
#include "hookline/kafka/embedded_cluster.h"
#include "support/behaviours.h"
#include "support/publisher.h"
#include "support/receiver.h"
#include "support/temp_dir.h"
#include "support/wait.h"

namespace hookline::test {

using namespace std::chrono_literals;

class EmbeddedEngine : public ::testing::Test {
 protected:
  static constexpr int partitions = 4;

  std::unique_ptr<kafka::EmbeddedCluster> cluster = std::move(*kafka::EmbeddedCluster::start());
  Receiver receiver;
  TempDir folder;

  void SetUp() override {
    ASSERT_TRUE(cluster->create_topic("incidents", partitions));
    ASSERT_TRUE(cluster->create_topics(kafka::own_topics(configure("").settings, partitions, 1)));
  }

  /// `service`: further lines of the configuration.
  config::Configuration configure(const std::string& service) {
    folder.write("hookline.yaml", fmt::format(R"(kafka: {{bootstrap.servers: "{}", group.id: engine, session.timeout.ms: 6000}}
topics: {{incident: [incidents]}}
egress: {{allow: ["127.0.0.1/32"]}}
commit: {{interval: 50ms}}
shutdown: {{grace: 1s}}
{})", cluster->bootstrap_servers(), service));
    auto configuration = config::load(folder.path() / "hookline.yaml");
    (void)engine::Definitions::compile(configuration, configuration.problems);
    for (const auto& problem : configuration.problems) EXPECT_TRUE(problem.warning) << config::format(problem);
    return configuration;
  }
  /// The same with webhooks from a file.
  config::Configuration configure(const std::string& webhooks, const std::string& service) {
    folder.write("webhooks.yaml", webhooks);
    return configure("webhooks: [webhooks.yaml]\n" + service);
  }

  std::unique_ptr<engine::Engine> started(const config::Configuration& configuration) {
    auto engine = std::make_unique<engine::Engine>(configuration);
    const auto done = engine->start([] { return true; });
    EXPECT_TRUE(done) << done.error().message;
    EXPECT_TRUE(wait_until([&] { return engine->readiness().ready; }, 60s));
    return engine;
  }

  void publish(int count, int first = 0) { Publisher(cluster->bootstrap_servers()).publish_events("incidents", count, first); }
};

}  // namespace hookline::test
