// Trials as JSON: what `hookline render` and `hookline test` print and the admin API answers. Any thread.
#pragma once

#include <string>
#include <string_view>

#include "hookline/deliver/request.h"
#include "hookline/engine/trial.h"
#include "hookline/event/catalogue.h"
#include "hookline/json/tree.h"

namespace hookline::admin {

std::string_view name(config::Method method);

/// {"method", "url", "headers", "body"}; the body as JSON if it is, else as text. As it is: mask it before.
json::Tree to_json(const deliver::Request& request);

/// {"policies", "events", "filter", "why", "terms"}
json::Tree to_json(const engine::Webhook& webhook, const engine::Match& match);

/// The first policy that names the webhook; nullptr: none.
const engine::Policy* policy_of(const engine::Definitions& definitions, const engine::Webhook& webhook);

/// The type to test with: the one asked for (nullptr: the catalogue has not got it), else the first of the
/// catalogue that the webhook takes, else the first that triggers its policy.
const event::TypeInfo* choose_type(const engine::Webhook& webhook, const engine::Policy* policy, const std::string& asked);

/// Really sends the sample of `type`, marked [Test message], to one endpoint: {"endpoint", "type", "status",
/// "duration_ms", "response", "error", "delivery_id", "request"}; `delivered` says whether the answer was a 2xx.
struct TestResult {
  bool delivered = false;
  json::Tree row;
};
TestResult test(const engine::Webhook& webhook, const engine::Endpoint& endpoint, const event::TypeInfo& type,
                const std::string& correlation_id, const engine::Policy* policy, const std::vector<config::EgressRule>& egress);

}  // namespace hookline::admin
