// Any bytes to the Scanner: it must end, stay inside the text, agree with itself, and what it finds
// in a valid document must be valid text for the writers.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "hookline/json/scan.h"
#include "hookline/json/write.h"

namespace {

using namespace hookline::json;

void require(bool holds) {
  if (!holds) std::abort();
}

const PathSet& wanted() {
  static const PathSet paths = [] {
    PathSet set;
    set.want(Path{});
    for (const char* path :
         {"type", "event", "event.type", "a.0.b", "a.1", "a", "service.slug", "data.x.y", "0", "b[0][1]"}) {
      set.want(parse_path(path).value());
    }
    return set;
  }();
  return paths;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Scanner scanner;
  static std::vector<Value> slots;
  // A block of just this size, so that AddressSanitizer sees a step too far.
  const std::vector<char> bytes(data, data + size);
  const std::string_view text(bytes.data(), bytes.size());

  const bool valid = scanner.validate(text).has_value();
  const bool scanned = scanner.scan(text, wanted(), slots).has_value();
  if (!scanned) return 0;
  std::string compact;
  for (const auto& value : slots) {
    if (!value) continue;
    require(value.raw.data() >= text.data() &&
            value.raw.data() + value.raw.size() <= text.data() + text.size());
    std::string plain;
    const auto unescaped = unescape(value.raw, plain);
    std::string quoted;
    append_quoted(unescaped, quoted);
    require(scanner.validate(quoted).has_value());
    compact.clear();
    append_compact(value.raw, compact);
    if (valid && !value.is_text()) require(scanner.validate(compact).has_value());
  }
  return 0;
}
