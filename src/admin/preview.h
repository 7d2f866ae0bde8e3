// Routes that tell what a webhook would do, before it does: rendering with the explanation of its filter, and
// the events, values and types to build it from. Nothing is sent. Threads of the server; what reads topics has
// a deadline of a few seconds.
#pragma once

#include "routes.h"

namespace hookline::admin {

HttpAnswer render(const Call& call, engine::Engine& engine);
HttpAnswer list_events(const Call& call, engine::Engine& engine);
HttpAnswer list_values(const Call& call, engine::Engine& engine);
HttpAnswer list_event_types(const Call& call, engine::Engine& engine);

}  // namespace hookline::admin
