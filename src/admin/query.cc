#include "query.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "hookline/core/units.h"

namespace hookline::admin {
namespace {

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(plus_is_space && text[i] == '+' ? ' ' : text[i]);
      continue;
    }
    if (i + 2 >= text.size() || digit(text[i + 1]) < 0 || digit(text[i + 2]) < 0) return std::nullopt;
    out.push_back(static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2])));
    i += 2;
  }
  return out;
}

core::Result<Query> Query::parse(std::string_view text, const std::vector<std::string_view>& known) {
  Query query;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto part = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (part.empty()) continue;
    const auto equals = std::min(part.find('='), part.size());
    const auto name = percent_decoded(part.substr(0, equals), true);
    const auto value = percent_decoded(equals < part.size() ? part.substr(equals + 1) : std::string_view(), true);
    if (!name || !value) return core::fail(core::ErrorCode::invalid, "the query is not well encoded: a % stands before two hexadecimal digits");
    if (std::find(known.begin(), known.end(), *name) == known.end()) {
      return core::fail(core::ErrorCode::invalid, known.empty() ? fmt::format("there is no query parameter '{}' here, nor any other", *name)
                                                                : fmt::format("there is no query parameter '{}' here: {}", *name, fmt::join(known, ", ")));
    }
    if (!query.values_.emplace(*name, *value).second) return core::fail(core::ErrorCode::invalid, fmt::format("the query parameter '{}' stands twice", *name));
  }
  return query;
}

std::optional<std::string> Query::raw(std::string_view name) const {
  const auto found = values_.find(name);
  return found == values_.end() ? std::nullopt : std::optional(found->second);
}

core::Result<std::optional<std::string>> Query::text(std::string_view name, std::size_t most) const {
  auto value = raw(name);
  if (!value) return std::nullopt;
  const auto characters = std::count_if(value->begin(), value->end(), [](unsigned char c) { return (c & 0xc0) != 0x80; });
  if (!value->empty() && static_cast<std::size_t>(characters) <= most) return value;
  return core::fail(core::ErrorCode::invalid, fmt::format("{} has 1 to {} characters; leave it out if you mean none", name, most));
}

core::Result<std::optional<std::int64_t>> Query::number(std::string_view name, std::int64_t least, std::int64_t most) const {
  const auto value = raw(name);
  if (!value) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), number);
  if (error != std::errc() || end != value->data() + value->size() || number < least || number > most) {
    return core::fail(core::ErrorCode::invalid, fmt::format("{} is a number from {} to {}", name, least, most));
  }
  return number;
}

core::Result<std::optional<std::string>> Query::word(std::string_view name, const std::vector<std::string_view>& words) const {
  const auto value = raw(name);
  if (!value) return std::nullopt;
  if (std::find(words.begin(), words.end(), *value) != words.end()) return *value;
  return core::fail(core::ErrorCode::invalid, fmt::format("{} is one of {}", name, fmt::join(words, ", ")));
}

core::Result<std::optional<core::WallTime>> Query::moment(std::string_view name, core::WallTime now) const {
  const auto value = raw(name);
  if (!value) return std::nullopt;
  if (const auto time = core::parse_rfc3339(*value)) return *time;
  const bool bare = value->find_first_not_of("0123456789") == std::string::npos;  // an age has a unit
  const auto age = core::parse_duration(*value);
  if (age && !bare) return now - std::chrono::duration_cast<std::chrono::milliseconds>(*age);
  return core::fail(core::ErrorCode::invalid, fmt::format("{} is a moment: write e.g. 2026-03-02T10:00:00Z, or an age such as 2h", name));
}

}  // namespace hookline::admin
