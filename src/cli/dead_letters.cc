// hookline dead-letters list|show: what could not be delivered, and why.
#include <algorithm>
#include <map>
#include <tuple>

#include <fmt/format.h>

#include "command.h"
#include "hookline/core/units.h"
#include "hookline/event/reader.h"
#include "hookline/json/tree.h"
#include "hookline/kafka/admin.h"
#include "hookline/rule/expression.h"
#include "hookline/settle/dead_letter.h"

namespace hookline::cli {
namespace {

constexpr core::Duration idle_timeout = std::chrono::seconds(10);

struct DeadLetterOptions {
  std::string config, webhook, reason, since, until, where, id;
  int status = 0;
  bool items = false, json = false;
};

struct Letter {
  settle::ParsedDeadLetter parsed;
  kafka::OwnedRecord record;
};

/// `--where`: an expression over the original event.
class Where {
 public:
  static core::Result<std::unique_ptr<Where>> compile(const std::string& text, const config::Settings& settings,
                                                      const event::AttributeTable& attributes) {
    event::Variables variables(attributes);
    auto expression = rule::Expression::compile(text, variables);
    if (!expression) {
      const auto& fault = expression.error();
      return core::fail(core::ErrorCode::invalid, fmt::format("--where, column {}: {}{}{}", fault.at + 1, fault.what,
                                                              fault.remedy.empty() ? "" : "; ", fault.remedy));
    }
    return std::unique_ptr<Where>(new Where(std::move(*expression), variables, settings));
  }

  bool takes(const Letter& letter) {
    std::vector<event::Header> headers;
    for (const auto& [name, value] : letter.record.headers) headers.push_back({name, value});
    event::RecordView view{.topic = letter.parsed.origin_topic,
                           .partition = letter.parsed.origin_partition,
                           .offset = letter.parsed.origin_offset,
                           .timestamp = core::from_unix_ms(letter.parsed.origin_timestamp_ms),
                           .key = letter.record.key,
                           .value = letter.record.value,
                           .headers = headers};
    if (!letter.record.value) return false;
    const auto event = reader_.read(view, kind_of(letter.parsed.origin_topic), scratch_);
    if (!event) return false;
    arena_.clear();
    return expression_.matches(*event, arena_);
  }

 private:
  Where(rule::Expression expression, const event::Variables& variables, const config::Settings& settings)
      : expression_(std::move(expression)), reader_(variables), settings_(settings) {}

  event::Kind kind_of(const std::string& topic) const {
    for (const auto kind : event::kinds) {
      const auto& names = settings_.topics.sources[static_cast<std::size_t>(kind)];
      if (std::find(names.begin(), names.end(), topic) != names.end()) return kind;
    }
    return event::Kind::incident;
  }

