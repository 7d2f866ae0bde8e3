// hookline replay: delivers past events again, for a webhook that was added late or a receiver that lost data.
#include <fmt/format.h>

#include "hookline/core/units.h"
#include "hookline/engine/replay_jobs.h"
#include "hookline/kafka/admin.h"
#include "hookline/state/replay_log.h"
#include "replay_command.h"

namespace hookline::cli {
namespace {

constexpr core::Duration idle_timeout = std::chrono::seconds(10);

struct ReplayOptions {
  std::string config, kind, since, until, webhook, where, topic, rate, resume;
  std::int64_t partition = -1, from_offset = -1, to_offset = -1;
  std::uint64_t limit = 0, backlog = 1000;
  bool dry_run = false, yes = false, wait = false, json = false;
};

json::Tree asked(const ReplayOptions& options) {
  json::Tree tree{{"what", "events"}, {"kind", options.kind}};
  const auto text = [&](const char* name, const std::string& value) {
    if (!value.empty()) tree[name] = value;
  };
  text("since", options.since);
  text("until", options.until);
  text("webhook", options.webhook);
  text("where", options.where);
  text("topic", options.topic);
  text("rate", options.rate);
  if (options.partition >= 0) tree["partition"] = options.partition;
  if (options.from_offset >= 0) tree["from_offset"] = options.from_offset;
  if (options.to_offset >= 0) tree["to_offset"] = options.to_offset;
  if (options.limit > 0) tree["limit"] = options.limit;
  tree["backlog"] = options.backlog;
  return tree;
}

/// What an earlier replay of the command line was asked for, and how far it came.
core::Result<ReplayCall> taken_up_again(const std::string& id, const config::Settings& settings) {
  state::ReplayLog log(settings.topics[config::OwnTopic::dead_letters]);
  const auto read = kafka::read_topic(kafka::client_properties(settings), settings.topics[config::OwnTopic::replays], std::nullopt, idle_timeout,
                                      [&](kafka::OwnedRecord&& record) {
                                        log.apply(record.key, record.value);
                                        return true;
                                      });
  if (!read) return tl::unexpected(read.error());
  const auto job = log.jobs().find(id);
  if (job == log.jobs().end() || !job->second.asked.is_object()) return core::fail(core::ErrorCode::not_found, fmt::format("there is no replay {}", id));
  const auto& tree = job->second.asked;
  if (tree.value("executor", "") != "cli") return core::fail(core::ErrorCode::invalid, fmt::format("{} is a job of the service, which goes on by itself", id));
  const auto at = core::parse_rfc3339(tree.value("at", ""));
  if (!at || !tree.contains("request")) return core::fail(core::ErrorCode::invalid, fmt::format("the record of replay {} is damaged", id));
  auto request = engine::parse_replay(tree["request"], *at);
  if (!request) return tl::unexpected(request.error());
  ReplayCall call;
  call.request = *request;
  call.id = id;
  call.asked_at = *at;
  call.stand = engine::stand_of(job->second.progress);
  call.over = engine::state_of(job->second) == "done";
  return call;
}

int replay(const ReplayOptions& options) {
  ReplayCall call;
  if (options.resume.empty()) {
    if (options.kind.empty()) return fail("say --kind, and from where on: --since, or --partition and --from-offset"), exit_usage;
    auto request = engine::parse_replay(asked(options), core::read_clock().wall);
    if (!request) return fail(request.error().message), exit_usage;
    call.request = *request;
  }
  const auto loaded = load_or_explain(options.config);
  if (!loaded) return exit_config;
  if (!options.resume.empty()) {
    auto again = taken_up_again(options.resume, loaded->configuration.settings);
    if (!again) return fail(again.error().message);
    call = std::move(*again);
  }
  call.config = options.config;
  call.dry_run = options.dry_run;
  call.yes = options.yes;
  call.wait = options.wait;
  call.json = options.json;
  return run_replay(std::move(call), *loaded);
}

}  // namespace

void add_replay(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<ReplayOptions>();
  auto* command = app.add_subcommand("replay", "Delivers past events again, under the ids that they had");
  add_config_option(*command, options->config);
  command->add_option("--kind", options->kind, "alarm, audit, detection or incident")->check(CLI::IsMember({"alarm", "audit", "detection", "incident"}));
  command->add_option("--since", options->since, "From the records of then on: RFC 3339, or an age such as 2h")->check(not_empty);
  command->add_option("--until", options->until, "Up to the records of then (default: now)")->check(not_empty);
  command->add_option("--webhook", options->webhook, "For this webhook alone (default: all that match)")->check(not_empty);
  command->add_option("--where", options->where, "Only events that this expression holds for")->check(not_empty);
  command->add_option("--topic", options->topic, "Only this topic of the kind")->check(not_empty);
  command->add_option("--partition", options->partition, "Only this partition")->check(CLI::NonNegativeNumber);
  command->add_option("--from-offset", options->from_offset, "From this offset of the partition")->check(CLI::NonNegativeNumber);
  command->add_option("--to-offset", options->to_offset, "Up to, and without, this offset")->check(CLI::NonNegativeNumber);
  command->add_option("--rate", options->rate, "At most so many deliveries, e.g. 50/s")
      ->check([](const std::string& text) { return core::parse_rate(text) ? std::string() : "not a rate (write 50/s): " + text; });
  command->add_option("--limit", options->limit, "At most about so many deliveries")->check(CLI::PositiveNumber);
  command->add_option("--backlog", options->backlog, "How many may wait for the workers at a time, so that live events keep their delay")
      ->check(CLI::Range(1, 100000));
  command->add_option("--resume", options->resume, "Go on with a replay that was broken off, by its id (rpl_…)")->type_name("ID");
  command->add_flag("--dry-run", options->dry_run, "Print the requests that would go out, and send nothing");
  command->add_flag("--yes", options->yes, "Do not ask");
  command->add_flag("--wait", options->wait, "Wait until the workers have taken them, and tell how many failed");
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &chosen] { chosen = [options] { return replay(*options); }; });
}

}  // namespace hookline::cli
