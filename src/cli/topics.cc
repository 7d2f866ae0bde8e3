// hookline topics create.
#include <algorithm>

#include <fmt/format.h>

#include "command.h"
#include "create_topics.h"
#include "hookline/json/tree.h"
#include "hookline/kafka/admin.h"

namespace hookline::cli {
namespace {

constexpr core::Duration deadline = std::chrono::seconds(30);

struct TopicsOptions {
  std::string config;
  CreateTopics create;
  bool json = false;
};

std::vector<std::string> source_names(const config::Settings& settings) {
  std::vector<std::string> names;
  for (const auto& kind : settings.topics.sources) names.insert(names.end(), kind.begin(), kind.end());
  return names;
}

int create(const TopicsOptions& options) {
  const auto settings = load_settings(options.config);
  if (!settings) return exit_config;
  const auto topics = create_topics(*settings, options.create);
  if (!topics) return fail(topics.error().message);
  json::Tree out = json::Tree::array();
  bool failed = false;
  for (const auto& topic : *topics) {
    const std::string_view outcome = !topic.error.empty() ? "failed" : topic.existed ? "exists" : "created";
    failed = failed || !topic.error.empty();
    if (options.json) {
      out.push_back({{"topic", topic.name}, {"outcome", outcome}, {"error", topic.error}});
    } else {
      fmt::print("{:<8} {}{}{}\n", outcome, topic.name, topic.error.empty() ? "" : ": ", topic.error);
    }
  }
  if (options.json) fmt::print("{}\n", out.dump(2));
  return failed ? exit_failed : exit_ok;
}

}  // namespace

namespace {

/// The ordered topic and that of the correlations have the same number of partitions: one that is there already
/// says how many the other gets.
void align(std::vector<kafka::TopicSpec>& specs, const std::vector<kafka::TopicDescription>& described, const config::Topics& topics) {
  const auto at = [&](config::OwnTopic which) {
    return static_cast<std::size_t>(std::find_if(specs.begin(), specs.end(), [&](const auto& s) { return s.name == topics[which]; }) - specs.begin());
  };
  const auto ordered = at(config::OwnTopic::ordered), correlations = at(config::OwnTopic::correlations);
  if (described[ordered].exists) specs[correlations].partitions = described[ordered].partitions;
  if (described[correlations].exists) specs[ordered].partitions = described[correlations].partitions;
}

}  // namespace

core::Result<std::vector<CreatedTopic>> create_topics(const config::Settings& settings, const CreateTopics& options) {
  auto admin = kafka::Admin::open(kafka::client_properties(settings));
  if (!admin) return tl::unexpected(admin.error());
  const auto sources = source_names(settings);
  const auto described_sources = (*admin)->describe(sources, deadline);
  if (!described_sources) return tl::unexpected(described_sources.error());

  // Hookline's own topics follow the widest source, so that retries spread like the events do.
  std::int32_t partitions = options.partitions;
  for (const auto& topic : *described_sources) {
    if (options.partitions == 0) partitions = std::max(partitions, topic.partitions);
  }
  partitions = std::max(partitions, 1);
  auto specs = kafka::own_topics(settings, partitions, options.replication);
  if (options.sources) {
    for (const auto& name : sources) {
      specs.push_back({.name = name, .partitions = partitions, .replication = options.replication, .settings = {}});
    }
  }
  std::vector<std::string> names;
  for (const auto& spec : specs) names.push_back(spec.name);
  const auto described = (*admin)->describe(names, deadline);
  if (!described) return tl::unexpected(described.error());

  align(specs, *described, settings.topics);

  std::vector<CreatedTopic> result;
  std::vector<kafka::TopicSpec> missing;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    result.push_back({specs[i].name, (*described)[i].exists, {}});
    if (!(*described)[i].exists) missing.push_back(specs[i]);
  }
  if (missing.empty()) return result;
  const auto made = (*admin)->create(missing, deadline);
  if (!made) return tl::unexpected(made.error());
  for (std::size_t i = 0; i < missing.size(); ++i) {
    const auto& error = (*made)[i];
    if (!error) continue;
    std::find_if(result.begin(), result.end(), [&](const auto& t) { return t.name == missing[i].name; })->error = error->message;
  }
  return result;
}

void add_topics(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<TopicsOptions>();
  auto* topics = app.add_subcommand("topics", "Hookline's topics");
  topics->require_subcommand(1);
  auto* command = topics->add_subcommand("create", "Creates what is missing of Hookline's own topics, each with the settings its job needs");
  add_config_option(*command, options->config);
  command->add_option("--partitions", options->create.partitions, "Of each topic (default: as many as the widest source topic)")
      ->check(CLI::PositiveNumber);
  command->add_option("--replication-factor", options->create.replication, "Default: the broker's")->check(CLI::PositiveNumber);
  command->add_flag("--sources", options->create.sources, "Create the source topics too");
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &chosen] { chosen = [options] { return create(*options); }; });
}

}  // namespace hookline::cli
