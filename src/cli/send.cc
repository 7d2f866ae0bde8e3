// hookline send: publishes events, so that a new user needs no other Kafka client.
#include <condition_variable>
#include <map>
#include <mutex>

#include <fmt/format.h>

#include "command.h"
#include "event_input.h"
#include "hookline/core/units.h"
#include "hookline/event/kind.h"
#include "hookline/json/path.h"
#include "hookline/json/tree.h"
#include "hookline/kafka/producer.h"

namespace hookline::cli {
namespace {

constexpr core::Duration deadline = std::chrono::seconds(30);

struct SendOptions {
  std::string config, kind, key, topic;
  std::vector<std::string> headers, files;
  bool json = false;
};

/// The text at `path` of an event; nullopt if there is none.
std::optional<std::string> text_at(const json::Tree& event, const json::Path& path) {
  const json::Tree* at = &event;
  for (const auto& segment : path.segments) {
    if (at->is_object() && at->contains(segment)) {
      at = &(*at)[segment];
    } else if (at->is_array() && segment.size() < 9 && segment.find_first_not_of("0123456789") == std::string::npos &&
               std::stoul(segment) < at->size()) {
      at = &(*at)[std::stoul(segment)];
    } else {
      return std::nullopt;
    }
  }
  if (at->is_null()) return std::nullopt;
  return at->is_string() ? at->get<std::string>() : at->dump();
}

/// --key: `$.path` or `path` where the event has it, else the text itself. Error: invalid, JSON that cannot be looked
/// into; without its key it would go to another partition.
core::Result<std::optional<std::string>> key_of(const std::string& key, const InputEvent& event) {
  std::optional<std::string> found;
  if (key.empty()) return found;
  const bool explicit_path = key.starts_with("$.");
  const auto path = json::parse_path(explicit_path ? key.substr(2) : key);
  const auto tree = json::parse_tree(event.json);
  if (!tree) return core::fail(core::ErrorCode::invalid, fmt::format("{}: --key cannot look into it: {}", event.place, tree.error().message));
  if (path) found = text_at(*tree, *path);
  if (!found && !explicit_path) found = key;
  return found;
}

core::Result<std::vector<kafka::OwnedHeader>> parse_headers(const std::vector<std::string>& given) {
  std::vector<kafka::OwnedHeader> headers;
  for (const auto& text : given) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
      return core::fail(core::ErrorCode::invalid, fmt::format("--header '{}': write NAME=VALUE", text));
    }
    headers.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return headers;
}

/// Collects reports until all have come.
struct Reports {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<kafka::ProduceReport> all;
};

int publish(const SendOptions& options, const std::string& topic, const std::vector<InputEvent>& events,
            const std::vector<std::optional<std::string>>& keys, const std::vector<kafka::OwnedHeader>& headers, const config::Settings& settings) {
  auto producer = kafka::Producer::open(kafka::producer_properties(settings));
  if (!producer) return fail(producer.error().message);
  const auto reports = std::make_shared<Reports>();
  const auto sink = std::make_shared<const kafka::ReportSink>([reports](std::vector<kafka::ProduceReport>&& more) {
    const std::lock_guard lock(reports->mutex);
    reports->all.insert(reports->all.end(), more.begin(), more.end());
    reports->changed.notify_all();
  });
  for (std::size_t i = 0; i < events.size(); ++i) {
    kafka::OwnedRecord record{.topic = topic, .key = keys[i], .value = events[i].json, .headers = headers};
    (*producer)->produce(std::move(record), i, sink);
  }
  std::unique_lock lock(reports->mutex);
  reports->changed.wait_for(lock, deadline, [&] { return reports->all.size() == events.size(); });
  std::size_t sent = 0;
  std::map<std::string, std::size_t> errors;
  for (const auto& report : reports->all) {
    if (report.error) {
      ++errors[fmt::format("{}: {}", events[report.token].place, report.error->message)];
    } else {
      ++sent;
    }
  }
  for (const auto& [what, count] : errors) fmt::print(stderr, "hookline: {}\n", what);
  if (reports->all.size() < events.size()) {
    fmt::print(stderr, "hookline: no acknowledgement within {} s for {}; is Kafka at bootstrap.servers up?\n",
               deadline / std::chrono::seconds(1), core::counted(events.size() - reports->all.size(), "event"));
  }
  if (options.json) {
    json::Tree acknowledged = json::Tree::array();
    for (const auto& report : reports->all) {
      if (!report.error) acknowledged.push_back({{"partition", report.partition}, {"offset", report.offset}});
    }
    fmt::print("{}\n", json::Tree{{"topic", topic}, {"sent", sent}, {"failed", events.size() - sent}, {"records", acknowledged}}.dump());
  } else {
    fmt::print("sent {} of {} to {}\n", sent, core::counted(events.size(), "event"), topic);
  }
  std::fflush(stdout);
  return sent == events.size() ? exit_ok : exit_failed;
}

int send(const SendOptions& options) {
  const auto settings = load_settings(options.config);
  if (!settings) return exit_config;
  const auto kind = event::parse_kind(options.kind);
  const auto& topics = settings->topics.sources[static_cast<std::size_t>(*kind)];
  if (topics.empty() && options.topic.empty()) return fail(fmt::format("topics.{} names no topic in {}", options.kind, options.config));
  const auto headers = parse_headers(options.headers);
  if (!headers) {
    fmt::print(stderr, "hookline: {}\n", headers.error().message);
    return exit_usage;
  }
  std::vector<InputEvent> events;
  for (const auto& file : options.files.empty() ? std::vector<std::string>{"-"} : options.files) {
    auto more = read_events(file);
    if (!more) return fail(more.error().message);
    events.insert(events.end(), std::make_move_iterator(more->begin()), std::make_move_iterator(more->end()));
  }
  if (events.empty()) return fail("nothing to send");
  std::vector<std::optional<std::string>> keys;
  for (const auto& one : events) {
    auto key = key_of(options.key, one);
    if (!key) return fail(key.error().message);
    keys.push_back(std::move(*key));
  }
  return publish(options, options.topic.empty() ? topics.front() : options.topic, events, keys, *headers, *settings);
}

}  // namespace

void add_send(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<SendOptions>();
  auto* command = app.add_subcommand("send", "Publishes JSON events to the topic of a kind");
  add_config_option(*command, options->config);
  command->add_option("--kind", options->kind, "alarm, audit, detection or incident")
      ->required()
      ->check(CLI::IsMember({"alarm", "audit", "detection", "incident"}));
  command->add_option("--topic", options->topic, "Another topic of that kind than its first");
  command->add_option("--key", options->key, "Record key: a JSON path into the event ($.incident.id, or id where the event has it), else the text itself");
  command->add_option("--header", options->headers, "A record header NAME=VALUE; may be given again")->allow_extra_args(false);
  command->add_option("files", options->files, "Files of one event, or of one per line (default: standard input)")->type_name("FILE");
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &chosen] { chosen = [options] { return send(*options); }; });
}

}  // namespace hookline::cli
