#include "client.h"

#include <array>
#include <optional>

#include <fmt/format.h>

namespace hookline::kafka {
namespace {

void relay_log(const rd_kafka_t* handle, int severity, const char* facility, const char* text) {
  // While the instance is being made there is no opaque pointer to be had from a null handle.
  if (handle == nullptr) return;
  static_cast<Client*>(rd_kafka_opaque(handle))->log().write(severity, facility, text);
}

using Conf = std::unique_ptr<rd_kafka_conf_t, Returned<rd_kafka_conf_destroy>>;

core::Result<Conf> make_conf(const Properties& properties) {
  Conf conf(rd_kafka_conf_new());
  std::array<char, 512> text{};
  for (const auto& [name, value] : properties) {
    const auto outcome = rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), text.data(), text.size());
    if (outcome == RD_KAFKA_CONF_OK) continue;
    // librdkafka's text may quote the value, which may have come from a secret reference.
    std::string why = text.data();
    if (const auto at = value.empty() ? std::string::npos : why.find(value); at != std::string::npos) {
      why.replace(at, value.size(), config::mask);
    }
    return core::fail(core::ErrorCode::invalid, fmt::format("kafka.{}: {}", name, why));
  }
  return conf;
}

}  // namespace

core::Result<void> check_properties(const Properties& properties) {
  return make_conf(properties).map([](const Conf&) {});
}

core::Result<std::unique_ptr<Client>> Client::make(rd_kafka_type_t type, const Properties& properties,
                                                   const Callbacks& callbacks) {
  auto conf = make_conf(properties);
  if (!conf) return tl::unexpected(conf.error());
  std::unique_ptr<Client> client(new Client(properties, callbacks.owner));
  rd_kafka_conf_set_opaque(conf->get(), client.get());
  rd_kafka_conf_set_log_cb(conf->get(), relay_log);
  if (callbacks.rebalance != nullptr) rd_kafka_conf_set_rebalance_cb(conf->get(), callbacks.rebalance);
  if (callbacks.error != nullptr) rd_kafka_conf_set_error_cb(conf->get(), callbacks.error);
  if (callbacks.delivery != nullptr) rd_kafka_conf_set_dr_msg_cb(conf->get(), callbacks.delivery);

  std::array<char, 512> text{};
  client->handle_ = rd_kafka_new(type, conf->get(), text.data(), text.size());
  if (client->handle_ == nullptr)
    return core::fail(core::ErrorCode::invalid, fmt::format("kafka: {}", client->log_.masked(text.data())));
  (void)conf->release();  // rd_kafka_new took it
  return client;
}

Client::~Client() {
  // Without NO_CONSUMER_CLOSE it would wait for answers to rebalances that nobody gives any more.
  if (handle_ != nullptr) rd_kafka_destroy_flags(handle_, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
}

std::optional<std::pair<rd_kafka_resp_err_t, std::string>> Client::fatal_error() const {
  std::array<char, 512> text{};
  const auto code = rd_kafka_fatal_error(handle_, text.data(), text.size());
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return std::nullopt;
  return std::pair{code, std::string(text.data())};
}

core::Result<std::string> Client::cluster_id(core::Duration timeout) const {
  char* const id = rd_kafka_clusterid(handle_, to_timeout_ms(timeout));
  if (id == nullptr)
    return core::fail(core::ErrorCode::unavailable, "kafka: no broker told the cluster's id");
  std::string result(id);
  rd_kafka_mem_free(handle_, id);
  return result;
}

core::Result<Metadata> Client::metadata(const std::string& topic, core::Duration timeout) const {
  const auto what = fmt::format("asking for topic '{}'", topic);
  const TopicHandle handle(rd_kafka_topic_new(handle_, topic.c_str(), nullptr));
  if (!handle) return fail_with(rd_kafka_last_error(), what);
  const rd_kafka_metadata_t* answer = nullptr;
  const auto code = rd_kafka_metadata(handle_, 0, handle.get(), &answer, to_timeout_ms(timeout));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(code, what);
  Metadata metadata(answer);
  if (metadata->topic_cnt != 1)
    return core::fail(core::ErrorCode::internal, fmt::format("{}: {} answers", what, metadata->topic_cnt));
  return metadata;
}

core::Result<std::int32_t> Client::partition_count(const std::string& topic, core::Duration timeout) const {
  const auto found = metadata(topic, timeout);
  if (!found) return tl::unexpected(found.error());
  const auto& one = (*found)->topics[0];
  if (one.err != RD_KAFKA_RESP_ERR_NO_ERROR)
    return fail_with(one.err, fmt::format("asking for topic '{}'", topic));
  return one.partition_cnt;
}

}  // namespace hookline::kafka
