// What `dead-letters replay` and `replay` share: from what was asked for to the last line. First it says what
// would go out, then it asks (on a terminal), then it runs, with a bar or with lines.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "command.h"
#include "hookline/core/result.h"
#include "hookline/engine/replay.h"
#include "hookline/engine/replay_journal.h"

namespace hookline::cli {

struct ReplayCall {
  std::string config;
  engine::ReplayRequest request;
  bool dry_run = false, yes = false, wait = false, json = false;
  std::string go_on;  ///< for the operator: how to go on when it was broken off
  // Of one that is taken up again.
  std::string id;
  core::WallTime asked_at{};
  engine::ReplayStand stand;
  bool over = false;  ///< it had come to its end
};

int run_replay(ReplayCall call, const Loaded& loaded);

/// The definitions in force: those of the files with what PREFIX.webhooks holds. What does not load here is told
/// on stderr. Error: what Kafka says.
core::Result<std::shared_ptr<const engine::Definitions>> definitions_in_force(const Loaded& loaded);

}  // namespace hookline::cli
