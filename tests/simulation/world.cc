#include "world.h"

#include <algorithm>

#include <fmt/format.h>

#include "metrics.h"

namespace hookline::test {

using namespace std::chrono_literals;

namespace {
constexpr int chunks = 8;  // in which the events are published
constexpr core::Duration busy = 6s;
constexpr auto event_distance = 100ms;
constexpr core::Duration give_up = 20min;
}  // namespace

core::Metrics& shared_metrics() {
  static core::Metrics metrics;
  return metrics;
}

World::World(WorldOptions options)
    : options_(options), random_(options.seed), lost_before_(lost_records()) {
  fill_logs();
  for (int i = 0; i < options_.members; ++i) {
    members_.push_back(std::make_unique<Member>());
    members_.back()->id = i;
  }
}

World::~World() = default;

core::Now World::now() const {
  return {core::MonoTime(time_ + 1h), core::WallTime(std::chrono::milliseconds(1'772'445'846'000)) +
                                          std::chrono::duration_cast<std::chrono::milliseconds>(time_)};
}

void World::schedule(core::Duration in, Action action) {
  agenda_.push_back({time_ + in, order_++, std::move(action)});
  std::push_heap(agenda_.begin(), agenda_.end(), Due::later);
}

void World::wrong(std::string what) {
  if (failure_.empty()) failure_ = fmt::format("seed {} at {} ms: {}", options_.seed, time_ / 1ms, what);
}

/// Counts an operation of the port. True for the one that is to fail.
bool World::fails_here(Port port) {
  const auto count = ++operations_[static_cast<std::size_t>(port)];
  return options_.port == port && options_.nth == count;
}

void World::fill_logs() {
  for (int p = 0; p < options_.partitions; ++p) {
    logs_.push_back({.topic = "ops.incidents", .number = p, .name = fmt::format("simulated/ops.incidents/{}", p)});
  }
  for (int i = 0; i < options_.events; ++i) {
    Log& log = logs_[random_.below(logs_.size())];
    while (random_.chance(options_.gap)) log.end += static_cast<std::int64_t>(random_.below(options_.widest_gap)) + 1;
    Record record{.offset = log.end++, .timestamp = now().wall + (i - options_.events) * event_distance, .key = fmt::format("k{}", i % 7), .story = fmt::format("s{}", random_.below(5))};
    record.nature = {.poison = random_.chance(options_.poison),
                     .tombstone = random_.chance(options_.tombstone),
                     .triggered = random_.chance(0.5),
                     .pay = random_.chance(0.5)};
    if (record.nature.poison) {
      record.value = random_.chance(0.5) ? "{\"event_type\": \"incident_tr" : "no json at all";
    } else {
      record.value = fmt::format(R"({{"event_type":"{}","service":"{}","place":"{}@{}","story":"{}"}})",
                                 record.nature.triggered ? "incident_triggered" : "incident_resolved",
                                 record.nature.pay ? "pay" : "ship", log.number, log.records.size(), record.story);
    }
    log.records.push_back(std::move(record));
  }
  for (auto& log : logs_) {
    if (random_.chance(0.3)) log.end += static_cast<std::int64_t>(random_.below(options_.widest_gap)) + 1;
  }
  make_tiers();
  unfinished_ = static_cast<std::size_t>(options_.events);
  publish(1);
  for (int chunk = 2; chunk <= chunks; ++chunk) {
    schedule(some(busy / 1ms), [this, chunk] { publish(chunk); });
  }
}

/// Chunks come in any order; one may bring what an earlier number held.
void World::publish(int chunk) {
  for (auto& log : logs_) {
    log.visible = std::max(log.visible, log.records.size() * static_cast<std::size_t>(chunk) / chunks);
  }
  for (auto& member : members_) {
    if (may_fetch(*member)) request_step(*member);
  }
}

/// Everything that chance does to the members while the storm lasts.
void World::storm() {
  const auto at_random = [&](int count, const std::function<void(Member&)>& what) {
    for (int i = 0; i < count; ++i) {
      schedule(some(busy / 1ms), [this, what] { what(*members_[random_.below(members_.size())]); });
    }
  };
  at_random(options_.crashes, [this](Member& m) {
    if (random_.chance(0.5)) return crash(m);
    m.crash_in = random_.below(6);  // in the middle of carrying something out
  });
  at_random(options_.rebalances, [this](Member&) { begin_rebalance(); });
  at_random(options_.stalls, [this](Member& m) { stall(m); });
  at_random(options_.stops, [this](Member& m) { stop(m); });
  at_random(options_.retentions, [this](Member&) { retain(logs_[random_.below(logs_.size())]); });
  at_random(options_.hands, [this](Member&) { set_by_hand(); });
  at_random(options_.revisions, [this](Member&) { revise(); });
  schedule(options_.storm, [this] { faults_ = false; });
}

/// What has to be committed in the end: everything, markers at the end of the log among it. Where gaps are so
/// wide that a map may not span them, the last record.
std::int64_t World::rest_of(const Log& log) const {
  if (options_.widest_gap <= 20) return log.end;
  return log.records.empty() ? 0 : log.records.back().offset + 1;
}

bool World::finished() const {
  if (faults_ || unfinished_ > 0 || !tiers_at_rest()) return false;
  return std::all_of(logs_.begin(), logs_.end(), [this](const Log& log) { return log.committed >= rest_of(log); });
}

std::string World::run() {
  for (auto& member : members_) start_member(*member);
  storm();
  while (failure_.empty() && !agenda_.empty() && time_ < give_up && !finished()) {
    std::pop_heap(agenda_.begin(), agenda_.end(), Due::later);
    Due due = std::move(agenda_.back());
    agenda_.pop_back();
    time_ = due.at;
    due.action();
  }
  if (failure_.empty()) check_end();
  return failure_;
}

}  // namespace hookline::test
