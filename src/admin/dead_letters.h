// Routes that show what could not be delivered. Each reads the dead-letter topic, outside of the group, with a
// deadline. Threads of the server.
#pragma once

#include "routes.h"

namespace hookline::admin {

HttpAnswer list_dead_letters(const Call& call, engine::Engine& engine);
HttpAnswer group_dead_letters(const Call& call, engine::Engine& engine);
HttpAnswer get_dead_letter(const Call& call, engine::Engine& engine);

}  // namespace hookline::admin
