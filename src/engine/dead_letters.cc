#include "hookline/engine/dead_letters.h"

#include <algorithm>

#include <fmt/format.h>

#include "hookline/core/units.h"
#include "hookline/engine/reentry.h"
#include "hookline/kafka/log_reader.h"

namespace hookline::engine {
namespace {

constexpr core::Duration original_timeout = std::chrono::seconds(10);

}  // namespace

std::string id_of(const Letter& letter) {
  if (!letter.parsed.delivery_id.empty()) return letter.parsed.delivery_id;
  return fmt::format("{}:{}", letter.record.partition, letter.record.offset);
}

event::RecordView view_of(const kafka::OwnedRecord& record, std::vector<event::Header>& headers) {
  headers.clear();
  for (const auto& [name, value] : record.headers) {
    headers.push_back({name, value ? std::optional<std::string_view>(*value) : std::nullopt});
  }
  return {.topic = record.topic,
          .partition = record.partition,
          .offset = record.offset,
          .timestamp = record.timestamp,
          .key = record.key ? std::optional<std::string_view>(*record.key) : std::nullopt,
          .value = record.value ? std::optional<std::string_view>(*record.value) : std::nullopt,
          .headers = headers,
          .padded = false};
}

core::Result<std::unique_ptr<Where>> Where::compile(const std::string& text, const event::AttributeTable& attributes) {
  event::Variables variables(attributes);
  auto expression = rule::Expression::compile_filter(text, variables);
  if (!expression) {
    const auto& fault = expression.error();
    return core::fail(core::ErrorCode::invalid, fmt::format("where, column {}: {}{}{}", fault.at + 1, fault.what,
                                                            fault.remedy.empty() ? "" : "; ", fault.remedy), "/where");
  }
  return std::unique_ptr<Where>(new Where(std::move(*expression), variables));
}

bool Where::takes(const kafka::OwnedRecord& record, event::Kind kind) {
  if (!record.value) return false;
  std::vector<event::Header> headers;
  const auto view = view_of(record, headers);
  const auto event = reader_.read(view, kind, scratch_);
  if (!event) return false;
  arena_.clear();
  return expression_.matches(*event, arena_);
}

core::Result<kafka::OwnedRecord> read_original(const Letter& letter, const kafka::Properties& properties) {
  const auto& p = letter.parsed;
  if (!p.pointer) return original_of(p, letter.record);
  const auto gone = [] { return core::fail(core::ErrorCode::not_found, "it is a pointer, and its original is gone from the log"); };
  auto record = kafka::read_record(properties, {p.origin_topic, p.origin_partition}, p.origin_offset, core::read_clock().mono + original_timeout);
  if (!record && record.error().code == core::ErrorCode::not_found) return gone();
  if (!record) return record;
  // Of a topic that was made anew another record may stand there.
  if (core::to_unix_ms(record->timestamp) != p.origin_timestamp_ms) return gone();
  std::erase_if(record->headers, [](const kafka::OwnedHeader& header) { return settle::is_own_header(header.first); });
  return record;
}

core::Result<LetterFilter> LetterFilter::compile(LetterSelection selection, const config::Topics& topics,
                                                 const event::AttributeTable& attributes) {
  std::unique_ptr<Where> where;
  if (!selection.where.empty()) {
    auto compiled = Where::compile(selection.where, attributes);
    if (!compiled) return tl::unexpected(compiled.error());
    where = std::move(*compiled);
  }
  return LetterFilter(std::move(selection), topics, std::move(where));
}

/// What can be told without the event.
bool LetterFilter::takes_head(const Letter& letter) const {
  const auto& s = selection_;
  const auto& p = letter.parsed;
  const auto failed_at = core::from_unix_ms(p.failed_at_ms);
  const auto is_one_of = [](const auto& list, const auto& value) {
    return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
  };
  return (s.webhook.empty() || p.webhook == s.webhook) && (s.endpoint.empty() || p.endpoint == s.endpoint) &&
         is_one_of(s.reasons, p.reason) && (!s.failure || settle::failure_class(p.reason) == *s.failure) &&
         (!s.status || p.http_status == s.status) && (!s.key || letter.record.key == s.key) && is_one_of(s.ids, id_of(letter)) &&
         (!s.since || failed_at >= *s.since) && (!s.until || failed_at < *s.until);
}

core::Result<bool> LetterFilter::takes(const Letter& letter, const kafka::Properties& properties) {
  if (!takes_head(letter)) return false;
  if (!where_) return true;
  const auto original = read_original(letter, properties);
  if (!original && original.error().code != core::ErrorCode::not_found) return tl::unexpected(original.error());
  gone_ += original ? 0 : 1;
  return original && where_->takes(*original, kind_of_topic(*topics_, original->topic).value_or(event::Kind::incident));
}

void LetterGroups::add(const Letter& letter, bool replayed) {
  const auto& p = letter.parsed;
  Group& group = groups_[{settle::failure_class(p.reason), std::string(settle::name(p.reason)), p.webhook, p.endpoint, p.http_status.value_or(0)}];
  group.first = group.count == 0 ? p.failed_at_ms : std::min(group.first, p.failed_at_ms);
  if (p.failed_at_ms >= group.last) group.error = p.error;
  group.last = std::max(group.last, p.failed_at_ms);
  ++group.count;
  ++total_;
  group.replayed += replayed ? 1 : 0;
  replayed_ += replayed ? 1 : 0;
}

core::Result<core::WallTime> parse_moment(const std::string& text, core::WallTime now) {
  if (const auto time = core::parse_rfc3339(text)) return *time;
  if (const auto age = core::parse_duration(text)) return now - std::chrono::duration_cast<std::chrono::milliseconds>(*age);
  return core::fail(core::ErrorCode::invalid,
                    fmt::format("'{}' is not a moment: write e.g. 2026-03-02T10:00:00Z, or an age such as 2h", text));
}

}  // namespace hookline::engine
