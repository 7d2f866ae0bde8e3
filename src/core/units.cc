#include "hookline/core/units.h"

#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

namespace hookline::core {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

using std::chrono::nanoseconds;

// Largest first: format_duration takes the first that divides evenly.
constexpr std::array<Unit, 5> duration_units{{{"d", 86'400'000'000'000},
                                              {"h", 3'600'000'000'000},
                                              {"m", 60'000'000'000},
                                              {"s", 1'000'000'000},
                                              {"ms", 1'000'000}}};
constexpr std::array<Unit, 4> size_units{{{"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10}, {"B", 1}}};
constexpr std::array<Unit, 3> rate_units{{{"/s", 1}, {"/m", 60}, {"/h", 3600}}};

/// Splits "1.5h" into 1.5 and "h"; nullopt if no number stands in front.
std::optional<std::pair<double, std::string_view>> split(std::string_view text) {
  std::size_t digits = 0;
  while (digits < text.size() && ((text[digits] >= '0' && text[digits] <= '9') || text[digits] == '.')) ++digits;
  if (digits == 0 || text.front() == '.' || text[digits - 1] == '.') return std::nullopt;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + digits, number);
  if (error != std::errc() || end != text.data() + digits) return std::nullopt;
  auto unit = text.substr(digits);
  while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
  return std::pair(number, unit);
}

template <std::size_t N>
const Unit* find(const std::array<Unit, N>& units, std::string_view name) {
  for (const auto& unit : units) {
    if (unit.name == name) return &unit;
  }
  return nullptr;
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
  const auto parts = split(text);
  const Unit* unit = parts ? find(duration_units, parts->second) : nullptr;
  if (parts && parts->first == 0 && parts->second.empty()) return Duration::zero();
  // 100 years keeps every sum of durations within 64 bits.
  if (!unit || parts->first * static_cast<double>(unit->factor) > 36500.0 * 86'400e9) {
    return fail(ErrorCode::invalid,
                fmt::format("'{}' is not a duration: write a number and one of ms, s, m, h, d, e.g. 500ms or 5m", text));
  }
  return Duration(std::llround(parts->first * static_cast<double>(unit->factor)));
}

std::string format_duration(Duration duration) {
  const auto ns = duration.count();
  if (ns == 0) return "0s";
  for (const auto& unit : duration_units) {
    if (ns % unit.factor == 0) return fmt::format("{}{}", ns / unit.factor, unit.name);
  }
  std::string text = fmt::format("{}.{:06}", ns / 1'000'000, ns % 1'000'000);
  text.erase(text.find_last_not_of('0') + 1);
  return text + "ms";
}

Result<std::uint64_t> parse_size(std::string_view text) {
  const auto parts = split(text);
  const Unit* unit = parts ? find(size_units, parts->second.empty() ? "B" : parts->second) : nullptr;
  if (!unit || parts->first * static_cast<double>(unit->factor) > 9e15) {
    return fail(ErrorCode::invalid,
                fmt::format("'{}' is not a size: write a number and one of B, KiB, MiB, GiB, e.g. 64KiB", text));
  }
  return static_cast<std::uint64_t>(std::llround(parts->first * static_cast<double>(unit->factor)));
}

std::string format_size(std::uint64_t bytes) {
  for (const auto& unit : size_units) {
    const auto factor = static_cast<std::uint64_t>(unit.factor);
    if (bytes >= factor && bytes % factor == 0) return fmt::format("{}{}", bytes / factor, unit.name);
  }
  return fmt::format("{}B", bytes);
}

Result<double> parse_rate(std::string_view text) {
  const auto parts = split(text);
  const Unit* unit = parts ? find(rate_units, parts->second) : nullptr;
  if (!unit || parts->first <= 0) {
    return fail(ErrorCode::invalid, fmt::format("'{}' is not a rate: write e.g. 100/s, 600/m or 1000/h", text));
  }
  return parts->first / static_cast<double>(unit->factor);
}

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  if (count == 1) return fmt::format("1 {}", one);
  return many.empty() ? fmt::format("{} {}s", count, one) : fmt::format("{} {}", count, many);
}

}  // namespace hookline::core
