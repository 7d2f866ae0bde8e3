// A record of PREFIX.deliveries, the delivery log: one for each attempt of a delivery, and one for its end as a
// dead letter. All of one delivery stand in one partition, keyed by its id, so that a reader can put them
// together; nothing in them is a secret. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hookline/core/result.h"
#include "hookline/core/time.h"

namespace hookline::state {

struct LoggedRequest {
  std::string method, url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;  ///< cut at delivery_log.max_body
};

struct LoggedAttempt {
  std::uint32_t number = 1;  ///< over all lives of the delivery
  std::optional<int> status;
  double duration_ms = 0;
  std::string error;         ///< empty: none
  std::optional<LoggedRequest> request;  ///< nullopt: not kept
  std::optional<std::string> response;   ///< nullopt: not kept, or none came
};

struct DeliveryEntry {
  enum class Outcome : std::uint8_t { waiting, delivered, dead_lettered };

  std::string id, webhook, endpoint;
  std::string kind, type;
  std::string topic;  ///< where the event stands
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  core::WallTime timestamp{};  ///< of the event's record
  core::WallTime at{};         ///< when the attempt or the delivery ended
  Outcome outcome = Outcome::waiting;
  std::string reason, error;   ///< of a dead letter
  std::optional<LoggedAttempt> attempt;
};

/// "waiting", "delivered", "dead_lettered".
std::string_view name(DeliveryEntry::Outcome outcome);

/// The record's value, JSON on one line.
std::string value_of(const DeliveryEntry& entry);
/// Error: invalid, it is not one.
[[nodiscard]] core::Result<DeliveryEntry> parse_delivery_entry(std::string_view value);

}  // namespace hookline::state
