// hookline render: what each endpoint of a webhook would get of an event. Sends nothing.
#include <fmt/format.h>

#include "command.h"
#include "event_input.h"
#include "hookline/admin/trial_json.h"
#include "hookline/engine/trial.h"
#include "hookline/settle/delivery_id.h"

namespace hookline::cli {
namespace {

struct RenderOptions {
  std::string config, webhook, event, kind, correlation_id;
  bool explain = false;
  bool json = false;  ///< accepted for the sake of scripts that always ask for it
};

int render_event(const RenderOptions& options, const Loaded& loaded, const engine::Webhook& webhook, const InputEvent& input) {
  const auto now = core::read_clock().wall;
  const auto record = record_of("render", input.json, now);
  std::optional<event::Kind> kind = event::parse_kind(options.kind);
  if (!kind) {
    const auto guessed = engine::guess_kind(*loaded.definitions, record);
    if (!guessed) return fail(fmt::format("{}: {}{}", input.place, guessed.error().message,
                                          guessed.error().code == core::ErrorCode::not_found ? "; say --kind alarm|audit|detection|incident" : ""));
    kind = *guessed;
  }
  const auto match = engine::try_match(*loaded.definitions, webhook, record, *kind);
  if (!match) return fail(fmt::format("{}: {}", input.place, match.error().message));

  json::Tree out{{"webhook", webhook.name}, {"kind", event::name(*kind)}, {"type", match->type}, {"matched", match->matched()}};
  if (webhook.position == engine::Switch::off) out["enabled"] = false;
  const auto* policy = match->policy();
  if (policy) out["policy"] = policy->name;
  if (options.explain) out["explain"] = admin::to_json(webhook, *match);
  json::Tree requests = json::Tree::array();
  core::Hasher hasher;
  bool failed = false;
  for (const auto& endpoint : webhook.endpoints) {
    const auto id = settle::delivery_id(hasher, "render", {"render", 0, 0, now}, webhook.name, endpoint.name);
    auto request = engine::try_render(webhook, endpoint, record, *kind, {.delivery_id = id, .correlation_id = options.correlation_id,
                                       .policy = policy ? engine::note_of(*policy) : settle::PolicyNote{}}, now);
    json::Tree row{{"endpoint", endpoint.name}};
    if (request) {
      row.update(admin::to_json(deliver::masked(std::move(*request))));
    } else {
      failed = true;
      row["error"] = request.error().message;
    }
    requests.push_back(std::move(row));
  }
  out["requests"] = std::move(requests);
  fmt::print("{}\n", out.dump(2, ' ', false, json::Tree::error_handler_t::replace));
  return failed ? exit_failed : exit_ok;
}

int render(const RenderOptions& options) {
  const auto loaded = load_or_explain(options.config);
  if (!loaded) return exit_config;
  const auto* webhook = loaded->definitions->find(options.webhook);
  if (!webhook) return fail(fmt::format("no webhook is named '{}' in {}", options.webhook, options.config));
  const auto events = read_events(options.event);
  if (!events) return fail(events.error().message);
  if (events->empty()) return fail(fmt::format("no event in {}", options.event));
  int worst = exit_ok;
  for (const auto& event : *events) worst = std::max(worst, render_event(options, *loaded, *webhook, event));
  return worst;
}

}  // namespace

void add_render(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<RenderOptions>();
  auto* command = app.add_subcommand("render", "Prints the requests that a webhook would send for an event; sends nothing");
  add_config_option(*command, options->config);
  command->add_option("--webhook", options->webhook, "Its name")->required();
  command->add_option("--event", options->event, "A file with the event; - for standard input")->required()->type_name("FILE");
  command->add_option("--kind", options->kind, "alarm, audit, detection or incident (default: what the catalogue says of its type)")
      ->check(CLI::IsMember({"alarm", "audit", "detection", "incident"}));
  command->add_option("--correlation-id", options->correlation_id, "The id that ${correlationId} stands for");
  command->add_flag("--explain", options->explain, "Why the filter did or did not match, term by term, with the values seen");
  command->add_flag("--json", options->json, "The output is JSON anyway");
  command->callback([options, &chosen] { chosen = [options] { return render(*options); }; });
}

}  // namespace hookline::cli
