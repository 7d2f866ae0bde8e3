// One member of the consumer group: polls batches, tells of rebalances as values, commits explicit
// lists. A thin owner of librdkafka; what to do is decided by the engine. All calls on one thread.
//
// Rebalances (eager protocol) are answered later, when the engine has drained: until then the group
// waits and nothing is handed over. Positions are set by assign(). Nothing is stored or committed by
// librdkafka on its own.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/core/result.h"
#include "hookline/core/time.h"
#include "hookline/kafka/properties.h"
#include "hookline/kafka/record.h"

struct rd_kafka_message_s;

namespace hookline::kafka {

/// A polled record, borrowed from its Batch.
struct Message {
  std::string_view topic;
  std::int32_t partition;
  std::int64_t offset;
  core::WallTime timestamp;
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;
  /// Headers are parsed only when asked for.
  void headers(std::vector<std::pair<std::string_view, std::optional<std::string_view>>>& out) const;
  rd_kafka_message_s* raw;
};

/// The records of one poll, alive until the batch is filled again or goes.
class Batch {
 public:
  Batch();
  ~Batch();
  Batch(Batch&&) noexcept;
  Batch& operator=(Batch&&) noexcept;
  std::span<const Message> messages() const;
  void clear();

  struct State;
  State& state() { return *state_; }

 private:
  std::unique_ptr<State> state_;
};

struct Rebalance {
  enum class What : std::uint8_t { assigned, revoked, lost } what;
  std::vector<TopicPartition> partitions;
};

/// A fault that the engine must know of, as a value.
struct ConsumerFault {
  enum class What : std::uint8_t {
    /// The position is not in the log any more (or not yet): `partition` says where. It stands still until
    /// seek() or a new assignment; the others go on.
    offset_out_of_range,
    fenced,  ///< another member with the same group.instance.id took over; fatal
    max_poll_exceeded,
    authorization,
    unknown_topic,
    /// This consumer is at its end: no record and no rebalance comes any more; close it and open another.
    fatal,
    other,  ///< librdkafka goes on by itself; for the log
  } what;
  std::optional<TopicPartition> partition;
  std::string text;
  std::int64_t position = -1;  ///< with offset_out_of_range: the offset that was to be read next
};

/// Everything below `offset` has been handed out or does not exist, and nothing readable is behind it yet:
/// the way to know of transaction markers and aborted or compacted records at the end of a log.
struct ReachedEnd {
  TopicPartition partition;
  std::int64_t offset;
};

struct CommitEntry {
  TopicPartition partition;
  std::int64_t offset;
  std::string metadata;
};
struct CommitReport {
  std::uint64_t token;
  std::optional<core::Error> error;  ///< of the whole request
  std::vector<std::pair<TopicPartition, std::optional<core::Error>>> partitions;
};

struct Committed {
  TopicPartition partition;
  std::optional<std::int64_t> offset;  ///< nullopt: the group has none
  std::string metadata;
};

struct Assignment {
  TopicPartition partition;
  std::int64_t offset;
};

struct Watermarks {
  std::int64_t low = 0, high = 0;
};

class Consumer {
 public:
  static core::Result<std::unique_ptr<Consumer>> open(const Properties& properties);
  ~Consumer();  ///< destroys without leaving; call the close sequence first

  core::Result<void> subscribe(const std::vector<std::string>& topics);

  /// Readable when the queue became non-empty (an eventfd; the owner reads it before polling).
  int event_fd() const;

  /// Fills `batch` with at most `max` records, waiting at most `timeout` for the first; serves
  /// librdkafka. Rebalances, faults and commit reports that came up are taken by take_…().
  void poll(Batch& batch, std::size_t max, core::Duration timeout = {});

  std::optional<Rebalance> take_rebalance();
  std::vector<ConsumerFault> take_faults();
  /// Ends that were reached, each after the records before it: of the last poll, or of earlier ones.
  std::vector<ReachedEnd> take_ends();
  std::vector<CommitReport> take_commit_reports();

  /// Answers a rebalance; after `assigned` also by unassign(). Offsets are absolute. Errors: unavailable (the
  /// partitions were revoked meanwhile), not_found (one that was not in the rebalance), invalid.
  core::Result<void> assign(const std::vector<Assignment>& partitions);
  core::Result<void> unassign();
  bool assignment_lost() const;

  /// Moves the position of an assigned partition. Errors: not_found (not assigned), unavailable (it was out
  /// of range and a rebalance is under way, which settles it).
  core::Result<void> seek(const TopicPartition& partition, std::int64_t offset);
  /// Strictly toggled: pausing what is paused, or resuming what is not, is a no-op here.
  core::Result<void> pause(const std::vector<TopicPartition>& partitions);
  core::Result<void> resume(const std::vector<TopicPartition>& partitions);

  /// Entries of partitions that this member does not own now (from the rebalance to unassign()), or has lost,
  /// are never sent: their report says refused.
  /// Asynchronous; its report comes up in take_commit_reports() with this token. Requests of more than
  /// 256 KiB of metadata are the caller's to split.
  void commit(const std::vector<CommitEntry>& entries, std::uint64_t token);
  core::Result<void> commit_now(const std::vector<CommitEntry>& entries, core::Duration timeout);

  core::Result<std::vector<Committed>> committed(const std::vector<TopicPartition>& partitions,
                                                 core::Duration timeout);
  core::Result<Watermarks> watermarks(const TopicPartition& partition, core::Duration timeout);
  /// Last known high watermark without asking the broker; nullopt if none was seen.
  std::optional<std::int64_t> cached_high(const TopicPartition& partition) const;
  core::Result<std::int64_t> offset_at(const TopicPartition& partition, core::WallTime time,
                                       core::Duration timeout);
  core::Result<std::int32_t> partition_count(const std::string& topic, core::Duration timeout);
  core::Result<std::string> cluster_id(core::Duration timeout);

  /// Leaves the group in the way that works with deferred answers: begin, then poll() and answer the
  /// rebalance as ever until closed(). Records that still come up are dropped, and an assignment that has no
  /// answer yet is taken back. After a fatal fault it is closed at once.
  void begin_close();
  bool closed() const;

 private:
  Consumer();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hookline::kafka
