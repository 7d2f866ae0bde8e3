// The delivery log read backwards, its entries put together to deliveries. One request each.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "hookline/engine/engine.h"
#include "hookline/json/tree.h"
#include "hookline/kafka/log_reader.h"
#include "hookline/state/delivery_entry.h"

namespace hookline::admin {

/// What was found of one delivery.
struct LoggedDelivery {
  state::DeliveryEntry last;                  ///< the newest entry
  kafka::TopicPartition partition;            ///< where its entries stand
  std::vector<state::LoggedAttempt> attempts;  ///< newest first
  std::vector<core::WallTime> ended;           ///< when each of them did
  bool text_found = false;

  void add(const state::DeliveryEntry& entry);
  /// Of the first attempt on?
  bool whole() const { return !attempts.empty() && attempts.back().number <= 1; }
};

json::Tree to_json(const LoggedDelivery& delivery);

struct DeliveryQuery {
  std::string webhook;
  std::optional<std::string> outcome, type, text;
  std::optional<core::WallTime> since, until;
  std::size_t limit = 100;
  kafka::ReadBackTo from;  ///< empty: the newest
};

struct DeliveryPage {
  std::vector<LoggedDelivery> items;  ///< newest first
  std::optional<kafka::ReadBackTo> next;
  std::optional<core::WallTime> reached;
};

[[nodiscard]] core::Result<DeliveryPage> find_deliveries(const engine::Engine& engine, const DeliveryQuery& query);

/// One with all its attempts, as far as the log has them. Error: not_found, timeout, or what Kafka says.
[[nodiscard]] core::Result<LoggedDelivery> find_delivery(const engine::Engine& engine, const std::string& id);

}  // namespace hookline::admin
