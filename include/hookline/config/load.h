// Reading the configuration: one call takes hookline.yaml and every file it names, and returns all
// that is right together with all that is wrong. Reads files and the environment; starts nothing.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/config/settings.h"
#include "hookline/config/webhook.h"
#include "hookline/json/tree.h"

namespace hookline::config {

struct Node;  // what YAML says, with places; inside of the room

/// A named set of webhook keys that a webhook may start from (`template:`).
struct TemplateSource {
  std::string name;
  std::string description;
  json::Tree keys;     ///< any key of a webhook
  json::Tree example;  ///< {event, request}: shown in the docs, run as a test; null if none
  Place place;
  /// `keys` with the places where they are written. Null in a template made by hand: then
  /// problems in them tell its file and the pointer only.
  std::shared_ptr<const Node> source;
};

/// Webhooks, policies and templates with an error in them are not among the results: ask has_errors()
/// before anything is started from a Configuration.
struct Configuration {
  Settings settings;
  std::vector<Webhook> webhooks;
  std::vector<Webhook> faulty;  ///< with mistakes, as far as read: to be checked further, never used
  std::vector<Policy> policies;
  std::vector<TemplateSource> templates;  ///< shipped and own
  std::vector<std::string> files;         ///< all that were read, in this order
  Problems problems;                      ///< in the order of files and lines
};

/// Where `${env:NAME}` and `${file:PATH}` come from, and the files that `tls:` names. Both answer
/// nullopt for what is missing, not readable or not allowed.
struct SecretSource {
  std::function<std::optional<std::string>(const std::string& name)> env;
  std::function<std::optional<std::string>(const std::filesystem::path& path)> file;

  /// The process's environment and files of at most 1 MiB.
  static SecretSource system();
  /// Only what `scope` names: for webhooks that come through the API. A path is
  /// matched and opened as it is once `.` and `..` are taken out of its text.
  static SecretSource within(SecretScope scope);
};

/// Loads `file` and all it names. Never throws; what could not be read is a problem.
Configuration load(const std::filesystem::path& file, const SecretSource& secrets = SecretSource::system());

/// Loads webhooks from YAML text alone (tests, API, `apply -f`), templates given.
std::vector<Webhook> parse_webhooks(std::string_view yaml, std::string_view file_name,
                                    const std::vector<TemplateSource>& templates, Problems& problems,
                                    const SecretSource& secrets = SecretSource::system());

/// What shows only when all definitions are seen together: a correlation from a webhook that is not
/// there, a policy that notifies nobody, a formatting that other events would reach. `known` are
/// names of webhooks that exist besides `webhooks`. Duplicate names are the readers' to report.
void check_together(const std::vector<Webhook>& webhooks, const std::vector<Policy>& policies,
                    Problems& problems, const std::vector<std::string>& known = {});

/// Does `notify` name the webhook, by its name or a glob?
bool notifies(const Policy& policy, const std::string& webhook);

/// What a policy that notifies the webhook can bring and its `event_formatting` has no form for.
void check_formatting(const Policy& policy, const Webhook& webhook, Problems& problems);

/// A webhook as the tree that its YAML is: defaults and what its template sets left out, secrets
/// masked as "***", of a secret URL only scheme and host.
json::Tree to_tree(const Webhook& webhook);
json::Tree to_tree(const Policy& policy);
/// The settings as hookline.yaml has them, secrets masked; without the globs of definitions.
json::Tree to_tree(const Settings& settings);

/// The templates that come with the binary (config/templates/*.yaml).
std::vector<TemplateSource> shipped_templates();

/// JSON Schemas (draft 2020-12), generated from the declaration that the parser uses.
json::Tree config_schema();
json::Tree webhook_schema();
json::Tree policy_schema();
json::Tree template_schema();

/// The generated tables of docs/config.md, as Markdown, from the same declaration.
std::string reference_tables();

}  // namespace hookline::config
