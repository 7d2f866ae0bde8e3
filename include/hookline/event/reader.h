// Record in, Event out: finds the type and the variables that a consumer asked for in one pass over
// the document, whatever wrapping it came in (plain JSON, CloudEvents structured or binary, the
// schema-registry prefix, an array of one).
//
// Reader is immutable and shared between threads; Scratch holds the parser and buffers of one thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/event/names.h"
#include "hookline/event/record.h"
#include "hookline/json/scan.h"

namespace hookline::event {

/// What a thread needs for reading; contents are valid until the next read with the same Scratch.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(Scratch&&) noexcept;
  Scratch& operator=(Scratch&&) noexcept;

  struct State;
  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

/// A decoded record. Views point into the record and the Scratch that read it.
class Event {
 public:
  Kind kind() const { return kind_; }
  std::string_view type() const { return type_; }  ///< normalised, never empty
  const RecordView& record() const { return *record_; }
  /// The JSON document: the record's value without its wrapping.
  std::string_view document() const { return document_; }

  /// The value of a variable of the Reader's list. Attributes: the first path that holds anything
  /// but null, an object standing for its slug, short_name or name; absent if there is none (the
  /// languages read that as null). `severity` and `status` come lower-cased. Reserved `key`: a
  /// string, or null without key; `headers`: an object.
  json::Value get(VariableId id) const;

 private:
  friend class Reader;
  Kind kind_ = Kind::alarm;
  std::string_view type_;
  std::string_view document_;
  const RecordView* record_ = nullptr;
  const class Reader* reader_ = nullptr;
  Scratch::State* state_ = nullptr;
};

class Reader {
 public:
  /// Reads the type and every variable of `variables`.
  explicit Reader(const Variables& variables);
  ~Reader();
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;

  /// Decodes one record. Always checked: UTF-8, a closed root object, a type. `record` and `scratch`
  /// must outlive the Event. Error: invalid, with the text that a dead letter carries.
  [[nodiscard]] core::Result<Event> read(const RecordView& record, Kind kind, Scratch& scratch) const;

  struct Layout;
  const Layout& layout() const { return *layout_; }

 private:
  std::unique_ptr<const Layout> layout_;
};

/// Full check of an event that is about to be delivered: grammar and depth. Error: invalid.
[[nodiscard]] core::Result<void> validate(const Event& event, Scratch& scratch);

/// When the event happened: the attribute `time` (RFC 3339, or Unix seconds), else the record's timestamp.
core::WallTime event_time(const json::Value& time_attribute, core::WallTime record_timestamp);

/// The type rule of docs/events.md on one spelling: `incident.triggered`, `incidentTriggered` ->
/// `incident_triggered`; a doubled first word is dropped.
std::string normalise_type(std::string_view spelled);

}  // namespace hookline::event
