// Replays that the service does by itself, asked for through the admin API. What is asked for and how far it is
// stands in PREFIX.replays: every process follows it and can answer, and the owner of the group's single jobs
// works on one job after the other. When it ends, the next owner goes on: with the same end, past what is
// marked (dead letters) or from the position noted (events).
//
// A thread of its own, besides those of Kafka's client; public functions from any thread. Holds the jobs of
// the last thirty days, and what the Replay at work holds.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hookline/core/result.h"
#include "hookline/engine/replay.h"
#include "hookline/kafka/producer.h"
#include "hookline/state/replay_log.h"

namespace hookline::engine {

class Engine;

class ReplayJobs {
 public:
  /// `engine` and `producer` outlive it.
  ReplayJobs(Engine& engine, kafka::Producer& producer);
  ~ReplayJobs();

  /// A worker of this process owns the group's single jobs now, or not any more. Any thread.
  void own(bool owned);

  /// Writes the job down and gives its id. Errors: unavailable, timeout (it may have been written).
  [[nodiscard]] core::Result<std::string> ask(const ReplayRequest& request, const std::string& by);
  /// What would be replayed. Error: invalid, or what Kafka says.
  [[nodiscard]] core::Result<Survey> survey(const ReplayRequest& request);
  /// Errors: not_found; refused (it is over, or runs in a command line); unavailable.
  [[nodiscard]] core::Result<void> want(const std::string& id, state::Wanted wanted, const std::string& by);

  /// Newest first, replays of the command line among them.
  std::vector<state::ReplayJob> list() const;
  std::optional<state::ReplayJob> find(const std::string& id) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// running, paused, done, cancelled, interrupted, failed; "waiting": nobody has begun. A replay of the command line
/// that fell silent is interrupted.
std::string state_of(const state::ReplayJob& job);
/// Is it over for good?
bool is_over(const state::ReplayJob& job);
/// A job as the admin API tells it: {"id", "state", "by", "at", "executor", "request", "counts", "updated_at", "error"};
/// of an interrupted one the error is how to go on.
json::Tree to_json(const state::ReplayJob& job);

}  // namespace hookline::engine
