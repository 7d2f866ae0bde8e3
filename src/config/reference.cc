// The reference tables of docs/config.md, made from the declarations.
#include <fmt/format.h>

#include "definitions.h"
#include "hookline/config/kafka_properties.h"
#include "hookline/config/presets.h"
#include "hookline/core/units.h"
#include "settings_declaration.h"

namespace hookline::config {
namespace {

/// A value as YAML has it on one line, for a cell of a table.
std::string cell(const json::Tree& value) {
  if (value.is_null() || (value.is_structured() && value.empty())) return "";
  std::string text = value.is_string() ? value.get<std::string>() : value.dump();
  std::string escaped;
  for (const char c : text)
    escaped += c == '|' ? std::string("\\|") : std::string(1, c);
  return "`" + escaped + "`";
}

void append_rows(const std::vector<RowShape>& rows, const std::string& prefix, std::string& out) {
  for (const auto& row : rows) {
    const auto key = prefix + row.key;
    const bool list = row.shape.schema.contains("items") && !row.shape.rows.empty();
    const auto fallback = row.required ? std::string("required") : cell(row.fallback);
    out += fmt::format("| `{}` | {} | {} | {} | {} |\n", key, row.shape.words, fallback, row.doc,
                       cell(row.example));
    append_rows(row.shape.rows, key + (list ? "[]." : "."), out);
  }
}

std::string table(std::string_view title, const std::vector<RowShape>& rows) {
  auto out = fmt::format(
      "### {}\n\n| key | value | default | meaning | example |\n| --- | --- | --- | --- | --- |\n", title);
  append_rows(rows, "", out);
  return out + "\n";
}

std::string preset_table() {
  std::string out = "### Retry presets\n\n| preset | waits | tries again |\n| --- | --- | --- |\n";
  for (const auto& preset : retry_presets()) {
    std::string waits;
    for (const auto wait : preset.schedule)
      waits += (waits.empty() ? "" : ", ") + core::format_duration(wait);
    out += fmt::format("| `{}` | {} | `{}` |\n", preset.name, waits,
                       preset.on == RetryOn::transient ? "transient" : "any_failure");
  }
  return out + "\n";
}

std::string kafka_table() {
  std::string out = "### Kafka properties that Hookline owns\n\n| property | why |\n| --- | --- |\n";
  for (const auto& row : owned_kafka_properties())
    out += fmt::format("| `{}` | {} |\n", row.name, row.reason);
  return out;
}

}  // namespace

std::string reference_tables() {
  return table("Settings (hookline.yaml)", settings_section().shapes) +
         table("Webhooks", webhook_section().shapes) + preset_table() +
         table("Policies", policy_section().shapes) + kafka_table();
}

}  // namespace hookline::config
