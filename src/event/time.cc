#include <charconv>
#include <cmath>

#include "hookline/event/reader.h"

namespace hookline::event {
namespace {

/// Numbers from here on would be seconds of the year 5138: they are milliseconds.
constexpr double first_millisecond_stamp = 1e11;
/// The last millisecond of the year 9999, the end of RFC 3339.
constexpr double last_stamp = 253'402'300'799'999;

}  // namespace

core::WallTime event_time(const json::Value& time_attribute, core::WallTime record_timestamp) {
  const auto raw = time_attribute.raw;
  if (time_attribute.is_text()) {
    std::string buffer;
    return core::parse_rfc3339(json::unescape(raw, buffer)).value_or(record_timestamp);
  }
  if (time_attribute.kind != json::ValueKind::number) return record_timestamp;
  double stamp = 0;
  const auto [end, error] = std::from_chars(raw.data(), raw.data() + raw.size(), stamp);
  if (error != std::errc() || end != raw.data() + raw.size()) return record_timestamp;
  if (stamp < first_millisecond_stamp) stamp *= 1000;
  if (stamp < 0 || stamp > last_stamp) return record_timestamp;
  return core::from_unix_ms(std::llround(stamp));
}

}  // namespace hookline::event
