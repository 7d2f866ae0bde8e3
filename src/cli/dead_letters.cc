// hookline dead-letters list|show: what could not be delivered, and why.
#include <algorithm>

#include <fmt/format.h>

#include "command.h"
#include "hookline/core/units.h"
#include "hookline/engine/dead_letters.h"
#include "hookline/engine/replay.h"
#include "hookline/json/tree.h"
#include "hookline/kafka/admin.h"
#include "hookline/settle/dead_letter.h"
#include "hookline/state/replay_log.h"
#include "letter_options.h"

namespace hookline::cli {
namespace {

constexpr core::Duration idle_timeout = std::chrono::seconds(10);

using engine::Letter;

struct DeadLetterOptions {
  std::string config;
  LetterOptions letters;
  bool items = false, open = false, json = false;
};

/// A dead letter that the options select, and the mark if it was replayed.
using Take = std::function<void(Letter&&, const state::Mark* replayed)>;

json::Tree replayed_json(const state::Mark* mark) {
  if (!mark) return nullptr;
  return {{"at", core::format_rfc3339(mark->at)}, {"job", mark->job}};
}

json::Tree summary_json(const Letter& letter, const state::Mark* mark) {
  const auto& p = letter.parsed;
  return {{"id", engine::id_of(letter)},
          {"class", settle::name(settle::failure_class(p.reason))},
          {"reason", settle::name(p.reason)},
          {"webhook", p.webhook},
          {"endpoint", p.endpoint},
          {"status", p.http_status ? json::Tree(*p.http_status) : json::Tree(nullptr)},
          {"attempts", p.attempts},
          {"replays", p.past.replays},
          {"replayed", replayed_json(mark)},
          {"error", p.error},
          {"failed_at", core::format_rfc3339(core::from_unix_ms(p.failed_at_ms))},
          {"origin", {{"topic", p.origin_topic}, {"partition", p.origin_partition}, {"offset", p.origin_offset},
                      {"timestamp", core::format_rfc3339(core::from_unix_ms(p.origin_timestamp_ms))}}}};
}

/// Text from a record's headers for a terminal: nothing in it may steer the terminal.
std::string shown(std::string text) {
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  return text;
}

std::string dump(const json::Tree& tree) { return tree.dump(2, ' ', false, json::Tree::error_handler_t::replace); }

/// A selection that does not parse is a bad command line.
int failed(const core::Error& error) {
  return error.code == core::ErrorCode::invalid ? (fail(error.message), exit_usage) : fail(error.message);
}

core::Result<state::ReplayLog> read_marks(const config::Settings& settings) {
  state::ReplayLog log(settings.topics[config::OwnTopic::dead_letters]);
  const auto read = kafka::read_topic(kafka::client_properties(settings), settings.topics[config::OwnTopic::replays], std::nullopt, idle_timeout,
                                      [&](kafka::OwnedRecord&& record) {
                                        log.apply(record.key, record.value);
                                        return true;
                                      });
  if (!read && read.error().code != core::ErrorCode::not_found) return tl::unexpected(read.error());  // without the topic nothing was replayed
  return log;
}

/// Reads the topic and gives each letter that the options select to `take`. Gives how many pointers `--where` cannot
/// look into, since their originals are gone.
core::Result<std::uint64_t> select(const DeadLetterOptions& options, const Loaded& loaded, const Take& take) {
  const auto& settings = loaded.configuration.settings;
  auto request = engine::parse_replay(options.letters.to_json(), core::read_clock().wall);
  if (!request) return tl::unexpected(request.error());
  const auto since = request->letters.since;
  auto filter = engine::LetterFilter::compile(request->letters, settings.topics, loaded.definitions->attributes());
  if (!filter) return tl::unexpected(filter.error());
  const auto marks = read_marks(settings);
  if (!marks) return tl::unexpected(marks.error());
  const auto properties = kafka::client_properties(settings);
  std::optional<core::Error> trouble;
  const auto read = kafka::read_topic(properties, settings.topics[config::OwnTopic::dead_letters], since, idle_timeout, [&](kafka::OwnedRecord&& record) {
    auto parsed = settle::parse_dead_letter(record.headers);
    if (!parsed) return true;  // somebody else's record
    Letter letter{std::move(*parsed), std::move(record)};
    const auto* mark = marks->find({letter.record.partition, letter.record.offset}, letter.parsed.failed_at_ms);
    if (options.open && mark) return true;
    const auto taken = filter->takes(letter, properties);
    if (!taken) return trouble = taken.error(), false;
    if (*taken) take(std::move(letter), mark);
    return true;
  });
  if (trouble) return tl::unexpected(*trouble);
  if (!read) return tl::unexpected(read.error());
  return filter->gone();
}

void tell_gone(std::uint64_t gone) {
  if (gone > 0) fmt::print("{} more only point to their originals, which are gone from the log: --where cannot tell what they were\n", gone);
}

int list_items(const DeadLetterOptions& options, const Loaded& loaded) {
  json::Tree items = json::Tree::array();
  const auto done = select(options, loaded, [&](Letter&& letter, const state::Mark* mark) {
    if (options.json) {
      items.push_back(summary_json(letter, mark));
    } else {
      const auto& p = letter.parsed;
      fmt::print("{}  {:<10} {:<24} {:>3}  {}{}\n", shown(engine::id_of(letter)), settle::name(p.reason),
                 p.webhook.empty() ? "-" : shown(p.webhook + "/" + p.endpoint), p.http_status.value_or(0), mark ? "(replayed) " : "", shown(p.error));
    }
  });
  if (!done) return failed(done.error());
  options.json ? fmt::print("{}\n", dump(json::Tree{{"items", items}, {"next", nullptr}, {"originals_gone", *done}})) : tell_gone(*done);
  return exit_ok;
}

json::Tree to_json(const engine::LetterGroups& groups) {
  json::Tree out = json::Tree::array();
  for (const auto& [key, g] : groups.all()) {
    out.push_back({{"class", settle::name(key.failure)}, {"reason", key.reason}, {"webhook", key.webhook}, {"endpoint", key.endpoint},
                   {"status", key.status ? json::Tree(key.status) : json::Tree(nullptr)}, {"count", g.count}, {"replayed", g.replayed},
                   {"first", core::format_rfc3339(core::from_unix_ms(g.first))},
                   {"last", core::format_rfc3339(core::from_unix_ms(g.last))}, {"error", g.error}});
  }
  return out;
}

int list_groups(const DeadLetterOptions& options, const Loaded& loaded) {
  engine::LetterGroups groups;
  const auto done = select(options, loaded, [&](Letter&& letter, const state::Mark* mark) { groups.add(letter, mark != nullptr); });
  if (!done) return failed(done.error());
  if (options.json) {
    fmt::print("{}\n", dump(json::Tree{{"total", groups.total()}, {"replayed", groups.replayed()}, {"originals_gone", *done}, {"groups", to_json(groups)}}));
    return exit_ok;
  }
  if (groups.total() == 0) {
    fmt::print("no dead letters\n");
    tell_gone(*done);
    return exit_ok;
  }
  fmt::print("{:>8}  {:>8}  {:<9} {:<11} {:<28} {:>6}  {:<24}  {}\n", "COUNT", "REPLAYED", "FAILED AT", "REASON", "WEBHOOK/ENDPOINT", "STATUS", "LAST", "LAST ERROR");
  for (const auto& [key, g] : groups.all()) {
    fmt::print("{:>8}  {:>8}  {:<9} {:<11} {:<28} {:>6}  {:<24}  {}\n", g.count, g.replayed, settle::name(key.failure), key.reason,
               key.webhook.empty() ? "-" : shown(key.webhook + "/" + key.endpoint), key.status ? std::to_string(key.status) : "-",
               core::format_rfc3339(core::from_unix_ms(g.last)), shown(g.error));
  }
  fmt::print("{}, {} of them replayed; `--open` leaves those out, `--items` lists them, `dead-letters show ID` shows one\n", core::counted(groups.total(), "dead letter"), groups.replayed());
  tell_gone(*done);
  return exit_ok;
}

int list(const DeadLetterOptions& options) {
  const auto loaded = load_or_explain(options.config);
  if (!loaded) return exit_config;
  return options.items ? list_items(options, *loaded) : list_groups(options, *loaded);
}

int show(const DeadLetterOptions& options) {
  const auto loaded = load_or_explain(options.config);
  if (!loaded) return exit_config;
  json::Tree summary;
  std::optional<Letter> found;
  const auto done = select(options, *loaded, [&](Letter&& letter, const state::Mark* mark) {
    if (found && found->parsed.failed_at_ms > letter.parsed.failed_at_ms) return;  // the newest
    summary = summary_json(letter, mark);
    found = std::move(letter);
  });
  if (!done) return failed(done.error());
  if (!found) return fail(fmt::format("no dead letter has the id {}; `dead-letters list --items` lists them", options.letters.ids.front()));
  auto out = std::move(summary);
  out["dead_letter"] = {{"topic", found->record.topic}, {"partition", found->record.partition}, {"offset", found->record.offset}};
  out["pointer"] = found->parsed.pointer;
  const auto original = engine::read_original(*found, kafka::client_properties(loaded->configuration.settings));
  if (!original && original.error().code != core::ErrorCode::not_found) return failed(original.error());
  if (!original) out["original"] = "gone from the log";
  out["key"] = original && original->key ? json::Tree(*original->key) : json::Tree(nullptr);
  json::Tree headers = json::Tree::object();
  for (const auto& [name, value] : original ? original->headers : found->record.headers) {
    if (!settle::is_own_header(name)) headers[name] = value ? json::Tree(*value) : json::Tree(nullptr);
  }
  out["headers"] = std::move(headers);
  const std::string value = original ? original->value.value_or("") : "";
  auto event = json::parse_tree(value);
  out["event"] = !original ? json::Tree(nullptr) : event ? std::move(*event) : json::Tree(value);
  fmt::print("{}\n", dump(out));
  return exit_ok;
}

}  // namespace

void add_dead_letters(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<DeadLetterOptions>();
  auto* group = app.add_subcommand("dead-letters", "What could not be delivered, and why");
  group->require_subcommand(1);

  auto* list_command = group->add_subcommand("list", "Counts dead letters by reason, webhook, endpoint and status");
  add_config_option(*list_command, options->config);
  add_letter_options(*list_command, options->letters);
  list_command->add_flag("--open", options->open, "Only what was not replayed");
  list_command->add_flag("--items", options->items, "Each one on a line, instead of counts");
  list_command->add_flag("--json", options->json, "Print JSON");
  list_command->callback([options, &chosen] { chosen = [options] { return list(*options); }; });

  auto* show_command = group->add_subcommand("show", "Prints one dead letter with its original event");
  add_config_option(*show_command, options->config);
  show_command->add_option("id", options->letters.ids, "A delivery id (msg_…), or PARTITION:OFFSET of the dead-letter topic")->required()->expected(1);
  show_command->add_flag("--json", options->json, "The output is JSON anyway");
  show_command->callback([options, &chosen] { chosen = [options] { return show(*options); }; });

  add_dead_letters_replay(*group, chosen);
}

}  // namespace hookline::cli
