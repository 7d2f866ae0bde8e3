#include "correlations.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "hookline/json/tree.h"
#include "hookline/state/correlations.h"

namespace hookline::admin {
namespace {

constexpr std::size_t largest_page = 500;
constexpr std::size_t longest = 1024;  // of an id, and of a key

std::string decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    const char* digits = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() && std::from_chars(digits, digits + 2, value, 16).ptr == digits + 2) {
      plain.push_back(static_cast<char>(value));
      i += 2;
    } else {
      plain.push_back(text[i] == '+' ? ' ' : text[i]);
    }
  }
  return plain;
}

/// The value of a parameter of the query; empty if it is not there.
std::string parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto part = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), part.size() + 1));
    const auto equals = part.find('=');
    if (part.substr(0, equals) == name && equals != part.npos) return decoded(part.substr(equals + 1));
  }
  return {};
}

json::Tree tree_of(const state::Correlation& correlation) {
  json::Tree tree{{"webhook", correlation.webhook}, {"key", correlation.key}, {"id", correlation.id}};
  tree["text"] = correlation.text.empty() ? json::Tree(nullptr) : json::Tree(correlation.text);
  tree["at"] = core::format_rfc3339(correlation.at);
  tree["expires"] = correlation.expires ? json::Tree(core::format_rfc3339(*correlation.expires)) : json::Tree(nullptr);
  tree["by"] = correlation.by.empty() ? json::Tree(nullptr) : json::Tree(correlation.by);
  return tree;
}

HttpAnswer answered(int status, const json::Tree& tree) {
  return {.status = status, .body = tree.dump(-1, ' ', false, json::Tree::error_handler_t::replace) + "\n"};
}

HttpAnswer refused(const core::Error& error) {
  return problem(503, error.message);
}

/// The webhook and key that a change is for; or why not.
struct Place {
  std::string webhook, key;
  const engine::Webhook* creator = nullptr;
  std::optional<HttpAnswer> objection;
};

Place place_of(const Call& call, const engine::Definitions& definitions) {
  Place place{parameter(call.request.query, "webhook"), parameter(call.request.query, "key"), nullptr, {}};
  place.creator = definitions.find(place.webhook);
  if (place.webhook.empty() || place.key.empty() || place.key.size() > longest) {
    place.objection = problem(400, "say which: ?webhook=NAME&key=VALUE, with the webhook that creates");
  } else if (!place.creator) {
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
  const auto& query = call.request.query;
  std::size_t limit = 100;
  if (const auto text = parameter(query, "limit"); !text.empty()) {
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), limit);
    if (fault != std::errc() || end != text.data() + text.size() || limit == 0) {
      return problem(400, "limit is a number from 1 to 500");
    }
  }
  const auto page = store->list({.webhook = parameter(query, "webhook"), .key = parameter(query, "key"), .after = parameter(query, "after"),
                                 .limit = std::min(limit, largest_page)}, core::read_clock().wall);
  if (!page) return refused(page.error());
  json::Tree items = json::Tree::array();
  for (const auto& correlation : page->items) items.push_back(tree_of(correlation));
  return answered(200, {{"items", std::move(items)}, {"next", page->next.empty() ? json::Tree(nullptr) : json::Tree(page->next)}});
}

HttpAnswer put_correlation(const Call& call, engine::Engine& engine) {
  auto store = engine.correlations();
  if (!store) return problem(503, "Kafka has not answered yet");
  const auto definitions = engine.definitions();
  const auto place = place_of(call, *definitions);
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
  if (const auto done = store->put(correlation); !done) return refused(done.error());
  return answered(200, tree_of(correlation));
}

HttpAnswer delete_correlation(const Call& call, engine::Engine& engine) {
  auto store = engine.correlations();
  if (!store) return problem(503, "Kafka has not answered yet");
  const std::string webhook = parameter(call.request.query, "webhook"), key = parameter(call.request.query, "key");
  if (webhook.empty() || key.empty()) return problem(400, "say which: ?webhook=NAME&key=VALUE");
  if (const auto done = store->erase(webhook, key); !done) return refused(done.error());
  return {.status = 204, .body = {}};
}

}  // namespace hookline::admin
