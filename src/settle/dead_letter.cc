#include "hookline/settle/dead_letter.h"

#include <array>

#include "headers.h"

namespace hookline::settle {
namespace {

// In the order of Reason.
constexpr std::array<std::string_view, reason_count> reasons{
    "decode",      "render",   "exhausted", "rejected", "egress",
    "correlation", "disabled", "expired",   "overflow", "too_large",
};

}  // namespace

std::string_view name(Reason reason) {
  return reasons[static_cast<std::size_t>(reason)];
}

FailureClass failure_class(Reason reason) {
  const bool pipeline = reason == Reason::decode || reason == Reason::render || reason == Reason::too_large;
  return pipeline ? FailureClass::pipeline : FailureClass::endpoint;
}

std::string_view name(FailureClass failure) {
  return failure == FailureClass::pipeline ? "pipeline" : "endpoint";
}

std::optional<Reason> parse_reason(std::string_view name) {
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    if (reasons[i] == name) return static_cast<Reason>(i);
  }
  return std::nullopt;
}

bool is_own_header(std::string_view name) {
  return name.substr(0, header::own_prefix.size()) == header::own_prefix ||
         name.substr(0, header::connect_prefix.size()) == header::connect_prefix;
}

std::vector<OwnedHeader> dead_letter_headers(const DeadLetter& letter,
                                             std::span<const OwnedHeader> original) {
  header::Writer out(letter.pointer ? std::span<const OwnedHeader>() : original);
  out.text(header::reason, name(letter.reason));
  out.text_if_any(header::webhook, letter.webhook);
  out.text_if_any(header::endpoint, letter.endpoint);
  out.text_if_any(header::delivery_id, letter.delivery_id);
  out.number(header::attempts, letter.attempts);
  if (letter.http_status) out.number(header::http_status, *letter.http_status);
  out.text_if_any(header::error, letter.error);
  out.origin(letter.origin);
  out.number(header::failed_at, core::to_unix_ms(letter.failed_at));
  out.past(letter.past);
  if (letter.pointer) out.text(header::pointer, "true");
  if (letter.policy) out.policy(*letter.policy);
  out.text(header::connect_topic, letter.origin.topic);
  out.number(header::connect_partition, letter.origin.partition);
  out.number(header::connect_offset, letter.origin.offset);
  out.text(header::connect_message, letter.error.empty() ? name(letter.reason) : letter.error);
  return out.take();
}

std::optional<ParsedDeadLetter> parse_dead_letter(std::span<const OwnedHeader> headers) {
  using header::find_number;
  const auto reason = parse_reason(header::find(headers, header::reason).value_or(std::string_view()));
  const auto topic = header::find(headers, header::origin_topic);
  const auto partition = find_number<std::int32_t>(headers, header::origin_partition);
  const auto offset = find_number<std::int64_t>(headers, header::origin_offset);
  const auto timestamp = find_number<std::int64_t>(headers, header::origin_timestamp);
  const auto failed_at = find_number<std::int64_t>(headers, header::failed_at);
  const auto attempts = find_number<std::uint32_t>(headers, header::attempts);
  if (!reason || !topic || !partition || !offset || !timestamp || !failed_at || !attempts)
    return std::nullopt;
  return ParsedDeadLetter{
      .reason = *reason,
      .webhook = header::text_or_empty(headers, header::webhook),
      .endpoint = header::text_or_empty(headers, header::endpoint),
      .delivery_id = header::text_or_empty(headers, header::delivery_id),
      .error = header::text_or_empty(headers, header::error),
      .origin_topic = std::string(*topic),
      .attempts = *attempts,
      .http_status = find_number<int>(headers, header::http_status),
      .origin_partition = *partition,
      .origin_offset = *offset,
      .origin_timestamp_ms = *timestamp,
      .failed_at_ms = *failed_at,
      .past = header::find_past(headers),
      .pointer = header::find(headers, header::pointer) == "true",
      .policy = header::policy_note(headers),
  };
}

}  // namespace hookline::settle
