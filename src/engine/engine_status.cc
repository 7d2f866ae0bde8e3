// Engine: what it tells people and machines about itself.
#include <algorithm>
#include <condition_variable>
#include <map>

#include <fmt/format.h>

#include "hookline/core/log.h"
#include "hookline/core/units.h"
#include "hookline/engine/engine.h"
#include "hookline/kafka/producer.h"
#include "kafka_watch.h"
#include "retention.h"
#include "retry_topic.h"
#include "worker.h"

namespace hookline::engine {
namespace {

using namespace std::chrono_literals;

constexpr auto status_deadline = 2s;
constexpr auto retry_look_pause = 60s;

/// Collects the answers of all workers, or of those that answer in time.
class StatusCall {
 public:
  void answer(WorkerStatus status) {
    const std::lock_guard lock(mutex_);
    answers_.push_back(std::move(status));
    changed_.notify_all();
  }
  std::vector<WorkerStatus> wait(std::size_t expected, core::Duration timeout) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, timeout, [&] { return answers_.size() >= expected; });
    return answers_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<WorkerStatus> answers_;
};


/// "10s", "1m", …: what waits there.
std::vector<std::pair<std::string, std::int64_t>> backlog_of(const config::Settings& settings, const std::vector<WorkerStatus>& workers) {
  std::vector<std::pair<std::string, std::int64_t>> all;
  for (std::size_t tier = 0; tier < config::retry_tier_count; ++tier) {
    std::int64_t waiting = 0;
    for (const auto& worker : workers) {
      for (const auto& p : worker.partitions) {
        if (p.topic == retry_topic(settings, tier)) waiting += unfinished(p);
      }
    }
    all.emplace_back(retry_tier_name(tier), waiting);
  }
  return all;
}

std::string describe(const StormStatus& storm) {
  return fmt::format("storm guard: no events have been taken in for {}, because {}; {} of these hosts answer again. Nothing is lost; it goes on by itself",
                     core::format_duration(std::chrono::floor<std::chrono::seconds>(storm.lasts)), storm.reason, storm.answering);
}

}  // namespace

EngineStatus Engine::status() const {
  EngineStatus status{.group_id = settings_.group_id(), .started_at = started_at_};
  std::vector<std::shared_ptr<Worker>> workers;
  {
    const std::lock_guard lock(mutex_);
    status.cluster_id = cluster_id_;
    status.revision = definitions_->revision();
    status.webhooks = definitions_->webhooks().size();
    workers = workers_;
    if (producer_) status.producer_pending = producer_->pending();
  }
  const auto call = std::make_shared<StatusCall>();  // outlives this function if a worker answers late
  for (const auto& worker : workers) {
    worker->ask_status([call](WorkerStatus answer) { call->answer(std::move(answer)); });
  }
  status.workers = call->wait(workers.size(), status_deadline);
  status.silent_workers = workers.size() - std::min(workers.size(), status.workers.size());
  std::sort(status.workers.begin(), status.workers.end(),
            [](const WorkerStatus& a, const WorkerStatus& b) { return a.worker < b.worker; });
  status.retry_backlog = backlog_of(settings_, status.workers);
  return status;
}

Readiness Engine::readiness() const {
  Readiness readiness;
  {
    const std::lock_guard lock(mutex_);
    if (!waiting_for_.empty()) readiness.reasons.push_back(waiting_for_);
    if (!stuck_.empty()) readiness.reasons.push_back(stuck_);
    readiness.reasons.insert(readiness.reasons.end(), troubles_.begin(), troubles_.end());
    if (kafka_watch_) {
      if (auto trouble = kafka_watch_->trouble(); !trouble.empty()) readiness.reasons.push_back(std::move(trouble));
    }
    readiness.warnings = overdue_;
  }
  if (auto why = failure(); !why.empty()) readiness.reasons.push_back(std::move(why));
  if (readiness.reasons.empty()) {
    const auto status = this->status();
    if (status.silent_workers > 0) {
      readiness.reasons.push_back(fmt::format("{} not answer", core::counted(status.silent_workers, "worker does", "workers do")));
    }
    for (const auto& worker : status.workers) {
      for (const auto& trouble : worker.troubles) {
        const bool told = std::find(readiness.reasons.begin(), readiness.reasons.end(), trouble) != readiness.reasons.end();
        if (!told) readiness.reasons.push_back(trouble);
      }
      if (!worker.assigned) readiness.reasons.push_back(fmt::format("worker {} waits for the group's assignment", worker.worker));
    }
    if (const auto storm = status.storm()) readiness.warnings.push_back(describe(*storm));
  }
  readiness.ready = readiness.reasons.empty();
  return readiness;
}

