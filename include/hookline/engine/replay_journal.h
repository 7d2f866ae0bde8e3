// What PREFIX.replays tells of a replay besides its marks: who asked for what and when, and how far it is. It is
// the audit record, and what another process goes on from. Best effort: written without waiting. One thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "hookline/config/settings.h"
#include "hookline/core/time.h"
#include "hookline/engine/replay.h"
#include "hookline/json/tree.h"
#include "hookline/kafka/producer.h"

namespace hookline::engine {

/// `rpl_` and 16 hex digits.
std::string new_replay_id();

class ReplayJournal {
 public:
  /// `producer` outlives it.
  ReplayJournal(kafka::Producer& producer, const config::Topics& topics, std::string id);

  /// `executor`: "cli" (that process alone does it) or "service" (the owner of the group's single jobs).
  void asked(const ReplayRequest& request, std::string_view executor, std::string_view by, core::WallTime at);
  /// `state`: running, paused, done, cancelled, interrupted or failed.
  void progress(std::string_view state, const ReplayCounts& counts, const Replay& replay, std::string_view error = {});

 private:
  void write(std::string key, std::string value);

  kafka::Producer& producer_;
  const std::string topic_;
  const std::string id_;
};

/// Where a replay stands, as its progress has it; what was done after that is not in it.
struct ReplayStand {
  std::optional<Replay::Ends> ends;
  std::map<kafka::TopicPartition, std::int64_t> position;
  ReplayCounts counts;
};
ReplayStand stand_of(const json::Tree& progress);

/// What is left of a replay that stands there: its limit is smaller by what was sent. nullopt: nothing.
std::optional<ReplayRequest> rest_of(ReplayRequest request, const ReplayStand& stand);
/// The counts of the whole, of which `counts` are those since it was taken up again.
ReplayCounts sum_of(const ReplayStand& stand, const ReplayCounts& counts, const ReplayRequest& request);

}  // namespace hookline::engine
