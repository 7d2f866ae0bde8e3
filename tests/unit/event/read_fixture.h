// Reading single events in tests: a record from text, a Reader for the names a test asks for.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hookline/event/reader.h"

namespace hookline::event {

class Reading {
 public:
  explicit Reading(AttributeTable table = {}) : table_(std::move(table)) {}

  /// A record with this value; headers as pairs.
  static RecordView record(std::optional<std::string_view> value, std::span<const Header> headers = {}) {
    RecordView view;
    view.topic = "events";
    view.timestamp = core::from_unix_ms(1'000);
    view.value = value;
    view.headers = headers;
    return view;
  }

  core::Result<Event> read(const RecordView& record, Kind kind = Kind::incident) {
    record_ = record;
    return reader({}).read(record_, kind, scratch_);
  }

  /// The type, or "error: …".
  std::string type(std::string_view value, Kind kind = Kind::incident, std::span<const Header> headers = {}) {
    const auto event = read(record(value, headers), kind);
    return event ? std::string(event->type()) : "error: " + event.error().message;
  }

  /// What a written name is worth in an event, as it stands in the document; "absent", "error: …".
  std::string value(std::string_view document, std::string_view written, Kind kind = Kind::incident) {
    return value(record(document), written, kind);
  }

  std::string value(const RecordView& record, std::string_view written, Kind kind = Kind::incident) {
    record_ = record;
    Variables variables(table_);
    const auto id = variables.want(json::parse_path(written).value());
    const Reader reader(variables);
    const auto event = reader.read(record_, kind, scratch_);
    if (!event) return "error: " + event.error().message;
    const json::Value once = event->get(id);
    const json::Value again = event->get(id);
    if (once.kind != again.kind || once.raw != again.raw) return "asking twice gives two answers";
    return once ? std::string(once.raw) : "absent";
  }

  Scratch& scratch() { return scratch_; }

 private:
  const Reader& reader(const std::vector<std::string>& names) {
    Variables variables(table_);
    for (const auto& name : names)
      variables.want(json::parse_path(name).value());
    return readers_.emplace_back(variables);
  }

  AttributeTable table_;
  RecordView record_;
  std::deque<Reader> readers_;
  Scratch scratch_;
};

}  // namespace hookline::event
