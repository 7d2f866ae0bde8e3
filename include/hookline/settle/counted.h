// The records of PREFIX.thresholds: events that a policy with a threshold counts, and the note that it has fired.
// Both are keyed by the policy and its group, so that one owner sees all of a group, in one order. Pure: builds
// and reads headers; producing is the engine's. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/core/crypto.h"
#include "hookline/core/time.h"
#include "hookline/settle/dead_letter.h"

namespace hookline::settle {

/// An event that is to be counted: the record's value and its other headers are those of the event.
struct Counted {
  std::string_view policy;
  std::string_view group;               ///< value of the threshold's `per`; empty: there is none
  std::string_view kind;                ///< of the event
  std::optional<std::string_view> key;  ///< of the original record
  Origin origin;
};
std::vector<OwnedHeader> counted_headers(const Counted& counted, std::span<const OwnedHeader> original);

/// Written before the record on which a policy fired is settled: its owner, and whoever owns the partition next, knows
/// from it that the window has fired. It has no value.
struct Fired {
  std::string_view policy;
  std::string_view group;
  std::int64_t offset = 0;   ///< of the record on which it fired, in the same partition
  core::WallTime until{};    ///< end of the window
};
std::vector<OwnedHeader> fired_headers(const Fired& fired);

/// The key of both: the policy's name and what identifies the group, of bounded length.
std::string group_key(core::Hasher& hasher, std::string_view policy, std::string_view group);

struct ParsedCounted {
  std::string policy, group, kind, origin_topic;
  std::optional<std::string> key;
  std::int32_t origin_partition = 0;
  std::int64_t origin_offset = 0;
  std::int64_t origin_timestamp_ms = 0;
};
struct ParsedFired {
  std::string policy, group;
  std::int64_t offset = 0;
  std::int64_t until_ms = 0;
};
/// nullopt if it is not one of Hookline's.
std::optional<ParsedCounted> parse_counted(std::span<const OwnedHeader> headers);
std::optional<ParsedFired> parse_fired(std::span<const OwnedHeader> headers);

}  // namespace hookline::settle
