#include "positions.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "hookline/core/log.h"

namespace hookline::engine {
namespace {

constexpr core::Duration deadline = std::chrono::seconds(10);

// Metadata of a position that came from `start`: another member that begins at the same moment still
// sees a group that is only starting. Not a map, so decoding ignores it.
constexpr std::string_view starting = "start";

event::Kind kind_of(const std::vector<SourceTopic>& topics, const std::string& name) {
  for (const auto& topic : topics) {
    if (topic.name == name) return topic.kind;
  }
  return event::Kind::alarm;  // cannot be: only these were subscribed to
}

/// Has the group ever committed an offset of this topic?
core::Result<bool> is_known(kafka::Consumer& consumer, const std::string& topic) {
  const auto count = consumer.partition_count(topic, deadline);
  if (!count) return tl::unexpected(count.error());
  std::vector<kafka::TopicPartition> all;
  for (std::int32_t p = 0; p < *count; ++p) all.push_back({topic, p});
  const auto committed = consumer.committed(all, deadline);
  if (!committed) return tl::unexpected(committed.error());
  return std::any_of(committed->begin(), committed->end(),
                     [](const kafka::Committed& c) { return c.offset && c.metadata != starting; });
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

}  // namespace

core::Result<std::vector<AssignedPartition>> resolve_positions(kafka::Consumer& consumer,
                                                               const std::vector<kafka::TopicPartition>& partitions,
                                                               const std::vector<SourceTopic>& topics,
                                                               const config::Start& start, core::WallTime now) {
  std::vector<AssignedPartition> resolved;
  if (partitions.empty()) return resolved;
  const auto committed = consumer.committed(partitions, deadline);
  if (!committed) return tl::unexpected(committed.error());

  std::map<std::string, bool> known;  // by topic, asked only where it matters
  std::vector<kafka::CommitEntry> fresh;
  for (const auto& entry : *committed) {
    AssignedPartition assigned{entry.partition, kind_of(topics, entry.partition.topic), 0, entry.metadata};
    if (entry.offset) {
      assigned.offset = *entry.offset;
    } else {
      auto place = known.find(entry.partition.topic);
      if (place == known.end()) {
        const auto answer = is_known(consumer, entry.partition.topic);
        if (!answer) return tl::unexpected(answer.error());
        place = known.emplace(entry.partition.topic, *answer).first;
      }
      const auto offset = first_offset(consumer, entry.partition, place->second, start, now);
      if (!offset) return tl::unexpected(offset.error());
      assigned.offset = *offset;
      fresh.push_back({entry.partition, *offset, std::string(starting)});
      core::log::info("{}[{}]: the group has no position here, begins at offset {}", entry.partition.topic,
                      entry.partition.partition, *offset);
    }
    resolved.push_back(std::move(assigned));
  }
  if (!fresh.empty()) {
    if (auto done = consumer.commit_now(fresh, deadline); !done) return tl::unexpected(done.error());
  }
  return resolved;
}

}  // namespace hookline::engine
