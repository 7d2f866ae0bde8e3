#include "headers.h"

#include <algorithm>

namespace hookline::settle::header {
namespace {

constexpr std::size_t max_text = 8 << 10;

std::string_view cut(std::string_view text) {
  if (text.size() <= max_text) return text;
  std::size_t end = max_text;
  // A character has at most three continuation bytes; what goes on for longer is not UTF-8.
  while (end > max_text - 3 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
    --end;
  return text.substr(0, end);
}

}  // namespace

Writer::Writer(std::span<const OwnedHeader> original) {
  headers_.reserve(original.size() + 16);
  std::copy_if(original.begin(), original.end(), std::back_inserter(headers_),
               [](const OwnedHeader& header) { return !is_own_header(header.first); });
}

void Writer::text(std::string_view name, std::string_view value) {
  bytes(name, cut(value));
}

void Writer::text_if_any(std::string_view name, std::string_view value) {
  if (!value.empty()) text(name, value);
}

void Writer::bytes(std::string_view name, std::string_view value) {
  headers_.emplace_back(name, std::string(value));
}

void Writer::number(std::string_view name, std::int64_t value) {
  headers_.emplace_back(name, std::to_string(value));
}

void Writer::origin(const Origin& origin) {
  text(origin_topic, origin.topic);
  number(origin_partition, origin.partition);
  number(origin_offset, origin.offset);
  number(origin_timestamp, core::to_unix_ms(origin.timestamp));
}

void Writer::past(const Past& past) {
  if (past.generation == 0) return;
  number(generation, past.generation);
  number(replays, past.replays);
  number(earlier_attempts, past.attempts);
}

Past find_past(std::span<const OwnedHeader> headers) {
  return {.generation = find_number<std::int64_t>(headers, generation).value_or(0),
          .replays = find_number<std::uint32_t>(headers, replays).value_or(0),
          .attempts = find_number<std::uint32_t>(headers, earlier_attempts).value_or(0)};
}

void Writer::policy(const PolicyNote& note) {
  text_if_any(header::policy, note.policy);
  if (note.count) number(policy_count, static_cast<std::int64_t>(*note.count));
  if (note.window) number(policy_window, *note.window / std::chrono::milliseconds(1));
}

PolicyNote policy_note(std::span<const OwnedHeader> headers) {
  PolicyNote note{.policy = text_or_empty(headers, policy), .count = {}, .window = {}};
  note.count = find_number<std::uint64_t>(headers, policy_count);
  const auto window = find_number<std::int64_t>(headers, policy_window);
  // One of hundreds of years is of no policy.
  if (window && *window >= 0 && *window < (std::int64_t{1} << 40)) note.window = std::chrono::milliseconds(*window);
  return note;
}

std::optional<std::string_view> find(std::span<const OwnedHeader> headers, std::string_view name) {
  const auto found = std::find_if(headers.rbegin(), headers.rend(),
                                  [&](const OwnedHeader& header) { return header.first == name; });
  if (found == headers.rend() || !found->second) return std::nullopt;
  return *found->second;
}

std::string text_or_empty(std::span<const OwnedHeader> headers, std::string_view name) {
  return std::string(find(headers, name).value_or(std::string_view()));
}

}  // namespace hookline::settle::header
