#include "log_relay.h"

#include <algorithm>
#include <optional>

#include "hookline/config/kafka_properties.h"
#include "hookline/config/shown.h"

namespace hookline::kafka {
namespace {

using core::log::Level;

constexpr auto one_line_per = std::chrono::seconds(30);
constexpr std::size_t facilities_at_most = 256;
/// Shorter values would mask ordinary words.
constexpr std::size_t shortest_secret = 4;

Level level_of(int severity, std::string_view facility) {
  // All clients get all of the user's properties: that a producer ignores a consumer's is no news.
  if (facility == "CONFWARN") return Level::debug;
  // Consumer and producer tell of it as well, and what follows from it is said where they are used.
  if (facility == "FATAL") return Level::debug;
  if (severity <= 3) return Level::error;
  if (severity == 4) return Level::warn;
  return severity <= 6 ? Level::info : Level::debug;
}

}  // namespace

LogRelay::LogRelay(const Properties& properties) {
  for (const auto& [name, value] : properties)
    if (config::secret_kafka_property(name) && value.size() >= shortest_secret) secrets_.push_back(value);
  // Longest first, so that a secret which holds another one goes as a whole.
  std::sort(secrets_.begin(), secrets_.end(),
            [](const auto& a, const auto& b) { return a.size() > b.size(); });
}

std::string LogRelay::masked(std::string_view text) const {
  std::string result(text);
  for (const auto& secret : secrets_)
    config::mask_in(result, secret);
  return result;
}

std::optional<RelayedLine> LogRelay::line(int severity, std::string_view facility, std::string_view text,
                                          core::MonoTime now) {
  const Level level = level_of(severity, facility);
  if (level == Level::debug)
    return RelayedLine{level, fmt::format("kafka client: {}: {}", facility, masked(text))};

  const std::lock_guard lock(mutex_);
  auto gate = gates_.find(facility);
  if (gate == gates_.end()) {
    if (gates_.size() >= facilities_at_most) return std::nullopt;
    gate = gates_.emplace(std::string(facility), core::log::Gate(one_line_per)).first;
  }
  const auto held_back = gate->second.pass(now);
  if (!held_back) return std::nullopt;
  auto line = fmt::format("kafka client: {}: {}", facility, masked(text));
  if (*held_back > 0) line += fmt::format(" ({} more such lines since the last)", *held_back);
  return RelayedLine{level, std::move(line)};
}

void LogRelay::write(int severity, std::string_view facility, std::string_view text) {
  if (!core::log::enabled(level_of(severity, facility))) return;
  if (const auto relayed = line(severity, facility, text, core::read_clock().mono))
    core::log::write(relayed->level, relayed->text);
}

}  // namespace hookline::kafka
