// What stands in a commit's metadata comes from outside: whatever it is, decoding it must give a
// well-formed, bounded map, from which a tracker starts that claims the same and nothing more.
// First byte: how the rest is used. Even: it is the metadata. Odd: it is kind and payload behind a
// header and a checksum that are right.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "hookline/settle/offset_map.h"
#include "hookline/settle/offset_tracker.h"
#include "unit/settle/forged_map.h"

using namespace hookline::settle;

namespace {

constexpr std::int64_t committed = 100;

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const OffsetMap map = decode(data[0] % 2 == 0 ? std::string(rest) : forge_map(rest, committed), committed);

  require(map.base == committed);
  std::int64_t at = committed;
  for (const auto& [first, last] : map.finished) {
    require(first > at && last > first);
    at = last;
  }
  require(static_cast<std::uint64_t>(at - committed) <= max_span);

  const std::string text = encode(map);
  require(text.size() <= max_metadata);
  require(decode(text, committed) == map);
  require(decode(text, committed + 1).empty());

  // Building a million slots for every input would make the search slow, not deeper.
  if (at - committed < 50'000) require(OffsetTracker(committed, map).snapshot() == map);
  return 0;
}
