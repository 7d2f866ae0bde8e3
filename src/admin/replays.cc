#include "replays.h"

#include <fmt/format.h>

#include "hookline/core/time.h"
#include "hookline/engine/replay_jobs.h"
#include "order.h"

namespace hookline::admin {
namespace {

HttpAnswer refused(const core::Error& error) {
  if (error.code == core::ErrorCode::invalid) return mistake(error);
  if (error.code == core::ErrorCode::refused) return problem(409, error.message);
  return problem(error);
}

HttpAnswer not_yet() { return problem(503, "Kafka has not answered yet"); }

/// Checks the request by a look at what there is, and writes it down.
HttpAnswer begin(json::Tree tree, const Call& call, engine::Engine& engine) {
  auto* jobs = engine.replays();
  if (!jobs) return not_yet();
  const auto dry = tree.find("dry_run");
  const bool only_look = dry != tree.end() && dry->is_boolean() && dry->get<bool>();
  if (dry != tree.end() && !dry->is_boolean()) return mistake({core::ErrorCode::invalid, "`dry_run` must be true or false", "/dry_run"});
  tree.erase("dry_run");
  const auto request = engine::parse_replay(tree, core::read_clock().wall);
  if (!request) return mistake(request.error());
  const auto survey = jobs->survey(*request);
  if (!survey) return refused(survey.error());
  auto found = engine::to_json(*survey);
  if (only_look) return answer(found);
  const auto id = jobs->ask(*request, call.by.name);
  if (!id) return refused(id.error());
  found.update(engine::to_json(*jobs->find(*id)));
  auto accepted = answer(found);
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
  if (!tree) return problem(400, tree.error().message);
  auto& what = (*tree)["what"];
  if (what.is_null()) what = "dead_letters";
  if (what != "dead_letters") return mistake({core::ErrorCode::invalid, "`what` is \"dead_letters\" here; past events are replayed by POST /api/v1/replays", "/what"});
  return begin(std::move(*tree), call, engine);
}

HttpAnswer create_replay(const Call& call, engine::Engine& engine) {
  auto tree = object_of(call);
  if (!tree) return problem(400, tree.error().message);
  // An empty request is none: it would replay every dead letter there is.
  const auto what = tree->find("what");
  if (what == tree->end() || *what != "events") return mistake({core::ErrorCode::invalid, "say `\"what\": \"events\"`; dead letters are replayed by POST /api/v1/dead-letters/replay", "/what"});
  return begin(std::move(*tree), call, engine);
}

HttpAnswer list_replays(const Call&, engine::Engine& engine) {
  const auto* jobs = engine.replays();
  if (!jobs) return not_yet();
  json::Tree items = json::Tree::array();
  for (const auto& job : jobs->list()) items.push_back(engine::to_json(job));
  return answer({{"items", items}, {"next", nullptr}});
}

HttpAnswer get_replay(const Call& call, engine::Engine& engine) {
  const auto* jobs = engine.replays();
  if (!jobs) return not_yet();
  const auto job = jobs->find(call.name);
  return job ? answer(engine::to_json(*job)) : problem(404, fmt::format("there is no replay '{}'", call.name));
}

HttpAnswer patch_replay(const Call& call, engine::Engine& engine) {
  auto* jobs = engine.replays();
  if (!jobs) return not_yet();
  const auto tree = object_of(call);
  if (!tree) return problem(400, tree.error().message);
  const auto state = tree->find("state");
  const auto wanted = state != tree->end() && state->is_string() && tree->size() == 1 ? state::parse_wanted(state->get<std::string>()) : std::nullopt;
  if (!wanted) return mistake({core::ErrorCode::invalid, "send {\"state\": \"paused\"}, \"running\" or \"cancelled\"", "/state"});
  const auto done = jobs->want(call.name, *wanted, call.by.name);
  if (!done) return refused(done.error());
  return answer(engine::to_json(*jobs->find(call.name)));
}

}  // namespace hookline::admin
