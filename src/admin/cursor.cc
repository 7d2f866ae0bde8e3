#include "cursor.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace hookline::admin {
namespace {

constexpr std::int32_t most_partitions = 10'000;

}  // namespace

std::string cursor_of(const kafka::ReadBackTo& position) {
  std::string text;
  for (const auto& [partition, offset] : position) text += (text.empty() ? "" : "-") + fmt::format_int(offset).str();
  return text;
}

std::optional<kafka::ReadBackTo> parse_cursor(std::string_view text, const std::string& topic) {
  kafka::ReadBackTo position;
  for (std::int32_t partition = 0; partition < most_partitions; ++partition) {
    std::int64_t offset = 0;
    const auto part = text.substr(0, std::min(text.find('-'), text.size()));
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), offset);
    if (error != std::errc() || end != part.data() + part.size()) return std::nullopt;
    position[{topic, partition}] = offset;
    if (part.size() == text.size()) return position;
    text.remove_prefix(part.size() + 1);
  }
  return std::nullopt;
}

}  // namespace hookline::admin
