// hookline dead-letters replay: delivers again what could not be delivered.
#include <fmt/format.h>

#include "hookline/core/units.h"
#include "hookline/settle/dead_letter.h"
#include "letter_options.h"
#include "replay_command.h"

namespace hookline::cli {
namespace {

struct ReplayOptions {
  std::string config, to, rate, again;
  LetterOptions letters;
  std::uint64_t limit = 0, backlog = 1000;
  bool dry_run = false, yes = false, wait = false, json = false;
  CLI::Option* again_option = nullptr;
};

int replay(const ReplayOptions& options) {
  auto tree = options.letters.to_json();
  if (!options.to.empty()) tree["to"] = options.to;
  if (!options.rate.empty()) tree["rate"] = options.rate;
  if (options.limit > 0) tree["limit"] = options.limit;
  tree["backlog"] = options.backlog;
  const bool again = options.again_option->count() > 0;
  if (again && options.again.empty()) tree["again"] = true;
  if (again && !options.again.empty()) tree["again"] = options.again;
  auto request = engine::parse_replay(tree, core::read_clock().wall);
  if (!request) return fail(request.error().message), exit_usage;
  const auto loaded = load_or_explain(options.config);
  if (!loaded) return exit_config;
  ReplayCall call{.config = options.config, .request = *request, .dry_run = options.dry_run, .yes = options.yes, .wait = options.wait, .json = options.json,
                  .go_on = "the same command", .id = {}, .stand = {}};
  // Without the moment it would begin from the start again.
  if (again) call.go_on = fmt::format("the same command, with --again={}", core::format_rfc3339(*request->again_before));
  return run_replay(std::move(call), *loaded);
}

}  // namespace

json::Tree LetterOptions::to_json() const {
  json::Tree out = json::Tree::object();
  const auto text = [&](const char* name, const std::string& value) {
    if (!value.empty()) out[name] = value;
  };
  text("webhook", webhook);
  text("endpoint", endpoint);
  text("class", failure);
  text("since", since);
  text("until", until);
  text("where", where);
  if (!reasons.empty()) out["reason"] = reasons;
  if (!ids.empty()) out["id"] = ids;
  if (status != 0) out["status"] = status;
  if (key_option && key_option->count() > 0) out["key"] = key;
  return out;
}

void add_letter_options(CLI::App& command, LetterOptions& options) {
  command.add_option("--webhook", options.webhook, "Only of this webhook")->check(not_empty);
  command.add_option("--endpoint", options.endpoint, "Only of the endpoint of this name")->check(not_empty);
  command.add_option("--reason", options.reasons, "Only with this reason; several with commas")
      ->delimiter(',')
      ->check([](const std::string& text) { return settle::parse_reason(text) ? std::string() : "no such reason: " + text; });
  command.add_option("--class", options.failure, "Only failures of the endpoint, or of the pipeline (decode, render, too_large)")
      ->check(CLI::IsMember({"endpoint", "pipeline"}));
  command.add_option("--status", options.status, "Only with this HTTP status")->check(CLI::Range(100, 599));
  command.add_option("--since", options.since, "Only that failed since then: RFC 3339, or an age such as 2h")->check(not_empty);
  command.add_option("--until", options.until, "Only that failed before then")->check(not_empty);
  options.key_option = command.add_option("--key", options.key, "Only whose original record has this key");
  command.add_option("--id", options.ids, "Only with this delivery id (or PARTITION:OFFSET); several with commas")->delimiter(',');
  command.add_option("--where", options.where, "Only whose original event this expression holds for")->check(not_empty);
}

void add_dead_letters_replay(CLI::App& group, Action& chosen) {
  auto options = std::make_shared<ReplayOptions>();
  auto* command = group.add_subcommand("replay", "Delivers dead letters again, under their ids, to the endpoints that failed");
  add_config_option(*command, options->config);
  add_letter_options(*command, options->letters);
  command->add_option("--to", options->to, "To this webhook instead, under new ids")->type_name("WEBHOOK")->check(not_empty);
  command->add_option("--rate", options->rate, "At most so many deliveries, e.g. 50/s")
      ->check([](const std::string& text) { return core::parse_rate(text) ? std::string() : "not a rate (write 50/s): " + text; });
  command->add_option("--limit", options->limit, "At most so many dead letters, the oldest first")->check(CLI::PositiveNumber);
  command->add_option("--backlog", options->backlog, "How many may wait for the workers at a time, so that live events keep their delay")
      ->check(CLI::Range(1, 100000));
  options->again_option =
      command->add_option("--again", options->again, "Also what was replayed before (with --again=MOMENT: before then)")->expected(0, 1)->type_name("MOMENT");
  command->add_flag("--dry-run", options->dry_run, "Print the requests that would go out, and send nothing");
  command->add_flag("--yes", options->yes, "Do not ask");
  command->add_flag("--wait", options->wait, "Wait until the workers have taken them, and tell how many failed again");
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &chosen] { chosen = [options] { return replay(*options); }; });
}

}  // namespace hookline::cli
