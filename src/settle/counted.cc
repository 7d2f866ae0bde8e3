#include "hookline/settle/counted.h"

#include "headers.h"

namespace hookline::settle {
namespace {

/// A group is told by its text up to here, and by a hash of it beyond.
constexpr std::size_t longest_group = 200;

}  // namespace

std::string group_key(core::Hasher& hasher, std::string_view policy, std::string_view group) {
  std::string key(policy);
  key.push_back('\n');  // in no name
  if (group.size() <= longest_group) return key.append(group);
  hasher.start();
  hasher.update(group);
  const auto digest = hasher.finish();
  return key + "#" + core::base64url({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

std::vector<OwnedHeader> counted_headers(const Counted& counted, std::span<const OwnedHeader> original) {
  header::Writer out(original);
  out.text(header::policy, counted.policy);
  out.text_if_any(header::group, counted.group);
  out.text(header::kind, counted.kind);
  if (counted.key) out.bytes(header::key, *counted.key);
  out.origin(counted.origin);
  return out.take();
}

std::vector<OwnedHeader> fired_headers(const Fired& fired) {
  header::Writer out({});
  out.text(header::policy, fired.policy);
  out.text_if_any(header::group, fired.group);
  out.number(header::fired_offset, fired.offset);
  out.number(header::fired_until, core::to_unix_ms(fired.until));
  return out.take();
}

std::optional<ParsedCounted> parse_counted(std::span<const OwnedHeader> headers) {
  using header::find_number;
  const auto policy = header::find(headers, header::policy);
  const auto kind = header::find(headers, header::kind);
  const auto topic = header::find(headers, header::origin_topic);
  const auto partition = find_number<std::int32_t>(headers, header::origin_partition);
  const auto offset = find_number<std::int64_t>(headers, header::origin_offset);
  const auto timestamp = find_number<std::int64_t>(headers, header::origin_timestamp);
  if (!policy || !kind || !topic || !partition || !offset || !timestamp) return std::nullopt;
  ParsedCounted parsed{.policy = std::string(*policy),
                       .group = header::text_or_empty(headers, header::group),
                       .kind = std::string(*kind),
                       .origin_topic = std::string(*topic),
                       .key = {},
                       .origin_partition = *partition,
                       .origin_offset = *offset,
                       .origin_timestamp_ms = *timestamp};
  if (const auto key = header::find(headers, header::key)) parsed.key = std::string(*key);
  return parsed;
}

std::optional<ParsedFired> parse_fired(std::span<const OwnedHeader> headers) {
  const auto policy = header::find(headers, header::policy);
  const auto offset = header::find_number<std::int64_t>(headers, header::fired_offset);
  const auto until = header::find_number<std::int64_t>(headers, header::fired_until);
  if (!policy || !offset || !until) return std::nullopt;
  return ParsedFired{std::string(*policy), header::text_or_empty(headers, header::group), *offset, *until};
}

}  // namespace hookline::settle
