#include "hookline/kafka/properties.h"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

#include "hookline/config/kafka_properties.h"
#include "topics.h"

namespace hookline::kafka {
namespace {

struct Row {
  std::string_view name;
  std::string_view value;
};

// What a user may change by naming it.
constexpr std::array defaults{
    Row{"client.id", "hookline"},
    Row{"socket.keepalive.enable", "true"},
    Row{"log.connection.close", "false"},                // idle connections end all the time
    Row{"reconnect.backoff.max.ms", "2000"},             // a broker that is back is used at once
    Row{"topic.metadata.refresh.interval.ms", "60000"},  // new partitions are found within a minute
};

constexpr std::array consumer_defaults{
    Row{"isolation.level", "read_committed"},
    // The local queue is the only read-ahead. When it was full, librdkafka waits this long before the next
    // fetch; its default of a second idles at high rates (docs/decisions/librdkafka.md).
    Row{"fetch.queue.backoff.ms", "10"},
    Row{"queued.max.messages.kbytes", "8192"},
    // A resumed partition waits for the fetch under way, which brokers hold open so long when idle.
    Row{"fetch.wait.max.ms", "100"},
    // A response may exceed fetch.max.bytes by one batch, however large. Over this limit the connection
    // would be closed and the partition stand still for ever.
    Row{"receive.message.max.bytes", "1073741824"},
};

constexpr std::array producer_defaults{
    Row{"linger.ms", "5"},
};

// What Hookline's promises rest on (config::owned_kafka_properties() says so to the user).
constexpr std::array owned{
    Row{"log.queue", "false"},
    Row{"allow.auto.create.topics", "false"},  // a topic of the broker's making has the wrong settings
};

constexpr std::array consumer_owned{
    Row{"enable.auto.commit", "false"},
    Row{"enable.auto.offset.store", "false"},
    Row{"auto.offset.reset", "error"},  // where to start is decided, never assumed
    Row{"enable.partition.eof", "true"},  // else lag would stay where a log ends with transaction markers
    Row{"partition.assignment.strategy", "roundrobin"},  // eager: rebalances are answered as a whole
};

constexpr std::array producer_owned{
    Row{"enable.idempotence", "true"},
    Row{"acks", "all"},
    Row{"message.timeout.ms", "0"},  // what was handed over is tried until it is acknowledged or refused
    Row{"delivery.report.only.error", "false"},
    Row{"enable.gapless.guarantee", "false"},
    Row{"partitioner", "murmur2_random"},  // where Java's clients put the same key
};

void set(Properties& properties, std::string_view name, std::string value) {
  const auto same =
      std::find_if(properties.begin(), properties.end(), [&](const auto& p) { return p.first == name; });
  if (same != properties.end())
    same->second = std::move(value);
  else
    properties.emplace_back(name, std::move(value));
}

void set(Properties& properties, std::span<const Row> rows) {
  for (const auto& [name, value] : rows)
    set(properties, name, std::string(value));
}

void set_user(Properties& properties, const config::Settings& settings) {
  set(properties, "group.id", "hookline");
  for (const auto& property : settings.kafka)
    set(properties, property.name, property.value.reveal());
}

void drop(Properties& properties, std::string_view name) {
  std::erase_if(properties, [&](const auto& p) { return p.first == name; });
}

}  // namespace

std::optional<std::string> owned_property(std::string_view name) {
  return config::owned_kafka_property(name);
}

Properties consumer_properties(const config::Settings& settings, std::size_t member) {
  Properties properties;
  set(properties, defaults);
  set(properties, consumer_defaults);
  const auto largest = largest_record(settings);
  set(properties, "fetch.message.max.bytes", fmt::format("{}", largest));
  set(properties, "fetch.max.bytes", fmt::format("{}", std::max<std::uint64_t>(largest, 16u << 20)));
  set_user(properties, settings);
  set(properties, owned);
  set(properties, consumer_owned);
  for (auto& [name, value] : properties)
    if (name == "group.instance.id") value += fmt::format("-{}", member);
  return properties;
}

Properties producer_properties(const config::Settings& settings) {
  Properties properties;
  set(properties, defaults);
  set(properties, producer_defaults);
  const auto largest = largest_record(settings);
  set(properties, "queue.buffering.max.kbytes",
      fmt::format("{}", std::max<std::uint64_t>(4 * largest, 64u << 20) >> 10));
  set_user(properties, settings);
  set(properties, owned);
  set(properties, producer_owned);
  set(properties, "message.max.bytes", fmt::format("{}", largest));
  drop(properties, "group.id");
  drop(properties, "group.instance.id");
  return properties;
}

Properties client_properties(const config::Settings& settings) {
  auto properties = consumer_properties(settings, 0);
  drop(properties, "group.instance.id");  // it would fence off the member that has it
  return properties;
}

}  // namespace hookline::kafka
