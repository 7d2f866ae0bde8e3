// The finished offsets beyond the committed one, and their form in a commit's metadata:
//   "HK1." + base64url(version, kind, base, checksum, run lengths or bitmap)
// at most 4096 ASCII characters. Anything foreign, damaged or not fitting the committed offset
// decodes to the empty map: never "done", never an error that stops. Pure; any thread.
// docs/decisions/offset-map.md has the format byte by byte and the proof behind fits().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hookline::settle {

/// Kafka's default offset.metadata.max.bytes; one more and the commit is refused.
inline constexpr std::size_t max_metadata = 4096;

/// A map reaches at most this far: bounds the slots of an OffsetTracker and what a decoded map can
/// make it allocate. Fifteen seconds (the longest that a record stays open before its waiting
/// deliveries are handed over) at 70,000 records a second.
inline constexpr std::uint64_t max_span = std::uint64_t{1} << 20;

struct OffsetMap {
  std::int64_t base = 0;
  /// Finished ranges [first, last) beyond base, ascending, not touching, first > base.
  std::vector<std::pair<std::int64_t, std::int64_t>> finished;

  bool empty() const { return finished.empty(); }
  /// True if the map says that `offset` is finished; false for everything below base.
  bool contains(std::int64_t offset) const;
  bool operator==(const OffsetMap&) const = default;
};

/// Empty text for an empty map. The shorter of run lengths and bitmap; if neither fits max_metadata,
/// the longest prefix that does (the rest will be delivered again after a crash; admission prevents it).
/// `log` names what the offsets count (cluster, topic, partition) and goes into the checksum, so that
/// metadata copied to another log, as mirroring tools do, is not believed there.
std::string encode(const OffsetMap& map, std::string_view log = {});

/// The map in `metadata` if it is one, was written for `log` and fits `committed`; else the empty map
/// at `committed`. Never reaches beyond committed + max_span.
OffsetMap decode(std::string_view metadata, std::int64_t committed, std::string_view log = {});

/// Can every map that may come of this be written in full? `open` unfinished offsets lie within
/// `span` offsets, counted from the lowest unfinished to the end; any of them may finish, in any
/// order. Sufficient, not necessary; O(1).
bool fits(std::uint64_t open, std::uint64_t span);

/// The bound behind fits(): no such map takes more bytes as run lengths. For span <= max_span.
std::uint64_t run_bytes_bound(std::uint64_t open, std::uint64_t span);

}  // namespace hookline::settle
