// The inside of a Consumer: what librdkafka does not keep for it. Worker's thread, callbacks included
// (they run inside poll()).
//
// A slot stands for a partition from the moment the group gives it until unassign(): only what has one
// may be committed, and only what was answered by assign() may hand out records.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "batch_state.h"
#include "client.h"
#include "handle.h"
#include "hookline/kafka/consumer.h"
#include "wakeup.h"

namespace hookline::kafka {

struct Slot {
  std::int64_t next = 0;  ///< the offset after the last record handed out
  bool assigned = false;  ///< answered by assign(): records may come
  bool paused = false;
  bool stopped = false;  ///< stands still after offset_out_of_range until seek()
};

struct PartitionLess {
  using is_transparent = void;
  using View = std::pair<std::string_view, std::int32_t>;
  static View view(const TopicPartition& p) { return {p.topic, p.partition}; }
  static const View& view(const View& v) { return v; }
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    return view(a) < view(b);
  }
};

/// A commit under way. `waiting`: commit_now() takes its report instead of take_commit_reports().
struct PendingCommit {
  std::uint64_t token = 0;
  std::vector<std::pair<TopicPartition, std::optional<core::Error>>> refused;  ///< not ours: never sent
  std::optional<CommitReport>* waiting = nullptr;
  bool abandoned = false;  ///< commit_now() gave up: nobody wants the report
};

struct Consumer::State {
  Wakeup wakeup;  // first: librdkafka's threads may write it until the client is gone
  std::unique_ptr<Client> client;
  Queue records;  ///< the group's queue: records, rebalances, faults
  Queue commits_done;
  Queue closing_queue;  ///< set by begin_close()

  std::map<TopicPartition, Slot, PartitionLess> slots;
  std::optional<Rebalance> rebalance;         ///< not taken yet
  std::optional<Rebalance::What> unanswered;  ///< the latest that waits for assign() or unassign()
  std::vector<ConsumerFault> faults;
  std::vector<ReachedEnd> ends;
  std::vector<CommitReport> reports;
  std::unordered_map<std::uint64_t, PendingCommit> pending_commits;
  std::uint64_t commits_started = 0;
  std::vector<Batch::State*> holders;  ///< batches that hold messages of this client
  bool close_failed = false;

  State() = default;
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  rd_kafka_t* handle() const { return client->get(); }
  bool has_news() const { return rebalance || !faults.empty() || !reports.empty(); }

  /// Moves what is there into `batch`; true if any record was.
  bool fill(Batch::State& batch, std::size_t max);
  void take(Batch::State& batch, std::size_t count);
  void serve_closing();
  void serve_commits();
  void add_fault(ConsumerFault fault);
  void add_fault(const rd_kafka_message_t& message);
  void add_end(const rd_kafka_message_t& message);
  void add_fault(rd_kafka_resp_err_t code, std::optional<TopicPartition> partition, std::string text);

  /// Gives librdkafka the positions of all assigned partitions that do not stand still, and `moved` at
  /// `offset`.
  core::Result<void> restart_at(const TopicPartition& moved, std::int64_t offset);
  core::Result<void> toggle(const std::vector<TopicPartition>& partitions, bool pause);
  void wake_fetchers(const std::vector<TopicPartition>& partitions);

  /// Starts the commit of those entries that are ours; the sequence number of the request, if one was sent.
  std::optional<std::uint64_t> start_commit(const std::vector<CommitEntry>& entries, PendingCommit pending);
  void finish(const PendingCommit& pending, CommitReport report);

  static void on_rebalance(rd_kafka_t*, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t*, void* opaque);
  static void on_error(rd_kafka_t*, int code, const char* text, void* opaque);
  static void on_commit(rd_kafka_t*, rd_kafka_resp_err_t, rd_kafka_topic_partition_list_t*, void* sequence);
};

}  // namespace hookline::kafka
