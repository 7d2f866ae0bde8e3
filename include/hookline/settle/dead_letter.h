// The records that Hookline writes about a delivery that ends elsewhere: dead letters (and, for a
// waiting delivery, retry records). Pure: builds key, value and headers; producing is the engine's.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hookline/core/time.h"

namespace hookline::settle {

/// Why a delivery (or a record) ended as a dead letter.
enum class Reason : std::uint8_t {
  decode, render, exhausted, rejected, egress, correlation, disabled, expired, overflow, too_large,
};
std::string_view name(Reason reason);
std::optional<Reason> parse_reason(std::string_view name);
inline constexpr std::size_t reason_count = 10;

/// A header as Kafka holds it, owned.
using OwnedHeader = std::pair<std::string, std::optional<std::string>>;

/// The record that a delivery came from.
struct Origin {
  std::string_view topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  core::WallTime timestamp{};
};

struct DeadLetter {
  Reason reason = Reason::exhausted;
  std::string_view webhook;      ///< empty: none (decode)
  std::string_view endpoint;
  std::string_view delivery_id;
  std::uint32_t attempts = 0;
  std::optional<int> http_status;
  std::string_view error;
  Origin origin;
  core::WallTime failed_at{};
};

/// Headers of a dead letter: `original` without any `hookline.*` and `__connect.errors.*`, then
/// Hookline's own, then those that Kafka Connect's tools read. Texts are cut at 8 KiB.
std::vector<OwnedHeader> dead_letter_headers(const DeadLetter& letter, std::span<const OwnedHeader> original);

/// `hookline.*` and `__connect.errors.*`: set by Hookline alone, ignored and stripped on source records.
bool is_own_header(std::string_view name);

/// Reads what dead_letter_headers wrote. nullopt if it is not one of Hookline's.
struct ParsedDeadLetter {
  Reason reason;
  std::string webhook, endpoint, delivery_id, error, origin_topic;
  std::uint32_t attempts = 0;
  std::optional<int> http_status;
  std::int32_t origin_partition = 0;
  std::int64_t origin_offset = 0;
  std::int64_t origin_timestamp_ms = 0;
  std::int64_t failed_at_ms = 0;
};
std::optional<ParsedDeadLetter> parse_dead_letter(std::span<const OwnedHeader> headers);

}  // namespace hookline::settle
