// The process's engine room: checks the environment, reads the stored definitions, starts workers, hands them
// each revision, and stops them so that nothing in flight is cut off. The one wiring place of Kafka, HTTP,
// clock and randomness.
//
// A stored webhook that this process has never been able to load (a secret that is not here) would have its
// events passed over: while there is one, no worker is a member of the group, and readiness says why.
//
// Constructed cheap and idle, so that the admin API can answer (with "not ready, and why") while
// start() still waits for Kafka. All public functions from any thread, start() and stop() from one.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "hookline/config/load.h"
#include "hookline/core/metrics.h"
#include "hookline/core/result.h"
#include "hookline/engine/catalog.h"
#include "hookline/engine/definitions.h"
#include "hookline/engine/status.h"
#include "hookline/kafka/record.h"

namespace hookline::kafka {
class Producer;
}

namespace hookline::state {
class Correlations;
}

namespace hookline::engine {

class DeliveryNotes;
class Jobs;
class KafkaWatch;
class ReplayJobs;
class Siblings;
class Watchdog;
class Worker;

struct Readiness {
  bool ready = false;
  std::vector<std::string> reasons;  ///< why not, one line each
  std::vector<std::string> warnings; ///< what somebody should see to although it is ready
};

struct EngineStatus {
  std::string cluster_id;
  std::string group_id;
  std::uint64_t revision = 0;
  std::uint64_t webhooks = 0;
  core::WallTime started_at{};
  std::uint64_t producer_pending = 0;
  std::vector<WorkerStatus> workers;
  /// Each endpoint over all workers: people ask about the endpoint, not about its share in a thread. Sums, the worst
  /// circuit, the last error. Ordered by webhook and endpoint.
  std::vector<EndpointStatus> endpoints() const;
  /// Of the worker that stopped intake first; nullopt: none has.
  std::optional<StormStatus> storm() const;
  std::size_t silent_workers = 0;  ///< did not answer in time
  /// "10s", "1m", …: deliveries that wait there, in this process's partitions, as last heard.
  std::vector<std::pair<std::string, std::int64_t>> retry_backlog;
};

class Engine {
 public:
  /// `files` is free of errors.
  explicit Engine(config::Configuration files);
  ~Engine();

  /// Waits for Kafka (with backoff, for as long as `keep_trying` says yes), checks the topics, reads the stored
  /// definitions, starts the workers as soon as all of them load. Error: not_found or refused, with what is missing and the command that makes it.
  [[nodiscard]] core::Result<void> start(const std::function<bool()>& keep_trying);

  /// Takes what the files say now, free of errors; with what is stored it makes a revision that is in force for
  /// every record taken from then on.
  void adopt(config::Configuration files);

  /// Drains, commits and leaves the group, within shutdown.grace plus ten seconds. False if a worker
  /// did not come to an end: leave the process without running destructors then.
  [[nodiscard]] bool stop();

  /// Looks after the workers; to be called about once a second or more often by whoever runs the engine.
  void watch();
  /// Why a worker gave up by itself (fenced, fatal error) or was given up (stuck for two minutes); empty
  /// as long as all is well.
  std::string failure() const;

  Readiness readiness() const;
  EngineStatus status() const;
  /// Brings the gauges up to date (lag, oldest open) and gives the Prometheus text.
  std::string exposition();

  const config::Settings& settings() const { return settings_; }
  std::shared_ptr<const Definitions> definitions() const;
  const Catalog& catalog() const { return catalog_; }
  /// Where definitions are kept; nullptr until Kafka has answered. Lives as long as the engine.
  state::Store* store() const;
  /// Ids of items by hand; nullptr until Kafka has answered. Not beyond the engine.
  std::unique_ptr<state::Correlations> correlations() const;
  /// Replays asked for through the admin API; nullptr until Kafka has answered. Lives as long as the engine.
  ReplayJobs* replays() const;
  core::Metrics& metrics() { return metrics_; }
  /// Hands a record to the broker and waits for its acknowledgement. Errors: unavailable (Kafka has not answered
  /// yet), timeout (it may arrive yet), or what the broker says.
  [[nodiscard]] core::Result<void> publish(kafka::OwnedRecord record, core::Duration timeout = std::chrono::seconds(10));

 private:
  core::Result<void> wait_for_kafka(const std::function<bool()>& keep_trying);
  core::Result<void> check_topics();
  core::Result<void> open_store();
  core::Result<void> wait_for_definitions(const std::function<bool()>& keep_trying);
  core::Result<void> start_workers();
  void install(Edition edition);
  void renew_definitions();
  void seat_workers();
  void set_waiting_for(std::string reason);
  void look_at_retry_topics();
  void expose(const std::vector<EndpointStatus>& endpoints);

  const config::Settings settings_;
  Catalog catalog_;
  std::mutex installing_;  ///< one edition after another; taken before mutex_
  core::Metrics metrics_;
  const core::WallTime started_at_;
  mutable std::mutex mutex_;  ///< guards what follows up to the workers
  std::shared_ptr<const Definitions> definitions_;
  std::set<std::pair<std::string, std::int32_t>> exposed_;  ///< partitions that have gauges
  std::vector<std::string> troubles_, notes_;  ///< of the edition in force
  bool whole_ = true;         ///< of the edition in force
  bool fresh_clients_ = false;  ///< workers are to begin anew with other clients of Kafka
  core::MonoTime next_renewal_{};
  std::size_t source_partitions_ = 0;
  std::string waiting_for_;   ///< why start() has not come to its end; empty: it has
  std::string cluster_id_;
  std::vector<std::shared_ptr<Worker>> workers_;
  std::unique_ptr<Siblings> siblings_;
  std::vector<std::shared_ptr<Worker>> retired_;  ///< left the group; the producer's reports may still come to them
  std::unique_ptr<DeliveryNotes> delivery_notes_;  ///< goes after the workers
  std::unique_ptr<kafka::Producer> producer_;
  std::unique_ptr<state::Store> store_;  ///< goes before the producer
  std::unique_ptr<Jobs> jobs_;           ///< goes before both
  std::unique_ptr<ReplayJobs> replays_;  ///< likewise
  std::unique_ptr<Watchdog> watchdog_;
  std::unique_ptr<KafkaWatch> kafka_watch_;
  std::vector<std::optional<core::Duration>> retentions_;  ///< of the retry topics; nullopt: for ever, or not known
  std::vector<std::string> overdue_;  ///< retry topics that may lose what waits in them
  core::MonoTime next_retry_look_{};
  std::string stuck_;         ///< which worker does not turn its loop; empty: all do
  bool stuck_for_good_ = false;
};

}  // namespace hookline::engine