  rule::Expression expression_;
  event::Reader reader_;
  event::Scratch scratch_;
  rule::Arena arena_;
  const config::Settings& settings_;
};

/// A name for letters that have no delivery id: where they stand in the dead-letter topic.
std::string id_of(const Letter& letter) {
  if (!letter.parsed.delivery_id.empty()) return letter.parsed.delivery_id;
  return fmt::format("{}:{}", letter.record.partition, letter.record.offset);
}

json::Tree summary_json(const Letter& letter) {
  const auto& p = letter.parsed;
  return {{"id", id_of(letter)},
          {"reason", settle::name(p.reason)},
          {"webhook", p.webhook},
          {"endpoint", p.endpoint},
          {"status", p.http_status ? json::Tree(*p.http_status) : json::Tree(nullptr)},
          {"attempts", p.attempts},
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

/// Reads the topic and gives each letter that the options select to `take`, until it returns false.
core::Result<void> select(const DeadLetterOptions& options, const Loaded& loaded, const std::function<bool(Letter&&)>& take) {
  const auto& settings = loaded.configuration.settings;
  const auto now = core::read_clock().wall;
  std::optional<core::WallTime> since, until;
  for (const auto& [text, into] : {std::pair(&options.since, &since), std::pair(&options.until, &until)}) {
    if (text->empty()) continue;
    const auto moment = parse_moment(*text, now);
    if (!moment) return tl::unexpected(moment.error());
    *into = *moment;
  }
  std::unique_ptr<Where> where;
  if (!options.where.empty()) {
    auto compiled = Where::compile(options.where, settings, loaded.definitions->attributes());
    if (!compiled) return tl::unexpected(compiled.error());
    where = std::move(*compiled);
  }
  return kafka::read_topic(kafka::client_properties(settings), settings.topics[config::OwnTopic::dead_letters], since,
                           idle_timeout, [&](kafka::OwnedRecord&& record) {
                             auto parsed = settle::parse_dead_letter(record.headers);
                             if (!parsed) return true;  // somebody else's record
                             Letter letter{std::move(*parsed), std::move(record)};
                             const auto& p = letter.parsed;
                             const auto failed_at = core::from_unix_ms(p.failed_at_ms);
                             const bool wanted = (options.webhook.empty() || p.webhook == options.webhook) &&
                                                 (options.reason.empty() || settle::name(p.reason) == options.reason) &&
                                                 (options.status == 0 || p.http_status == options.status) &&
                                                 (!since || failed_at >= *since) && (!until || failed_at < *until) &&
                                                 (!where || where->takes(letter));
                             return !wanted || take(std::move(letter));
                           });
}

int list_items(const DeadLetterOptions& options, const Loaded& loaded) {
  json::Tree items = json::Tree::array();
  const auto done = select(options, loaded, [&](Letter&& letter) {
    if (options.json) {
      items.push_back(summary_json(letter));
    } else {
      const auto& p = letter.parsed;
      fmt::print("{}  {:<10} {:<24} {:>3}  {}\n", shown(id_of(letter)), settle::name(p.reason),
                 p.webhook.empty() ? "-" : shown(p.webhook + "/" + p.endpoint), p.http_status.value_or(0), shown(p.error));
    }
    return true;
  });
  if (!done) return failed(done.error());
  if (options.json) fmt::print("{}\n", dump(json::Tree{{"items", items}, {"next", nullptr}}));
  return exit_ok;
}

int list_groups(const DeadLetterOptions& options, const Loaded& loaded) {
  struct Group {
    std::uint64_t count = 0;
    std::int64_t first = 0, last = 0;
    std::string error;
  };
  std::map<std::tuple<std::string, std::string, std::string, int>, Group> groups;
  std::uint64_t total = 0;
  const auto done = select(options, loaded, [&](Letter&& letter) {
    const auto& p = letter.parsed;
    auto& group = groups[{std::string(settle::name(p.reason)), p.webhook, p.endpoint, p.http_status.value_or(0)}];
    group.first = group.count == 0 ? p.failed_at_ms : std::min(group.first, p.failed_at_ms);
    group.last = std::max(group.last, p.failed_at_ms);
    group.error = p.error;
    ++group.count;
    ++total;
    return true;
  });
  if (!done) return failed(done.error());
  if (options.json) {
    json::Tree out = json::Tree::array();
    for (const auto& [key, g] : groups) {
      const auto& [reason, webhook, endpoint, status] = key;
      out.push_back({{"reason", reason}, {"webhook", webhook}, {"endpoint", endpoint},
                     {"status", status ? json::Tree(status) : json::Tree(nullptr)}, {"count", g.count},
                     {"first", core::format_rfc3339(core::from_unix_ms(g.first))},
                     {"last", core::format_rfc3339(core::from_unix_ms(g.last))}, {"error", g.error}});
    }
    fmt::print("{}\n", dump(json::Tree{{"total", total}, {"groups", out}}));
    return exit_ok;
  }
  if (groups.empty()) {
    fmt::print("no dead letters\n");
    return exit_ok;
  }
  fmt::print("{:>8}  {:<11} {:<28} {:>6}  {:<24}  {}\n", "COUNT", "REASON", "WEBHOOK/ENDPOINT", "STATUS", "LAST", "LAST ERROR");
  for (const auto& [key, g] : groups) {
    const auto& [reason, webhook, endpoint, status] = key;
    fmt::print("{:>8}  {:<11} {:<28} {:>6}  {:<24}  {}\n", g.count, reason, webhook.empty() ? "-" : shown(webhook + "/" + endpoint),
               status ? std::to_string(status) : "-", core::format_rfc3339(core::from_unix_ms(g.last)), shown(g.error));
  }
  fmt::print("{} dead letters; `--items` lists them, `dead-letters show ID` shows one\n", total);
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
  std::optional<Letter> found;
  const auto done = select(options, *loaded, [&](Letter&& letter) {
    if (id_of(letter) == options.id) found = std::move(letter);  // the newest copy
    return true;
  });
  if (!done) return failed(done.error());
  if (!found) return fail(fmt::format("no dead letter has the id {}; `dead-letters list --items` lists them", options.id));
  auto out = summary_json(*found);
  out["dead_letter"] = {{"topic", found->record.topic}, {"partition", found->record.partition}, {"offset", found->record.offset}};
  out["key"] = found->record.key ? json::Tree(*found->record.key) : json::Tree(nullptr);
  json::Tree headers = json::Tree::object();
  for (const auto& [name, value] : found->record.headers) {
    if (!settle::is_own_header(name)) headers[name] = value ? json::Tree(*value) : json::Tree(nullptr);
  }
  out["headers"] = std::move(headers);
  const std::string value = found->record.value.value_or("");
  auto event = json::parse_tree(value);
  out["event"] = event ? std::move(*event) : json::Tree(value);
  fmt::print("{}\n", dump(out));
  return exit_ok;
}

}  // namespace

void add_dead_letters(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<DeadLetterOptions>();
  auto* group = app.add_subcommand("dead-letters", "What could not be delivered, and why");
  group->require_subcommand(1);

  auto* list_command = group->add_subcommand("list", "Counts dead letters by reason, webhook and status");
  add_config_option(*list_command, options->config);
  list_command->add_option("--webhook", options->webhook, "Only of this webhook");
  list_command->add_option("--reason", options->reason, "Only with this reason")
      ->check([](const std::string& text) { return settle::parse_reason(text) ? std::string() : "no such reason: " + text; });
  list_command->add_option("--status", options->status, "Only with this HTTP status")->check(CLI::Range(100, 599));
  list_command->add_option("--since", options->since, "Only that failed since then: RFC 3339, or an age such as 2h");
  list_command->add_option("--until", options->until, "Only that failed before then");
  list_command->add_option("--where", options->where, "Only whose original event this expression holds for");
  list_command->add_flag("--items", options->items, "Each one on a line, instead of counts");
  list_command->add_flag("--json", options->json, "Print JSON");
  list_command->callback([options, &chosen] { chosen = [options] { return list(*options); }; });

  auto* show_command = group->add_subcommand("show", "Prints one dead letter with its original event");
  add_config_option(*show_command, options->config);
  show_command->add_option("id", options->id, "A delivery id (msg_…), or PARTITION:OFFSET of the dead-letter topic")->required();
  show_command->add_flag("--json", options->json, "The output is JSON anyway");
  show_command->callback([options, &chosen] { chosen = [options] { return show(*options); }; });
}

}  // namespace hookline::cli
