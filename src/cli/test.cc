// hookline test: really sends a sample event to a webhook's endpoints.
#include <algorithm>

#include <fmt/format.h>

#include "command.h"
#include "event_input.h"
#include "hookline/deliver/verdict.h"
#include "hookline/engine/trial.h"
#include "hookline/event/catalogue.h"
#include "hookline/settle/delivery_id.h"
#include "request_json.h"

namespace hookline::cli {
namespace {

struct TestOptions {
  std::string config, webhook, type, correlation_id;
  bool json = false;
};

/// The first policy that names the webhook; nullptr: none.
const engine::Policy* policy_of(const engine::Definitions& definitions, const engine::Webhook& webhook) {
  for (const auto& policy : definitions.policies()) {
    for (const auto position : policy.notify) {
      if (definitions.matched(position).name == webhook.name) return &policy;
    }
  }
  return nullptr;
}

/// The type to test with: the one given, else the first of the catalogue that the webhook subscribes to, else the
/// first that triggers its policy.
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

/// One line of an answer's body for a terminal.
std::string shown(const std::string& body) {
  std::string line;
  for (const char c : body.substr(0, 500)) line.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
  return line;
}

int test(const TestOptions& options) {
  const auto loaded = load_or_explain(options.config);
  if (!loaded) return exit_config;
  const auto* webhook = loaded->definitions->find(options.webhook);
  if (!webhook) return fail(fmt::format("no webhook is named '{}' in {}", options.webhook, options.config));
  const auto* policy = policy_of(*loaded->definitions, *webhook);
  if (!policy && webhook->trigger == config::Trigger::policy) {
    fmt::print(stderr, "note: only policies reach '{}', and none that is enabled names it\n", webhook->name);
  }
  const auto* type = choose_type(*webhook, policy, options.type);
  if (!type) return fail(fmt::format("the catalogue has no type '{}': `hookline sample` lists them", options.type));
  const std::string event = *event::sample(type->name);
  const auto now = core::read_clock().wall;
  const auto record = record_of("test", event, now);

  json::Tree results = json::Tree::array();
  bool delivered = true;
  core::Hasher hasher;
  for (const auto& endpoint : webhook->endpoints) {
    const auto id = settle::delivery_id(hasher, "test", {"test", 0, core::to_unix_ms(now), now}, webhook->name, endpoint.name);
    const engine::Trial trial{.delivery_id = id, .test_message = true, .correlation_id = options.correlation_id,
                              .policy = policy ? engine::note_of(*policy) : settle::PolicyNote{}};
    auto request = engine::try_render(*webhook, endpoint, record, type->kind, trial, now);
    json::Tree row{{"endpoint", endpoint.name}, {"type", type->name}, {"status", nullptr}, {"duration_ms", nullptr},
                   {"response", nullptr}, {"error", nullptr}};
    if (request) {
      const auto answer = engine::send_once(std::move(*request), loaded->configuration.settings.egress);
      const bool success = deliver::judge(answer, config::RetryOn::any_failure) == deliver::Verdict::delivered;
      delivered = delivered && success;
      row["duration_ms"] = answer.duration / std::chrono::milliseconds(1);
      row["response"] = answer.body;
      if (answer.outcome == deliver::Outcome::answered) {
        row["status"] = answer.status;
        if (!success) row["error"] = fmt::format("HTTP {}", answer.status);
      } else {
        row["error"] = fmt::format("{}: {}", name(answer.outcome), answer.error);
      }
    } else {
      delivered = false;
      row["error"] = request.error().message;
    }
    results.push_back(std::move(row));
  }
  if (options.json) {
    fmt::print("{}\n", (results.size() == 1 ? results[0] : results).dump(2, ' ', false, json::Tree::error_handler_t::replace));
  } else {
    for (const auto& row : results) {
      fmt::print("{}/{} {}: {}{}\n", webhook->name, row["endpoint"].get<std::string>(), type->name,
                 row["status"].is_null() ? "" : fmt::format("HTTP {} in {} ms ", row["status"].get<int>(), row["duration_ms"].get<std::int64_t>()),
                 row["status"].is_null() ? row["error"].get<std::string>() : shown(row["response"].get<std::string>()));
    }
  }
  return delivered ? exit_ok : exit_failed;
}

}  // namespace

void add_test(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<TestOptions>();
  auto* command = app.add_subcommand("test", "Really sends a sample event, marked [Test message]; exit code 1 if the answer is not 2xx");
  add_config_option(*command, options->config);
  command->add_option("--webhook", options->webhook, "Its name")->required();
  command->add_option("--type", options->type, "An event type (default: the first that the webhook takes)");
  command->add_option("--correlation-id", options->correlation_id, "The id that ${correlationId} stands for, for updates");
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &chosen] { chosen = [options] { return test(*options); }; });
}

}  // namespace hookline::cli
