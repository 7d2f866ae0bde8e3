#include "declare.h"

#include <algorithm>

#include <fmt/format.h>

#include "hookline/config/spelling.h"
#include "utf8.h"

namespace hookline::config {
namespace {

/// Where an unknown key would be right, or the key that was probably meant.
std::string remedy_for(std::string_view key, const std::vector<RowShape>& rows) {
  if (key == "<<") return "merge keys are not supported; write the keys out";
  std::vector<std::string_view> known;
  for (const auto& row : rows) {
    if (row.shape.rows.empty()) continue;
    for (const auto& inner : row.shape.rows) {
      if (inner.key == key) return fmt::format("it belongs under '{}'", row.key);
    }
  }
  for (const auto& row : rows)
    known.push_back(row.key);
  return suggestion(key, known, fmt::format("known here: {}", any_of(known)));
}

}  // namespace

bool check_keys(Reader& reader, const Node& node, const std::vector<RowShape>& rows) {
  if (node.kind == Node::Kind::null) return true;
  if (node.kind != Node::Kind::map) {
    reader.mistyped(node, "a mapping", false);
    return false;
  }
  for (const auto& member : node.members) {
    const bool known =
        std::any_of(rows.begin(), rows.end(), [&](const RowShape& row) { return row.key == member.key; });
    if (!known)
      reader.error(member.key_place(), fmt::format("unknown key {}", in_quotes(member.key)),
                   remedy_for(member.key, rows));
  }
  return true;
}

bool check_required(Reader& reader, const Node& node, const std::vector<RowShape>& rows) {
  bool complete = true;
  for (const auto& row : rows) {
    if (!row.required || node.find(row.key)) continue;
    const auto example = row.example.is_null()     ? ""
                         : row.example.is_string() ? row.example.get<std::string>()
                                                   : row.example.dump();
    reader.error(
        node.place(), fmt::format("the key '{}' is missing", row.key),
        example.empty() ? fmt::format("add {}", row.key) : fmt::format("add e.g. {}: {}", row.key, example));
    complete = false;
  }
  return complete;
}

json::Tree mapping_schema(const std::vector<RowShape>& rows, const json::Tree& rules) {
  auto schema = json::Tree::object();
  schema["type"] = or_nothing("object");
  auto properties = json::Tree::object();
  auto required = json::Tree::array();
  for (const auto& row : rows) {
    auto property = json::Tree::object();
    property["description"] = row.doc;
    for (const auto& [key, value] : row.shape.schema.items())
      property[key] = value;
    if (!row.fallback.is_null() && !row.fallback.empty()) property["default"] = row.fallback;
    if (!row.example.is_null()) property["examples"] = json::Tree::array({row.example});
    properties[row.key] = std::move(property);
    if (row.required) required.push_back(row.key);
  }
  schema["properties"] = std::move(properties);
  if (!required.empty()) schema["required"] = std::move(required);
  schema["additionalProperties"] = false;
  for (const auto& [key, value] : rules.items())
    schema[key] = value;
  return schema;
}

bool at_most_one(Reader& reader, const Node& node, const std::vector<std::string_view>& names) {
  const Node::Member* first = nullptr;
  bool single = true;
  for (const auto& member : node.members) {
    if (std::find(names.begin(), names.end(), member.key) == names.end()) continue;
    if (first) {
      reader.error(member.key_place(),
                   fmt::format("'{}' and '{}' exclude each other", first->key, member.key),
                   fmt::format("'{}' stands in line {}; keep one", first->key, first->key_place().line));
      single = false;
    }
    if (!first) first = &member;
  }
  return single;
}

json::Tree not_both(std::string_view a, std::string_view b) {
  return {{"not", {{"type", "object"}, {"required", json::Tree::array({a, b})}}}};
}

void only_with(Reader& reader, const Node& node, std::string_view key, std::string_view companion) {
  const auto* member = node.member(key);
  if (!member || node.find(companion)) return;
  reader.error(member->key_place(), fmt::format("'{}' without '{}'", key, companion),
               fmt::format("add '{}', or remove '{}'", companion, key));
}

json::Tree or_nothing(std::string_view type) {
  return json::Tree::array({type, "null"});
}

json::Tree or_reference(json::Tree schema) {
  return {{"anyOf", json::Tree::array({std::move(schema), {{"$ref", "#/$defs/reference"}}})}};
}

json::Tree schema_document(std::string_view title, std::string_view description, json::Tree schema) {
  json::Tree document{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                      {"title", title},
                      {"description", description}};
  for (const auto& [key, value] : schema.items())
    document[key] = value;
  document["type"] = "object";
  document["$defs"] = {
      {"reference",
       {{"description", "A secret reference: an environment variable or a file, inserted as it is."},
        {"type", "string"},
        {"pattern", reference_pattern}}}};
  return document;
}

}  // namespace hookline::config
