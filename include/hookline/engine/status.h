// What a worker tells about itself: values made on its thread, read by the admin API, the command
// line and the metrics. Any thread; copies.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hookline/core/time.h"

namespace hookline::engine {

/// What keeps a partition's committed offset from moving on.
struct Holder {
  std::int64_t offset = 0;         ///< the oldest open one
  core::Duration open_for{};       ///< since it was polled
  std::string webhook, endpoint;   ///< of one open delivery; empty: the record itself, on its way to the dead letters
  std::uint32_t attempts = 0;
  std::string last_error;
};

struct PartitionStatus {
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t committed = 0;      ///< lowest offset that is not settled
  std::int64_t position = 0;       ///< one past the highest offset taken
  std::optional<std::int64_t> end; ///< of the log, as last heard (filled in by the shell)
  std::uint64_t open = 0;          ///< records taken and not settled
  bool paused = false;
  std::optional<Holder> holder;
  std::optional<core::WallTime> oldest_since;  ///< of a retry topic: when its oldest unfinished record was appended, if it was read
};

/// The dead letter that an endpoint got last.
struct LastLetter {
  std::string reason, error;  ///< "exhausted", "HTTP 503 after 4 attempts"
  std::optional<int> status;  ///< of the last answer; nullopt: none came
};

struct EndpointStatus {
  std::string webhook, endpoint;
  std::uint64_t queued = 0, in_flight = 0, waiting = 0;
  std::uint64_t parked = 0;                  ///< handed to a retry topic before any attempt, and not back yet
  std::uint8_t circuit = 0;                  ///< 0 closed, 1 half-open, 2 open
  std::uint64_t delivered = 0, failed = 0;   ///< attempts since this worker started
  std::uint64_t dead_lettered = 0;           ///< deliveries, likewise
  std::string last_error;
  std::optional<core::WallTime> last_error_at;
  LastLetter last_letter;
};

/// The storm guard has stopped intake.
struct StormStatus {
  std::string reason;
  core::Duration lasts{};
  std::size_t hosts = 0, answering = 0;  ///< that failed when it began and are waited for; those of them that answer again
};

struct WorkerStatus {
  std::size_t worker = 0;
  bool assigned = false;           ///< the group has answered with an assignment, be it empty
  bool draining = false;
  std::vector<PartitionStatus> partitions;
  std::vector<EndpointStatus> endpoints;
  std::uint64_t deliveries = 0;    ///< held: queued, in flight, waiting
  std::uint64_t burials = 0;       ///< dead letters on their way to the broker
  std::uint64_t held_bytes = 0;
  std::vector<std::string> troubles;  ///< with Kafka: refused writes, commits that fail or hang; one line each
  std::optional<StormStatus> storm;
};

}  // namespace hookline::engine
