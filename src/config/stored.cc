#include "hookline/config/stored.h"

#include <fmt/format.h>

#include "definitions.h"
#include "headers.h"
#include "hookline/config/secret.h"
#include "hookline/config/shown.h"
#include "reader.h"
#include "secret_places.h"
#include "secrets.h"
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

/// Texts in which `${env:…}` is a placeholder and no reference.
bool holds_placeholders(std::string_view key) {
  return key == "payload" || key == "fields" || key == "filter" || key == "criteria" || key == "example";
}

std::string mask_references(std::string text) {
  for (const std::string_view start : {std::string_view("${env:"), std::string_view("${file:"), sealed_start}) {
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
    if (!place.value->is_string()) continue;
    const auto& text = place.value->get_ref<const std::string&>();
    if (text.find(sealed_start) != std::string::npos || only_references(text)) continue;
    // Of a URL the secret is what the reference stands for, even if parts of the path stand beside it.
    if ((place.pointer.starts_with("/endpoints/") || place.pointer == "/proxy") && has_reference(text)) continue;
    problems.push_back({{label, 0, 0, place.pointer},
                        fmt::format("{} holds the secret itself, and this process has no key to store it encrypted", setting_name(place.pointer)),
                        "write a reference, ${env:NAME} or ${file:PATH}, to what `secrets` in the service's settings names, or set HOOKLINE_SECRET_KEY",
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

}  // namespace hookline::config
