// The names of the headers that Hookline writes, in one place, and their values: texts cut at 8 KiB,
// numbers in decimal, times as Unix milliseconds.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "hookline/settle/dead_letter.h"

namespace hookline::settle::header {

inline constexpr std::string_view own_prefix = "hookline.";
inline constexpr std::string_view connect_prefix = "__connect.errors.";

inline constexpr std::string_view reason = "hookline.reason";
inline constexpr std::string_view webhook = "hookline.webhook";
inline constexpr std::string_view endpoint = "hookline.endpoint";
inline constexpr std::string_view delivery_id = "hookline.delivery.id";
inline constexpr std::string_view attempts = "hookline.attempts";
inline constexpr std::string_view http_status = "hookline.http.status";
inline constexpr std::string_view error = "hookline.error";
inline constexpr std::string_view origin_topic = "hookline.origin.topic";
inline constexpr std::string_view origin_partition = "hookline.origin.partition";
inline constexpr std::string_view origin_offset = "hookline.origin.offset";
inline constexpr std::string_view origin_timestamp = "hookline.origin.timestamp";
inline constexpr std::string_view failed_at = "hookline.failed.at";
inline constexpr std::string_view pointer = "hookline.pointer";
inline constexpr std::string_view first_at = "hookline.first.at";
inline constexpr std::string_view due_at = "hookline.due.at";
inline constexpr std::string_view key = "hookline.key";
inline constexpr std::string_view kind = "hookline.kind";
inline constexpr std::string_view hops = "hookline.hops";
inline constexpr std::string_view generation = "hookline.replay.generation";
inline constexpr std::string_view replays = "hookline.replays";
inline constexpr std::string_view earlier_attempts = "hookline.earlier.attempts";
inline constexpr std::string_view policy = "hookline.policy";
inline constexpr std::string_view policy_count = "hookline.policy.count";
inline constexpr std::string_view policy_window = "hookline.policy.window";
inline constexpr std::string_view group = "hookline.group";
inline constexpr std::string_view fired_offset = "hookline.fired.offset";
inline constexpr std::string_view fired_until = "hookline.fired.until";
inline constexpr std::string_view correlation = "hookline.correlation";

inline constexpr std::string_view connect_topic = "__connect.errors.topic";
inline constexpr std::string_view connect_partition = "__connect.errors.partition";
inline constexpr std::string_view connect_offset = "__connect.errors.offset";
inline constexpr std::string_view connect_message = "__connect.errors.exception.message";

/// Builds a list of headers: first what the original record carried, then Hookline's own.
class Writer {
 public:
  explicit Writer(std::span<const OwnedHeader> original);
  /// Cut at 8 KiB, between characters of UTF-8.
  void text(std::string_view name, std::string_view value);
  /// Nothing if empty.
  void text_if_any(std::string_view name, std::string_view value);
  void bytes(std::string_view name, std::string_view value);
  void number(std::string_view name, std::int64_t value);
  void origin(const Origin& origin);
  /// Nothing if it never ended before.
  void past(const Past& past);
  void policy(const PolicyNote& note);
  std::vector<OwnedHeader> take() { return std::move(headers_); }

 private:
  std::vector<OwnedHeader> headers_;
};

/// The last header of this name, as Kafka's own clients read; nullopt without one, or without value.
std::optional<std::string_view> find(std::span<const OwnedHeader> headers, std::string_view name);
/// "" if there is none.
std::string text_or_empty(std::span<const OwnedHeader> headers, std::string_view name);

PolicyNote policy_note(std::span<const OwnedHeader> headers);

/// A number, spelled as Writer spells it, in the range of T; nullopt for anything else.
template <class T>
std::optional<T> find_number(std::span<const OwnedHeader> headers, std::string_view name) {
  const auto text = find(headers, name);
  T value{};
  if (!text) return std::nullopt;
  const auto [end, fault] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (fault != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return value;
}

/// What Writer::past wrote.
Past find_past(std::span<const OwnedHeader> headers);

}  // namespace hookline::settle::header
