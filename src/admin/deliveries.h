// Routes over the delivery log: deliveries of a webhook, one with its attempts, and delivering one again. Each
// reads the log from its end, outside of the group, with a deadline. Threads of the server.
#pragma once

#include "routes.h"

namespace hookline::admin {

HttpAnswer list_deliveries(const Call& call, engine::Engine& engine);
HttpAnswer get_delivery(const Call& call, engine::Engine& engine);
HttpAnswer redeliver(const Call& call, engine::Engine& engine);

}  // namespace hookline::admin
