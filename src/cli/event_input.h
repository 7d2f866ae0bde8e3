// Events from files and standard input, as `send`, `render` and `dead-letters` read them.
#pragma once

#include <string>
#include <vector>

#include "hookline/core/result.h"
#include "hookline/event/record.h"

namespace hookline::cli {

struct InputEvent {
  std::string json;
  std::string place;  ///< file:line, for messages
};

/// All events of a file ("-": standard input): either one JSON document over any number of lines, or
/// one per line. Error: invalid, with file and line; not_found.
[[nodiscard]] core::Result<std::vector<InputEvent>> read_events(const std::string& file);

/// A record around a JSON text, for what needs no Kafka. Views into `json`.
event::RecordView record_of(std::string_view topic, std::string_view json, core::WallTime timestamp);

}  // namespace hookline::cli
