// The newest events of the source topics, as people look at them: to preview a webhook with one, to see what
// values occur, to count what a filter would have taken. Reads the ends of the topics, outside of the group.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "hookline/engine/engine.h"
#include "hookline/event/reader.h"
#include "hookline/json/tree.h"
#include "hookline/kafka/record.h"

namespace hookline::admin {

/// A record that was read, seen as a RecordView. Views into `record`.
class Seen {
 public:
  explicit Seen(const kafka::OwnedRecord& record);
  Seen(const Seen&) = delete;
  Seen& operator=(const Seen&) = delete;
  const event::RecordView& view() const { return view_; }

 private:
  std::vector<event::Header> headers_;
  event::RecordView view_;
};

/// Reads what people want to see of an event. One thread.
class Glance {
 public:
  explicit Glance(const event::AttributeTable& attributes);

  /// nullopt: it does not decode.
  std::optional<event::Event> read(const event::RecordView& record, event::Kind kind);
  /// The text of title, severity, service, alert_source, status or site; nullopt: the event has none.
  std::optional<std::string> text(const event::Event& event, std::string_view attribute) const;
  /// As a row of /api/v1/events.
  json::Tree row(const event::Event& event) const;

 private:
  std::vector<std::pair<std::string, event::VariableId>> ids_;
  std::optional<event::Reader> reader_;
  event::Scratch scratch_;
};

/// Calls `take` for the newest records of the source topics (of one kind, or all), newest first, until it returns
/// false or `deadline` has passed; tombstones are left out. Error: what Kafka says.
[[nodiscard]] core::Result<void> read_recent(const engine::Engine& engine, std::optional<event::Kind> kind, core::Duration deadline,
                                             const std::function<bool(const Seen& record, event::Kind kind)>& take);

}  // namespace hookline::admin
