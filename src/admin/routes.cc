#include "routes.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "assets.h"
#include "correlations.h"
#include "dead_letters.h"
#include "definitions.h"
#include "deliveries.h"
#include "preview.h"
#include "query.h"
#include "replays.h"
#include "status_json.h"
#include "trials.h"

namespace hookline::admin {
namespace {

using Scope = config::Token::Scope;
using state::Sort;

std::string_view name_of(Scope scope) {
  return scope == Scope::read ? "read" : scope == Scope::operate ? "operate" : "admin";
}

HttpAnswer healthz(const Call&, engine::Engine&) { return {.content_type = "text/plain", .body = "ok\n"}; }

HttpAnswer readyz(const Call&, engine::Engine& engine) {
  const auto readiness = engine.readiness();
  return {.status = readiness.ready ? 200 : 503,
          .body = text({{"ready", readiness.ready}, {"reasons", readiness.reasons}, {"warnings", readiness.warnings}})};
}

HttpAnswer metrics(const Call&, engine::Engine& engine) {
  return {.content_type = "text/plain; version=0.0.4; charset=utf-8", .body = engine.exposition()};
}

constexpr std::string_view token_wanted = "send `Authorization: Bearer TOKEN` with a token of admin.token or admin.tokens";

/// Whose token it is and what it may do, so that a client need not find out by being refused. For any token that is known.
HttpAnswer token(const Call& call, engine::Engine&) {
  if (call.by.name.empty()) return problem(401, std::string(token_wanted));
  json::Tree scopes = json::Tree::array();
  for (const auto scope : {Scope::read, Scope::operate, Scope::admin}) {
    if (call.by.may(scope)) scopes.push_back(name_of(scope));
  }
  return answer({{"name", call.by.name}, {"scopes", std::move(scopes)}});
}

HttpAnswer status(const Call&, engine::Engine& engine) { return answer(to_json(engine.status(), engine.readiness())); }

// schemas/openapi.yaml describes them; a test compares.
constexpr auto table = std::to_array<Route>({
    {"GET", "/", std::nullopt, Lane::at_once, index_page},
    {"GET", "/ui/{name}", std::nullopt, Lane::at_once, asset},
    {"GET", "/healthz", std::nullopt, Lane::at_once, healthz},
    {"GET", "/readyz", std::nullopt, Lane::quick, readyz},
    {"GET", "/metrics", Scope::read, Lane::quick, metrics},  // open with admin.metrics_public
    {"GET", "/api/v1/token", std::nullopt, Lane::at_once, token},  // refuses by itself whom it does not know
    {"GET", "/api/v1/status", Scope::read, Lane::quick, status},
    {"GET", "/api/v1/correlations", Scope::read, Lane::slow, list_correlations},
    {"PUT", "/api/v1/correlations", Scope::operate, Lane::slow, put_correlation},
    {"DELETE", "/api/v1/correlations", Scope::operate, Lane::slow, delete_correlation},
    {"GET", "/api/v1/webhooks", Scope::read, Lane::quick, list_definitions<Sort::webhook>},
    {"POST", "/api/v1/webhooks", Scope::admin, Lane::slow, create_definition<Sort::webhook>},
    {"GET", "/api/v1/webhooks/{name}", Scope::read, Lane::quick, get_definition<Sort::webhook>},
    {"PUT", "/api/v1/webhooks/{name}", Scope::admin, Lane::slow, put_definition<Sort::webhook>},
    {"DELETE", "/api/v1/webhooks/{name}", Scope::admin, Lane::slow, delete_definition<Sort::webhook>},
    {"PATCH", "/api/v1/webhooks/{name}", Scope::operate, Lane::slow, patch_webhook},  // admin for more than the switch
    {"POST", "/api/v1/webhooks/{name}/test", Scope::operate, Lane::slow, test_webhook},
    {"GET", "/api/v1/webhooks/{name}/deliveries", Scope::read, Lane::slow, list_deliveries},
    {"POST", "/api/v1/test", Scope::admin, Lane::slow, test_unsaved},
    {"POST", "/api/v1/render", Scope::read, Lane::slow, render},
    {"GET", "/api/v1/events", Scope::read, Lane::slow, list_events},
    {"GET", "/api/v1/events/values", Scope::read, Lane::slow, list_values},
    {"GET", "/api/v1/event-types", Scope::read, Lane::quick, list_event_types},
    {"GET", "/api/v1/deliveries/{id}", Scope::read, Lane::slow, get_delivery},
    {"POST", "/api/v1/deliveries/{id}/redeliver", Scope::operate, Lane::slow, redeliver},
    {"GET", "/api/v1/dead-letters", Scope::read, Lane::slow, list_dead_letters},
    {"GET", "/api/v1/dead-letters/groups", Scope::read, Lane::slow, group_dead_letters},
    {"POST", "/api/v1/dead-letters/replay", Scope::operate, Lane::slow, replay_dead_letters},
    {"GET", "/api/v1/dead-letters/{id}", Scope::read, Lane::slow, get_dead_letter},
    {"GET", "/api/v1/replays", Scope::read, Lane::quick, list_replays},
    {"POST", "/api/v1/replays", Scope::operate, Lane::slow, create_replay},
    {"GET", "/api/v1/replays/{id}", Scope::read, Lane::quick, get_replay},
    {"PATCH", "/api/v1/replays/{id}", Scope::operate, Lane::slow, patch_replay},
    {"GET", "/api/v1/policies", Scope::read, Lane::quick, list_definitions<Sort::policy>},
    {"POST", "/api/v1/policies", Scope::admin, Lane::slow, create_definition<Sort::policy>},
    {"GET", "/api/v1/policies/{name}", Scope::read, Lane::quick, get_definition<Sort::policy>},
    {"PUT", "/api/v1/policies/{name}", Scope::admin, Lane::slow, put_definition<Sort::policy>},
    {"DELETE", "/api/v1/policies/{name}", Scope::admin, Lane::slow, delete_definition<Sort::policy>},
    {"GET", "/api/v1/templates", Scope::read, Lane::quick, list_definitions<Sort::template_keys>},
    {"POST", "/api/v1/templates", Scope::admin, Lane::slow, create_definition<Sort::template_keys>},
    {"GET", "/api/v1/templates/{name}", Scope::read, Lane::quick, get_definition<Sort::template_keys>},
    {"PUT", "/api/v1/templates/{name}", Scope::admin, Lane::slow, put_definition<Sort::template_keys>},
    {"DELETE", "/api/v1/templates/{name}", Scope::admin, Lane::slow, delete_definition<Sort::template_keys>},
});

/// The first segment of `path`, which loses it.
std::string_view cut(std::string_view& path) {
  const auto end = std::min(path.find('/'), path.size());
  const auto segment = path.substr(0, end);
  path.remove_prefix(std::min(end + 1, path.size()));
  return segment;
}

/// Does the path belong to the route? Gives what stands for {name}.
std::optional<std::string> match(std::string_view pattern, std::string_view path) {
  if (std::count(pattern.begin(), pattern.end(), '/') != std::count(path.begin(), path.end(), '/')) return std::nullopt;
  std::string name;
  while (!pattern.empty() || !path.empty()) {
    const auto wanted = cut(pattern), given = cut(path);
    if (!wanted.starts_with('{')) {
      if (wanted != given) return std::nullopt;
      continue;
    }
    auto decoded = percent_decoded(given, false);
    if (!decoded || decoded->empty()) return std::nullopt;
    name = std::move(*decoded);
  }
  return name;
}

Found refuse(HttpAnswer answer) { return {nullptr, {}, {}, std::move(answer)}; }

bool is_json(std::string_view type) {
  type = type.substr(0, std::min(type.find(';'), type.size()));
  while (type.ends_with(' ')) type.remove_suffix(1);
  std::string lower(type);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower == "application/json" || (lower.starts_with("application/") && lower.ends_with("+json"));
}

Found admit(const Route& route, std::string name, const HttpRequest& request, const config::Admin& settings) {
  const bool open = !route.scope || (settings.metrics_public && route.path == "/metrics");
  auto bearer = bearer_of(settings, request.authorization);
  if (!open && !bearer) return refuse(problem(401, std::string(token_wanted)));
  if (!open && !bearer->may(*route.scope)) {
    return refuse(problem(403, fmt::format("the token '{}' has not got the scope {}", bearer->name, name_of(*route.scope))));
  }
  if (!request.body.empty() && !is_json(request.content_type)) {
    return refuse(problem(415, "a body is JSON here: send Content-Type: application/json"));
  }
  return {&route, std::move(name), bearer.value_or(Bearer{}), {}};
}

}  // namespace

std::span<const Route> routes() { return table; }

Found find_route(const HttpRequest& request, const config::Admin& settings) {
  if (auto against = objection(request, settings)) return refuse(std::move(*against));
  std::string allowed;
  const Route* chosen = nullptr;
  std::string chosen_name;
  // A path spelled out counts more than one with a hole.
  const bool spelled_out = std::any_of(table.begin(), table.end(), [&](const Route& route) { return route.path == request.path; });
  for (const auto& route : table) {
    auto name = match(route.path, request.path);
    if (!name || (spelled_out && route.path != request.path)) continue;
    if (route.method == request.method || (route.method == "GET" && request.method == "HEAD")) {
      chosen = &route;
      chosen_name = std::move(*name);
      continue;
    }
    allowed += (allowed.empty() ? "" : ", ") + std::string(route.method) + (route.method == "GET" ? ", HEAD" : "");
  }
  if (chosen) return admit(*chosen, std::move(chosen_name), request, settings);
  if (allowed.empty()) return refuse(problem(404, "no such path: " + request.path));
  auto answer = problem(405, "this path takes " + allowed);
  answer.allow = allowed;
  return refuse(std::move(answer));
}

HttpAnswer route(const HttpRequest& request, const config::Admin& settings, engine::Engine& engine) {
  auto found = find_route(request, settings);
  if (!found.route) return std::move(found.answer);
  return found.route->handle({request, std::move(found.name), std::move(found.by)}, engine);
}

}  // namespace hookline::admin
