#include "hookline/config/stored.h"

#include <array>

#include <fmt/format.h>

#include "definitions.h"
#include "headers.h"
#include "hookline/config/secret.h"
#include "network.h"
#include "reader.h"
#include "yaml.h"

namespace hookline::config {
namespace {

/// Reads `document` by `read` as if a file of that name held it.
template <class Read>
auto read_document(const json::Tree& document, const std::string& label, Problems& problems,
                   const SecretSource& secrets, Read read) {
  Problems found;
  Reader reader(secrets, found);
  const auto node = from_tree(document, std::make_shared<const Source>(label, document.dump(2)), "");
  auto result = read(reader, node);
  for (auto& problem : found) {
    problem.place.line = problem.place.column = 0;  // the pointer says where: there are no lines
    problems.push_back(std::move(problem));
  }
  return result;
}

/// What stands at a place and must not be shown, and how to write it instead.
struct SecretPlace {
  std::string pointer;
  const json::Tree* value;
};

/// Where webhooks and templates hold secrets; `*` is any key or index.
constexpr std::array secret_places{
    std::string_view("/auth/basic/password"), std::string_view("/auth/bearer"),
    std::string_view("/auth/headers/*"),      std::string_view("/auth/oauth2/client_secret"),
    std::string_view("/signing/secrets/*"),
};

void collect(const json::Tree& tree, std::string_view rest, const std::string& pointer,
             std::vector<SecretPlace>& out) {
  if (rest.empty()) return out.push_back({pointer, &tree});
  const auto end = std::min(rest.size(), rest.find('/', 1));
  const auto segment = rest.substr(1, end - 1);
  const auto tail = rest.substr(end);
  if (segment != "*") {
    const auto child = tree.is_object() ? tree.find(std::string(segment)) : tree.end();
    if (child != tree.end()) collect(*child, tail, append_pointer(pointer, segment), out);
  } else if (tree.is_array()) {
    for (std::size_t i = 0; i < tree.size(); ++i)
      collect(tree[i], tail, append_pointer(pointer, std::to_string(i)), out);
  } else if (tree.is_object()) {
    for (const auto& [key, value] : tree.items())
      collect(value, tail, append_pointer(pointer, key), out);
  }
}

bool has_secret_url(const json::Tree& document) {
  return document.is_object() && document.value("secret_url", json::Tree(false)) == json::Tree(true);
}

std::vector<SecretPlace> secrets_of(const json::Tree& document) {
  std::vector<SecretPlace> places;
  for (const auto place : secret_places)
    collect(document, place, "", places);
  if (has_secret_url(document)) collect(document, "/endpoints/*/url", "", places);
  std::vector<SecretPlace> rest;
  collect(document, "/headers/*", "", rest);
  std::erase_if(rest, [](const SecretPlace& p) { return !credential_header(p.pointer.substr(p.pointer.rfind('/') + 1)); });
  places.insert(places.end(), rest.begin(), rest.end());
  rest.clear();
  collect(document, "/proxy", "", rest);
  for (const auto& proxy : rest) {
    if (proxy.value->is_string() && proxy.value->get_ref<const std::string&>().find('@') != std::string::npos)
      places.push_back(proxy);
  }
  return places;
}

/// Texts in which `${env:…}` is a placeholder and no reference.
bool holds_placeholders(std::string_view key) {
  return key == "payload" || key == "fields" || key == "filter" || key == "criteria" || key == "example";
}

std::string mask_references(std::string text) {
  for (const std::string_view start : {"${env:", "${file:"}) {
    for (auto at = text.find(start); at != std::string::npos; at = text.find(start, at)) {
      const auto end = text.find('}', at);
      text.replace(at, end == std::string::npos ? end : end - at + 1, mask);
    }
  }
  return text;
}

void mask_leaves(json::Tree& tree) {
  if (tree.is_string()) {
    tree = mask_references(tree.get<std::string>());
  } else if (tree.is_structured()) {
    for (auto& child : tree)
      mask_leaves(child);
  }
}

/// Takes over from `stored` every leaf whose masked form `tree` holds.
void unmask(json::Tree& tree, const json::Tree& shown, const json::Tree& stored) {
  if (tree.is_string()) {
    if (tree == shown && shown != stored) tree = stored;
  } else if (tree.is_array() && shown.is_array()) {
    for (std::size_t i = 0; i < std::min(tree.size(), shown.size()); ++i)
      unmask(tree[i], shown[i], stored[i]);
  } else if (tree.is_object() && shown.is_object()) {
    for (auto& [key, value] : tree.items()) {
      if (shown.contains(key)) unmask(value, shown[key], stored[key]);
    }
  }
}

}  // namespace

std::optional<Webhook> parse_webhook(const json::Tree& document, const std::string& label,
                                     const std::vector<TemplateSource>& templates, Problems& problems,
                                     const SecretSource& secrets) {
  return read_document(document, label, problems, secrets, [&](Reader& reader, const Node& node) {
    return read_webhook(reader, node, templates);
  });
}

std::optional<Policy> parse_policy(const json::Tree& document, const std::string& label, Problems& problems,
                                   const SecretSource& secrets) {
  return read_document(document, label, problems, secrets,
                       [](Reader& reader, const Node& node) { return read_policy(reader, node); });
}

std::optional<TemplateSource> parse_template(const json::Tree& document, const std::string& label,
                                             Problems& problems, const SecretSource& secrets) {
  return read_document(document, label, problems, secrets,
                       [](Reader& reader, const Node& node) { return read_template(reader, node); });
}

std::vector<json::Tree> parse_documents(std::string_view yaml, const std::string& file_name, Problems& problems) {
  std::vector<json::Tree> documents;
  for (const auto& node : parse_yaml(std::make_shared<const Source>(file_name, std::string(yaml)), problems))
    documents.push_back(to_tree(node));
  return documents;
}

void refuse_literal_secrets(const json::Tree& document, const std::string& label, Problems& problems) {
  for (const auto& place : secrets_of(document)) {
    if (!place.value->is_string() || has_reference(place.value->get_ref<const std::string&>())) continue;
    problems.push_back({{label, 0, 0, place.pointer},
                        fmt::format("'{}' holds the secret itself, and what is made through the API is stored in Kafka as it is",
                                    setting_name(place.pointer)),
                        "write a reference, ${env:NAME} or ${file:PATH}, to what `secrets` in the service's settings names",
                        false});
  }
}

json::Tree masked_document(const json::Tree& document) {
  auto shown = document;
  if (!shown.is_object()) return shown;
  for (auto& [key, value] : shown.items()) {
    if (!holds_placeholders(key)) mask_leaves(value);
  }
  if (!has_secret_url(document)) return shown;
  std::vector<SecretPlace> urls;
  collect(document, "/endpoints/*/url", "", urls);
  for (const auto& url : urls) {
    if (!url.value->is_string()) continue;
    const auto front = scheme_and_host(url.value->get<std::string>());
    const bool whole = front.empty() || has_reference(front);
    shown[json::Tree::json_pointer(url.pointer)] = whole ? std::string(mask) : fmt::format("{}/{}", front, mask);
  }
  return shown;
}

json::Tree unmasked_document(json::Tree document, const json::Tree& stored) {
  unmask(document, masked_document(stored), stored);
  return document;
}

}  // namespace hookline::config
