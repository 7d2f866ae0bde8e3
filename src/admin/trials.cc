#include "trials.h"

#include <algorithm>

#include <fmt/format.h>

#include "definitions.h"
#include "hookline/admin/trial_json.h"
#include "hookline/core/log.h"

namespace hookline::admin {
namespace {

HttpAnswer send_test(Order& order, const Chosen& chosen, const Bearer& by, const engine::Engine& engine) {
  const auto type_name = order.text("type");
  const auto endpoint_name = order.text("endpoint");
  const auto correlation_id = order.text("correlation_id");
  const auto& webhook = *chosen.webhook;
  const auto* policy = policy_of(*chosen.definitions, webhook);
  const auto* type = choose_type(webhook, policy, type_name);
  if (!type) order.mistake("/type", fmt::format("the catalogue has no type '{}'", type_name), "/api/v1/event-types lists them");
  const auto endpoint = std::find_if(webhook.endpoints.begin(), webhook.endpoints.end(),
                                     [&](const engine::Endpoint& e) { return endpoint_name.empty() || e.name == endpoint_name; });
  if (endpoint == webhook.endpoints.end()) {
    order.mistake("/endpoint", fmt::format("the webhook has no endpoint '{}'", endpoint_name), "leave it out for the first one");
  }
  if (auto refused = order.refusal()) return std::move(*refused);
  core::log::info("webhook {} is tested by {}: a sample of {} goes to its endpoint {}", webhook.name, by.name, type->name, endpoint->name);
  auto result = test(webhook, *endpoint, *type, correlation_id, policy, engine.settings().egress);
  result.row["webhook"] = webhook.name;
  return answer(result.row);
}

}  // namespace

std::optional<Chosen> saved_webhook(const engine::Engine& engine, const std::string& name) {
  auto definitions = engine.definitions();
  const auto* webhook = definitions->find(name);
  if (!webhook) return std::nullopt;
  const bool enabled = webhook->position == engine::Switch::on;
  return Chosen{std::move(definitions), webhook, enabled};
}

std::variant<Chosen, HttpAnswer> unsaved_webhook(const engine::Engine& engine, json::Tree document) {
  strip_added(document, state::Sort::webhook);
  config::Problems problems;
  const auto name = document.value("name", json::Tree(""));
  document = engine.catalog().restored({state::Sort::webhook, name.is_string() ? name.get<std::string>() : ""}, std::move(document), problems);
  if (config::has_errors(problems)) return mistakes(problems, "/webhook");
  auto definitions = engine.catalog().compile_unsaved(document, problems);
  if (!definitions) return mistakes(problems, "/webhook");
  const auto* webhook = &definitions->webhooks().front();
  const bool enabled = webhook->position == engine::Switch::on;
  return Chosen{std::move(definitions), webhook, enabled};
}

HttpAnswer test_webhook(const Call& call, engine::Engine& engine) {
  Order order(call.request.body, {"type", "endpoint", "correlation_id"});
  if (auto refused = order.refusal()) return std::move(*refused);
  const auto chosen = saved_webhook(engine, call.name);
  if (!chosen) return problem(404, fmt::format("there is no webhook '{}', or it cannot be loaded here", call.name));
  return send_test(order, *chosen, call.by, engine);
}

HttpAnswer test_unsaved(const Call& call, engine::Engine& engine) {
  Order order(call.request.body, {"webhook", "type", "endpoint", "correlation_id"});
  if (!order.refusal() && (!order.has("webhook") || !order["webhook"].is_object())) {
    order.mistake("/webhook", "there is no definition", "write the webhook as an object, as for a POST to /api/v1/webhooks");
  }
  if (auto refused = order.refusal()) return std::move(*refused);
  auto chosen = unsaved_webhook(engine, order["webhook"]);
  if (auto* refused = std::get_if<HttpAnswer>(&chosen)) return std::move(*refused);
  return send_test(order, std::get<Chosen>(chosen), call.by, engine);
}

}  // namespace hookline::admin
