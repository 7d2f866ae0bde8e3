// Where reading begins in each partition that the group has just assigned. Asks Kafka, with
// deadlines; runs on the worker's thread while the group waits for its answer.
#pragma once

#include <vector>

#include "hookline/config/settings.h"
#include "hookline/core/result.h"
#include "hookline/core/time.h"
#include "hookline/kafka/consumer.h"
#include "worker_core.h"

namespace hookline::engine {

/// A topic that workers read.
struct SourceTopic {
  std::string name;
  event::Kind kind = event::Kind::alarm;  ///< of its events, unless it is a retry topic
  bool own = false;                       ///< Hookline's: begins at its beginning, whatever `start` says
  Role role = Role::source;
  std::optional<std::uint8_t> tier = {};  ///< of a retry topic
};

/// The committed offset where there is one. Else, if the group has none for any partition of that
/// topic, what `start` says; else the partition is new and begins at its beginning. Resolved positions
/// are committed before they are returned, so that a crash before the first commit cannot move them.
/// Partitions of the thresholds topic are read again from two windows before that on, as long as a threshold has one.
/// Error: unavailable or timeout; nothing was changed, try again.
[[nodiscard]] core::Result<std::vector<AssignedPartition>> resolve_positions(
    kafka::Consumer& consumer, const std::vector<kafka::TopicPartition>& partitions,
    const std::vector<SourceTopic>& topics, const config::Start& start, core::Duration longest_window, core::WallTime now);

}  // namespace hookline::engine
