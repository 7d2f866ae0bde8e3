#include "hookline/core/time.h"

#include <array>

#include <fmt/format.h>

namespace hookline::core {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::year_month_day;

/// Reads exactly `width` digits from the front of `text`.
std::optional<int> take_digits(std::string_view& text, std::size_t width) {
  if (text.size() < width) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  text.remove_prefix(width);
  return value;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

/// Reads `hh:mm:ss`. A leap second (60) is the next minute's first.
std::optional<seconds> take_time_of_day(std::string_view& text) {
  const auto h = take_digits(text, 2);
  if (!h || !take(text, ":")) return std::nullopt;
  const auto m = take_digits(text, 2);
  if (!m || !take(text, ":")) return std::nullopt;
  const auto s = take_digits(text, 2);
  if (!s || *h > 23 || *m > 59 || *s > 60) return std::nullopt;
  return hours(*h) + minutes(*m) + seconds(*s);
}

/// Reads a fraction of a second behind its point, as far as milliseconds go.
std::optional<milliseconds> take_fraction(std::string_view& text) {
  if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
  int ms = 0;
  int scale = 100;
  while (!text.empty() && text[0] >= '0' && text[0] <= '9') {
    ms += (text[0] - '0') * scale;
    scale /= 10;
    text.remove_prefix(1);
  }
  return milliseconds(ms);
}

std::optional<WallTime> assemble(int year, unsigned month, unsigned day, milliseconds time_of_day) {
  const year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  if (!date.ok()) return std::nullopt;
  return WallTime(sys_days(date).time_since_epoch() + time_of_day);
}

}  // namespace

Now read_clock() {
  return {std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now()),
          std::chrono::time_point_cast<milliseconds>(std::chrono::system_clock::now())};
}

std::string format_rfc3339(WallTime time) {
  const auto day = std::chrono::floor<days>(time);
  const year_month_day date(day);
  const std::chrono::hh_mm_ss<milliseconds> clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::optional<WallTime> parse_rfc3339(std::string_view text) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, "-")) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, "-")) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || !take(text, "Tt ")) return std::nullopt;
  const auto time_of_day = take_time_of_day(text);
  if (!time_of_day) return std::nullopt;
  std::optional<milliseconds> fraction(0);
  if (take(text, ".")) fraction = take_fraction(text);
  if (!fraction) return std::nullopt;
  const auto time = assemble(*year, static_cast<unsigned>(*month), static_cast<unsigned>(*day), *time_of_day + *fraction);
  if (!time) return std::nullopt;
  while (take(text, " ")) {
  }
  if (text.empty() || text == "Z" || text == "z") return time;
  const bool east = text[0] == '+';
  if (!take(text, "+-")) return std::nullopt;
  const auto offset_hours = take_digits(text, 2);
  take(text, ":");
  const auto offset_minutes = take_digits(text, 2);
  if (!offset_hours || !offset_minutes || !text.empty()) return std::nullopt;
  if (*offset_hours > 23 || *offset_minutes > 59) return std::nullopt;
  const auto offset = hours(*offset_hours) + minutes(*offset_minutes);
  return east ? *time - offset : *time + offset;
}

std::optional<WallTime> parse_http_date(std::string_view text) {
  // Sun, 06 Nov 1994 08:49:37 GMT
  static constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT") return std::nullopt;
  text.remove_prefix(5);
  const auto day = take_digits(text, 2);
  if (!day || !take(text, " ")) return std::nullopt;
  unsigned month = 0;
  for (unsigned i = 0; i < months.size(); ++i) {
    if (text.substr(0, 3) == months[i]) month = i + 1;
  }
  if (month == 0) return std::nullopt;
  text.remove_prefix(3);
  if (!take(text, " ")) return std::nullopt;
  const auto year = take_digits(text, 4);
  if (!year || !take(text, " ")) return std::nullopt;
  const auto time_of_day = take_time_of_day(text);
  if (!time_of_day) return std::nullopt;
  return assemble(*year, month, static_cast<unsigned>(*day), *time_of_day);
}

}  // namespace hookline::core
