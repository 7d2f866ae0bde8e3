#include "hookline/core/log.h"

#include <algorithm>
#include <memory>
#include <string>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace hookline::core::log {
namespace {

spdlog::logger& logger() {
  static const auto instance = [] {
    auto made = std::make_shared<spdlog::logger>("hookline", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%-5l%$ %v", spdlog::pattern_time_type::utc);
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return *instance;
}

spdlog::level::level_enum level_of(Level level) {
  switch (level) {
    case Level::debug: return spdlog::level::debug;
    case Level::info: return spdlog::level::info;
    case Level::warn: return spdlog::level::warn;
    case Level::error: return spdlog::level::err;
  }
  return spdlog::level::info;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

/// Texts from outside must not begin a line of their own, nor reach the operator's terminal as commands.
std::string escaped(std::string_view line) {
  std::string out;
  for (const char c : line) {
    switch (c) {
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += ' '; break;
      default:
        if (is_control(c)) {
          out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        } else {
          out += c;
        }
    }
  }
  return out;
}

}  // namespace

void set_level(std::string_view name) {
  logger().set_level(name == "debug"   ? spdlog::level::debug
                     : name == "warn"  ? spdlog::level::warn
                     : name == "error" ? spdlog::level::err
                                       : spdlog::level::info);
}

bool enabled(Level level) { return logger().should_log(level_of(level)); }

void write(Level level, std::string_view line) {
  if (std::none_of(line.begin(), line.end(), is_control)) {
    logger().log(level_of(level), "{}", line);
  } else {
    logger().log(level_of(level), "{}", escaped(line));
  }
}

std::optional<std::uint64_t> Gate::pass(MonoTime now) {
  if (passed_once_ && now - last_ < interval_) {
    ++held_back_;
    return std::nullopt;
  }
  passed_once_ = true;
  last_ = now;
  return std::exchange(held_back_, 0);
}

}  // namespace hookline::core::log
