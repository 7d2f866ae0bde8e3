#include "routes.h"

#include <algorithm>
#include <array>
#include <optional>

#include "correlations.h"
#include "definitions.h"
#include "hookline/core/crypto.h"
#include "hookline/json/tree.h"
#include "replays.h"
#include "status_json.h"

namespace hookline::admin {
namespace {

using Scope = config::Token::Scope;

HttpAnswer healthz(const Call&, engine::Engine&) { return {.content_type = "text/plain", .body = "ok\n"}; }

HttpAnswer readyz(const Call&, engine::Engine& engine) {
  const auto readiness = engine.readiness();
  json::Tree body{{"ready", readiness.ready}, {"reasons", readiness.reasons}, {"warnings", readiness.warnings}};
  return {.status = readiness.ready ? 200 : 503, .body = body.dump() + "\n"};
}

HttpAnswer metrics(const Call&, engine::Engine& engine) {
  return {.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = engine.exposition()};
}

HttpAnswer status(const Call&, engine::Engine& engine) {
  return {.body = to_json(engine.status(), engine.readiness()).dump() + "\n"};
}

struct Route {
  std::string_view method;
  std::string_view path;       ///< `{name}` at its end takes one segment
  std::optional<Scope> scope;  ///< nullopt: open to everybody who reaches the listener
  HttpAnswer (*handle)(const Call&, engine::Engine&);
};

using state::Sort;

constexpr std::array<Route, 28> routes{{
    {"GET", "/healthz", std::nullopt, healthz},
    {"GET", "/readyz", std::nullopt, readyz},
    {"GET", "/metrics", Scope::read, metrics},  // open with admin.metrics_public
    {"GET", "/api/v1/status", Scope::read, status},
    {"GET", "/api/v1/correlations", Scope::read, list_correlations},
    {"PUT", "/api/v1/correlations", Scope::operate, put_correlation},
    {"DELETE", "/api/v1/correlations", Scope::operate, delete_correlation},
    {"POST", "/api/v1/dead-letters/replay", Scope::operate, replay_dead_letters},
    {"GET", "/api/v1/replays", Scope::read, list_replays},
    {"POST", "/api/v1/replays", Scope::operate, create_replay},
    {"GET", "/api/v1/replays/{name}", Scope::read, get_replay},
    {"PATCH", "/api/v1/replays/{name}", Scope::operate, patch_replay},
    {"GET", "/api/v1/webhooks", Scope::read, list_definitions<Sort::webhook>},
    {"POST", "/api/v1/webhooks", Scope::admin, create_definition<Sort::webhook>},
    {"GET", "/api/v1/webhooks/{name}", Scope::read, get_definition<Sort::webhook>},
    {"PUT", "/api/v1/webhooks/{name}", Scope::admin, put_definition<Sort::webhook>},
    {"DELETE", "/api/v1/webhooks/{name}", Scope::admin, delete_definition<Sort::webhook>},
    {"PATCH", "/api/v1/webhooks/{name}", Scope::operate, patch_webhook},
    {"GET", "/api/v1/policies", Scope::read, list_definitions<Sort::policy>},
    {"POST", "/api/v1/policies", Scope::admin, create_definition<Sort::policy>},
    {"GET", "/api/v1/policies/{name}", Scope::read, get_definition<Sort::policy>},
    {"PUT", "/api/v1/policies/{name}", Scope::admin, put_definition<Sort::policy>},
    {"DELETE", "/api/v1/policies/{name}", Scope::admin, delete_definition<Sort::policy>},
    {"GET", "/api/v1/templates", Scope::read, list_definitions<Sort::template_keys>},
    {"POST", "/api/v1/templates", Scope::admin, create_definition<Sort::template_keys>},
    {"GET", "/api/v1/templates/{name}", Scope::read, get_definition<Sort::template_keys>},
    {"PUT", "/api/v1/templates/{name}", Scope::admin, put_definition<Sort::template_keys>},
    {"DELETE", "/api/v1/templates/{name}", Scope::admin, delete_definition<Sort::template_keys>},
}};

/// Does the path belong to the route? Gives what stands for {name}.
std::optional<std::string> match(const Route& route, std::string_view path) {
  constexpr std::string_view hole = "{name}";
  if (!route.path.ends_with(hole)) return route.path == path ? std::optional<std::string>("") : std::nullopt;
  const auto front = route.path.substr(0, route.path.size() - hole.size());
  if (!path.starts_with(front) || path.size() == front.size()) return std::nullopt;
  const auto name = path.substr(front.size());
  return name.find('/') == name.npos ? std::optional(std::string(name)) : std::nullopt;
}

}  // namespace

HttpAnswer problem(int status, std::string_view title, std::string_view detail) {
  const json::Tree body{{"type", "about:blank"}, {"title", title}, {"status", status}, {"detail", detail}};
  return {.status = status, .content_type = "application/problem+json",
          .body = body.dump(-1, ' ', false, json::Tree::error_handler_t::replace) + "\n"};
}

bool may(const config::Admin& settings, std::string_view authorization, Scope scope) {
  if (settings.tokens.empty()) return true;
  constexpr std::string_view bearer = "Bearer ";
  if (!authorization.starts_with(bearer)) return false;
  const auto given = authorization.substr(bearer.size());
  bool allowed = false;
  for (const auto& token : settings.tokens) {  // all of them, so that time tells nothing
    const bool same = core::equal_in_constant_time(given, token.value.reveal());
    const bool has = std::find(token.scopes.begin(), token.scopes.end(), scope) != token.scopes.end();
    const bool all = std::find(token.scopes.begin(), token.scopes.end(), Scope::admin) != token.scopes.end();
    allowed = allowed || (same && (has || all));
  }
  return allowed;
}

std::string bearer_name(const config::Admin& settings, std::string_view authorization) {
  for (const auto& token : settings.tokens) {
    if (core::equal_in_constant_time(authorization, "Bearer " + token.value.reveal())) return token.name;
  }
  return "local";
}

bool is_local_host(std::string_view host) {
  const auto bracket = host.find(']');
  const auto colon = host.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) host = host.substr(0, colon);
  const bool loopback = host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
  return loopback || host == "localhost" || host == "[::1]";
}

HttpAnswer route(const HttpRequest& request, const config::Admin& settings, engine::Engine& engine) {
  if (settings.tokens.empty() && !is_local_host(request.host)) {
    return problem(403, "Forbidden", "without a token the admin API answers only to a Host of this machine, e.g. localhost");
  }
  std::string allowed;
  for (const auto& route : routes) {
    auto name = match(route, request.path);
    if (!name) continue;
    if (route.method != request.method && !(route.method == "GET" && request.method == "HEAD")) {
      allowed += (allowed.empty() ? "" : ", ") + std::string(route.method);
      continue;
    }
    const bool open = !route.scope || (settings.metrics_public && route.path == "/metrics");
    if (!open && !may(settings, request.authorization, *route.scope)) {
      return problem(401, "Unauthorized", "send `Authorization: Bearer TOKEN` with a token of admin.token or admin.tokens that has this scope");
    }
    return route.handle({request, std::move(*name), bearer_name(settings, request.authorization)}, engine);
  }
  if (!allowed.empty()) {
    auto answer = problem(405, "Method Not Allowed", "this path takes " + allowed);
    answer.allow = allowed;
    return answer;
  }
  return problem(404, "Not Found", "no such path: " + request.path);
}

}  // namespace hookline::admin
