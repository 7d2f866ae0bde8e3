// The admin listener: HTTP/1.1 on its own threads, for people, probes and Prometheus. Bounded in
// connections, header and body size and time. Never on the data path: it asks the engine by post.
#pragma once

#include <cstdint>
#include <memory>

#include "hookline/config/settings.h"
#include "hookline/core/result.h"
#include "hookline/engine/engine.h"

namespace hookline::admin {

class Server {
 public:
  /// Listens and serves until destroyed. `engine` must outlive it. Error: unavailable, when the
  /// address cannot be bound.
  [[nodiscard]] static core::Result<std::unique_ptr<Server>> listen(const config::Admin& settings,
                                                                    engine::Engine& engine);
  ~Server();

  std::uint16_t port() const;

 private:
  Server();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hookline::admin
