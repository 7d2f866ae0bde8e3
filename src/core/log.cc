#include "hookline/core/log.h"

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

}  // namespace

void set_level(std::string_view name) {
  logger().set_level(name == "debug"   ? spdlog::level::debug
                     : name == "warn"  ? spdlog::level::warn
                     : name == "error" ? spdlog::level::err
                                       : spdlog::level::info);
}

bool enabled(Level level) { return logger().should_log(level_of(level)); }

void write(Level level, std::string_view line) { logger().log(level_of(level), "{}", line); }

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
