// The partitions that a worker owns: each with its tracker, the records that wait for room, and what
// of it is committed. Knows nothing of deliveries; a Receipt is all that comes back. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "counting.h"
#include "held_record.h"
#include "hookline/core/time.h"
#include "hookline/event/kind.h"
#include "hookline/kafka/consumer.h"
#include "hookline/settle/offset_tracker.h"
#include "hookline/settle/receipt.h"
#include "role.h"

namespace hookline::engine {

/// Metadata of a position that came from `start`, and how many partitions the topic had then: another member
/// that begins at the same moment still sees a group that is only starting, while a partition beyond them
/// was added since. Not a map, so decoding ignores it; goes with each commit that has no map.
inline constexpr std::string_view start_marker = "start ";

struct Partition {
  std::string_view topic;  ///< interned by Partitions
  std::int32_t number = 0;
  event::Kind kind = event::Kind::alarm;
  Role role = Role::source;
  std::optional<std::uint8_t> tier;  ///< of a retry topic: which
  settle::Epoch epoch = 0;
  settle::OffsetTracker tracker;
  std::deque<HeldRecord*> backlog;  ///< polled, but there was no room: in order, not admitted yet
  bool paused = false;
  // One that stands_still(): until then, and is read again from the record at its head.
  std::optional<core::MonoTime> resume_at;
  std::int64_t resume_from = 0;
  bool ready = true;                ///< false: what has to be read first is not here yet
  std::pair<std::int64_t, core::WallTime> last_read{-1, {}};  ///< of a retry topic: offset and append time
  std::string start;                ///< the marker of the beginning that its position was committed with, if it was
  core::Duration ahead{};           ///< of a retry topic: by how much the broker's clock runs ahead of ours, as far as it shows

  std::unique_ptr<Counting> counting;   ///< of a partition with that role

  std::uint64_t version = 0;            ///< grows whenever what a commit would say changes
  std::uint64_t committed_version = 0;  ///< of the last commit that was acknowledged
  std::uint64_t sent_version = 0;       ///< of the commit under way
  core::MonoTime committed_at{};
  std::uint64_t vanished = 0;           ///< of the tracker's, what the metrics know

  kafka::TopicPartition name() const { return {std::string(topic), number}; }
};

class Partitions {
 public:
  /// `cluster_id` names the log in the metadata of commits, so that a map copied elsewhere is not believed.
  explicit Partitions(std::string cluster_id) : cluster_id_(std::move(cluster_id)) {}

  /// Replaces what was owned. Every partition begins a new epoch.
  void clear() { owned_.clear(); }
  Partition& add(const kafka::TopicPartition& name, event::Kind kind, Role role, std::optional<std::uint8_t> tier, std::int64_t base,
                 std::string_view metadata, core::MonoTime now);

  /// nullptr: not owned. Repeated look-ups of the same partition are cheap.
  Partition* find(std::string_view topic, std::int32_t number);
  /// nullptr: the receipt is of an older epoch.
  Partition* find(const settle::Receipt& receipt);
  std::uint32_t index_of(const Partition& partition) const {
    return static_cast<std::uint32_t>(&partition - owned_.data());
  }

  std::vector<Partition>& all() { return owned_; }
  const std::vector<Partition>& all() const { return owned_; }

  /// What is to be committed now: partitions that changed, and those not committed for `heal_after`.
  /// Marks them as under way. Split so that one request stays below 256 KiB of metadata.
  std::vector<std::vector<kafka::CommitEntry>> take_commits(core::MonoTime now, core::Duration heal_after);
  /// The outcome for one partition of the commit under way.
  void committed(const kafka::TopicPartition& name, bool success, core::MonoTime now);
  /// Does any partition hold something that no acknowledged commit says?
  bool dirty() const;

  /// Begins the partition anew at `base`: its position was moved. Open receipts become stale.
  void restart(Partition& partition, std::int64_t base, core::MonoTime now);

 private:
  std::string_view intern(const std::string& topic);
  std::string log_name(std::string_view topic, std::int32_t number) const;

  std::string cluster_id_;
  std::vector<Partition> owned_;
  std::deque<std::string> topics_;  ///< never shrinks: as many as the configuration names
  settle::Epoch epoch_ = 0;
  std::size_t last_ = 0;
};

}  // namespace hookline::engine
