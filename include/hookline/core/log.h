// The operator's log: one line per fact on stderr, said once and not once per event. A line tells
// what happened, to what, and what Hookline does now. Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "hookline/core/time.h"

namespace hookline::core::log {

enum class Level { debug, info, warn, error };

/// Sets the threshold; `name` is one of debug, info, warn, error (anything else: info).
void set_level(std::string_view name);
bool enabled(Level level);
/// Control characters (line ends among them) are written as escapes: one call, one line.
void write(Level level, std::string_view line);

template <class... Args>
void debug(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::debug)) write(Level::debug, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void info(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::info)) write(Level::info, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void warn(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::warn)) write(Level::warn, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void error(fmt::format_string<Args...> format, Args&&... args) {
  if (enabled(Level::error)) write(Level::error, fmt::format(format, std::forward<Args>(args)...));
}

/// Lets one line through per interval and counts what it held back, so that a fault that repeats
/// a million times costs a line a minute:
///   if (auto n = gate.pass(now)) log::warn("... ({} more since)", *n);
class Gate {
 public:
  explicit Gate(Duration interval = std::chrono::seconds(60)) : interval_(interval) {}
  /// The number of calls held back since the last one that passed, or nullopt: say nothing now.
  std::optional<std::uint64_t> pass(MonoTime now);

 private:
  Duration interval_;
  MonoTime last_{};
  bool passed_once_ = false;
  std::uint64_t held_back_ = 0;
};

}  // namespace hookline::core::log
