// The check at start: are the topics there, and do they hold what Hookline will put in them?
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "hookline/config/settings.h"
#include "hookline/core/result.h"
#include "hookline/kafka/admin.h"

namespace hookline::engine {

struct CheckedTopics {
  std::size_t source_partitions = 0;
  /// For how long each retry topic keeps its records; nullopt: for ever, or not known.
  std::vector<std::optional<core::Duration>> retry_retention;
};

/// What is there. Error: not_found or refused, all problems in one text, with the
/// command that mends them.
[[nodiscard]] core::Result<CheckedTopics> check_topics(kafka::Admin& admin, const config::Settings& settings);

/// The same without a look at their settings, to be asked again and again. Errors: not_found or refused, in one
/// line; anything else: no answer within `deadline`.
[[nodiscard]] core::Result<void> find_missing(kafka::Admin& admin, const config::Settings& settings, core::Duration deadline);

}  // namespace hookline::engine
