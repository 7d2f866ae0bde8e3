// librdkafka's configuration for each kind of client: the user's properties plus those that Hookline
// owns, which are refused in the config. One table, one reason each.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hookline/config/settings.h"
#include "hookline/core/result.h"

namespace hookline::kafka {

using Properties = std::vector<std::pair<std::string, std::string>>;

/// Why a user may not set `name`, with the remedy; nullopt if they may.
std::optional<std::string> owned_property(std::string_view name);

/// Does librdkafka know every property and take its value? Connects to nothing. Error: invalid, with the
/// name of the first that it does not.
[[nodiscard]] core::Result<void> check_properties(const Properties& properties);

/// For one consumer of the group; `member` is the worker's number (suffix of group.instance.id).
Properties consumer_properties(const config::Settings& settings, std::size_t member);
Properties producer_properties(const config::Settings& settings);
/// For admin calls and look-ups outside of the group: never joins it, never commits.
Properties client_properties(const config::Settings& settings);

}  // namespace hookline::kafka
