#include "deliveries.h"

#include <algorithm>

#include <fmt/format.h>

#include "cursor.h"
#include "delivery_search.h"
#include "hookline/admin/trial_json.h"
#include "hookline/engine/dead_letters.h"
#include "hookline/engine/reentry.h"
#include "hookline/kafka/properties.h"
#include "hookline/settle/dead_letter.h"
#include "query.h"
#include "recent.h"

namespace hookline::admin {
namespace {

using namespace std::chrono_literals;
using Outcome = state::DeliveryEntry::Outcome;

constexpr core::Duration record_deadline = 5s;
constexpr core::Duration letters_deadline = 10s;

bool is_delivery_id(std::string_view text) { return text.starts_with("msg_") && text.size() > 4 && text.size() <= 100; }

core::Result<kafka::OwnedRecord> source_record(const engine::Engine& engine, const state::DeliveryEntry& of) {
  auto record = kafka::read_record(kafka::client_properties(engine.settings()), {of.topic, of.partition}, of.offset,
                                   core::read_clock().mono + record_deadline);
  // A topic that was made anew holds another event there.
  if (record && record->timestamp != of.timestamp) return core::fail(core::ErrorCode::not_found, "another record stands there by now");
  return record;
}

/// Attempts whose request was not kept get what today's definition makes of the event.
void render_again(const engine::Engine& engine, const LoggedDelivery& delivery, json::Tree& out) {
  auto& attempts = out["attempts"];
  const bool missing = std::any_of(attempts.begin(), attempts.end(), [](const json::Tree& a) { return a["request"].is_null(); });
  const auto definitions = engine.definitions();
  const auto* webhook = definitions->find(delivery.last.webhook);
  const auto kind = event::parse_kind(delivery.last.kind);
  if (!missing || !webhook || !kind) return;
  const auto endpoint = std::find_if(webhook->endpoints.begin(), webhook->endpoints.end(), [&](const engine::Endpoint& e) { return e.name == delivery.last.endpoint; });
  if (endpoint == webhook->endpoints.end()) return;
  const auto record = source_record(engine, delivery.last);
  if (!record) return;
  const Seen seen(*record);
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    auto& attempt = attempts[i];
    if (!attempt["request"].is_null()) continue;
    const engine::Trial trial{.delivery_id = delivery.last.id, .attempt = attempt["number"].get<std::uint32_t>()};
    auto request = engine::try_render(*webhook, *endpoint, seen.view(), *kind, trial, delivery.ended[attempts.size() - 1 - i]);
    if (!request) continue;
    attempt["request"] = to_json(deliver::masked(std::move(*request)));
    attempt["rendered_again"] = true;
  }
}

/// What is to be delivered again, and the event's record.
struct Again {
  engine::Reentry reentry;
  kafka::OwnedRecord original;
};

core::Result<Again> from_dead_letter(const engine::Engine& engine, const std::string& id) {
  const auto& topics = engine.settings().topics;
  auto reader = kafka::BackwardReader::open(kafka::client_properties(engine.settings()), {topics[config::OwnTopic::dead_letters]},
                                            core::read_clock().mono + letters_deadline);
  if (!reader) return tl::unexpected(reader.error());
  while (true) {
    auto record = (*reader)->next();
    if (!record) return tl::unexpected(record.error());
    if (!*record) return core::fail(core::ErrorCode::not_found, fmt::format("neither the delivery log nor the dead letters have '{}', or its event is gone", id));
    const auto letter = settle::parse_dead_letter((*record)->headers);
    if (!letter || letter->delivery_id != id) continue;
    const auto kind = engine::kind_of_topic(topics, letter->origin_topic);
    if (!kind) return core::fail(core::ErrorCode::not_found, fmt::format("its topic '{}' is not configured any more", letter->origin_topic));
    auto original = engine::read_original({*letter, std::move(**record)}, kafka::client_properties(engine.settings()));
    if (!original) return tl::unexpected(original.error());
    return Again{{letter->webhook, letter->endpoint, id, *kind, engine::past_of(*letter, std::nullopt), letter->policy}, std::move(*original)};
  }
}

core::Result<Again> find_again(const engine::Engine& engine, const std::string& id) {
  const auto logged = find_delivery(engine, id);
  if (!logged && logged.error().code != core::ErrorCode::not_found) return tl::unexpected(logged.error());
  if (logged && logged->last.outcome == Outcome::waiting) {
    return core::fail(core::ErrorCode::refused, "it has not ended: its next attempt comes by itself");
  }
  if (logged && logged->last.outcome == Outcome::dead_lettered) {
    if (auto letter = from_dead_letter(engine, id)) return letter;  // it holds all that is known
  }
  const auto kind = logged ? event::parse_kind(logged->last.kind) : std::nullopt;
  if (kind) {
    if (auto record = source_record(engine, logged->last)) {
      std::uint32_t attempts = 0;
      for (const auto& attempt : logged->attempts) attempts = std::max(attempts, attempt.number);
      const settle::Past past{.generation = core::to_unix_ms(core::read_clock().wall), .replays = 1, .attempts = attempts};
      return Again{{logged->last.webhook, logged->last.endpoint, id, *kind, past, {}}, std::move(*record)};
    }
  }
  return from_dead_letter(engine, id);
}

}  // namespace

