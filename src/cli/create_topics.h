// Creating Hookline's topics: what `topics create` does, and `run --create-topics` first.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "hookline/config/settings.h"
#include "hookline/core/result.h"

namespace hookline::cli {

struct CreateTopics {
  std::int32_t partitions = 0;        ///< 0: as many as the source topics have, at least 1
  std::int16_t replication = -1;      ///< -1: the broker's default
  bool sources = false;               ///< the source topics too
};

struct CreatedTopic {
  std::string name;
  bool existed = false;
  std::string error;                  ///< empty: it is there now
};

/// Creates what is missing. Error: unavailable (no answer), or refused with the first topic that could
/// not be made.
[[nodiscard]] core::Result<std::vector<CreatedTopic>> create_topics(const config::Settings& settings,
                                                                    const CreateTopics& options);

}  // namespace hookline::cli
