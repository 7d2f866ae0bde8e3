// A template's file, and the templates that come with the binary.
#include <algorithm>
#include <cassert>
#include <span>

#include <fmt/format.h>

#include "definitions.h"
#include "hookline/core/embedded.h"
#include "hookline/core/log.h"
#include "types.h"
#include "utf8.h"
#include "yaml.h"

namespace hookline::config {

std::span<const core::EmbeddedFile> template_files();  // config/templates/*.yaml, by hookline_embed()

namespace {

/// What a template says of itself, beside the keys of a webhook.
struct About {
  std::string name;
  std::string description;
  json::Tree example;
};

Type<json::Tree> anything() {
  Type<json::Tree> type;
  type.shape = {{{"type", or_nothing("object")}}, "mapping", {}};
  type.read = [](Reader&, const Node& node, json::Tree& out) {
    out = to_tree(node);
    return true;
  };
  type.print = [](const json::Tree& tree) { return tree; };
  return type;
}

const Section<About>& about_section() {
  static const Section<About> section = [] {
    Section<About> s;
    s.rows = {
        row<About>("name", &About::name, name_text(),
                   "What webhooks call it. Unique, the shipped ones included.", "my-tickets", Need::required),
        row<About>("description", &About::description, free_text(), "For people.", "Tickets of our own desk"),
        row<About>("example", &About::example, anything(),
                   "An event, and the request that it becomes: {kind, event, webhook, request}."),
    };
    return finished(std::move(s));
  }();
  return section;
}

bool about_template(std::string_view key) {
  return about_section().find(key) != nullptr;
}

/// The keys of a webhook that a template may set: all but its identity and another template.
bool settable(std::string_view key) {
  return !about_template(key) && key != "template";
}

/// Everything that may stand in a template's file.
std::vector<RowShape> template_rows() {
  auto rows = about_section().shapes;
  for (const auto& row : webhook_section().shapes) {
    if (!settable(row.key)) continue;
    rows.push_back(row);
    rows.back().required = false;
  }
  return rows;
}

/// The webhook's keys of a template's document, checked as they would be in a webhook.
Node read_keys(Reader& reader, const Node& document) {
  Node keys = document;
  std::erase_if(keys.members, [](const Node::Member& member) { return !settable(member.key); });
  Webhook unused = webhook_section().initial;
  for (const auto& entry : webhook_section().rows) {
    if (const auto* written = keys.find(entry.shape.key)) entry.read(reader, *written, unused);
  }
  return keys;
}

}  // namespace

json::Tree template_schema() {
  return schema_document(
      "Hookline template",
      "A named set of webhook keys that a webhook may start from: one document of a file under `templates`.",
      mapping_schema(template_rows(), json::Tree::object()));
}

std::optional<TemplateSource> read_template(Reader& reader, const Node& document) {
  static const auto rows = template_rows();
  const auto before = reader.errors();
  if (!check_keys(reader, document, rows)) return std::nullopt;
  check_required(reader, document, rows);
  About about;
  for (const auto& entry : about_section().rows) {
    if (const auto* written = document.find(entry.shape.key)) entry.read(reader, *written, about);
  }
  if (const auto* name = document.find("name"); name && !about.name.empty())
    reader.claim("template", about.name, name->place());
  auto keys = read_keys(reader, document);
  if (reader.errors() != before) return std::nullopt;
  auto tree = to_tree(keys);
  return TemplateSource{about.name,       about.description,
                        std::move(tree),  std::move(about.example),
                        document.place(), std::make_shared<const Node>(std::move(keys))};
}

namespace {

std::vector<TemplateSource> read_shipped() {
  const SecretSource none{[](const std::string&) { return std::nullopt; },
                          [](const std::filesystem::path&) { return std::nullopt; }};
  std::vector<TemplateSource> templates;
  Problems problems;
  Reader reader(none, problems);
  for (const auto& file : template_files()) {
    const auto source = std::make_shared<const Source>(fmt::format("shipped templates: {}", file.name),
                                                       std::string(file.contents));
    for (const auto& document : parse_yaml(source, problems)) {
      if (auto parsed = read_template(reader, document)) templates.push_back(std::move(*parsed));
    }
  }
  for (const auto& problem : problems)
    core::log::error("{}", format(problem));
  assert(!has_errors(problems) && "a template that comes with the binary does not read");
  return templates;
}

}  // namespace

std::vector<TemplateSource> shipped_templates() {
  static const auto templates = read_shipped();
  return templates;
}

}  // namespace hookline::config
