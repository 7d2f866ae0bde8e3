// librdkafka's in-memory cluster: a Kafka for the demo and for integration tests. It keeps little
// (5 MB or 100,000 messages a partition), enforces little and forgets everything: it proves error
// handling, not durability. Clients built on librdkafka get along with it (kcat; Python, Go, .NET); Java's
// do not: they misread its answer to ApiVersions 3 and newer, their first question.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "hookline/core/result.h"
#include "hookline/core/time.h"
#include "hookline/kafka/admin.h"

namespace hookline::kafka {

class EmbeddedCluster {
 public:
  static core::Result<std::unique_ptr<EmbeddedCluster>> start(int brokers = 1);
  ~EmbeddedCluster();

  /// host:port[,host:port]
  const std::string& bootstrap_servers() const;
  core::Result<void> create_topic(const std::string& topic, int partitions);
  /// By name and number of partitions: it knows no other settings.
  core::Result<void> create_topics(const std::vector<TopicSpec>& topics);

  // Faults, for tests.
  /// The next `count` requests of this Kafka API key (e.g. 0 Produce, 8 OffsetCommit) get this error code.
  void fail_requests(std::int16_t api_key, std::int16_t error_code, int count);
  /// Takes back what fail_requests() left.
  void stop_failing(std::int16_t api_key);
  /// From now on the topic does not exist, also for clients that would have it made by asking.
  void hide_topic(const std::string& topic);
  /// `broker` counts from 1.
  void set_broker_up(int broker, bool up);
  void set_latency(core::Duration round_trip);

 private:
  EmbeddedCluster();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hookline::kafka
