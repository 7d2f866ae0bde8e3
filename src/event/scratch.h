// The buffers behind a Scratch. One thread; each is used again, so that reading allocates only to
// grow with the largest event seen.
#pragma once

#include <string>
#include <vector>

#include "hookline/event/reader.h"

namespace hookline::event {

struct Scratch::State {
  State();

  json::Scanner scanner;
  std::vector<json::Value> slots;  ///< of the event's paths
  std::string decoded;             ///< the document of a CloudEvent that came in base64
  std::string type_text;           ///< the type without escapes
  std::string type_name;           ///< the type's normal spelling

  /// A variable that was asked for already; of this event if its round is.
  struct Resolved {
    std::uint32_t round = 0;
    json::Value value;
    std::string text;  ///< what `value` views, where it is not the record or the document
  };
  std::vector<Resolved> resolved;  ///< by VariableId
  std::uint32_t round = 0;

  /// For looking into an object that an attribute came as.
  json::PathSet name_paths;
  std::vector<json::Value> name_slots;

  /// Makes room for the variables of one more event and forgets those of the last.
  void start(std::size_t variables);
};

}  // namespace hookline::event
