#include "hookline/settle/offset_map.h"

#include <algorithm>
#include <array>
#include <optional>

#include "hookline/core/crypto.h"

namespace hookline::settle {
namespace {

constexpr std::string_view prefix = "HK1.";
constexpr char version = 1;
enum Kind : char { runs = 1, bitmap = 2 };

// version, kind, base, checksum: the bytes before the payload.
constexpr std::size_t header_size = 1 + 1 + 8 + 8;
constexpr std::size_t checksum_at = 1 + 1 + 8;
constexpr std::size_t max_payload = (max_metadata - prefix.size()) / 4 * 3 - header_size;
// The bitmap leaves out base itself, which is never finished.
constexpr std::uint64_t bitmap_span = max_payload * 8 + 1;

static_assert(max_payload == 3051 && bitmap_span == 24'409, "docs/decisions/offset-map.md states these");
static_assert(max_span < std::uint64_t{1} << 21, "a run length takes at most three bytes");

// CRC-64/XZ: any error within 64 neighbouring bits is found for certain.
constexpr std::array<std::uint64_t, 256> crc_table = [] {
  std::array<std::uint64_t, 256> table{};
  for (std::uint64_t i = 0; i < table.size(); ++i) {
    std::uint64_t crc = i;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xc96c5795d7870f42 : 0);
    table[i] = crc;
  }
  return table;
}();

std::uint64_t crc(std::uint64_t crc, std::string_view bytes) {
  for (const char byte : bytes)
    crc = crc_table[(crc ^ static_cast<unsigned char>(byte)) & 0xff] ^ (crc >> 8);
  return crc;
}

/// Over the log's name and all bytes but the checksum itself.
std::uint64_t checksum(std::string_view log, std::string_view bytes) {
  std::uint64_t sum = crc(~std::uint64_t{0}, log);
  sum = crc(sum, bytes.substr(0, checksum_at));
  return ~crc(sum, bytes.substr(header_size));
}

void put_u64(std::uint64_t value, std::string& out, std::size_t at) {
  for (std::size_t i = 0; i < 8; ++i)
    out[at + i] = static_cast<char>(value >> (56 - 8 * i));
}

std::uint64_t get_u64(std::string_view bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

/// The length of a run, which is at least 1: length - 1 in groups of seven bits, lowest first.
void append_length(std::int64_t length, std::string& out) {
  auto rest = static_cast<std::uint64_t>(length - 1);
  for (; rest >= 0x80; rest >>= 7)
    out.push_back(static_cast<char>(rest | 0x80));
  out.push_back(static_cast<char>(rest));
}

/// Reads what append_length wrote; nullopt for the end, a longer spelling, or more than max_span.
std::optional<std::int64_t> take_length(std::string_view& in) {
  std::int64_t value = 0;
  for (int shift = 0; shift <= 14 && !in.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(in.front());
    in.remove_prefix(1);
    value |= std::int64_t{byte & 0x7f} << shift;
    if ((byte & 0x80) != 0) continue;
    if (byte == 0 && shift > 0) return std::nullopt;
    return value + 1;
  }
  return std::nullopt;
}

struct Payload {
  std::string bytes;
  std::int64_t end;  ///< one past the last offset that is told of
};

Payload write_runs(const OffsetMap& map, std::int64_t limit) {
  Payload payload{{}, map.base};
  for (const auto& [first, last] : map.finished) {
    const std::int64_t cut = std::min(last, limit);
    if (cut <= first) break;
    const std::size_t before = payload.bytes.size();
    append_length(first - payload.end, payload.bytes);
    append_length(cut - first, payload.bytes);
    if (payload.bytes.size() > max_payload) {
      payload.bytes.resize(before);
      break;
    }
    payload.end = cut;
  }
  return payload;
}

Payload write_bitmap(const OffsetMap& map, std::int64_t limit) {
  limit = std::min(limit, map.base + static_cast<std::int64_t>(bitmap_span));
  Payload payload{{}, map.base};
  for (const auto& [first, last] : map.finished) {
    const std::int64_t cut = std::min(last, limit);
    if (cut <= first) break;
    const auto from = static_cast<std::size_t>(first - map.base - 1);
    const auto to = static_cast<std::size_t>(cut - map.base - 1);
    payload.bytes.resize((to + 7) / 8);
    for (std::size_t bit = from; bit < to; ++bit) {
      payload.bytes[bit / 8] = static_cast<char>(payload.bytes[bit / 8] | 1 << (bit % 8));
    }
    payload.end = cut;
  }
  return payload;
}

/// Nothing if the payload is not one that could have been written.
std::vector<std::pair<std::int64_t, std::int64_t>> read_runs(std::string_view payload, std::int64_t base) {
  std::vector<std::pair<std::int64_t, std::int64_t>> finished;
  std::int64_t at = base;
  while (!payload.empty()) {
    const auto open = take_length(payload);
    const auto done = open ? take_length(payload) : std::nullopt;
    if (!done || static_cast<std::uint64_t>(at - base + *open + *done) > max_span) return {};
    finished.emplace_back(at + *open, at + *open + *done);
    at += *open + *done;
  }
  return finished;
}

std::vector<std::pair<std::int64_t, std::int64_t>> read_bitmap(std::string_view payload, std::int64_t base) {
  std::vector<std::pair<std::int64_t, std::int64_t>> finished;
  if (payload.empty() || payload.back() == 0) return finished;
  std::int64_t offset = base + 1;
  for (const char byte : payload) {
    for (int bit = 0; bit < 8; ++bit, ++offset) {
      if ((byte >> bit & 1) == 0) continue;
      if (!finished.empty() && finished.back().second == offset) {
        ++finished.back().second;
      } else {
        finished.emplace_back(offset, offset + 1);
      }
    }
  }
  return finished;
}

}  // namespace

bool OffsetMap::contains(std::int64_t offset) const {
  const auto after =
      std::upper_bound(finished.begin(), finished.end(), offset,
                       [](std::int64_t value, const auto& range) { return value < range.first; });
  return after != finished.begin() && offset < std::prev(after)->second;
}

std::string encode(const OffsetMap& map, std::string_view log) {
  if (map.empty()) return {};
  const std::int64_t limit = map.base + static_cast<std::int64_t>(max_span);
  Payload payload = write_runs(map, limit);
  Kind kind = runs;
  // Whoever tells of more wins, then the shorter.
  if (Payload other = write_bitmap(map, limit);
      other.end > payload.end || (other.end == payload.end && other.bytes.size() < payload.bytes.size())) {
    payload = std::move(other);
    kind = bitmap;
  }
  if (payload.bytes.empty()) return {};

  std::string bytes(header_size, '\0');
  bytes[0] = version;
  bytes[1] = kind;
  put_u64(static_cast<std::uint64_t>(map.base), bytes, 2);
  bytes += payload.bytes;
  put_u64(checksum(log, bytes), bytes, checksum_at);
  return std::string(prefix) + core::base64url(bytes);
}

OffsetMap decode(std::string_view metadata, std::int64_t committed, std::string_view log) {
  OffsetMap map{committed, {}};
  if (metadata.size() > max_metadata || metadata.substr(0, prefix.size()) != prefix) return map;
  const auto bytes = core::from_base64url(metadata.substr(prefix.size()));
  if (!bytes || bytes->size() < header_size || metadata.back() == '=') return map;
  const std::string_view view = *bytes;
  // No log comes near the largest offset; staying away from it keeps every sum below in range.
  if (view[0] != version || committed < 0 || committed > INT64_MAX / 2 ||
      get_u64(view, 2) != static_cast<std::uint64_t>(committed) ||
      get_u64(view, checksum_at) != checksum(log, view)) {
    return map;
  }
  if (view[1] == runs) map.finished = read_runs(view.substr(header_size), committed);
  if (view[1] == bitmap) map.finished = read_bitmap(view.substr(header_size), committed);
  return map;
}

bool fits(std::uint64_t open, std::uint64_t span) {
  if (span <= bitmap_span) return true;
  return span <= max_span && open <= max_payload && run_bytes_bound(open, span) <= max_payload;
}

std::uint64_t run_bytes_bound(std::uint64_t open, std::uint64_t span) {
  // Unfinished runs cost at most a byte per offset. Each is followed by at most one finished run,
  // which costs a second byte from 129 offsets on and a third from 16,385 on.
  return 2 * open + std::min(open, span / 129) + std::min(open, span / 16'385);
}

}  // namespace hookline::settle
