#include "correlations.h"

#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "hookline/json/tree.h"
#include "hookline/state/correlations.h"
#include "query.h"

namespace hookline::admin {
namespace {

constexpr std::size_t longest_name = 100;
constexpr std::size_t longest = 1024;  // of an id, and of a key

json::Tree tree_of(const state::Correlation& correlation) {
  json::Tree tree{{"webhook", correlation.webhook}, {"key", correlation.key}, {"id", correlation.id}};
  tree["text"] = correlation.text.empty() ? json::Tree(nullptr) : json::Tree(correlation.text);
  tree["at"] = core::format_rfc3339(correlation.at);
  tree["expires"] = correlation.expires ? json::Tree(core::format_rfc3339(*correlation.expires)) : json::Tree(nullptr);
  tree["by"] = correlation.by.empty() ? json::Tree(nullptr) : json::Tree(correlation.by);
  return tree;
}

/// The webhook and key that a change is for; or why not.
struct Place {
  std::string webhook, key;
  const engine::Webhook* creator = nullptr;
  std::optional<HttpAnswer> objection;
};

/// Both of them, or why not.
Place place_of(const Call& call) {
  Place place;
  const auto query = Query::parse(call.request.query, {"webhook", "key"});
  if (!query) {
    place.objection = problem(query.error());
    return place;
  }
  const auto webhook = query->text("webhook", longest_name), key = query->text("key", longest);
  if (!webhook || !key) {
    place.objection = problem(webhook ? key.error() : webhook.error());
  } else if (!*webhook || !*key || (*key)->size() > longest) {
    place.objection = problem(400, "say which: ?webhook=NAME&key=VALUE, with the webhook that creates");
  } else {
    place.webhook = **webhook;
    place.key = **key;
  }
  return place;
}

/// The same, and the webhook creates.
Place creating_place_of(const Call& call, const engine::Definitions& definitions) {
  auto place = place_of(call);
  if (place.objection) return place;
  place.creator = definitions.find(place.webhook);
  if (!place.creator) {
    place.objection = problem(404, fmt::format("no webhook is named '{}'", place.webhook));
  } else if (!place.creator->correlation || !place.creator->correlation->creates) {
    place.objection = problem(400, fmt::format("webhook '{}' creates nothing: it has no correlation.response_id", place.webhook));
  }
  return place;
}

}  // namespace

HttpAnswer list_correlations(const Call& call, engine::Engine& engine) {
  auto store = engine.correlations();
  if (!store) return problem(503, "Kafka has not answered yet");
  const auto query = Query::parse(call.request.query, {"webhook", "key", "limit", "after"});
  if (!query) return problem(query.error());
  const auto limit = query->number("limit", 1, 500);
  if (!limit) return problem(limit.error());
  const auto webhook = query->text("webhook", longest_name), key = query->text("key", longest), after = query->text("after", 4000);
  for (const auto* text : {&webhook, &key, &after}) {
    if (!*text) return problem(text->error());
  }
  const auto page = store->list({.webhook = webhook->value_or(""), .key = key->value_or(""), .after = after->value_or(""),
                                 .limit = static_cast<std::size_t>(limit->value_or(100))}, core::read_clock().wall);
  if (!page) return problem(page.error());
  json::Tree items = json::Tree::array();
  for (const auto& correlation : page->items) items.push_back(tree_of(correlation));
  return answer({{"items", std::move(items)}, {"next", page->next.empty() ? json::Tree(nullptr) : json::Tree(page->next)}});
}

HttpAnswer put_correlation(const Call& call, engine::Engine& engine) {
  auto store = engine.correlations();
  if (!store) return problem(503, "Kafka has not answered yet");
  const auto definitions = engine.definitions();
  const auto place = creating_place_of(call, *definitions);
  if (place.objection) return *place.objection;
  const auto body = json::parse_tree(call.request.body);
  if (!body) return problem(400, body.error().message);
  const auto text_of = [&](const char* name) {
    const auto found = body->is_object() ? body->find(name) : body->end();
    if (found == body->end() || found->is_null()) return std::string();
    return found->is_string() ? found->get<std::string>() : found->is_number_integer() ? found->dump() : std::string();
  };
  state::Correlation correlation{.webhook = place.webhook, .key = place.key, .id = text_of("id"), .text = text_of("text"),
                                 .at = core::read_clock().wall, .expires = {}, .replaces = true, .by = call.by.name};
  if (correlation.id.empty() || correlation.id.size() > longest || correlation.text.size() > longest) {
    return problem(400, R"(send {"id": "…"}, a text of at most 1024 bytes or a number; "text" may stand beside it)");
  }
  if (const auto& expires = place.creator->correlation->expires) {
    correlation.expires = correlation.at + std::chrono::duration_cast<std::chrono::milliseconds>(*expires);
  }
  if (const auto done = store->put(correlation); !done) return problem(done.error());
  return answer(tree_of(correlation));
}

HttpAnswer delete_correlation(const Call& call, engine::Engine& engine) {
  auto store = engine.correlations();
  if (!store) return problem(503, "Kafka has not answered yet");
  const auto place = place_of(call);
  if (place.objection) return *place.objection;
  if (const auto done = store->erase(place.webhook, place.key); !done) return problem(done.error());
  return {.status = 204, .body = {}};
}

}  // namespace hookline::admin
