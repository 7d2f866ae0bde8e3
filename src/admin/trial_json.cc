#include "hookline/admin/trial_json.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include <fmt/format.h>

#include "hookline/core/crypto.h"
#include "hookline/deliver/verdict.h"
#include "hookline/settle/delivery_id.h"

namespace hookline::admin {
namespace {

double milliseconds(core::Duration duration) { return std::round(std::chrono::duration<double, std::milli>(duration).count() * 10) / 10; }

}  // namespace

std::string_view name(config::Method method) {
  switch (method) {
    case config::Method::post: return "POST";
    case config::Method::put: return "PUT";
    case config::Method::patch: return "PATCH";
  }
  return "POST";
}

json::Tree to_json(const deliver::Request& request) {
  json::Tree headers = json::Tree::object();
  for (const auto& header : request.headers) headers[header.name] = header.value;
  json::Tree out{{"method", name(request.method)}, {"url", request.url}, {"headers", std::move(headers)}};
  auto body = json::parse_tree(request.body);
  out["body"] = body ? std::move(*body) : json::Tree(request.body);
  return out;
}

json::Tree to_json(const engine::Webhook& webhook, const engine::Match& match) {
  const auto terms_of = [](const std::string& text, const std::vector<rule::Expression::Term>& terms) {
    json::Tree out = json::Tree::array();
    for (const auto& term : terms) {
      out.push_back({{"term", text.substr(term.at, term.length)}, {"depth", term.depth}, {"result", term.result}, {"seen", term.seen}});
    }
    return out;
  };
  json::Tree policies = json::Tree::array();
  for (const auto& policy : match.policies) {
    policies.push_back({{"policy", policy.policy->name}, {"takes", policy.takes}, {"why", policy.note},
                        {"terms", terms_of(policy.policy->criteria, policy.terms)}});
  }
  return {{"policies", std::move(policies)}, {"events", webhook.events},
          {"filter", webhook.filter.empty() ? json::Tree(nullptr) : json::Tree(webhook.filter)},
          {"why", match.note}, {"terms", terms_of(webhook.filter, match.terms)}};
}

const engine::Policy* policy_of(const engine::Definitions& definitions, const engine::Webhook& webhook) {
  for (const auto& policy : definitions.policies()) {
    for (const auto position : policy.notify) {
      if (definitions.matched(position).name == webhook.name) return &policy;
    }
  }
  return nullptr;
}

const event::TypeInfo* choose_type(const engine::Webhook& webhook, const engine::Policy* policy, const std::string& asked) {
  if (!asked.empty()) return event::find_type(asked);
  const auto takes = [](const std::vector<std::string>& patterns, const event::TypeInfo& type) {
    return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
      return event::pattern_matches(pattern, type.kind, type.name);
    });
  };
  for (const auto& type : event::catalogue()) {
    if (takes(webhook.events, type)) return &type;
  }
  for (const auto& type : event::catalogue()) {
    if (policy != nullptr && takes(policy->on, type)) return &type;
  }
  return event::find_type("incident_triggered");
}

TestResult test(const engine::Webhook& webhook, const engine::Endpoint& endpoint, const event::TypeInfo& type,
                const std::string& correlation_id, const engine::Policy* policy, const std::vector<config::EgressRule>& egress) {
  const auto now = core::read_clock().wall;
  const std::string event = *event::sample(type.name);
  const event::RecordView record{.topic = "test", .timestamp = now, .key = std::nullopt, .value = event, .headers = {}};
  core::Hasher hasher;
  const auto id = settle::delivery_id(hasher, "test", {"test", 0, core::to_unix_ms(now), now}, webhook.name, endpoint.name);
  TestResult result{.row = {{"endpoint", endpoint.name}, {"type", type.name}, {"status", nullptr}, {"duration_ms", 0.0},
                            {"response", nullptr}, {"error", nullptr}, {"delivery_id", id}, {"request", nullptr}}};
  auto& row = result.row;
  const engine::Trial trial{.delivery_id = id, .test_message = true, .correlation_id = correlation_id,
                            .policy = policy ? engine::note_of(*policy) : settle::PolicyNote{}};
  auto request = engine::try_render(webhook, endpoint, record, type.kind, trial, now);
  if (!request) {
    row["error"] = request.error().message;
    return result;
  }
  row["request"] = to_json(deliver::masked(*request));
  request->kept = true;
  const auto answer = engine::send_once(*request, egress);
  const auto& sent = answer.request ? *answer.request : *request;  // with the access token that the transport got
  result.delivered = deliver::judge(answer, config::RetryOn::any_failure) == deliver::Verdict::delivered;
  row["duration_ms"] = milliseconds(answer.duration);
  if (answer.outcome == deliver::Outcome::answered) {
    row["status"] = answer.status;
    row["response"] = deliver::without_secrets(answer.body, sent);
    if (!result.delivered) row["error"] = fmt::format("HTTP {}", answer.status);
  } else {
    row["error"] = deliver::without_secrets(fmt::format("{}: {}", deliver::name(answer.outcome), answer.error), sent);
  }
  return result;
}

}  // namespace hookline::admin
