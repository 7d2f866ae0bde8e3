#include "replays.h"

#include <fmt/format.h>

#include "hookline/core/time.h"
#include "hookline/engine/replay_jobs.h"

namespace hookline::admin {
namespace {

/// A problem document; the title is that of the status.
HttpAnswer refuse(int status, std::string_view detail) {
  const auto title = status == 400   ? "Bad Request"
                     : status == 404 ? "Not Found"
                     : status == 409 ? "Conflict"
                     : status == 422 ? "Unprocessable Content"
                                     : "Service Unavailable";
  const json::Tree body{{"type", "about:blank"}, {"title", title}, {"status", status}, {"detail", detail}};
  return {.status = status, .content_type = "application/problem+json", .body = body.dump(-1, ' ', false, json::Tree::error_handler_t::replace) + "\n"};
}

HttpAnswer refuse(const core::Error& error) {
  switch (error.code) {
    case core::ErrorCode::invalid: return refuse(422, error.message);
    case core::ErrorCode::not_found: return refuse(404, error.message);
    case core::ErrorCode::refused: return refuse(409, error.message);
    default: return refuse(503, error.message);
  }
}

HttpAnswer answer_of(const json::Tree& tree) { return {.body = tree.dump(-1, ' ', false, json::Tree::error_handler_t::replace) + "\n"}; }

HttpAnswer not_yet() { return refuse(503, "Kafka has not answered yet"); }

json::Tree to_json(const engine::Survey& survey) {
  json::Tree groups = json::Tree::array();
  for (const auto& g : survey.groups) {
    groups.push_back({{"class", settle::name(settle::failure_class(g.reason))}, {"reason", settle::name(g.reason)}, {"webhook", g.webhook},
                      {"endpoint", g.endpoint}, {"status", g.status ? json::Tree(*g.status) : json::Tree(nullptr)}, {"count", g.count},
                      {"id", g.id}, {"error", g.error}});
  }
  return {{"selected", survey.chosen}, {"replayed_before", survey.replayed}, {"copies", survey.copies}, {"groups", groups}};
}

/// Checks the request by a look at what there is, and writes it down.
HttpAnswer begin(json::Tree tree, const Call& call, engine::Engine& engine) {
  auto* jobs = engine.replays();
  if (!jobs) return not_yet();
  const auto dry = tree.find("dry_run");
  const bool only_look = dry != tree.end() && dry->is_boolean() && dry->get<bool>();
  if (dry != tree.end() && !dry->is_boolean()) return refuse(422, "`dry_run` must be true or false");
  tree.erase("dry_run");
  const auto request = engine::parse_replay(tree, core::read_clock().wall);
  if (!request) return refuse(422, request.error().message);
  const auto survey = jobs->survey(*request);
  if (!survey) return refuse(survey.error());
  auto found = to_json(*survey);
  if (only_look) return answer_of(found);
  const auto id = jobs->ask(*request, call.by);
  if (!id) return refuse(id.error());
  found.update(engine::to_json(*jobs->find(*id)));
  auto accepted = answer_of(found);
  accepted.status = 202;
  accepted.location = "/api/v1/replays/" + *id;
  return accepted;
}

core::Result<json::Tree> object_of(const Call& call) {
  auto tree = json::parse_tree(call.request.body.empty() ? "{}" : call.request.body);
  if (tree && !tree->is_object()) return core::fail(core::ErrorCode::invalid, "the body must be a JSON object");
  return tree;
}

}  // namespace

HttpAnswer replay_dead_letters(const Call& call, engine::Engine& engine) {
  auto tree = object_of(call);
  if (!tree) return refuse(400, tree.error().message);
  (*tree)["what"] = "dead_letters";
  return begin(std::move(*tree), call, engine);
}

HttpAnswer create_replay(const Call& call, engine::Engine& engine) {
  auto tree = object_of(call);
  if (!tree) return refuse(400, tree.error().message);
  return begin(std::move(*tree), call, engine);
}

HttpAnswer list_replays(const Call&, engine::Engine& engine) {
  const auto* jobs = engine.replays();
  if (!jobs) return not_yet();
  json::Tree items = json::Tree::array();
  for (const auto& job : jobs->list()) items.push_back(engine::to_json(job));
  return answer_of({{"items", items}, {"next", nullptr}});
}

HttpAnswer get_replay(const Call& call, engine::Engine& engine) {
  const auto* jobs = engine.replays();
  if (!jobs) return not_yet();
  const auto job = jobs->find(call.name);
  return job ? answer_of(engine::to_json(*job)) : refuse(404, fmt::format("there is no replay '{}'", call.name));
}

HttpAnswer patch_replay(const Call& call, engine::Engine& engine) {
  auto* jobs = engine.replays();
  if (!jobs) return not_yet();
  const auto tree = object_of(call);
  if (!tree) return refuse(400, tree.error().message);
  const auto state = tree->find("state");
  const auto wanted = state != tree->end() && state->is_string() && tree->size() == 1 ? state::parse_wanted(state->get<std::string>()) : std::nullopt;
  if (!wanted) return refuse(422, "send {\"state\": \"paused\"}, \"running\" or \"cancelled\"");
  const auto done = jobs->want(call.name, *wanted, call.by);
  if (!done) return refuse(done.error());
  return answer_of(engine::to_json(*jobs->find(call.name)));
}

}  // namespace hookline::admin
