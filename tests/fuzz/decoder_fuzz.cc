// Any bytes as a record, each kind, with and without headers: reading must end with an Event or an
// error that fits a dead letter, and every variable of an Event must be JSON.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/event/reader.h"
#include "hookline/json/scan.h"

namespace {

using namespace hookline;

void require(bool holds) {
  if (!holds) std::abort();
}

struct Names {
  event::AttributeTable table;
  event::Variables variables{table};

  Names() {
    for (const auto& attribute : table.names())
      variables.want(json::Path{{attribute}});
    for (const char* name :
         {"kind", "type", "topic", "key", "headers", "document", "headers.x", "a.b.0", "data"}) {
      variables.want(json::parse_path(name).value());
    }
  }
};

/// Is this value, put where it would go, JSON?
bool is_json(const json::Value& value, json::Scanner& scanner) {
  if (!value.is_text()) return scanner.validate(value.raw).has_value();
  return scanner.validate('"' + std::string(value.raw) + '"').has_value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Names names;
  static const event::Reader reader(names.variables);
  static event::Scratch scratch;
  static json::Scanner scanner;
  if (size < 1) return 0;
  // The first byte chooses kind and headers, the rest is the value, in a block of just its size.
  const auto kind = event::kinds[data[0] % 4];
  const std::vector<char> bytes(data + 1, data + size);
  const std::string_view value(bytes.data(), bytes.size());
  const std::string_view head = value.substr(0, 12);
  const std::array<event::Header, 3> headers{{{"x", head}, {"ce_type", head}, {"hookline.x", head}}};

  event::RecordView record;
  record.topic = "events";
  record.key = head;
  record.value = value;
  if ((data[0] & 4U) != 0) record.headers = headers;
  const auto event = reader.read(record, kind, scratch);
  if (!event) {
    require(!event.error().message.empty() && event.error().message.size() < 300);
    return 0;
  }
  require(!event->type().empty());
  const bool valid = validate(*event, scratch).has_value();
  for (event::VariableId id = 0; id < names.variables.size(); ++id) {
    const auto found = event->get(id);
    if (found && valid) require(is_json(found, scanner));
    if (found) static_cast<void>(event::event_time(found, record.timestamp));
  }
  return 0;
}
