// Values that webhooks and policies share: URLs, patterns of event types, computed fields, proxies.
#include <algorithm>

#include <fmt/format.h>

#include "definitions.h"
#include "hookline/config/secret.h"
#include "network.h"
#include "types.h"
#include "utf8.h"

namespace hookline::config {
namespace {

bool is_identifier(std::string_view name) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && letter(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

/// What is wrong with a proxy's URL; nullopt if nothing is.
std::optional<Objection> find_proxy_fault(std::string_view url) {
  const auto scheme = url.substr(0, url.find("://"));
  const bool known = scheme == "http" || scheme == "https" || scheme == "socks5" || scheme == "socks5h";
  const bool breaks = url.find_first_of(std::string_view("\r\n\0 ", 4)) != url.npos;
  if (known && !breaks && url.size() > scheme.size() + 3) return std::nullopt;
  return Objection{"is not the URL of a proxy", "write none, or e.g. http://proxy.example.com:3128"};
}

}  // namespace

Type<Text> url() {
  Type<Text> type;
  type.shape = {or_reference({{"type", "string"}, {"pattern", "^https?://[^/?#@]+([/?#].*)?$"}}), "URL", {}};
  type.read = [](Reader& reader, const Node& node, Text& out) {
    auto scalar = reader.scalar(node, "a URL", false);
    if (!scalar) return false;
    if (scalar->value.ends_with("/***") || scalar->value == "https://***" || scalar->value == "http://***") {
      reader.error(node, "ends with '***', which Hookline shows instead of a secret",
                   "write the whole URL, or a reference to it: ${env:NAME}");
      return false;
    }
    if (const auto fault = find_url_fault(scalar->value)) {
      reader.error(node, fault->message, "write e.g. https://hooks.example.com/path");
      return false;
    }
    out = text_of(node);
    out.value = std::move(scalar->value);
    out.literal = std::move(scalar->literal);
    return true;
  };
  type.print = [](const Text& value) -> json::Tree {
    return value.value.empty() ? json::Tree() : json::Tree(masked(value));
  };
  return type;
}

Type<Text> event_pattern() {
  return patterned_text(
      "event pattern",
      {"[^A-Z.\\s-]+", "types are written in snake case, e.g. incident_triggered, story_* or incident", 200});
}

bool detections_only(std::string_view pattern) {
  return pattern.starts_with("detection_");
}

Type<Secret> proxy() {
  Type<Secret> type;
  type.shape = word_or(
      "none", {or_reference({{"type", "string"}, {"pattern", "^(https?|socks5h?)://[^ ]+$"}}), "URL", {}});
  type.read = [](Reader& reader, const Node& node, Secret& out) {
    auto scalar = reader.scalar(node, "none or a URL", false);
    if (!scalar) return false;
    if (scalar->value == "none") {
      out = Secret();
      return true;
    }
    if (const auto fault = find_proxy_fault(scalar->value)) {
      reader.error(node, fault->what, fault->remedy);
      return false;
    }
    out = Secret(std::move(scalar->value));
    return true;
  };
  type.print = [](const Secret& url) -> json::Tree {
    if (url.empty()) return "none";
    // A URL may hold a user and a password; otherwise there is nothing to hide.
    return url.reveal().find('@') == std::string::npos ? url.reveal() : std::string(mask);
  };
  return type;
}

Type<std::vector<std::pair<std::string, Text>>> fields() {
  using Fields = std::vector<std::pair<std::string, Text>>;
  Type<Fields> type;
  const auto value = expression("expression");
  type.shape = {{{"type", or_nothing("object")},
                 {"propertyNames", {{"pattern", "^[A-Za-z_][A-Za-z0-9_]*$"}}},
                 {"additionalProperties", value.shape.schema}},
                "mapping of names to expressions",
                {}};
  type.read = [value](Reader& reader, const Node& node, Fields& out) {
    if (node.kind == Node::Kind::null) return true;
    if (node.kind != Node::Kind::map) {
      reader.mistyped(node, "a mapping of names to expressions");
      return false;
    }
    Fields read;
    bool whole = true;
    for (const auto& member : node.members) {
      Text text;
      if (!is_identifier(member.key)) {
        reader.error(member.key_place(),
                     fmt::format("{} cannot be the name of a field", in_quotes(member.key)),
                     "use letters, digits and '_', beginning with a letter");
        whole = false;
      } else if (value.read(reader, member.value, text)) {
        read.emplace_back(member.key, std::move(text));
      } else {
        whole = false;
      }
    }
    if (whole) out = std::move(read);
    return whole;
  };
  type.print = [value](const Fields& list) -> json::Tree {
    if (list.empty()) return nullptr;
    auto map = json::Tree::object();
    for (const auto& [name, text] : list)
      map[name] = value.print(text);
    return map;
  };
  return type;
}

}  // namespace hookline::config
