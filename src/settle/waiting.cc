#include "hookline/settle/waiting.h"

#include "headers.h"

namespace hookline::settle {

std::vector<OwnedHeader> waiting_headers(const Waiting& waiting, std::span<const OwnedHeader> original) {
  header::Writer out(original);
  out.text(header::webhook, waiting.webhook);
  out.text(header::endpoint, waiting.endpoint);
  out.text(header::delivery_id, waiting.delivery_id);
  out.text_if_any(header::kind, waiting.kind);
  out.number(header::attempts, waiting.attempts);
  out.number(header::hops, waiting.hops);
  out.number(header::first_at, core::to_unix_ms(waiting.first_attempt_at));
  out.number(header::due_at, core::to_unix_ms(waiting.due_at));
  if (waiting.http_status) out.number(header::http_status, *waiting.http_status);
  out.text_if_any(header::error, waiting.error);
  if (waiting.key) out.bytes(header::key, *waiting.key);
  out.past(waiting.past);
  if (waiting.correlation) out.bytes(header::correlation, *waiting.correlation);
  out.origin(waiting.origin);
  if (waiting.policy) out.policy(*waiting.policy);
  return out.take();
}

std::optional<ParsedWaiting> parse_waiting(std::span<const OwnedHeader> headers) {
  using header::find_number;
  const auto webhook = header::find(headers, header::webhook);
  const auto endpoint = header::find(headers, header::endpoint);
  const auto id = header::find(headers, header::delivery_id);
  const auto attempts = find_number<std::uint32_t>(headers, header::attempts);
  const auto first_at = find_number<std::int64_t>(headers, header::first_at);
  const auto due_at = find_number<std::int64_t>(headers, header::due_at);
  const auto topic = header::find(headers, header::origin_topic);
  const auto partition = find_number<std::int32_t>(headers, header::origin_partition);
  const auto offset = find_number<std::int64_t>(headers, header::origin_offset);
  const auto timestamp = find_number<std::int64_t>(headers, header::origin_timestamp);
  if (!webhook || !endpoint || !id || !attempts || !first_at || !due_at) return std::nullopt;
  if (!topic || !partition || !offset || !timestamp) return std::nullopt;
  ParsedWaiting parsed{
      .webhook = std::string(*webhook),
      .endpoint = std::string(*endpoint),
      .delivery_id = std::string(*id),
      .kind = header::text_or_empty(headers, header::kind),
      .error = header::text_or_empty(headers, header::error),
      .origin_topic = std::string(*topic),
      .attempts = *attempts,
      .hops = find_number<std::uint32_t>(headers, header::hops).value_or(0),
      .first_attempt_at_ms = *first_at,
      .due_at_ms = *due_at,
      .http_status = find_number<int>(headers, header::http_status),
      .key = {},
      .past = header::find_past(headers),
      .correlation = {},
      .origin_partition = *partition,
      .origin_offset = *offset,
      .origin_timestamp_ms = *timestamp,
      .policy = header::policy_note(headers),
  };
  if (const auto key = header::find(headers, header::key)) parsed.key = std::string(*key);
  if (const auto value = header::find(headers, header::correlation)) parsed.correlation = std::string(*value);
  return parsed;
}

}  // namespace hookline::settle
