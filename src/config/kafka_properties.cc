#include "hookline/config/kafka_properties.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace hookline::config {
namespace {

constexpr std::string_view commits = "Hookline commits an offset only once its event is settled";
constexpr std::string_view acknowledged =
    "a dead letter or a retry counts as safe only when all in-sync replicas have it";
constexpr std::string_view callbacks = "callbacks are code: Hookline sets its own";

constexpr auto owned = std::to_array<OwnedKafkaProperty>({
    {"enable.auto.commit", commits},
    {"enable.auto.offset.store", commits},
    {"auto.commit.enable", commits},
    {"auto.commit.interval.ms", "Hookline commits by itself: set `commit.interval`"},
    {"offset.store.method", commits},
    {"offset.store.path", commits},
    {"offset.store.sync.interval.ms", commits},
    {"auto.offset.reset", "a reset would skip or repeat events unasked: set `start`"},
    {"partition.assignment.strategy",
     "partitions change hands as a whole (roundrobin): set `group.instance.id` for restarts without a "
     "rebalance"},
    {"allow.auto.create.topics",
     "a topic of the broker's making has the wrong settings: `hookline topics create` makes what is missing"},
    {"enable.partition.eof", "Hookline asks for it where it needs it"},
    {"group.protocol", "offsets and hand-over rest on the classic protocol"},
    {"enable.idempotence", acknowledged},
    {"enable.gapless.guarantee", "Hookline produces again what a fatal error left open"},
    {"acks", acknowledged},
    {"request.required.acks", acknowledged},
    {"message.timeout.ms", "a dead letter waits for its broker as long as it takes"},
    {"delivery.timeout.ms", "a dead letter waits for its broker as long as it takes"},
    {"message.send.max.retries", "a dead letter waits for its broker as long as it takes"},
    {"retries", "a dead letter waits for its broker as long as it takes"},
    {"delivery.report.only.error", "every acknowledgement settles a delivery"},
    {"produce.offset.report", "Hookline needs no offsets of what it produces"},
    {"transactional.id", "transactions are not used: acknowledgement first, then settle"},
    {"transaction.timeout.ms", "transactions are not used: acknowledgement first, then settle"},
    {"message.max.bytes", "it follows from `limits.event_size`"},
    {"partitioner", "all processes must agree on where a key lives"},
    {"statistics.interval.ms", "Hookline reads what it needs for its own metrics"},
    {"consume.callback.max.messages", "Hookline polls"},
    {"log.queue", "librdkafka's log lines go to Hookline's log"},
    {"test.mock.num.brokers", "events would live in this process alone: `hookline demo` shows that"},
    {"enabled_events", callbacks},
    {"error_cb", callbacks},
    {"throttle_cb", callbacks},
    {"stats_cb", callbacks},
    {"log_cb", callbacks},
    {"socket_cb", callbacks},
    {"connect_cb", callbacks},
    {"closesocket_cb", callbacks},
    {"open_cb", callbacks},
    {"resolve_cb", callbacks},
    {"background_event_cb", callbacks},
    {"oauthbearer_token_refresh_cb", callbacks},
    {"ssl.certificate.verify_cb", callbacks},
    {"rebalance_cb", callbacks},
    {"offset_commit_cb", callbacks},
    {"consume_cb", callbacks},
    {"dr_cb", callbacks},
    {"dr_msg_cb", callbacks},
    {"partitioner_cb", callbacks},
    {"msg_order_cmp", callbacks},
    {"opaque", callbacks},
    {"default_topic_conf", "topic settings stand beside the others"},
    {"builtin.features", "it can only be read"},
});

constexpr auto secrets = std::to_array<std::string_view>({
    "sasl.password",
    "ssl.key.password",
    "ssl.key.pem",
    "ssl.keystore.password",
    "sasl.oauthbearer.client.secret",
    "sasl.oauthbearer.config",
    "sasl.jaas.config",
});

}  // namespace

std::span<const OwnedKafkaProperty> owned_kafka_properties() {
  return owned;
}

std::optional<std::string> owned_kafka_property(std::string_view name) {
  const auto found = std::find_if(owned.begin(), owned.end(),
                                  [&](const OwnedKafkaProperty& row) { return row.name == name; });
  if (found == owned.end()) return std::nullopt;
  return fmt::format("'{}' belongs to Hookline: {}", name, found->reason);
}

bool secret_kafka_property(std::string_view name) {
  return std::find(secrets.begin(), secrets.end(), name) != secrets.end();
}

}  // namespace hookline::config
