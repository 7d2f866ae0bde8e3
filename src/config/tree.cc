// The declarations as they leave the room: definitions as trees, secrets masked, and schemas.
#include <fmt/format.h>

#include "definitions.h"
#include "hookline/config/load.h"
#include "hookline/config/secret.h"
#include "hookline/config/shown.h"
#include "settings_declaration.h"

namespace hookline::config {
namespace {

/// What may be shown of a secret URL: scheme and host, unless a secret was put into the host.
std::string masked_url(const Text& url) {
  const auto front = scheme_and_host(url.value);
  if (front.empty()) return std::string(mask);
  const auto scheme = url.value.find("://") + 3;
  for (const auto& literal : url.literal) {
    if (literal.at >= scheme && literal.at <= front.size())
      return url.value.substr(0, scheme) + std::string(mask);
  }
  return fmt::format("{}/{}", front, mask);
}

void mask_all(json::Tree& tree, const std::vector<std::string>& pointers) {
  for (const auto& pointer : pointers) {
    const json::Tree::json_pointer at(pointer);
    if (tree.contains(at)) tree[at] = std::string(mask);
  }
}

}  // namespace

json::Tree to_tree(const Webhook& webhook) {
  auto tree = print_section(webhook_section(), webhook);
  mask_all(tree, webhook.referenced);
  for (std::size_t i = 0; i < webhook.endpoints.size(); ++i) {
    const auto& endpoint = webhook.endpoints[i];
    const bool secret = webhook.secret_url || endpoint.url_secret || !endpoint.url.literal.empty();
    if (secret) tree["endpoints"][i]["url"] = masked_url(endpoint.url);
  }
  for (const auto& key : webhook.inherited)
    tree.erase(key);
  return tree;
}

json::Tree to_tree(const Policy& policy) {
  auto tree = print_section(policy_section(), policy);
  mask_all(tree, policy.referenced);
  return tree;
}

json::Tree to_tree(const Settings& settings) {
  auto tree = print_section(settings_section(), SettingsDraft{settings, {}, {}, {}});
  mask_all(tree, settings.referenced);
  return tree;
}

json::Tree config_schema() {
  const auto& section = settings_section();
  return schema_document("Hookline configuration",
                         "hookline.yaml: the settings of the service. docs/config.md is its handbook.",
                         mapping_schema(section.shapes, section.rules));
}

json::Tree webhook_schema() {
  // Without a template these must be there; a template may bring them.
  const json::Tree rules{{"anyOf", json::Tree::array({{{"required", json::Tree::array({"template"})}},
                                                      {{"required", json::Tree::array({"endpoints"})}}})}};
  auto rows = webhook_section().shapes;
  for (auto& row : rows)
    row.required = row.required && row.key != "endpoints";
  return schema_document(
      "Hookline webhook",
      "One webhook: one document of a file under `webhooks`, or the body of a request to the admin API.",
      mapping_schema(rows, rules));
}

json::Tree policy_schema() {
  return schema_document("Hookline policy", "One policy: one document of a file under `policies`.",
                         mapping_schema(policy_section().shapes, policy_section().rules));
}

}  // namespace hookline::config
