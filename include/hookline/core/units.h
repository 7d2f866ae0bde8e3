// Durations and sizes as users write them: `500ms 10s 5m 2h 7d`, `64KiB 8MiB`, `100/s`; and counts as they read them.
// No state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "hookline/core/result.h"
#include "hookline/core/time.h"

namespace hookline::core {

/// One number and one unit of ms, s, m, h, d ("1.5h" is fine; "0" needs no unit). Error: invalid.
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);
/// The shortest exact spelling that parse_duration reads back: "90s" stays "90s", 120 s is "2m".
std::string format_duration(Duration duration);

/// Bytes: a number with B, KiB, MiB or GiB (powers of 1024), or a bare number of bytes. Error: invalid.
[[nodiscard]] Result<std::uint64_t> parse_size(std::string_view text);
std::string format_size(std::uint64_t bytes);

/// "100/s", "600/m", "1000/h" as events per second. Error: invalid, also for zero.
[[nodiscard]] Result<double> parse_rate(std::string_view text);

/// "1 dead letter", "2 dead letters"; `many` where an s does not make it.
std::string counted(std::uint64_t count, std::string_view one, std::string_view many = {});

}  // namespace hookline::core
