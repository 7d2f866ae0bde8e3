#include "hookline/kafka/embedded_cluster.h"

#include <vector>

#include "client.h"
// After rdkafka.h, as it asks.
#include <fmt/format.h>
#include <librdkafka/rdkafka_mock.h>

namespace hookline::kafka {

struct EmbeddedCluster::State {
  std::unique_ptr<Client> client;  ///< librdkafka wants an instance to run the cluster on
  std::unique_ptr<rd_kafka_mock_cluster_t, Returned<rd_kafka_mock_cluster_destroy>> cluster;
  std::string bootstrap_servers;
  int brokers = 0;
};

EmbeddedCluster::EmbeddedCluster() : state_(std::make_unique<State>()) {}
EmbeddedCluster::~EmbeddedCluster() = default;

core::Result<std::unique_ptr<EmbeddedCluster>> EmbeddedCluster::start(int brokers) {
  // Errors only: that it has no broker to connect to is meant.
  auto client = Client::make(RD_KAFKA_PRODUCER, {{"log_level", "3"}});
  if (!client) return tl::unexpected(client.error());
  std::unique_ptr<EmbeddedCluster> result(new EmbeddedCluster);
  auto& state = *result->state_;
  state.client = std::move(*client);
  state.cluster.reset(rd_kafka_mock_cluster_new(state.client->get(), brokers));
  if (!state.cluster)
    return core::fail(core::ErrorCode::internal, "the embedded Kafka does not start on loopback");
  state.bootstrap_servers = rd_kafka_mock_cluster_bootstraps(state.cluster.get());
  state.brokers = brokers;
  // The 3 s that a real group waits for its first members would only make demo and tests slow.
  rd_kafka_mock_group_initial_rebalance_delay_ms(state.cluster.get(), 100);
  return result;
}

const std::string& EmbeddedCluster::bootstrap_servers() const {
  return state_->bootstrap_servers;
}

core::Result<void> EmbeddedCluster::create_topic(const std::string& topic, int partitions) {
  const auto code =
      rd_kafka_mock_topic_create(state_->cluster.get(), topic.c_str(), partitions, state_->brokers);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(code, fmt::format("creating topic '{}'", topic));
  return {};
}

core::Result<void> EmbeddedCluster::create_topics(const std::vector<TopicSpec>& topics) {
  for (const auto& topic : topics) {
    if (auto made = create_topic(topic.name, topic.partitions); !made) return made;
  }
  return {};
}

void EmbeddedCluster::fail_requests(std::int16_t api_key, std::int16_t error_code, int count) {
  const std::vector<rd_kafka_resp_err_t> errors(static_cast<std::size_t>(count),
                                                static_cast<rd_kafka_resp_err_t>(error_code));
  rd_kafka_mock_push_request_errors_array(state_->cluster.get(), api_key, errors.size(), errors.data());
}

void EmbeddedCluster::stop_failing(std::int16_t api_key) {
  rd_kafka_mock_clear_request_errors(state_->cluster.get(), api_key);
}

void EmbeddedCluster::hide_topic(const std::string& topic) {
  // Other errors would come with partitions, which no real broker sends and no client survives.
  rd_kafka_mock_topic_set_error(state_->cluster.get(), topic.c_str(),
                                RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
}

void EmbeddedCluster::set_broker_up(int broker, bool up) {
  if (up)
    (void)rd_kafka_mock_broker_set_up(state_->cluster.get(), broker);
  else
    (void)rd_kafka_mock_broker_set_down(state_->cluster.get(), broker);
}

void EmbeddedCluster::set_latency(core::Duration round_trip) {
  (void)rd_kafka_mock_broker_set_rtt(state_->cluster.get(), -1, to_timeout_ms(round_trip));
}

}  // namespace hookline::kafka
