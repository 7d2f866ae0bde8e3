#include "status_json.h"

#include <algorithm>
#include <array>

#include "hookline/core/time.h"

namespace hookline::admin {
namespace {

/// As EndpointStatus::circuit counts them.
constexpr std::array circuit_names{"closed", "half_open", "open"};

double seconds(core::Duration duration) { return std::chrono::duration<double>(duration).count(); }

json::Tree partition_json(const engine::PartitionStatus& p, std::size_t worker, core::WallTime now) {
  json::Tree out{{"topic", p.topic}, {"partition", p.partition}, {"worker", worker},   {"committed", p.committed},
                 {"position", p.position}, {"open", p.open},     {"paused", p.paused}};
  out["end"] = p.end ? json::Tree(*p.end) : json::Tree(nullptr);
  out["lag"] = p.end ? json::Tree(std::max<std::int64_t>(0, *p.end - p.committed)) : json::Tree(nullptr);
  if (p.holder) {
    const auto& h = *p.holder;
    out["held_by"] = {{"offset", h.offset},     {"open_seconds", seconds(h.open_for)}, {"webhook", h.webhook},
                      {"endpoint", h.endpoint}, {"attempts", h.attempts},              {"error", h.last_error}};
    out["held_by"]["since"] = core::format_rfc3339(now - std::chrono::duration_cast<std::chrono::milliseconds>(h.open_for));
  } else {
    out["held_by"] = nullptr;
  }
  return out;
}

json::Tree endpoints_json(const engine::EngineStatus& status) {
  json::Tree out = json::Tree::array();
  for (const auto& e : status.endpoints()) {
    json::Tree row{{"webhook", e.webhook},      {"endpoint", e.endpoint},  {"queued", e.queued},
                   {"in_flight", e.in_flight},  {"waiting", e.waiting},    {"delivered", e.delivered},
                   {"failed_attempts", e.failed}, {"dead_lettered", e.dead_lettered}, {"parked", e.parked},
                   {"circuit", circuit_names[std::min<std::size_t>(e.circuit, circuit_names.size() - 1)]}};
    row["last_error"] = e.last_error_at ? json::Tree(e.last_error) : json::Tree(nullptr);
    row["last_error_at"] = e.last_error_at ? json::Tree(core::format_rfc3339(*e.last_error_at)) : json::Tree(nullptr);
    out.push_back(std::move(row));
  }
  return out;
}

json::Tree storm_json(const engine::EngineStatus& status) {
  const auto s = status.storm();
  if (!s) return nullptr;
  return {{"reason", s->reason}, {"seconds", seconds(s->lasts)}, {"hosts", s->hosts}, {"answering", s->answering}};
}

}  // namespace

json::Tree to_json(const engine::EngineStatus& status, const engine::Readiness& readiness) {
  json::Tree out{{"ready", readiness.ready},
                 {"reasons", readiness.reasons},
                 {"warnings", readiness.warnings},
                 {"version", HOOKLINE_VERSION},
                 {"cluster_id", status.cluster_id},
                 {"group_id", status.group_id},
                 {"revision", status.revision},
                 {"webhooks", status.webhooks},
                 {"started_at", core::format_rfc3339(status.started_at)},
                 {"producer_pending", status.producer_pending},
                 {"silent_workers", status.silent_workers}};
  const auto now = core::read_clock().wall;
  json::Tree workers = json::Tree::array();
  json::Tree partitions = json::Tree::array();
  for (const auto& worker : status.workers) {
    workers.push_back({{"worker", worker.worker},
                       {"assigned", worker.assigned},
                       {"draining", worker.draining},
                       {"partitions", worker.partitions.size()},
                       {"deliveries", worker.deliveries},
                       {"dead_letters_pending", worker.burials},
                       {"held_bytes", worker.held_bytes}});
    for (const auto& p : worker.partitions) partitions.push_back(partition_json(p, worker.worker, now));
  }
  out["workers"] = std::move(workers);
  out["partitions"] = std::move(partitions);
  out["endpoints"] = endpoints_json(status);
  out["retry_backlog"] = json::Tree::object();
  for (const auto& [tier, waiting] : status.retry_backlog) out["retry_backlog"][tier] = waiting;
  out["storm"] = storm_json(status);
  return out;
}

}  // namespace hookline::admin
