// One connection to the admin API: reads a request, has it answered, and again, until either side has had
// enough. On the server's one I/O thread; handlers that may wait run in a pool, and their answers come back
// by post. Bounds: 16 KiB of header, 2 MiB of body, 15 s for a request to come and for an answer to go.
#pragma once

#include <memory>

#include "hookline/core/asio.h"
#include "hookline/config/settings.h"
#include "hookline/engine/engine.h"
#include "pool.h"

namespace hookline::admin {

/// What all sessions share; outlives them.
struct Service {
  const config::Admin& settings;
  engine::Engine& engine;
  Pool& quick;
  Pool& slow;
};

/// Takes the connection; `held` is let go of when it ends.
void serve(asio::ip::tcp::socket socket, Service& service, std::shared_ptr<void> held);

}  // namespace hookline::admin
