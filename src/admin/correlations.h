// Routes of the ids that creating webhooks remember: list, set and forget them by hand. Threads of the server.
#pragma once

#include "definitions.h"
#include "hookline/engine/engine.h"
#include "http.h"

namespace hookline::admin {

/// ?webhook=&key=&limit=&after=
HttpAnswer list_correlations(const Call& call, engine::Engine& engine);
/// ?webhook=W&key=K with {"id", "text"}
HttpAnswer put_correlation(const Call& call, engine::Engine& engine);
/// ?webhook=W&key=K
HttpAnswer delete_correlation(const Call& call, engine::Engine& engine);

}  // namespace hookline::admin
