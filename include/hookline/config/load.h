// Reading the configuration: one call takes hookline.yaml and every file it names, and returns all
// that is right together with all that is wrong. Reads files and the environment; starts nothing.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/config/settings.h"
#include "hookline/config/webhook.h"
#include "hookline/json/tree.h"

namespace hookline::config {

/// A named set of webhook keys that a webhook may start from (`template:`).
struct TemplateSource {
  std::string name;
  std::string description;
  json::Tree keys;       ///< any key of a webhook
  json::Tree example;    ///< {event, request}: shown in the docs, run as a test; null if none
  Place place;
};

struct Configuration {
  Settings settings;
  std::vector<Webhook> webhooks;
  std::vector<Policy> policies;
  std::vector<TemplateSource> templates;  ///< shipped and own
  Problems problems;                      ///< in the order of files and lines
};

/// Where `${env:NAME}` and `${file:PATH}` come from; the default reads the process's environment.
struct SecretSource {
  std::function<std::optional<std::string>(const std::string& name)> env;
  std::function<std::optional<std::string>(const std::filesystem::path& path)> file;
  static SecretSource system();
};

/// Loads `file` and all it names. Never throws; what could not be read is a problem.
Configuration load(const std::filesystem::path& file, const SecretSource& secrets = SecretSource::system());

/// Loads webhooks from YAML text alone (tests, API, `apply -f`), templates given.
std::vector<Webhook> parse_webhooks(std::string_view yaml, std::string_view file_name,
                                    const std::vector<TemplateSource>& templates, Problems& problems,
                                    const SecretSource& secrets = SecretSource::system());

/// A webhook as the tree that its YAML is, defaults left out, secrets masked.
json::Tree to_tree(const Webhook& webhook);

/// The templates that come with the binary (config/templates/*.yaml).
std::vector<TemplateSource> shipped_templates();

/// JSON Schemas (draft 2020-12), generated from the declaration that the parser uses.
json::Tree config_schema();
json::Tree webhook_schema();

}  // namespace hookline::config
