#include "command.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include <unistd.h>

#include "hookline/config/sealed.h"
#include "hookline/kafka/properties.h"

namespace hookline::cli {
namespace {

void print(const config::Problems& problems) {
  for (const auto& problem : problems) fmt::print(stderr, "{}\n", config::format(problem));
}

/// Would librdkafka take the properties? `run` must not find out later than `validate`.
void check_kafka(config::Configuration& configuration) {
  for (const auto& property : configuration.settings.kafka) {
    const auto good = kafka::check_properties({{property.name, property.value.reveal()}});
    if (good) continue;
    configuration.problems.push_back(
        {property.place, good.error().message, "librdkafka's CONFIGURATION.md lists names and values", false});
  }
}

}  // namespace

Loaded load(const std::string& file) {
  Loaded loaded{config::load(file), nullptr};
  check_kafka(loaded.configuration);
  (void)config::sealing_keys(config::SecretSource::system(), file, loaded.configuration.problems);
  loaded.definitions = engine::Definitions::compile(loaded.configuration, loaded.configuration.problems);
  config::sort_problems(loaded.configuration.problems, loaded.configuration.files);
  return loaded;
}

std::optional<Loaded> load_or_explain(const std::string& file) {
  auto loaded = load(file);
  print(loaded.configuration.problems);
  if (config::has_errors(loaded.configuration.problems)) return std::nullopt;
  return loaded;
}

std::optional<config::Settings> load_settings(const std::string& file) {
  auto configuration = config::load(file);
  check_kafka(configuration);
  std::erase_if(configuration.problems, [&](const config::Problem& p) { return p.place.file != file || p.warning; });
  print(configuration.problems);
  if (!configuration.problems.empty()) return std::nullopt;
  return std::move(configuration.settings);
}

void add_config_option(CLI::App& command, std::string& file) {
  command.add_option("--config", file, "The service's configuration, e.g. hookline.yaml")->required()->type_name("FILE");
}

int fail(const std::string& what) {
  fmt::print(stderr, "hookline: {}\n", what);
  return exit_failed;
}

bool has_colour() { return ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr; }

}  // namespace hookline::cli
