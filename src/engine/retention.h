// What waits in a retry topic longer than the topic keeps it is lost: says so while half of that time is left. Pure.
#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include <fmt/format.h>

#include "hookline/core/time.h"
#include "hookline/core/units.h"
#include "hookline/engine/status.h"

namespace hookline::engine {

/// Offsets of a partition that are not finished, as far as its end is known.
inline std::int64_t unfinished(const PartitionStatus& partition) {
  return partition.end ? std::max<std::int64_t>(0, *partition.end - partition.committed) : 0;
}

/// For how long the oldest unfinished record of a retry topic's partition has stood there; nullopt: there is none, or
/// it was not read yet.
inline std::optional<core::Duration> oldest_of(const PartitionStatus& partition, core::WallTime now) {
  if (unfinished(partition) == 0) return std::nullopt;
  std::optional<core::Duration> age;
  if (partition.oldest_since) age = now - *partition.oldest_since;
  if (partition.holder) age = std::max(age.value_or(core::Duration{}), partition.holder->open_for);
  return age;
}

/// The warning, if more than half of `retention` has passed.
inline std::optional<std::string> retention_warning(const PartitionStatus& partition, core::Duration retention, core::WallTime now) {
  const auto age = oldest_of(partition, now);
  if (!age || *age <= retention / 2) return std::nullopt;
  return fmt::format("{}[{}]: its oldest delivery has been there for {}, and the topic keeps records for {} only: raise "
                     "retention.ms of the topic before it is lost",
                     partition.topic, partition.partition, core::format_duration(std::chrono::floor<std::chrono::minutes>(*age)),
                     core::format_duration(retention));
}

}  // namespace hookline::engine
