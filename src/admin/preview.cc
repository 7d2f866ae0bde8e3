#include "preview.h"

#include <algorithm>
#include <map>
#include <variant>

#include <fmt/format.h>

#include "hookline/admin/trial_json.h"
#include "hookline/core/crypto.h"
#include "hookline/engine/reentry.h"
#include "hookline/kafka/log_reader.h"
#include "hookline/settle/delivery_id.h"
#include "order.h"
#include "query.h"
#include "recent.h"
#include "trials.h"

namespace hookline::admin {
namespace {

using namespace std::chrono_literals;

constexpr core::Duration read_deadline = 10s;
constexpr std::int64_t most_examined = 5000;
constexpr std::size_t most_newest = 5;
constexpr std::size_t most_values = 50;

/// The event that a preview is made with.
struct Subject {
  kafka::OwnedRecord record;
  event::Kind kind = event::Kind::alarm;
};

std::optional<event::Kind> asked_kind(Order& order) {
  const auto name = order.text("kind");
  if (name.empty()) return std::nullopt;
  const auto kind = event::parse_kind(name);
  if (!kind) order.mistake("/kind", fmt::format("no such kind: '{}'", name), "alarm, audit, detection or incident");
  return kind;
}

/// As it was pasted.
std::variant<Subject, HttpAnswer> pasted(Order& order, const engine::Definitions& definitions) {
  Subject subject{.record = {.topic = "preview", .timestamp = core::read_clock().wall}};
  subject.record.value = order["event"].dump(-1, ' ', false, json::Tree::error_handler_t::replace);
  const auto kind = asked_kind(order);
  if (auto refused = order.refusal()) return std::move(*refused);
  if (kind) {
    subject.kind = *kind;
    return subject;
  }
  const auto guessed = engine::guess_kind(definitions, Seen(subject.record).view());
  if (guessed) {
    subject.kind = *guessed;
    return subject;
  }
  if (guessed.error().code == core::ErrorCode::not_found) {
    order.mistake("/kind", guessed.error().message, "say which kind it is: alarm, audit, detection or incident");
  } else {
    order.mistake("/event", guessed.error().message, "paste an event as it stands on its topic");
  }
  return std::move(*order.refusal());
}

/// As it stands on its topic.
std::variant<Subject, HttpAnswer> recorded(Order& order, const engine::Engine& engine) {
  const auto& place = order["record"];
  std::string topic;
  std::optional<std::int64_t> partition, offset;
  if (place.is_object()) {
    if (const auto name = place.value("topic", json::Tree()); name.is_string()) topic = name.get<std::string>();
    partition = order.number("partition", 0, 1'000'000, &place, "/record");
    offset = order.number("offset", 0, std::int64_t{1} << 62, &place, "/record");
  }
  if (!order.refusal() && (topic.empty() || !partition || !offset || place.size() != 3)) {
    order.mistake("/record", "does not say which record", R"(write {"topic": …, "partition": …, "offset": …})");
  }
  const auto kind = engine::kind_of_topic(engine.settings().topics, topic);
  if (!order.refusal() && !kind) order.mistake("/record/topic", "is no topic that events are read from", "name one of `topics` in the service's configuration");
  if (auto refused = order.refusal()) return std::move(*refused);
  auto record = kafka::read_record(kafka::client_properties(engine.settings()), {topic, static_cast<std::int32_t>(*partition)}, *offset,
                                   core::read_clock().mono + read_deadline);
  if (!record) return problem(record.error());
  return Subject{std::move(*record), *kind};
}

std::variant<Subject, HttpAnswer> sampled(Order& order, const Chosen& chosen) {
  const auto name = order.text("type");
  const auto* type = choose_type(*chosen.webhook, policy_of(*chosen.definitions, *chosen.webhook), name);
  if (!type) order.mistake("/type", fmt::format("the catalogue has no type '{}'", name), "/api/v1/event-types lists them");
  if (auto refused = order.refusal()) return std::move(*refused);
  Subject subject{.record = {.topic = "preview", .timestamp = core::read_clock().wall}, .kind = type->kind};
  subject.record.value = event::sample(type->name);
  return subject;
}

std::variant<Subject, HttpAnswer> subject_of(Order& order, const Chosen& chosen, const engine::Engine& engine) {
  const auto given = static_cast<int>(order.has("event")) + static_cast<int>(order.has("type")) + static_cast<int>(order.has("record"));
  if (given > 1) {
    order.mistake("", "names more than one event", "send one of event, type and record");
    return std::move(*order.refusal());
  }
  if (order.has("event")) return pasted(order, *chosen.definitions);
  if (order.has("record")) return recorded(order, engine);
  return sampled(order, chosen);
}

std::variant<Chosen, HttpAnswer> webhook_of(Order& order, const Bearer& by, const engine::Engine& engine) {
  if (order.refusal()) return std::move(*order.refusal());
  if (order.has("webhook") && order["webhook"].is_object()) {
    // A definition of one's own could show in clear what its references and masks stand for.
    if (!by.admin) return problem(403, fmt::format("the token '{}' has not got the scope admin, which a definition that is not saved needs; name a saved one", by.name));
    return unsaved_webhook(engine, order["webhook"]);
  }
  const auto name = order.text("webhook");
  if (name.empty()) order.mistake("/webhook", "names no webhook", "write a name, or a definition");
  if (auto refused = order.refusal()) return std::move(*refused);
  if (auto chosen = saved_webhook(engine, name)) return std::move(*chosen);
  return problem(404, fmt::format("there is no webhook '{}', or it cannot be loaded here", name));
}

json::Tree requests_of(const engine::Webhook& webhook, const event::RecordView& record, event::Kind kind, const engine::Trial& like) {
  json::Tree requests = json::Tree::array();
  core::Hasher hasher;
  const auto now = core::read_clock().wall;
  for (const auto& endpoint : webhook.endpoints) {
    const auto id = settle::delivery_id(hasher, "render", {"render", 0, 0, now}, webhook.name, endpoint.name);
    auto trial = like;
    trial.delivery_id = id;
    auto request = engine::try_render(webhook, endpoint, record, kind, trial, now);
    json::Tree row{{"endpoint", endpoint.name}};
    if (request) {
      row.update(to_json(deliver::masked(std::move(*request))));
    } else {
      row["error"] = request.error().message;
    }
    requests.push_back(std::move(row));
  }
  return requests;
}

core::Result<json::Tree> recent_of(const Chosen& chosen, const engine::Engine& engine, std::int64_t last) {
  Glance glance(chosen.definitions->attributes());
  std::int64_t examined = 0, matched = 0;
  core::WallTime oldest{};
  json::Tree newest = json::Tree::array();
  const auto done = read_recent(engine, std::nullopt, read_deadline, [&](const Seen& record, event::Kind kind) {
    ++examined;
    oldest = record.view().timestamp;
    const auto match = engine::try_match(*chosen.definitions, *chosen.webhook, record.view(), kind);
    if (match && match->matched()) {
      ++matched;
      const auto event = newest.size() < most_newest ? glance.read(record.view(), kind) : std::nullopt;
      if (event) newest.push_back(glance.row(*event));
    }
    return examined < last;
  });
  if (!done && done.error().code != core::ErrorCode::timeout) return tl::unexpected(done.error());
  return json::Tree{{"examined", examined}, {"matched", matched},
                    {"since", examined > 0 ? json::Tree(core::format_rfc3339(oldest)) : json::Tree(nullptr)}, {"newest", std::move(newest)}};
}

json::Tree event_json(const kafka::OwnedRecord& record) {
  const std::string value = record.value.value_or("");
  auto tree = json::parse_tree(value);
  return tree ? std::move(*tree) : json::Tree(value);
}

core::Result<std::optional<event::Kind>> kind_parameter(const Query& query) {
  const auto name = query.word("kind", {"alarm", "audit", "detection", "incident"});
  if (!name) return tl::unexpected(name.error());
  return *name ? event::parse_kind(**name) : std::nullopt;
}

}  // namespace

HttpAnswer render(const Call& call, engine::Engine& engine) {
  Order order(call.request.body, {"webhook", "event", "type", "record", "kind", "correlation_id", "last"});
  auto found = webhook_of(order, call.by, engine);
  if (auto* refused = std::get_if<HttpAnswer>(&found)) return std::move(*refused);
  const auto& chosen = std::get<Chosen>(found);
  const auto correlation_id = order.text("correlation_id");
  const auto last = order.number("last", 0, most_examined).value_or(0);
  auto picked = subject_of(order, chosen, engine);
  if (auto* refused = std::get_if<HttpAnswer>(&picked)) return std::move(*refused);
  if (auto refused = order.refusal()) return std::move(*refused);
  const auto& subject = std::get<Subject>(picked);
  const Seen seen(subject.record);
  const auto match = engine::try_match(*chosen.definitions, *chosen.webhook, seen.view(), subject.kind);
  if (!match) {
    order.mistake(order.has("record") ? "/record" : "/event", match.error().message, "an event that cannot be decoded becomes a dead letter");
    return std::move(*order.refusal());
  }
  const auto* policy = match->policy();
  const engine::Trial trial{.correlation_id = correlation_id, .policy = policy ? engine::note_of(*policy) : settle::PolicyNote{}};
  json::Tree out{{"webhook", chosen.webhook->name}, {"kind", event::name(subject.kind)}, {"type", match->type},
                 {"matched", match->matched()}, {"enabled", chosen.enabled}, {"explain", to_json(*chosen.webhook, *match)},
                 {"event", event_json(subject.record)}, {"requests", requests_of(*chosen.webhook, seen.view(), subject.kind, trial)},
                 {"recent", nullptr}};
  if (last > 0) {
    auto recent = recent_of(chosen, engine, last);
    if (!recent) return problem(recent.error());
    out["recent"] = std::move(*recent);
  }
  return answer(out);
}

HttpAnswer list_events(const Call& call, engine::Engine& engine) {
  const auto query = Query::parse(call.request.query, {"limit", "kind", "type"});
  if (!query) return problem(query.error());
  const auto limit = query->number("limit", 1, 500);
  const auto kind = kind_parameter(*query);
  if (!limit || !kind) return problem(limit ? kind.error() : limit.error());
  const auto type = query->text("type", 200);
  if (!type) return problem(type.error());
  Glance glance(engine.definitions()->attributes());
  json::Tree items = json::Tree::array();
  std::int64_t examined = 0;
  const auto done = read_recent(engine, *kind, read_deadline, [&](const Seen& record, event::Kind of) {
    const auto event = glance.read(record.view(), of);
    if (event && (!*type || event::pattern_matches(**type, of, event->type()))) items.push_back(glance.row(*event));
    return ++examined < most_examined && items.size() < static_cast<std::size_t>(limit->value_or(100));
  });
  if (!done && (done.error().code != core::ErrorCode::timeout || items.empty())) return problem(done.error());
  return answer({{"items", std::move(items)}, {"next", nullptr}});
}

HttpAnswer list_values(const Call& call, engine::Engine& engine) {
  const auto query = Query::parse(call.request.query, {"last", "kind"});
  if (!query) return problem(query.error());
  const auto last = query->number("last", 1, most_examined);
  const auto kind = kind_parameter(*query);
  if (!last || !kind) return problem(last ? kind.error() : last.error());
  Glance glance(engine.definitions()->attributes());
  std::map<std::string, std::map<std::string, std::int64_t>> seen;
  std::int64_t examined = 0;
  const auto done = read_recent(engine, *kind, read_deadline, [&](const Seen& record, event::Kind of) {
    if (const auto event = glance.read(record.view(), of)) {
      for (const auto* name : {"service", "alert_source", "severity", "status", "site"}) {
        if (const auto value = glance.text(*event, name)) ++seen[name][*value];
      }
      ++seen["type"][std::string(event->type())];
    }
    return ++examined < last->value_or(1000);
  });
  if (!done && (done.error().code != core::ErrorCode::timeout || examined == 0)) return problem(done.error());
  json::Tree out{{"examined", examined}};
  for (const auto* name : {"service", "alert_source", "severity", "status", "type", "site"}) {
    std::vector<std::pair<std::string, std::int64_t>> values(seen[name].begin(), seen[name].end());
    std::stable_sort(values.begin(), values.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    if (values.size() > most_values) values.resize(most_values);
    out[name] = json::Tree::array();
    for (const auto& [value, count] : values) out[name].push_back({{"value", value}, {"count", count}});
  }
  return answer(out);
}

HttpAnswer list_event_types(const Call& call, engine::Engine&) {
  if (const auto query = Query::parse(call.request.query, {}); !query) return problem(query.error());
  json::Tree items = json::Tree::array();
  for (const auto& type : event::catalogue()) {
    items.push_back({{"type", type.name}, {"kind", event::name(type.kind)}, {"title", type.title}, {"about", type.about},
                     {"sample", *json::parse_tree(*event::sample(type.name))}});
  }
  return answer({{"items", std::move(items)}, {"next", nullptr}});
}

}  // namespace hookline::admin
