// The check at start: are the topics there, and do they hold what Hookline will put in them?
#pragma once

#include "hookline/config/settings.h"
#include "hookline/core/result.h"
#include "hookline/kafka/admin.h"

namespace hookline::engine {

/// The number of source partitions. Error: not_found or refused, all problems in one text, with the
/// command that mends them.
[[nodiscard]] core::Result<std::size_t> check_topics(kafka::Admin& admin, const config::Settings& settings);

/// The same without a look at their settings, to be asked again and again. Errors: not_found or refused, in one
/// line; anything else: no answer within `deadline`.
[[nodiscard]] core::Result<void> find_missing(kafka::Admin& admin, const config::Settings& settings, core::Duration deadline);

}  // namespace hookline::engine
