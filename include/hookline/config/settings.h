// The service's settings: hookline.yaml, defaults filled in, secrets resolved.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "hookline/config/problem.h"
#include "hookline/config/secret.h"
#include "hookline/config/webhook.h"
#include "hookline/core/time.h"

namespace hookline::config {

/// A librdkafka property by its own name; Hookline's own are refused at parsing.
struct KafkaProperty {
  std::string name;
  Secret value;
  bool secret = false;
  Place place = {};  ///< of its name
};

/// The suffixes of Hookline's own topics, in the order of docs/config.md.
/// Retry topics: OwnTopic::retry_10s and the four after it.
inline constexpr std::size_t retry_tier_count = 5;

enum class OwnTopic : std::uint8_t {
  dead_letters,
  retry_10s,
  retry_1m,
  retry_10m,
  retry_1h,
  retry_6h,
  ordered,
  thresholds,
  webhooks,
  correlations,
  deliveries,
  replays,
  notices,
  jobs,
};
inline constexpr std::size_t own_topic_count = 14;
/// "dead-letters", "retry.10s", …: what follows the prefix, and the key under `topics.names`.
std::string_view suffix(OwnTopic topic);

struct Topics {
  std::array<std::vector<std::string>, 4> sources;  ///< by event kind: alarm, audit, detection, incident
  std::array<std::string, own_topic_count> own;     ///< full names: prefix and overrides applied
  const std::string& operator[](OwnTopic topic) const { return own[static_cast<std::size_t>(topic)]; }
};

/// Where a group without any committed offset for a topic begins.
struct Start {
  enum class At : std::uint8_t { earliest, latest, age } at = At::earliest;
  core::Duration age{};
};

struct Token {
  enum class Scope : std::uint8_t { read, operate, admin };
  std::string name;
  Secret value;
  std::vector<Scope> scopes;
};

struct Admin {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8080;  ///< 0: any free one (printed)
  std::vector<Token> tokens;  ///< `token` alone becomes one with all scopes
  bool metrics_public = true;
};

/// One allowed range: `public`, or a CIDR with optional port.
struct EgressRule {
  bool everything_public = false;
  std::array<std::uint8_t, 16> network{};  ///< IPv4 as ::ffff:a.b.c.d
  int prefix = 0;                          ///< of 128 bits
  std::optional<std::uint16_t> port;
};

struct Limits {
  std::uint32_t in_flight = 20000;      ///< deliveries held at once, whole process
  std::uint64_t memory = 256ull << 20;  ///< bytes of held records, whole process
  std::uint64_t event_size = 1ull << 20;
  std::uint64_t response_size = 64ull << 10;
};

struct DeliveryLog {
  enum class Bodies : std::uint8_t { all, failures, none } bodies = Bodies::failures;
  std::uint64_t max_body = 8 << 10;
  core::Duration retention = std::chrono::days(7);
};

struct Smtp {
  std::string url, from, username;
  Secret password;
  enum class TlsMode : std::uint8_t { none, starttls, tls } tls = TlsMode::starttls;
};

struct SecretScope {
  std::vector<std::string> env;    ///< names or globs
  std::vector<std::string> files;  ///< paths or globs
};

struct Settings {
  std::vector<KafkaProperty> kafka;  ///< in the order written
  Topics topics;
  Start start;
  std::optional<core::Duration> max_event_age;
  std::optional<std::uint32_t> workers;  ///< nullopt: auto
  /// kind -> attribute -> paths, each with its place (kind index as in event::Kind)
  std::array<std::vector<std::pair<std::string, std::vector<Text>>>, 4> attributes;
  SecretScope secrets;
  Admin admin;
  std::vector<EgressRule> egress;
  Limits limits;
  core::Duration commit_interval = std::chrono::milliseconds(250);
  core::Duration shutdown_grace = std::chrono::seconds(20);
  /// How long a record stays in each retry topic, shortest first.
  std::array<core::Duration, retry_tier_count> retry_delays{std::chrono::seconds(10), std::chrono::minutes(1),
                                                            std::chrono::minutes(10), std::chrono::hours(1),
                                                            std::chrono::hours(6)};
  DeliveryLog delivery_log;
  bool storm_guard = true;
  std::optional<Smtp> smtp;

  /// `group.id` of the kafka properties; empty if there is none.
  std::string group_id() const;
  std::string file;  ///< where it was read from
  std::vector<std::string>
      referenced;  ///< JSON pointers of what holds a resolved secret reference: to_tree masks it
};

}  // namespace hookline::config
