// Dead letters: the original record (key and value untouched) with headers that tell why it is here.
// A record that is too large for that becomes a pointer: Hookline's headers alone, marked as one, so
// that a replay reads the original from where it stands. Pure: builds headers; producing is the
// engine's. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hookline/core/time.h"
#include "hookline/settle/policy_note.h"

namespace hookline::settle {

/// Why a delivery (or a record) ended as a dead letter.
enum class Reason : std::uint8_t {
  decode,       ///< the record is not an event
  render,       ///< no request could be made of it
  exhausted,    ///< all attempts failed
  rejected,     ///< a final answer
  egress,       ///< the egress policy refuses the address
  correlation,  ///< an update whose create never came
  disabled,     ///< the webhook or endpoint is gone or switched off
  expired,      ///< older than max_event_age or max_age
  overflow,     ///< over the park quota of its webhook
  too_large,    ///< over the size limit
};
std::string_view name(Reason reason);
std::optional<Reason> parse_reason(std::string_view name);
inline constexpr std::size_t reason_count = 10;

/// Where a delivery failed: at its endpoint (or on the way there), or already in Hookline, which could make
/// no event or no request of the record. The latter are mended by a template, a mapping or a limit.
enum class FailureClass : std::uint8_t { endpoint, pipeline };
FailureClass failure_class(Reason reason);
/// "endpoint", "pipeline".
std::string_view name(FailureClass failure);

/// A header as Kafka holds it, owned.
using OwnedHeader = std::pair<std::string, std::optional<std::string>>;

/// The record that a delivery came from.
struct Origin {
  std::string_view topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  core::WallTime timestamp{};
};

/// What a delivery has behind it that a replay has taken up again after its end.
struct Past {
  std::int64_t generation = 0;  ///< of the last re-entry, higher than that of any before; 0: it never ended before
  std::uint32_t replays = 0;    ///< re-entries so far
  std::uint32_t attempts = 0;   ///< that had ended before the last re-entry
};

struct DeadLetter {
  Reason reason = Reason::exhausted;
  std::string_view webhook;  ///< empty: none (decode)
  std::string_view endpoint;
  std::string_view delivery_id;
  std::uint32_t attempts = 0;  ///< of all its lives
  std::optional<int> http_status;
  std::string_view error;
  Origin origin;
  core::WallTime failed_at{};
  Past past;
  bool pointer = false;  ///< the original is not in this record: read it at `origin`
  const PolicyNote* policy = nullptr;  ///< that notified the webhook; nullptr: none
};

/// Headers of a dead letter: `original` without any `hookline.*` and `__connect.errors.*`, in their
/// order, then Hookline's own, then those that Kafka Connect's tools read. Numbers are decimal text,
/// times Unix milliseconds; what is empty or unknown has no header. Texts are cut at 8 KiB.
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
  Past past;
  bool pointer = false;
  PolicyNote policy;
};
std::optional<ParsedDeadLetter> parse_dead_letter(std::span<const OwnedHeader> headers);

}  // namespace hookline::settle
