// The shell around a WorkerCore: one thread with its io_context, its consumer and its transport. It
// carries inputs in and outputs out and decides nothing about deliveries. No lock on the data path;
// other threads reach it by post.
//
//   consumer's eventfd ─┐
//   transport's answers ─┼─► turn(): poll ► WorkerCore::step ► carry out
//   timers, posts ──────┘
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "hookline/config/settings.h"
#include "hookline/core/asio.h"
#include "hookline/core/log.h"
#include "hookline/deliver/egress.h"
#include "hookline/deliver/transport.h"
#include "hookline/core/metrics.h"
#include "hookline/engine/status.h"
#include "hookline/kafka/consumer.h"
#include "hookline/kafka/producer.h"
#include "correlation_feed.h"
#include "news.h"
#include "positions.h"
#include "worker_core.h"

namespace hookline::engine {

struct WorkerOptions {
  std::size_t number = 0;
  CoreOptions core;
  kafka::Properties consumer;
  kafka::Properties reader;            ///< of the correlations, outside of the group
  std::vector<SourceTopic> topics;
  config::Start start;
  std::string jobs_topic;              ///< whoever owns its partition 0 does the group's single jobs; never read here
  std::function<void(const std::vector<News>&)> tell;  ///< to the other workers of the process; on its thread
  std::function<void(bool)> on_jobs;   ///< this worker owns it now, or not any more; called on its thread
  DeliveryNotes* notes = nullptr;      ///< where the delivery log is written, if there is one; outlives the worker
  std::size_t max_batch = 1000;  ///< records of one turn, so that HTTP never starves
};

class Worker {
 public:
  Worker(WorkerOptions options, core::Metrics& metrics, kafka::Producer& producer,
         std::shared_ptr<const deliver::EgressPolicy> egress);
  ~Worker();

  /// Opens the consumer, subscribes and starts the thread. Definitions come first, always.
  [[nodiscard]] core::Result<void> start(std::shared_ptr<const Definitions> definitions);

  // From any thread.
  void adopt(std::shared_ptr<const Definitions> definitions);
  /// The topic was deleted and made again: what is owned of it is read from its beginning.
  void begin_again(const std::string& topic);
  /// It has not come to that yet, or not in every partition. Any thread.
  bool begins_again() const { return to_begin_again_.load() > 0; }
  void stop();
  /// A sibling's news.
  void hear(std::vector<News> news);
  std::size_t number() const { return options_.number; }
  /// Ends the thread where it is, without a word to the group; idempotent.
  void halt();
  /// Calls back on the worker's thread.
  void ask_status(std::function<void(WorkerStatus)> answer);
  /// The thread has left the group and ended.
  bool finished() const { return finished_.load(); }
  /// Of its loop, so far. Any thread.
  std::uint64_t turns() const { return turns_.load(std::memory_order_relaxed); }
  /// Why the worker gave up by itself; empty if it did not.
  std::string failure() const;

 private:
  enum class Phase : std::uint8_t { running, stopping, closing };

  void run();
  void watch_consumer();
  void request_turn();
  void turn();
  void collect();
  void on_rebalance(kafka::Rebalance rebalance);
  void try_assign();
  void on_fault(const kafka::ConsumerFault& fault);
  void reposition_displaced();
  core::Result<kafka::Watermarks> ends_of(const kafka::TopicPartition& partition);
  core::Result<void> reposition(const kafka::TopicPartition& partition, std::int64_t position);
  core::Result<void> go_to_beginning(const kafka::TopicPartition& partition, std::int64_t position);
  void carry_out();
  void own_jobs(bool owned);
  void follow_correlations(const std::vector<AssignedPartition>& partitions);
  void take_correlations(CorrelationFeed::Batch batch);
  void let_go();
  void begin_close();
  void arm(std::optional<core::MonoTime> wake_at);
  void give_up(std::string why);

  WorkerOptions options_;
  kafka::Producer& producer_;
  asio::io_context io_{1};
  asio::steady_timer timer_{io_};
  std::optional<asio::posix::stream_descriptor> readable_;
  std::unique_ptr<kafka::Consumer> consumer_;
  std::unique_ptr<deliver::Transport> transport_;
  std::shared_ptr<const kafka::ReportSink> reports_;
  WorkerCore core_;
  std::thread thread_;

  kafka::Batch batch_;
  std::vector<event::RecordView> views_;
  std::vector<event::Header> headers_;
  std::vector<std::pair<std::string_view, std::optional<std::string_view>>> header_scratch_;
  Inputs inputs_;
  core::Duration longest_window_{};  ///< of the thresholds of the definitions
  Outputs outputs_;
  bool turn_requested_ = false;
  Phase phase_ = Phase::running;
  bool revocation_pending_ = false;                                    ///< the group waits for our answer
  std::optional<std::vector<kafka::TopicPartition>> assignment_pending_;  ///< positions not resolved yet
  core::MonoTime next_assign_try_{};
  /// Stand still until they have a position: the log does not hold the one that they had.
  std::vector<std::pair<kafka::TopicPartition, std::int64_t>> displaced_;
  std::vector<std::pair<kafka::TopicPartition, std::int64_t>> made_again_;  ///< of topics that are others now
  int topics_made_again_ = 0;                                               ///< that `made_again_` speaks of
  std::atomic<int> to_begin_again_{0};                                      ///< those that have not been taken note of, too
  core::MonoTime next_reposition_try_{};
  bool assigned_once_ = false;
  bool owns_jobs_ = false;
  std::uint64_t correlations_serial_ = 0;  ///< what comes of another is of an earlier assignment
  core::log::Gate fault_gate_;
  core::log::Gate assign_gate_;
  core::log::Gate reposition_gate_;
  std::atomic<std::uint64_t> turns_{0};
  std::atomic<bool> finished_{false};
  std::string failure_;  ///< written before finished_ is set
  std::unique_ptr<CorrelationFeed> correlations_;  ///< last: its thread posts here
};

}  // namespace hookline::engine
