#include "hookline/engine/reentry.h"

#include <algorithm>

#include <fmt/format.h>

#include "hookline/core/crypto.h"
#include "hookline/settle/waiting.h"

namespace hookline::engine {
namespace {

/// What is to go out in order is read in order: what has one key lies in one partition. A hash, for keys may be long.
std::string place_of(const Reentry& reentry, const std::string& key) {
  core::Hasher hasher;
  hasher.start();
  hasher.update(fmt::format("{}/{}/", reentry.webhook, reentry.endpoint));
  hasher.update(key);
  const auto digest = hasher.finish();
  return core::hex(core::as_view(digest).substr(0, 16));
}

}  // namespace

kafka::OwnedRecord reentry_record(const Reentry& reentry, const kafka::OwnedRecord& original, const config::Topics& topics,
                                  core::WallTime now) {
  settle::Waiting waiting{.webhook = reentry.webhook,
                          .endpoint = reentry.endpoint,
                          .delivery_id = reentry.delivery_id,
                          .kind = event::name(reentry.kind),
                          .first_attempt_at = now,
                          .due_at = now,
                          .http_status = {},
                          .error = {},
                          .key = {},
                          .past = reentry.past,
                          .origin = {original.topic, original.partition, original.offset, original.timestamp}};
  if (original.key) waiting.key = *original.key;
  if (!reentry.policy.policy.empty()) waiting.policy = &reentry.policy;
  kafka::OwnedRecord record{.topic = topics[config::OwnTopic::retry_10s]};
  record.key = original.key ? place_of(reentry, *original.key) : reentry.delivery_id;
  record.value = original.value;
  record.headers = settle::waiting_headers(waiting, original.headers);
  return record;
}

settle::Past past_of(const settle::ParsedDeadLetter& letter, std::optional<std::int64_t> marked) {
  // After every life that ended before the letter was written, those of other replays included.
  const auto generation = std::max(letter.failed_at_ms, letter.past.generation + 1);
  return {.generation = std::max(generation, marked.value_or(0) + 1),
          .replays = letter.past.replays + 1,
          .attempts = letter.attempts};
}

kafka::OwnedRecord original_of(const settle::ParsedDeadLetter& letter, kafka::OwnedRecord record) {
  std::erase_if(record.headers, [](const kafka::OwnedHeader& header) { return settle::is_own_header(header.first); });
  record.topic = letter.origin_topic;
  record.partition = letter.origin_partition;
  record.offset = letter.origin_offset;
  record.timestamp = core::from_unix_ms(letter.origin_timestamp_ms);
  return record;
}

std::optional<event::Kind> kind_of_topic(const config::Topics& topics, std::string_view topic) {
  for (const auto kind : event::kinds) {
    const auto& names = topics.sources[static_cast<std::size_t>(kind)];
    if (std::find(names.begin(), names.end(), topic) != names.end()) return kind;
  }
  if (topic == topics[config::OwnTopic::notices]) return event::Kind::audit;
  return std::nullopt;
}

}  // namespace hookline::engine
