#include "positions.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <string_view>

#include <fmt/format.h>

#include "hookline/core/log.h"

namespace hookline::engine {
namespace {

constexpr core::Duration deadline = std::chrono::seconds(10);
constexpr core::Duration longest_age = std::chrono::days(60);  // beyond every retention

SourceTopic topic_of(const std::vector<SourceTopic>& topics, const std::string& name) {
  for (const auto& topic : topics) {
    if (topic.name == name) return topic;
  }
  return {};  // cannot be: only these were subscribed to
}

/// From the metadata of a committed position; 0 if that did not come from `start`.
std::int32_t partitions_at_start(std::string_view metadata) {
  if (!metadata.starts_with(start_marker)) return 0;
  metadata.remove_prefix(start_marker.size());
  std::int32_t count = 0;
  const auto [end, error] = std::from_chars(metadata.data(), metadata.data() + metadata.size(), count);
  return error == std::errc() && end == metadata.data() + metadata.size() ? count : 0;
}

/// What the group's committed offsets say of a topic: where `start` applies.
struct TopicStart {
  std::int32_t partitions = 0;     ///< now
  std::int32_t began_with = 0;     ///< `start` applies to those below; 0: the group has been here for long
};

core::Result<TopicStart> look_at(kafka::Consumer& consumer, const std::string& topic) {
  const auto count = consumer.partition_count(topic, deadline);
  if (!count) return tl::unexpected(count.error());
  std::vector<kafka::TopicPartition> all;
  for (std::int32_t p = 0; p < *count; ++p) all.push_back({topic, p});
  const auto committed = consumer.committed(all, deadline);
  if (!committed) return tl::unexpected(committed.error());
  const bool fresh = std::none_of(committed->begin(), committed->end(), [](const auto& entry) { return entry.offset.has_value(); });
  TopicStart result{*count, fresh ? *count : 0};
  // A marker stays as long as its partition has no map; any that is left tells.
  for (const auto& entry : *committed) result.began_with = std::max(result.began_with, partitions_at_start(entry.metadata));
  return result;
}

core::Result<std::int64_t> first_offset(kafka::Consumer& consumer, const kafka::TopicPartition& partition,
                                        bool known, const config::Start& start, core::WallTime now) {
  const auto marks = consumer.watermarks(partition, deadline);
  if (!marks) return tl::unexpected(marks.error());
  if (known || start.at == config::Start::At::earliest) return marks->low;
  if (start.at == config::Start::At::latest) return marks->high;
  const auto since = now - std::chrono::duration_cast<std::chrono::milliseconds>(start.age);
  auto offset = consumer.offset_at(partition, since, deadline);
  if (offset && *offset < 0) return marks->high;  // nothing that young
  return offset;
}

/// What was appended within two windows before the record at `offset`, on to the log's end; nullopt: nothing.
core::Result<std::optional<Reread>> window_before(kafka::Consumer& consumer, const kafka::TopicPartition& partition,
                                                  std::int64_t offset, core::Duration window, core::WallTime now) {
  const auto marks = consumer.watermarks(partition, deadline);
  if (!marks) return tl::unexpected(marks.error());
  if (offset <= marks->low || marks->high <= marks->low) return std::nullopt;
  const auto first_since = [&](core::Duration age) -> core::Result<std::int64_t> {
    auto found = consumer.offset_at(partition, now - std::chrono::ceil<std::chrono::milliseconds>(age), deadline);
    if (found && *found < 0) return marks->high;  // nothing that young
    return found;
  };
  // When was the record at `offset` appended? At most that long ago: twice as long until it is not younger.
  core::Duration age = window;
  while (age < longest_age) {
    const auto found = first_since(age);
    if (!found) return tl::unexpected(found.error());
    if (*found <= offset) break;
    age *= 2;
  }
  const auto from = first_since(age + 2 * window);
  if (!from) return tl::unexpected(from.error());
  return Reread{std::clamp(*from, marks->low, offset), std::max(marks->high, offset)};
}

}  // namespace

core::Result<std::vector<AssignedPartition>> resolve_positions(kafka::Consumer& consumer,
                                                               const std::vector<kafka::TopicPartition>& partitions,
                                                               const std::vector<SourceTopic>& topics,
                                                               const config::Start& start, core::Duration longest_window,
                                                               core::WallTime now) {
  std::vector<AssignedPartition> resolved;
  if (partitions.empty()) return resolved;
  const auto committed = consumer.committed(partitions, deadline);
  if (!committed) return tl::unexpected(committed.error());

  std::map<std::string, TopicStart> topics_known;  // asked only where it matters
  std::vector<kafka::CommitEntry> fresh;
  for (const auto& entry : *committed) {
    const auto source = topic_of(topics, entry.partition.topic);
    AssignedPartition assigned{entry.partition, source.kind, source.role, source.tier, 0, entry.metadata};
    if (entry.offset) {
      assigned.offset = *entry.offset;
    } else {
      auto place = topics_known.find(entry.partition.topic);
      if (place == topics_known.end()) {
        const auto answer = look_at(consumer, entry.partition.topic);
        if (!answer) return tl::unexpected(answer.error());
        place = topics_known.emplace(entry.partition.topic, *answer).first;
      }
      const TopicStart& topic = place->second;
      const bool known = entry.partition.partition >= topic.began_with || source.own;
      const auto offset = first_offset(consumer, entry.partition, known, start, now);
      if (!offset) return tl::unexpected(offset.error());
      assigned.offset = *offset;
      // A later partition's position counts like any other: only those of the beginning are marked.
      fresh.push_back({entry.partition, *offset, known ? std::string() : fmt::format("{}{}", start_marker, topic.partitions)});
      core::log::info("{}[{}]: the group has no position here, begins at offset {}", entry.partition.topic,
                      entry.partition.partition, *offset);
    }
    if (source.role == Role::thresholds && longest_window > core::Duration{}) {
      auto reread = window_before(consumer, entry.partition, assigned.offset, longest_window, now);
      if (!reread) return tl::unexpected(reread.error());
      assigned.reread = *reread;
    }
    resolved.push_back(std::move(assigned));
  }
  if (!fresh.empty()) {
    if (auto done = consumer.commit_now(fresh, deadline); !done) return tl::unexpected(done.error());
  }
  return resolved;
}

}  // namespace hookline::engine