std::vector<EndpointStatus> EngineStatus::endpoints() const {
  std::map<std::pair<std::string, std::string>, EndpointStatus> sums;
  for (const auto& worker : workers) {
    for (const auto& e : worker.endpoints) {
      auto& sum = sums[{e.webhook, e.endpoint}];
      sum.webhook = e.webhook;
      sum.endpoint = e.endpoint;
      sum.queued += e.queued;
      sum.in_flight += e.in_flight;
      sum.waiting += e.waiting;
      sum.parked += e.parked;
      sum.circuit = std::max(sum.circuit, e.circuit);
      sum.dead_lettered += e.dead_lettered;
      sum.delivered += e.delivered;
      sum.failed += e.failed;
      if (!e.last_error_at || (sum.last_error_at && *e.last_error_at <= *sum.last_error_at)) continue;
      sum.last_error = e.last_error;
      sum.last_error_at = e.last_error_at;
    }
  }
  std::vector<EndpointStatus> all;
  for (auto& [name, sum] : sums) all.push_back(std::move(sum));
  return all;
}

std::optional<StormStatus> EngineStatus::storm() const {
  std::optional<StormStatus> first;
  for (const auto& worker : workers) {
    if (worker.storm && (!first || worker.storm->lasts > first->lasts)) first = worker.storm;
  }
  return first;
}

/// The series of the endpoints that the definitions name, and of others as long as a worker has something of theirs in
/// hand. With mutex_ held.
void Engine::expose(const std::vector<EndpointStatus>& endpoints) {
  core::Metrics::Endpoints living;
  for (const auto& webhook : definitions_->webhooks()) {
    for (const auto& endpoint : webhook.endpoints) living.emplace(webhook.name, endpoint.name);
  }
  for (const auto& e : endpoints) {
    metrics_.circuit_state(e.webhook, e.endpoint).set(e.circuit);
    living.emplace(e.webhook, e.endpoint);
  }
  metrics_.show_endpoints(living);
}

std::string Engine::exposition() {
  std::set<std::pair<std::string, std::int32_t>> owned;
  const auto status = this->status();
  for (const auto& worker : status.workers) {
    for (const auto& p : worker.partitions) {
      owned.emplace(p.topic, p.partition);
      if (p.end) metrics_.consumer_lag(p.topic, p.partition).set(std::max<std::int64_t>(0, *p.end - p.committed));
      metrics_.oldest_open(p.topic, p.partition).set(p.holder ? p.holder->open_for : core::Duration{});
    }
  }
  for (const auto& [tier, waiting] : status.retry_backlog) metrics_.retry_backlog(tier).set(waiting);
  metrics_.storm_guard().set(status.storm() ? 1 : 0);
  const std::lock_guard lock(mutex_);
  expose(status.endpoints());
  for (const auto& [topic, partition] : exposed_) {
    if (!owned.contains({topic, partition})) metrics_.forget_partition(topic, partition);
  }
  exposed_ = std::move(owned);
  return metrics_.exposition();
}

/// What waits in a retry topic longer than the topic keeps it is gone: says so while half of that time is left.
void Engine::look_at_retry_topics() {
  const auto now = core::read_clock();
  {
    const std::lock_guard lock(mutex_);
    if (workers_.empty() || now.mono < next_retry_look_) return;
    next_retry_look_ = now.mono + retry_look_pause;
  }
  std::vector<std::string> overdue;
  for (const auto& worker : status().workers) {
    for (const auto& p : worker.partitions) {
      for (std::size_t tier = 0; tier < retentions_.size(); ++tier) {
        if (!retentions_[tier] || p.topic != retry_topic(settings_, tier)) continue;
        if (auto warning = retention_warning(p, *retentions_[tier], now.wall)) overdue.push_back(std::move(*warning));
      }
    }
  }
  for (const auto& line : overdue) core::log::warn("{}", line);
  const std::lock_guard lock(mutex_);
  overdue_ = std::move(overdue);
}

}  // namespace hookline::engine
