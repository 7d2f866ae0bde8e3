// Time as two clocks: monotonic for waiting, wall for people and wire formats. Pure rooms and
// the WorkerCore never read a clock; they are told the time as a Now. Any thread; no state.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hookline::core {

using Duration = std::chrono::nanoseconds;
using MonoTime = std::chrono::time_point<std::chrono::steady_clock, Duration>;
/// Unix time; milliseconds are what Kafka and HTTP carry.
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

struct Now {
  MonoTime mono;
  WallTime wall;
};

/// Reads both clocks. Only shells (engine's Worker, cli, admin, state) call it.
Now read_clock();

/// RFC 3339 in UTC with milliseconds: "2026-03-02T10:04:05.110Z".
std::string format_rfc3339(WallTime time);

/// Parses RFC 3339 date-times ("T" or blank between date and time, any fraction, "Z" or an offset
/// with or without colon); a missing zone means UTC. nullopt for anything else.
std::optional<WallTime> parse_rfc3339(std::string_view text);

/// Parses an HTTP date in IMF-fixdate form (RFC 9110 section 5.6.7). nullopt for anything else.
std::optional<WallTime> parse_http_date(std::string_view text);

inline std::int64_t to_unix_ms(WallTime time) { return time.time_since_epoch().count(); }
inline WallTime from_unix_ms(std::int64_t ms) { return WallTime(std::chrono::milliseconds(ms)); }

}  // namespace hookline::core
