// The retry topics by their number, shortest delay first.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "hookline/config/settings.h"

namespace hookline::engine {

inline config::OwnTopic retry_tier(std::size_t tier) {
  return static_cast<config::OwnTopic>(static_cast<std::size_t>(config::OwnTopic::retry_10s) + tier);
}
inline const std::string& retry_topic(const config::Settings& settings, std::size_t tier) {
  return settings.topics[retry_tier(tier)];
}
/// 10s, 1m, …: what stands at the end of the topic's usual name.
inline std::string_view retry_tier_name(std::size_t tier) {
  const std::string_view suffix = config::suffix(retry_tier(tier));
  return suffix.substr(suffix.find('.') + 1);
}

}  // namespace hookline::engine
