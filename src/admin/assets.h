// The web UI's files, compiled into the binary: everything in src/admin/ui. `/` is index.html, the others
// stand below /ui/. Each has an ETag, so that a browser asks and need not load again. Any thread.
#pragma once

#include "routes.h"

namespace hookline::admin {

HttpAnswer index_page(const Call& call, engine::Engine& engine);
HttpAnswer asset(const Call& call, engine::Engine& engine);

}  // namespace hookline::admin
