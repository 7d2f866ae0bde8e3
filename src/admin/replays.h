// Routes of replays: ask for one, look at it, pause it, cancel it. The work is that of engine/replay_jobs.h.
// Threads of the server.
#pragma once

#include "definitions.h"

namespace hookline::admin {

/// Of dead letters. With `"dry_run": true`: what would be replayed, and nothing is.
HttpAnswer replay_dead_letters(const Call& call, engine::Engine& engine);
/// Of past events, or of dead letters: `what` says.
HttpAnswer create_replay(const Call& call, engine::Engine& engine);
HttpAnswer list_replays(const Call& call, engine::Engine& engine);
HttpAnswer get_replay(const Call& call, engine::Engine& engine);
/// {"state": "paused" | "running" | "cancelled"}
HttpAnswer patch_replay(const Call& call, engine::Engine& engine);

}  // namespace hookline::admin
