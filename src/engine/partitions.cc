#include "partitions.h"

#include <algorithm>

#include <fmt/format.h>

namespace hookline::engine {
namespace {
// Brokers refuse a whole request somewhere above 1 MB of metadata (seen: 260 full maps).
constexpr std::size_t max_request_metadata = 256 << 10;
}  // namespace

std::string_view Partitions::intern(const std::string& topic) {
  const auto known = std::find(topics_.begin(), topics_.end(), topic);
  return known != topics_.end() ? *known : topics_.emplace_back(topic);
}

std::string Partitions::log_name(std::string_view topic, std::int32_t number) const {
  return fmt::format("{}/{}/{}", cluster_id_, topic, number);
}

Partition& Partitions::add(const kafka::TopicPartition& name, event::Kind kind, Role role, std::optional<std::uint8_t> tier,
                           std::int64_t base, std::string_view metadata, core::MonoTime now) {
  Partition partition{.topic = intern(name.topic),
                      .number = name.partition,
                      .kind = kind,
                      .role = role,
                      .tier = tier,
                      .epoch = ++epoch_,
                      .tracker = settle::OffsetTracker(
                          base, settle::decode(metadata, base, log_name(name.topic, name.partition)))};
  partition.committed_at = now;
  if (metadata.starts_with(start_marker)) partition.start = metadata;
  owned_.push_back(std::move(partition));
  return owned_.back();
}

Partition* Partitions::find(std::string_view topic, std::int32_t number) {
  const auto is = [&](const Partition& p) { return p.number == number && p.topic == topic; };
  if (last_ < owned_.size() && is(owned_[last_])) return &owned_[last_];
  const auto found = std::find_if(owned_.begin(), owned_.end(), is);
  if (found == owned_.end()) return nullptr;
  last_ = static_cast<std::size_t>(found - owned_.begin());
  return &*found;
}

Partition* Partitions::find(const settle::Receipt& receipt) {
  if (receipt.partition >= owned_.size()) return nullptr;
  Partition& partition = owned_[receipt.partition];
  return partition.epoch == receipt.epoch ? &partition : nullptr;
}

std::vector<std::vector<kafka::CommitEntry>> Partitions::take_commits(core::MonoTime now, core::Duration heal_after) {
  std::vector<std::vector<kafka::CommitEntry>> requests;
  std::size_t metadata = 0;
  for (auto& partition : owned_) {
    const bool changed = partition.version != partition.committed_version;
    if (!changed && now - partition.committed_at < heal_after) continue;
    const auto map = partition.tracker.snapshot();  // base and map from one moment
    kafka::CommitEntry entry{partition.name(), map.base, settle::encode(map, log_name(partition.topic, partition.number))};
    if (entry.metadata.empty()) entry.metadata = partition.start;
    if (requests.empty() || metadata + entry.metadata.size() > max_request_metadata) {
      requests.emplace_back();
      metadata = 0;
    }
    metadata += entry.metadata.size();
    requests.back().push_back(std::move(entry));
    partition.sent_version = partition.version;
  }
  return requests;
}

void Partitions::committed(const kafka::TopicPartition& name, bool success, core::MonoTime now) {
  Partition* partition = find(name.topic, name.partition);
  if (!partition || !success) return;  // a failed one stays changed and goes with the next commit
  partition->committed_version = partition->sent_version;
  partition->committed_at = now;
}

bool Partitions::dirty() const {
  return std::any_of(owned_.begin(), owned_.end(),
                     [](const Partition& p) { return p.version != p.committed_version; });
}

void Partitions::restart(Partition& partition, std::int64_t base, core::MonoTime now) {
  partition.epoch = ++epoch_;
  partition.tracker = settle::OffsetTracker(base, settle::OffsetMap{base, {}});
  partition.committed_at = now;
  ++partition.version;
}

}  // namespace hookline::engine