HttpAnswer list_deliveries(const Call& call, engine::Engine& engine) {
  const auto parameters = Query::parse(call.request.query, {"limit", "after", "outcome", "type", "since", "until", "text"});
  if (!parameters) return problem(parameters.error());
  const auto now = core::read_clock().wall;
  const auto limit = parameters->number("limit", 1, 500);
  const auto outcome = parameters->word("outcome", {"delivered", "dead_lettered", "waiting"});
  const auto since = parameters->moment("since", now);
  const auto until = parameters->moment("until", now);
  if (!limit) return problem(limit.error());
  if (!outcome) return problem(outcome.error());
  if (!since) return problem(since.error());
  if (!until) return problem(until.error());
  const auto listing = engine.catalog().listing();
  if (!listing->contains({state::Sort::webhook, call.name})) return problem(404, fmt::format("there is no webhook '{}'", call.name));
  const auto type = parameters->text("type", 200), text = parameters->text("text", 200), after = parameters->text("after", 4000);
  for (const auto* parameter : {&type, &text, &after}) {
    if (!*parameter) return problem(parameter->error());
  }
  DeliveryQuery query{.webhook = call.name, .outcome = *outcome, .type = *type, .text = *text,
                      .since = *since, .until = *until, .limit = static_cast<std::size_t>(limit->value_or(100)), .from = {}};
  if (*after) {
    auto from = parse_cursor(**after, engine.settings().topics[config::OwnTopic::deliveries]);
    if (!from) return problem(400, "after is `next` of the page before");
    query.from = std::move(*from);
  }
  const auto page = find_deliveries(engine, query);
  if (!page) return problem(page.error());
  json::Tree items = json::Tree::array();
  for (const auto& item : page->items) items.push_back(to_json(item));
  return answer({{"items", std::move(items)},
                 {"next", page->next ? json::Tree(cursor_of(*page->next)) : json::Tree(nullptr)},
                 {"reached", page->reached ? json::Tree(core::format_rfc3339(*page->reached)) : json::Tree(nullptr)}});
}

HttpAnswer get_delivery(const Call& call, engine::Engine& engine) {
  if (!is_delivery_id(call.name)) return problem(404, fmt::format("'{}' is no delivery id: they begin with msg_", call.name));
  const auto found = find_delivery(engine, call.name);
  if (!found) return problem(found.error());
  auto out = to_json(*found);
  render_again(engine, *found, out);
  return answer(out);
}

HttpAnswer redeliver(const Call& call, engine::Engine& engine) {
  if (!is_delivery_id(call.name)) return problem(404, fmt::format("'{}' is no delivery id: they begin with msg_", call.name));
  auto again = find_again(engine, call.name);
  if (!again) return again.error().code == core::ErrorCode::refused ? problem(409, again.error().message) : problem(again.error());
  const auto* webhook = engine.definitions()->find(again->reentry.webhook);
  const bool there = webhook && std::any_of(webhook->endpoints.begin(), webhook->endpoints.end(), [&](const auto& e) { return e.name == again->reentry.endpoint; });
  if (!there) return problem(409, fmt::format("there is no endpoint '{}' of a webhook '{}' any more", again->reentry.endpoint, again->reentry.webhook));
  if (webhook->position == engine::Switch::tripped) return problem(409, fmt::format("disable_after has disabled the webhook '{}': enable it first", webhook->name));
  auto record = engine::reentry_record(again->reentry, again->original, engine.settings().topics, core::read_clock().wall);
  if (auto done = engine.publish(std::move(record)); !done) return problem(done.error());
  const auto delay = std::chrono::duration<double>(engine.settings().retry_delays[0]).count();
  HttpAnswer accepted = answer({{"id", call.name}, {"webhook", again->reentry.webhook}, {"endpoint", again->reentry.endpoint}, {"after_seconds", delay}});
  accepted.status = 202;
  return accepted;
}

}  // namespace hookline::admin
