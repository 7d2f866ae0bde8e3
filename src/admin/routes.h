// What the admin API answers: one table of method, path, right and handler. Threads of the server.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "access.h"
#include "hookline/config/settings.h"
#include "hookline/engine/engine.h"
#include "http.h"

namespace hookline::admin {

/// A request that has found its route.
struct Call {
  const HttpRequest& request;
  std::string name;  ///< what stands for {name} or {id} in the path, its encoding undone
  Bearer by;         ///< who asks
};

/// Where a handler runs: what waits for Kafka or a receiver must hold nobody else up.
enum class Lane : std::uint8_t {
  at_once,  ///< on the thread that reads requests: no more than memory
  quick,    ///< asks workers
  slow,     ///< reads or writes Kafka, or sends
};

struct Route {
  std::string_view method;
  std::string_view path;                     ///< a segment `{name}` or `{id}` takes any one segment
  std::optional<config::Token::Scope> scope;  ///< nullopt: open to everybody who reaches the listener
  Lane lane;
  HttpAnswer (*handle)(const Call&, engine::Engine&);
};

/// All of them, in no order that matters.
std::span<const Route> routes();

/// The way to an answer: either it is there (an error), or `route` makes it of `call`.
struct Found {
  const Route* route = nullptr;
  std::string name;
  Bearer by;
  HttpAnswer answer;  ///< without a route
};

/// Finds the route and checks the right. Never throws.
Found find_route(const HttpRequest& request, const config::Admin& settings);

/// The whole way, on the calling thread. Never throws.
HttpAnswer route(const HttpRequest& request, const config::Admin& settings, engine::Engine& engine);

}  // namespace hookline::admin
