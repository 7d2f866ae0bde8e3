// WorkerCore: partitions come and go, and what is committed of them.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "hookline/deliver/schedule.h"
#include "worker_core.h"

namespace hookline::engine {
namespace {
constexpr core::Duration drain_commit_pause = std::chrono::milliseconds(100);
}

void WorkerCore::adopt(std::shared_ptr<const Definitions> definitions) {
  definitions_ = std::move(definitions);
  lanes_.adopt(*definitions_, options_.workers);
  bury_orphans();
  order_what_waits();
  if (!storm_.raging()) return;
  storm_.end(now_.mono);
  follow_storm(true, true);
}

/// What waits for an endpoint that was deleted, or for a webhook that disable_after disabled, waits no longer.
void WorkerCore::bury_orphans() {
  deliveries_.for_each([&](Handle handle, Delivery& d) {
    EndpointLane& lane = lanes_[d.lane];
    if (d.abandoned || d.state != Delivery::State::waiting || lane.objection().empty()) return;
    stop_waiting(handle, d);
    bury(handle, d, settle::Reason::disabled, std::string(lane.objection()));
  });
}

void WorkerCore::own(const std::vector<AssignedPartition>& partitions) {
  for (auto& partition : partitions_.all()) drop_backlog(partition);
  abandon_all();
  partitions_.clear();
  correlations_.clear();
  commits_under_way_ = 0;  // reports of an earlier assignment are told by their token
  doubted_since_.reset();
  if (mode_ == Mode::revoking) mode_ = Mode::running;
  if (mode_ != Mode::running) return;
  for (const auto& p : partitions) partitions_.add(p.name, p.kind, p.role, p.tier, p.offset, p.metadata, now_.mono);
  own_counters(partitions);
  own_ordered();
  copies_.clear();
  next_resume_.reset();
  for (auto& lane : lanes_.all()) lane.parked = 0;  // others own the retry topics now
  next_commit_ = now_.mono + options_.commit_interval;
}

/// Stops taking records and lets go of what nobody has heard of yet: its next owner delivers that.
/// What was attempted is brought to its end, within `drain`.
void WorkerCore::begin_drain(Mode mode, core::Duration drain) {
  if (mode_ == Mode::stopping || mode_ == Mode::stopped) return;  // a drain under way serves a revocation too
  mode_ = mode;
  drain_until_ = now_.mono + drain;
  drain_departing_ = drain_committing_ = false;
  for (auto& partition : partitions_.all()) {
    drop_backlog(partition);
    partition.resume_at.reset();
    set_paused(partition, true);
  }
  next_resume_.reset();
  abandon_untouched();
  for (LaneId id = 0; id < lanes_.all().size(); ++id) lanes_.list(id);  // no batch waits for more
  let_ordered_go();
  if (options_.tiers.empty()) return;
  deliveries_.for_each([&](Handle handle, Delivery& d) {
    if (!d.abandoned && d.state == Delivery::State::waiting) hand_over(handle, d, tier_for(d.due - now_.wall));
  });
}

/// The partitions are gone already, perhaps somebody else's: nothing may be committed.
void WorkerCore::lose() {
  for (auto& partition : partitions_.all()) drop_backlog(partition);
  abandon_all();
  partitions_.clear();
  correlations_.clear();
  commits_under_way_ = 0;
  doubted_since_.reset();
  drain_departing_ = drain_committing_ = false;
  if (mode_ != Mode::running && mode_ != Mode::revoking) return;
  mode_ = Mode::running;
  out_->answer_revocation = true;
}

/// Draining: wait for what is open, then commit once more, then let go.
void WorkerCore::advance_drain() {
  if (!drain_departing_) {
    if (can_still_finish() && now_.mono < drain_until_) return;
    depart();
    drain_departing_ = true;
    drain_depart_until_ = now_.mono + options_.commit_wait;
  }
  if (!drain_committing_) {
    bool leaving = false;
    departures_.for_each([&](Handle, Departure& d) { leaving = leaving || !d.abandoned; });
    if (leaving && now_.mono < drain_depart_until_) return;
    abandon_all();  // still open: not committed, delivered again by the next owner with the same id
    drain_committing_ = true;
    drain_commit_until_ = now_.mono + options_.commit_wait;
    next_drain_commit_ = now_.mono;
  }
  if (commits_under_way_ == 0 && partitions_.dirty() && now_.mono >= next_drain_commit_) {
    next_drain_commit_ = now_.mono + drain_commit_pause;
    commit();
  }
  if ((commits_under_way_ > 0 || partitions_.dirty()) && now_.mono < drain_commit_until_) return;
  const bool stopping = mode_ == Mode::stopping;
  (stopping ? out_->stopped : out_->answer_revocation) = true;
  partitions_.clear();
  correlations_.clear();
  commits_under_way_ = 0;
  drain_departing_ = drain_committing_ = false;
  mode_ = stopping ? Mode::stopped : Mode::running;
}

/// The time of the drain is over. What is in flight is broken off, which counts as an attempt; what is still
/// to be attempted goes on from a retry topic.
void WorkerCore::depart() {
  const bool can_wait_elsewhere = !options_.tiers.empty();
  deliveries_.for_each([&](Handle handle, Delivery& d) {
    if (d.abandoned) return;
    const bool in_flight = d.state == Delivery::State::in_flight;
    if (in_flight && !d.follows) out_->aborts.push_back(handle);
    if (d.key) return break_off_ordered(handle, d);
    if (!can_wait_elsewhere) return abandon(handle, d);
    in_flight ? break_off(handle, d) : hand_over(handle, d, tier_for(d.due - now_.wall));
  });
  clear_stale_queues();
}

/// Hands an attempt over that is broken off; its answer is awaited and says nothing more.
void WorkerCore::break_off(Handle handle, Delivery& delivery) {
  const EndpointLane& lane = lanes_[delivery.lane];
  Delivery next = delivery;
  ++next.attempts;
  next.state = Delivery::State::queued;
  next.sending = 0;
  next.followers = nullptr;
  next.follows = false;
  next.last_error = "broken off when the partition was given away";
  const auto wait = wait_after_attempt(next);
  if (wait) next.due = now_.wall + std::chrono::ceil<std::chrono::milliseconds>(*wait);
  const Handle other = deliveries_.insert(std::move(next));
  records_.add_reference(delivery_at(handle).record);
  abandon(handle, delivery_at(handle));
  Delivery& going = delivery_at(other);
  if (!lane.webhook) return bury(other, going, settle::Reason::disabled, "the webhook was deleted");
  if (wait) return hand_over(other, going, tier_for(*wait));
  bury(other, going, settle::Reason::exhausted, fmt::format("{} after {} attempts", going.last_error, going.attempts));
}

/// Is there anything that the time left of the drain could bring to an end?
bool WorkerCore::can_still_finish() {
  bool found = false;
  departures_.for_each([&](Handle, Departure& d) { found = found || !d.abandoned; });
  deliveries_.for_each([&](Handle, Delivery& d) {
    found = found || (!d.abandoned && d.state != Delivery::State::waiting);
  });
  const auto next = timers_.next();
  return found || (deliveries_.size() > 0 && next && *next < drain_until_);
}

void WorkerCore::abandon_untouched() {
  deliveries_.for_each([&](Handle handle, Delivery& d) {
    if (!d.abandoned && !d.record->touched) abandon(handle, d);
  });
  clear_stale_queues();
}

void WorkerCore::abandon_all() {
  deliveries_.for_each([&](Handle handle, Delivery& d) {
    if (!d.abandoned) abandon(handle, d);
  });
  clear_stale_queues();
  departures_.for_each([&](Handle handle, Departure& d) {
    if (d.abandoned) return;
    if (d.record) drop(std::exchange(d.record, nullptr));
    if (OrderedKey* key = std::exchange(d.key, nullptr)) {
      key->busy = false;
      keys_.tidy(*key);
    }
    d.abandoned = true;
    if (d.producing == 0) departures_.erase(handle);
  });
  unproduced_.clear();
  entering_.clear();
  troubles_.forget();
}

/// Forgets a delivery without settling anything. One in flight keeps its place until it is answered.
void WorkerCore::abandon(Handle handle, Delivery& delivery) {
  leave_key(delivery, handle);
  stop_waiting(handle, delivery);
  drop(std::exchange(delivery.record, nullptr));
  if (delivery.state == Delivery::State::in_flight && !delivery.follows) {
    delivery.abandoned = true;
  } else {
    deliveries_.erase(handle);
  }
}

/// Gives a reference back without settling anything.
void WorkerCore::drop(HeldRecord* record) {
  if (record->references == 1 && record->returning) {
    returning_bytes_ -= record->footprint();
    --returning_;
  }
  if (record->references == 1 && record->ordered) {
    ordered_bytes_ -= record->footprint();
    --ordered_;
  }
  records_.release(record);
}

void WorkerCore::drop_backlog(Partition& partition) {
  while (!partition.backlog.empty()) records_.discard(next_of_backlog(partition));
}

/// The log does not hold the position: go on where the shell says. What was polled before is delivered
/// all the same. Upwards (retention) that is a gap like any other, and none if a restored map had taken base
/// beyond it already. Downwards (the topic was made again) the offsets count anew: open records are of a past
/// that no commit can speak of any more.
void WorkerCore::reposition(const Repositioned& move) {
  Partition* partition = partitions_.find(move.name.topic, move.name.partition);
  if (!partition) return;
  meter_.lost(partition->topic, move.lost);
  if (stands_still(partition->role)) {
    partition->resume_from = move.offset;
    copies_.clear();  // what is read again may be all that is left of what it was
  }
  const bool behind = move.offset < partition->tracker.base();
  const bool downwards = behind && move.lost == 0;  // base may be far beyond the position: that alone says nothing
  const bool idle = partition->tracker.open() == 0 && partition->backlog.empty();
  if (!downwards && (behind || !idle)) return;
  while (!partition->backlog.empty()) {
    HeldRecord* record = next_of_backlog(*partition);
    take(record->view, *partition);
    records_.discard(record);
  }
  partitions_.restart(*partition, move.offset, now_.mono);
}

/// This thread was silent for longer than the group waits for its members: somebody else may own the
/// partitions by now and be delivering the same records. A commit asks: only a member in good standing
/// gets it acknowledged.
void WorkerCore::doubt() {
  if (partitions_.all().empty()) return;
  doubted_since_ = commit_token_;
  for (auto& partition : partitions_.all()) ++partition.version;
  next_commit_ = now_.mono;
  core::log::warn("the worker stood still for over {} s; no request starts before the group has confirmed its partitions",
                  options_.session_timeout / std::chrono::seconds(1));
}

void WorkerCore::commit() {
  next_commit_ = now_.mono + options_.commit_interval;
  for (auto& partition : partitions_.all()) {
    meter_.vanished(partition.tracker.vanished() - std::exchange(partition.vanished, partition.tracker.vanished()));
  }
  if (commits_under_way_ > 0) return;
  first_commit_token_ = commit_token_ + 1;
  for (auto& entries : partitions_.take_commits(now_.mono, options_.commit_heal)) {
    out_->commits.push_back({++commit_token_, std::move(entries)});
    ++commits_under_way_;
    troubles_.commit_sent(now_.mono);
  }
}

void WorkerCore::on_commit(const kafka::CommitReport& report) {
  if (commits_under_way_ == 0 || report.token < first_commit_token_) return;  // of an assignment that has ended
  --commits_under_way_;
  bool failed = report.error.has_value();
  for (const auto& [name, error] : report.partitions) {
    partitions_.committed(name, !report.error && !error, now_.mono);
    meter_.commit(!report.error && !error);
    failed = failed || error.has_value();
  }
  if (!failed && doubted_since_ && report.token > *doubted_since_) doubted_since_.reset();
  std::string why = report.error ? report.error->message : "";
  for (const auto& [name, error] : report.partitions) {
    if (error && why.empty()) why = fmt::format("{}[{}]: {}", name.topic, name.partition, error->message);
  }
  troubles_.commit_answered(why);
  if (!failed) return;
  if (const auto more = commit_gate_.pass(now_.mono)) {
    core::log::warn("a commit failed: {}; it is tried again ({} more since)", why, *more);
  }
}

}  // namespace hookline::engine
