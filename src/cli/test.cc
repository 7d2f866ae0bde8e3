// hookline test: really sends a sample event to a webhook's endpoints.
#include <algorithm>

#include <fmt/format.h>

#include "command.h"
#include "hookline/admin/trial_json.h"

namespace hookline::cli {
namespace {

struct TestOptions {
  std::string config, webhook, type, correlation_id;
  bool json = false;
};

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
  const auto* policy = admin::policy_of(*loaded->definitions, *webhook);
  if (!policy && webhook->trigger == config::Trigger::policy) {
    fmt::print(stderr, "note: only policies reach '{}', and none that is enabled names it\n", webhook->name);
  }
  const auto* type = admin::choose_type(*webhook, policy, options.type);
  if (!type) return fail(fmt::format("the catalogue has no type '{}': `hookline sample` lists them", options.type));
  json::Tree results = json::Tree::array();
  bool delivered = true;
  for (const auto& endpoint : webhook->endpoints) {
    auto result = admin::test(*webhook, endpoint, *type, options.correlation_id, policy, loaded->configuration.settings.egress);
    delivered = delivered && result.delivered;
    results.push_back(std::move(result.row));
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
