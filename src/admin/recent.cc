#include "recent.h"

#include <algorithm>
#include <array>

#include "hookline/engine/reentry.h"
#include "hookline/kafka/log_reader.h"
#include "hookline/json/scan.h"

namespace hookline::admin {
namespace {

constexpr std::array<std::string_view, 6> shown{"title", "severity", "service", "alert_source", "status", "site"};
constexpr std::size_t longest_shown = 300;

std::vector<std::string> topics_of(const config::Settings& settings, std::optional<event::Kind> kind) {
  std::vector<std::string> topics;
  for (const auto each : event::kinds) {
    if (kind && each != *kind) continue;
    const auto& names = settings.topics.sources[static_cast<std::size_t>(each)];
    topics.insert(topics.end(), names.begin(), names.end());
  }
  if (!kind || *kind == event::Kind::audit) topics.push_back(settings.topics[config::OwnTopic::notices]);
  return topics;
}

/// At most so many bytes, cut between characters.
void shorten(std::string& text) {
  if (text.size() <= longest_shown) return;
  auto end = longest_shown;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  text += "…";
}

}  // namespace

Seen::Seen(const kafka::OwnedRecord& record) {
  for (const auto& [name, value] : record.headers) headers_.push_back({name, value});
  view_ = {.topic = record.topic, .partition = record.partition, .offset = record.offset, .timestamp = record.timestamp,
           .key = record.key, .value = record.value, .headers = headers_};
}

Glance::Glance(const event::AttributeTable& attributes) {
  event::Variables variables(attributes);
  for (const auto name : shown) ids_.emplace_back(name, variables.want(json::Path{{std::string(name)}}));
  reader_.emplace(variables);
}

std::optional<event::Event> Glance::read(const event::RecordView& record, event::Kind kind) {
  auto event = reader_->read(record, kind, scratch_);
  return event ? std::optional(*event) : std::nullopt;
}

std::optional<std::string> Glance::text(const event::Event& event, std::string_view attribute) const {
  const auto id = std::find_if(ids_.begin(), ids_.end(), [&](const auto& row) { return row.first == attribute; });
  const auto value = event.get(id->second);
  if (value.kind == json::ValueKind::absent || value.kind == json::ValueKind::null) return std::nullopt;
  std::string text, buffer;
  text = value.is_text() ? std::string(json::unescape(value.raw, buffer)) : std::string(value.raw);
  shorten(text);
  return text;
}

json::Tree Glance::row(const event::Event& event) const {
  const auto& record = event.record();
  json::Tree row{{"topic", record.topic}, {"partition", record.partition}, {"offset", record.offset},
                 {"at", core::format_rfc3339(record.timestamp)}, {"kind", event::name(event.kind())}, {"type", event.type()}};
  for (const auto* name : {"title", "severity", "service", "alert_source"}) {
    const auto value = text(event, name);
    row[name] = value ? json::Tree(*value) : json::Tree(nullptr);
  }
  return row;
}

core::Result<void> read_recent(const engine::Engine& engine, std::optional<event::Kind> kind, core::Duration deadline,
                               const std::function<bool(const Seen& record, event::Kind kind)>& take) {
  const auto& settings = engine.settings();
  const auto topics = topics_of(settings, kind);
  if (topics.empty()) return {};
  const auto until = core::read_clock().mono + deadline;
  auto reader = kafka::BackwardReader::open(kafka::client_properties(settings), topics, until);
  if (!reader) return tl::unexpected(reader.error());
  while (true) {
    const auto record = (*reader)->next();
    if (!record) return tl::unexpected(record.error());
    if (!*record) return {};
    if (!(*record)->value) continue;
    const auto of = engine::kind_of_topic(settings.topics, (*record)->topic);
    if (of && !take(Seen(**record), *of)) return {};
  }
}

}  // namespace hookline::admin
