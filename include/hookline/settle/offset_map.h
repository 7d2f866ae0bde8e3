// The finished offsets beyond the committed one, and their form in a commit's metadata:
//   "HK1." + base64url(version, kind, base, checksum, run lengths or bitmap)
// at most 4096 ASCII characters. Anything foreign, damaged or not fitting the committed offset
// decodes to the empty map: never "done", never an error that stops. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hookline::settle {

/// Kafka's default offset.metadata.max.bytes; one more and the commit is refused.
inline constexpr std::size_t max_metadata = 4096;

struct OffsetMap {
  std::int64_t base = 0;
  /// Finished ranges [first, last) beyond base, ascending, not touching, first > base.
  std::vector<std::pair<std::int64_t, std::int64_t>> finished;

  bool empty() const { return finished.empty(); }
  bool contains(std::int64_t offset) const;
  bool operator==(const OffsetMap&) const = default;
};

/// Empty text for an empty map. The shorter of run lengths and bitmap; if neither fits max_metadata,
/// the longest prefix that does (the rest will be delivered again after a crash; admission prevents it).
std::string encode(const OffsetMap& map);

/// The map in `metadata` if it is one and fits `committed`; else the empty map at `committed`.
OffsetMap decode(std::string_view metadata, std::int64_t committed);

}  // namespace hookline::settle
