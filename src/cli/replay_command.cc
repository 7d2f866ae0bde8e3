#include "replay_command.h"

#include <atomic>
#include <csignal>
#include <iostream>

#include <fmt/format.h>

#include <unistd.h>

#include "hookline/admin/trial_json.h"
#include "hookline/core/units.h"
#include "hookline/engine/catalog.h"
#include "hookline/engine/trial.h"
#include "hookline/kafka/admin.h"
#include "hookline/state/definition_log.h"
#include "replay_screen.h"

namespace hookline::cli {
namespace {

using config::OwnTopic;

constexpr core::Duration kafka_timeout = std::chrono::seconds(10);
constexpr core::Duration journal_every = std::chrono::seconds(2);

std::atomic<bool> broken_off = false;
extern "C" void break_off(int) { broken_off = true; }

void catch_signals() {
  struct sigaction action {};
  action.sa_handler = break_off;
  action.sa_flags = SA_RESETHAND;  // the second one ends it at once
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

/// Text from records for a terminal: nothing in it may steer the terminal.
std::string shown(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text;
}

std::string_view was(std::uint64_t count) { return count == 1 ? "was" : "were"; }

std::string whose(const engine::Survey::Group& group) { return group.webhook.empty() ? "-" : shown(group.webhook + "/" + group.endpoint); }

/// Pointers that --where could not look into.
std::string gone_of(const engine::Survey& survey) {
  if (survey.gone == 0) return {};
  if (survey.gone == 1) return "; 1 more only points to an original that is gone, so --where cannot tell what it was";
  return fmt::format("; {} more only point to originals that are gone, so --where cannot tell what they were", survey.gone);
}

std::string who_asks() {
  char host[256] = {};
  if (::gethostname(host, sizeof(host) - 1) != 0) host[0] = '\0';
  const char* user = std::getenv("USER");
  return fmt::format("cli {}@{}", user ? user : std::to_string(::getuid()), host);
}

/// One replay from the command line.
class Run {
 public:
  Run(ReplayCall call, const Loaded& loaded) : call_(std::move(call)), loaded_(loaded), screen_(call_.json, has_terminal()) {}

  int go() {
    auto definitions = definitions_in_force(loaded_);
    if (!definitions) return fail(definitions.error().message);
    auto admin = kafka::Admin::open(kafka::client_properties(settings()));
    auto cluster = admin ? (*admin)->cluster_id(kafka_timeout) : core::Result<std::string>(tl::unexpected(admin.error()));
    if (!cluster) return fail(cluster.error().message);
    definitions_ = *definitions;
    if (!call_.dry_run) {
      auto producer = kafka::Producer::open(kafka::producer_properties(settings()));
      if (!producer) return fail(producer.error().message);
      producer_ = std::move(*producer);
    }
    if (call_.id.empty()) {
      call_.id = engine::new_replay_id();
      call_.asked_at = core::read_clock().wall;
    }
    const auto rest = engine::rest_of(call_.request, call_.stand);
    if (call_.over || !rest) {
      call_.json ? fmt::print("{}\n", json::Tree{{"id", call_.id}, {"state", "done"}, {"sent", 0}}.dump(2)) : fmt::print("nothing is left of it\n");
      return exit_ok;
    }
    replay_ = std::make_unique<engine::Replay>(
        *rest, engine::ReplayGround{settings(), *cluster, definitions_, producer_.get(), call_.id, call_.asked_at});
    const auto survey = replay_->survey(call_.stand.ends);
    if (!survey) return survey.error().code == core::ErrorCode::invalid ? (fail(survey.error().message), exit_usage) : fail(survey.error().message);
    replay_->begin_at(call_.stand.position);
    return call_.dry_run ? dry_run(*survey) : really(*survey);
  }

 private:
  const config::Settings& settings() const { return loaded_.configuration.settings; }
  bool of_events() const { return call_.request.what == engine::ReplayRequest::What::events; }
  static bool has_terminal() { return ::isatty(STDOUT_FILENO) == 1; }

  /// What would go out.
  void introduce(const engine::Survey& survey) const {
    if (of_events() && !call_.stand.position.empty()) {
      fmt::print("{} of {} records are behind it; what matches of the rest goes out again\n", replay_->counts().done, survey.chosen);
      return;
    }
    if (of_events()) {
      fmt::print("{} in the range; what matches goes out again\n", core::counted(survey.chosen, "record"));
      return;
    }
    if (survey.chosen == 0) {
      fmt::print("nothing to replay{}{}\n", survey.replayed > 0 ? fmt::format("; {} {} replayed before, --again sends {} again", survey.replayed, was(survey.replayed), survey.replayed == 1 ? "it" : "them") : "",
                 gone_of(survey));
      return;
    }
    fmt::print("{:>8}  {:<9} {:<11} {:<28} {:>6}  {}\n", "COUNT", "FAILED AT", "REASON", "WEBHOOK/ENDPOINT", "STATUS", "FOR EXAMPLE");
    for (const auto& g : survey.groups) {
      fmt::print("{:>8}  {:<9} {:<11} {:<28} {:>6}  {} {}\n", g.count, settle::name(settle::failure_class(g.reason)), settle::name(g.reason), whose(g),
                 g.status ? std::to_string(*g.status) : "-", shown(g.id), shown(g.error));
    }
    fmt::print("{} to replay{}{}{}{}\n", core::counted(survey.chosen, "dead letter"), call_.request.to.empty() ? "" : fmt::format(" to {}", call_.request.to),
               survey.replayed > 0 ? fmt::format("; {} {} replayed before", survey.replayed, was(survey.replayed)) : "",
               survey.copies > 0 ? fmt::format("; {} of others", core::counted(survey.copies, "copy", "copies")) : "",
               gone_of(survey));
    if (survey.creates.count > 0) {
      fmt::print("{} of them would create what exists and are not sent: {}\n", survey.creates.count, shown(describe(survey.creates)));
    }
  }

  bool confirmed() const {
    if (call_.yes || call_.json || ::isatty(STDIN_FILENO) != 1 || !has_terminal()) return true;
    fmt::print("Go on? [y/N] ");
    std::fflush(stdout);
    std::string answer;
    std::getline(std::cin, answer);
    return answer == "y" || answer == "Y" || answer == "yes";
  }

  /// The request that the delivery's next attempt would send.
  json::Tree preview(const engine::Reentry& reentry, const kafka::OwnedRecord& original) const {
    json::Tree row{{"id", reentry.delivery_id}, {"webhook", reentry.webhook}, {"endpoint", reentry.endpoint}};
    const auto* webhook = definitions_->find(reentry.webhook);
    const auto endpoint = std::find_if(webhook->endpoints.begin(), webhook->endpoints.end(), [&](const auto& e) { return e.name == reentry.endpoint; });
    std::vector<event::Header> headers;
    const auto view = engine::view_of(original, headers);
    auto request = engine::try_render(*webhook, *endpoint, view, reentry.kind,
                                      {.delivery_id = reentry.delivery_id, .attempt = reentry.past.attempts + 1, .correlation_id = {}}, core::read_clock().wall);
    if (request) {
      row.update(admin::to_json(deliver::masked(std::move(*request))));
    } else {
      row["error"] = request.error().message;
    }
    return row;
  }

  int dry_run(const engine::Survey& survey) {
    json::Tree items = json::Tree::array();
    const auto outcome = replay_->run({.watch = {}, .say = {}, .dry = [&](const engine::Reentry& reentry, const kafka::OwnedRecord& original) {
                                         auto row = preview(reentry, original);
                                         if (call_.json) return items.push_back(std::move(row));
                                         fmt::print("{}\n", row.dump(2, ' ', false, json::Tree::error_handler_t::replace));
                                       }});
    if (!outcome) return fail(outcome.error().message);
    if (call_.json) {
      auto out = engine::to_json(survey);
      out.update({{"dry_run", true}, {"requests", items}, {"skipped", engine::to_json(outcome->counts)["skipped"]},
                  {"skipped_creates", engine::to_json(outcome->counts.creates)}});
      fmt::print("{}\n", out.dump(2, ' ', false, json::Tree::error_handler_t::replace));
      return exit_ok;
    }
    introduce(survey);
    fmt::print("{} would go out; nothing was sent\n", core::counted(outcome->counts.sent, "request"));
    tell_skipped(outcome->counts);
    return exit_ok;
  }

  int really(const engine::Survey& survey) {
    if (!call_.json) introduce(survey);
    if (survey.chosen == 0) {
      if (call_.json) finish("done", survey, {}, std::nullopt);
      const bool unknown = !call_.request.letters.ids.empty() && survey.replayed == 0;
      return unknown ? fail("no dead letter has such an id; `dead-letters list --items` lists them") : exit_ok;
    }
    if (!confirmed()) {
      fmt::print("nothing was sent\n");
      return exit_failed;
    }
    catch_signals();
    engine::ReplayJournal journal(*producer_, settings().topics, call_.id);
    if (of_events() && !call_.json) fmt::print("replay {}\n", call_.id);  // nothing else tells which to go on with, should it be killed
    if (call_.stand.position.empty()) journal.asked(call_.request, "cli", who_asks(), call_.asked_at);
    const engine::Control control{.watch = [&](const engine::ReplayCounts& counts) { return watch(counts, journal); },
                                  .say = [&](const std::string& line) { screen_.say(line); },
                                  .dry = {}};
    const auto outcome = replay_->run(control);
    screen_.finish(replay_->counts(), core::read_clock().mono);
    const std::string state = !outcome ? "failed" : outcome->stopped ? "interrupted" : "done";
    journal.progress(state, engine::sum_of(call_.stand, replay_->counts(), call_.request), *replay_, outcome ? "" : outcome.error().message);
    std::optional<std::uint64_t> again;
    if (outcome && !outcome->stopped && call_.wait) {
      if (!call_.json) fmt::print("waiting until the workers have taken them\n");
      const auto waited = replay_->wait_for_outcome({.watch = [](const engine::ReplayCounts&) { return broken_off ? engine::Order::stop : engine::Order::go; },
                                                     .say = control.say,
                                                     .dry = {}});
      if (!waited) return fail(waited.error().message);
      again = *waited;
      journal.progress(state, engine::sum_of(call_.stand, replay_->counts(), call_.request), *replay_);  // taken by now
    }
    if (const auto flushed = producer_->flush(kafka_timeout); !flushed) return fail(flushed.error().message);
    finish(state, survey, replay_->counts(), again);
    if (!outcome) return fail(fmt::format("{}; to go on from here: {}", outcome.error().message, how_to_go_on()));
    return outcome->stopped ? exit_failed : exit_ok;
  }

  std::string how_to_go_on() const {
    return call_.go_on.empty() ? fmt::format("hookline replay --config {} --resume {}", call_.config, call_.id) : call_.go_on;
  }

  engine::Order watch(const engine::ReplayCounts& counts, engine::ReplayJournal& journal) {
    const auto now = core::read_clock().mono;
    screen_.show(counts, now);
    if (now >= next_journal_) {
      next_journal_ = now + journal_every;
      journal.progress("running", engine::sum_of(call_.stand, counts, call_.request), *replay_);
    }
    return broken_off ? engine::Order::stop : engine::Order::go;
  }

  void tell_skipped(const engine::ReplayCounts& counts) const {
    if (counts.creates.count > 0) {
      fmt::print("{} not sent: creates whose items exist: {}\n", counts.creates.count, shown(describe(counts.creates)));
    }
    for (const auto& [why, count] : counts.skipped) {
      if (!of_events() || why == "it is not an event") fmt::print("{} not sent: {}\n", count, shown(why));
    }
  }

  void finish(const std::string& state, const engine::Survey& survey, const engine::ReplayCounts& counts, std::optional<std::uint64_t> again) const {
    if (call_.json) {
      auto out = engine::to_json(survey);
      out.update({{"id", call_.id}, {"state", state}, {"sent", counts.sent}, {"skipped", engine::to_json(counts)["skipped"]},
                  {"skipped_creates", engine::to_json(counts.creates)}, {"open", counts.open}});
      if (again) out["failed_again"] = *again;
      fmt::print("{}\n", out.dump(2, ' ', false, json::Tree::error_handler_t::replace));
      return;
    }
    tell_skipped(counts);
    fmt::print("{} sent on {} way{}\n", core::counted(counts.sent, "delivery", "deliveries"), counts.sent == 1 ? "its" : "their",
               of_events() ? " for " + core::counted(counts.done, "record") : "");
    if (again) fmt::print("{} of them taken by workers, {} became dead letters again\n", counts.sent - counts.open, *again);
    if (state == "interrupted") fmt::print("broken off; to go on: {}\n", how_to_go_on());
  }

  ReplayCall call_;
  const Loaded& loaded_;
  ReplayScreen screen_;
  std::shared_ptr<const engine::Definitions> definitions_;
  std::unique_ptr<kafka::Producer> producer_;
  std::unique_ptr<engine::Replay> replay_;
  core::MonoTime next_journal_{};
};

}  // namespace

core::Result<std::shared_ptr<const engine::Definitions>> definitions_in_force(const Loaded& loaded) {
  const auto& settings = loaded.configuration.settings;
  state::DefinitionLog log;
  const auto read = kafka::read_topic(kafka::client_properties(settings), settings.topics[OwnTopic::webhooks], std::nullopt, kafka_timeout,
                                      [&](kafka::OwnedRecord&& record) {
                                        (void)log.apply(record.key, record.value);
                                        return true;
                                      });
  if (!read && read.error().code != core::ErrorCode::not_found) return tl::unexpected(read.error());
  if (!read || log.documents().empty()) return loaded.definitions;
  engine::Catalog catalog(loaded.configuration);
  const auto edition = catalog.set_stored(std::make_shared<const state::Snapshot>(state::Snapshot{log.documents(), log.foreign_records()}));
  for (const auto& trouble : edition.troubles) fmt::print(stderr, "hookline: {}\n", trouble);
  return edition.definitions;
}

int run_replay(ReplayCall call, const Loaded& loaded) { return Run(std::move(call), loaded).go(); }

}  // namespace hookline::cli
