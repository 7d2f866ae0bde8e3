// The record that a waiting delivery becomes on a retry topic or on the ordering topic: the original
// value and headers, and what the delivery needs to go on elsewhere. The record's own key says who
// works on it (the delivery id, the ordering key), so that the original key travels as a header.
// Pure; producing is the engine's.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/core/time.h"
#include "hookline/settle/dead_letter.h"
#include "hookline/settle/policy_note.h"

namespace hookline::settle {

struct Waiting {
  std::string_view webhook;
  std::string_view endpoint;
  std::string_view delivery_id;
  std::string_view kind;                ///< of the event
  std::uint32_t attempts = 0;           ///< that have ended
  std::uint32_t hops = 1;               ///< how often it was handed over, this time included: tells a copy from what follows it
  core::WallTime first_attempt_at{};    ///< where max_age is counted from; before any attempt: now
  core::WallTime due_at{};              ///< no attempt before
  std::optional<int> http_status;       ///< of the last attempt
  std::string_view error;               ///< of the last attempt
  std::optional<std::string_view> key;  ///< of the original record
  Past past;                            ///< attempts and hops count from the last re-entry
  std::optional<std::string_view> correlation = {};  ///< the value that joins a create and its updates
  Origin origin;
  const PolicyNote* policy = nullptr;   ///< that notified the webhook; nullptr: none
};

/// `original` without Hookline's own headers (is_own_header), then those of the delivery.
std::vector<OwnedHeader> waiting_headers(const Waiting& waiting, std::span<const OwnedHeader> original);

/// Reads what waiting_headers wrote. The original headers are those that are not is_own_header.
struct ParsedWaiting {
  std::string webhook, endpoint, delivery_id, kind, error, origin_topic;
  std::uint32_t attempts = 0;
  std::uint32_t hops = 0;
  std::int64_t first_attempt_at_ms = 0;
  std::int64_t due_at_ms = 0;
  std::optional<int> http_status;
  std::optional<std::string> key;
  Past past;
  std::optional<std::string> correlation;
  std::int32_t origin_partition = 0;
  std::int64_t origin_offset = 0;
  std::int64_t origin_timestamp_ms = 0;
  PolicyNote policy;
};
/// nullopt if it is not one of Hookline's.
std::optional<ParsedWaiting> parse_waiting(std::span<const OwnedHeader> headers);

}  // namespace hookline::settle
