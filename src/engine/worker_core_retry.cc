// WorkerCore: what waits in retry topics, on its way there and back. A delivery is handed over with its
// attempt count and the time of its next attempt; the broker's acknowledgement settles it where it came
// from. It leaves its topic when that topic's delay has passed: for an attempt if one is due, else to the
// topic with the longest delay that the rest of its wait allows. Under the shortest delay it waits in memory.
#include <algorithm>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "hookline/deliver/schedule.h"
#include "hookline/settle/waiting.h"
#include "worker_core.h"

namespace hookline::engine {
namespace {

constexpr core::Duration look_interval = std::chrono::seconds(1);
constexpr core::Duration open_too_long = std::chrono::seconds(15);
constexpr core::Duration worth_handing_over = std::chrono::seconds(1);
constexpr core::Duration long_pause = std::chrono::seconds(5);
constexpr double longest_measure = 60;  ///< seconds without an answer, of a rate
constexpr core::Duration no_room_pause = std::chrono::milliseconds(100);
/// What stands still is released in lots, not record by record: this part of the delay later.
constexpr int lots_per_delay = 20;
/// Of one webhook, per worker. Far above what an outage of days brings; below what would fill a cluster unseen.
constexpr std::uint64_t park_quota = 10'000'000;

}  // namespace

std::uint8_t WorkerCore::tier_for(core::Duration wait) const {
  std::uint8_t tier = 0;
  while (tier + 1u < options_.tiers.size() && options_.tiers[tier + 1u].delay <= wait) ++tier;
  return tier;
}

/// Is less taken than one `part`-th of what returning records may take?
bool WorkerCore::has_room_for_returning(std::size_t part) const {
  return returning_ < std::max<std::size_t>(1, options_.max_deliveries / 4 / part) && returning_bytes_ < options_.max_bytes / 4 / part;
}

/// Nothing can start there for a while: the circuit is open, or the endpoint asked to be left alone.
bool WorkerCore::is_shut(const EndpointLane& lane) const {
  const bool open = lane.circuit.state() == deliver::Circuit::State::open && !lane.circuit.admits(now_.mono);
  return open || lane.queue.paused_for(now_.mono) > long_pause;
}

/// The longest stay, up to that of `tier`, that retry.max_age leaves time for.
std::uint8_t WorkerCore::within_max_age(const Delivery& delivery, std::uint8_t tier) const {
  const EndpointLane& lane = lanes_[delivery.lane];
  if (!lane.webhook || delivery.first_attempt == core::WallTime{}) return tier;
  const core::Duration left = age_began(delivery) + lane.webhook->retry.max_age - now_.wall;
  while (tier > 0 && options_.tiers[tier].delay > left) --tier;
  return tier;
}

/// The shortest stay in which the endpoint, at its rate of late, takes so many deliveries.
std::uint8_t WorkerCore::tier_after_queue(const EndpointLane& lane, double queued) const {
  const double seconds = lane.rate > 0 ? std::min(queued / lane.rate, 86'400.0) : 0;
  std::uint8_t tier = 0;
  while (tier + 1u < options_.tiers.size() && std::chrono::duration<double>(options_.tiers[tier].delay).count() < seconds) ++tier;
  return tier;
}

/// The partition is not read on before `wait` is over, and then from `offset`.
void WorkerCore::stand_still(Partition& partition, std::int64_t offset, core::Duration wait) {
  partition.resume_at = now_.mono + wait;
  partition.resume_from = offset;
  if (!next_resume_ || *partition.resume_at < *next_resume_) next_resume_ = partition.resume_at;
  set_paused(partition, true);
}

void WorkerCore::resume_returning() {
  if (mode_ != Mode::running || !next_resume_ || now_.mono < *next_resume_) return;
  next_resume_.reset();
  for (auto& partition : partitions_.all()) {
    if (!partition.resume_at) continue;
    if (*partition.resume_at <= now_.mono && may_resume(partition)) {
      partition.resume_at.reset();
      partition.paused = false;
      out_->resume_from.push_back({partition.name(), partition.resume_from});
      continue;
    }
    partition.resume_at = std::max(*partition.resume_at, now_.mono + no_room_pause);
    if (!next_resume_ || *partition.resume_at < *next_resume_) next_resume_ = partition.resume_at;
  }
}

/// The record that a delivery was handed over with, as it came from its source.
HeldRecord* WorkerCore::hold_again(const event::RecordView& record, const settle::ParsedWaiting& waiting, event::Kind kind) {
  std::vector<event::Header> original;
  for (const auto& header : record.headers) {
    if (!settle::is_own_header(header.name)) original.push_back(header);
  }
  return records_.hold({.topic = waiting.origin_topic,
                        .partition = waiting.origin_partition,
                        .offset = waiting.origin_offset,
                        .timestamp = core::from_unix_ms(waiting.origin_timestamp_ms),
                        .key = waiting.key ? std::optional<std::string_view>(*waiting.key) : std::nullopt,
                        .value = record.value,
                        .headers = original,
                        .padded = false},
                       kind, {});
}

/// The delivery that waits in a record of a retry topic or of the ordered topic, as it was handed over. nullopt: it is
/// done or known already, or the record is none of Hookline's and becomes a dead letter.
std::optional<WorkerCore::Delivery> WorkerCore::take_up(const event::RecordView& record, Partition& partition) {
  meter_.returned(partition.topic);
  const bool ordered = partition.role == Role::ordered;
  auto waiting = settle::parse_waiting(owned(record.headers));
  const auto kind = waiting ? event::parse_kind(waiting->kind) : std::nullopt;
  const bool ours = waiting && kind && (record.key || !ordered);
  const auto [admission, sequence] = partition.tracker.admit(record.offset, 1, record.value ? record.value->size() : 0);
  ++partition.version;
  // What the map says is finished lives elsewhere, perhaps as a record still to be read: it is no measure of copies.
  if (admission != settle::OffsetTracker::Admission::fresh) return std::nullopt;
  if (ours && !copies_.is_news(waiting->delivery_id, waiting->past.generation, waiting->hops)) {
    partition.tracker.finish_one(sequence);
    meter_.stale_copy();
    return std::nullopt;
  }

  HeldRecord* held = ours ? hold_again(record, *waiting, *kind) : records_.hold(record, event::Kind::alarm, partition.topic);
  held->taken_at = now_.mono;
  held->receipt = {partitions_.index_of(partition), partition.epoch, sequence};
  (ordered ? held->ordered : held->returning) = true;
  (ordered ? ordered_bytes_ : returning_bytes_) += held->footprint();
  ++(ordered ? ordered_ : returning_);
  if (!ours) {
    bury_record(held, settle::Reason::decode, "not a delivery that Hookline handed over");
    return std::nullopt;
  }
  records_.add_reference(held);
  auto& policy = waiting->policy;
  return Delivery{.tier = partition.tier,
                  .record = held,
                  .lane = lanes_.named(waiting->webhook, waiting->endpoint),
                  .attempts = waiting->attempts,
                  .hops = waiting->hops,
                  .past = waiting->past,
                  .first_attempt = core::from_unix_ms(waiting->first_attempt_at_ms),
                  .due = core::from_unix_ms(waiting->due_at_ms),
                  .last_status = waiting->http_status,
                  .last_error = std::move(waiting->error),
                  .id = std::move(waiting->delivery_id),
                  .policy = policy.policy.empty() ? nullptr : std::make_shared<const settle::PolicyNote>(std::move(policy)),
                  .correlated = waiting->correlation.has_value()};
}

/// A record of a retry topic: its delivery goes on here, if its time has come.
void WorkerCore::take_returning(const event::RecordView& record, Partition& partition) {
  if (partition.resume_at) return;  // polled with one that is not due: read again with it
  partition.last_read = {record.offset, record.timestamp};
  const auto delay = options_.tiers[*partition.tier].delay;
  if (*partition.tier > 0) {  // from the shortest topic they wait in memory
    // A record from the future: the broker's clock is ahead, and its delay is not longer for that.
    core::Duration stayed = now_.wall - record.timestamp;
    if (stayed < core::Duration{}) {
      partition.ahead = std::max(partition.ahead, -stayed);
      stayed += partition.ahead;
    }
    const core::Duration rest = delay - stayed;
    if (rest > core::Duration{}) return stand_still(partition, record.offset, rest + delay / lots_per_delay);
  }
  // What waits in memory leaves room for what is due.
  if (!has_room_for_returning(*partition.tier == 0 ? 2 : 1) || !partition.tracker.has_room(record.offset)) {
    return stand_still(partition, record.offset, no_room_pause);
  }
  auto delivery = take_up(record, partition);
  if (!delivery) return;
  const Handle handle = deliveries_.insert(std::move(*delivery));
  go_on(handle, delivery_at(handle));
}

/// What is next for a delivery that came back: its attempt, a wait in memory, another retry topic, or the end.
void WorkerCore::go_on(Handle handle, Delivery& delivery) {
  EndpointLane& lane = lanes_[delivery.lane];
  if (const auto objection = lane.objection(); !objection.empty()) {
    return bury(handle, delivery, settle::Reason::disabled, std::string(objection));
  }
  if (lacks_its_order(delivery)) return enter_order(handle, delivery);
  const bool shut = is_shut(lane);
  if (is_over_age(delivery)) return bury_expired(handle, delivery);
  const core::Duration rest = delivery.due - now_.wall;
  const auto shortest = options_.tiers.front().delay;
  const core::Duration stayed = now_.mono - delivery.record->taken_at;
  const bool crowded = lane.queue.returning() >= std::max<std::size_t>(1, options_.max_deliveries / 16);  // others come back, too
  if (*delivery.tier == 0 && stayed < shortest && (shut || crowded || rest > core::Duration{})) {  // its topic's delay passes here
    core::Duration wait = shortest - stayed;
    if (!shut) wait = std::min(wait, rest > core::Duration{} ? rest : no_room_pause);
    if (const auto probe = lane.circuit.probe_at(); shut && probe && *probe > now_.mono) wait = std::min(wait, *probe - now_.mono);
    return wait_in_memory(handle, delivery, wait);
  }
  if (shut) return hand_over(handle, delivery, higher_tier(delivery));
  if (rest >= shortest) return hand_over(handle, delivery, tier_for(rest));
  if (rest > core::Duration{}) return wait_in_memory(handle, delivery, rest);
  if (crowded) {
    return hand_over(handle, delivery, within_max_age(delivery, tier_after_queue(lane, static_cast<double>(lane.queue.ready()))));
  }
  delivery.state = Delivery::State::queued;
  delivery.queued_at = now_.mono;
  lane.queue.push_returning(static_cast<deliver::DeliveryIndex>(handle));
  lanes_.list(delivery.lane);
}

/// One up from where it came, or what its wait allows; as far as retry.max_age does. How long an endpoint is to be left
/// alone is known.
std::uint8_t WorkerCore::higher_tier(const Delivery& delivery) const {
  const EndpointLane& lane = lanes_[delivery.lane];
  const core::Duration rest = delivery.due - now_.wall;
  const core::Duration pause = lane.queue.paused_for(now_.mono);
  if (pause > long_pause || lane.circuit.closed()) return within_max_age(delivery, tier_for(std::max(rest, pause)));
  const auto highest = options_.tiers.size() - 1;
  const auto next = static_cast<std::uint8_t>(std::min<std::size_t>(*delivery.tier + 1u, highest));
  return within_max_age(delivery, std::max(next, tier_for(rest)));
}

void WorkerCore::wait_in_memory(Handle handle, Delivery& delivery, core::Duration wait) {
  delivery.state = Delivery::State::waiting;
  delivery.record->waiting.push_back(handle);
  ++lanes_[delivery.lane].waiting;
  timers_.push({now_.mono + wait, Timer::What::retry, handle});
}

void WorkerCore::stop_waiting(Handle handle, Delivery& delivery) {
  if (delivery.state != Delivery::State::waiting) return;
  delivery.state = Delivery::State::queued;
  std::erase(delivery.record->waiting, handle);
  --lanes_[delivery.lane].waiting;
}

/// The delivery goes on waiting in a retry topic; not in flight, and in no lane's queue any more.
void WorkerCore::hand_over(Handle handle, Delivery& delivery, std::uint8_t tier) {
  stop_waiting(handle, delivery);
  if (delivery.first_attempt == core::WallTime{}) delivery.first_attempt = delivery.due = now_.wall;
  leave(handle, delivery,
        {.what = Departure::What::retry, .tier = tier, .error = std::move(delivery.last_error), .due = delivery.due, .hops = delivery.hops + 1});
}

/// Only waiting deliveries are left of the record. If each has long enough to wait, it need not be held for them.
void WorkerCore::hand_over_waiting(HeldRecord* record) {
  if (options_.tiers.empty() || record->waiting.empty()) return;
  const auto soon = now_.wall + std::chrono::duration_cast<std::chrono::milliseconds>(worth_handing_over);
  const auto handles = record->waiting;
  if (std::any_of(handles.begin(), handles.end(), [&](Handle h) { return deliveries_.find(h)->due <= soon; })) return;
  for (const Handle handle : handles) {
    Delivery& delivery = *deliveries_.find(handle);
    hand_over(handle, delivery, tier_for(delivery.due - now_.wall));
  }
}

/// The endpoint's circuit is open, or it asked to be left alone: nothing waits for it here.
void WorkerCore::hand_over_lane(LaneId id) {
  if (options_.tiers.empty()) return;
  EndpointLane& lane = lanes_[id];
  for (const auto index : lane.queue.take_all()) {
    const Handle handle = deliveries_.handle(index);
    Delivery& delivery = deliveries_[index];
    if (delivery.key) {  // waits here for the probe
      lane.queue.push_returning(index);
      continue;
    }
    delivery.tier ? hand_over(handle, delivery, higher_tier(delivery)) : park(handle, delivery);
  }
  lanes_.note(id, now_.mono, lane_capacity());
}

/// A live delivery that finds no room, or an endpoint that fails: to the retry topic that outlasts what is
/// parked already, at the rate that the endpoint takes it.
void WorkerCore::park(Handle handle, Delivery& delivery) {
  EndpointLane& lane = lanes_[delivery.lane];
  if (lane.parked >= park_quota && !lane.circuit.closed()) {
    return bury(handle, delivery, settle::Reason::overflow,
                fmt::format("{} deliveries wait for the endpoint already", lane.parked));
  }
  if (delivery.attempts == 0) {
    ++lane.parked;
    storm_.begun(now_.mono);
  }
  const bool closed = lane.circuit.closed();
  const core::Duration pause = lane.queue.paused_for(now_.mono);
  const auto tier = pause > long_pause ? tier_for(pause)
                    : !closed          ? std::uint8_t{0}
                                       : tier_after_queue(lane, static_cast<double>(lane.parked));
  if (delivery.first_attempt == core::WallTime{}) delivery.first_attempt = now_.wall;
  // It stays as long as that topic keeps it: what came back at once would meet the same queue.
  core::Duration stay = std::max(pause, closed ? options_.tiers[tier].delay : core::Duration{});
  if (lane.webhook) stay = std::min(stay, age_began(delivery) + lane.webhook->retry.max_age - now_.wall);
  delivery.due = std::max(delivery.due, now_.wall + std::chrono::ceil<std::chrono::milliseconds>(stay));
  hand_over(handle, delivery, within_max_age(delivery, tier));
}

/// Once a second: how fast the endpoints are, and who holds a partition for too long.
void WorkerCore::look_around() {
  const core::Duration since = now_.mono - next_look_ + look_interval;
  const double seconds = std::min(std::chrono::duration<double>(since).count(), 60.0);
  next_look_ = now_.mono + look_interval;
  for (auto& lane : lanes_.all()) {
    lane.measured_for += seconds;
    if (lane.ended == 0 && lane.queue.in_flight() > 0 && lane.measured_for < longest_measure) continue;  // nothing says yet how fast it is
    const double measured = static_cast<double>(std::exchange(lane.ended, 0)) / std::exchange(lane.measured_for, 0);
    if (!lane.circuit.closed() || is_shut(lane)) continue;
    // Where nothing waited for its turn, that says only that the endpoint is at least so fast.
    if (lane.queue.ready() > 0 || measured > lane.rate) lane.rate += (measured - lane.rate) * 0.3;
    // What was parked comes back to whoever owns its topic; here it counts as gone at the endpoint's rate.
    lane.parked -= std::min(lane.parked, static_cast<std::uint64_t>(lane.rate * seconds) + 1);
  }
  (void)lanes_.any_roomy(now_.mono);  // forgets who was active before
  look_at_counters();
  tell_tally();
  if (storm_.raging()) {
    storm_.judge_end(now_.mono);
    follow_storm(true, false);  // the others have something to send there, perhaps
  }
  if (mode_ != Mode::running) return;
  look_at_ordered();
  if (options_.tiers.empty()) return;
  bool taken_from_lanes = false;
  std::vector<bool> blocked;  // partitions that stand still because the map of what is open would not fit
  for (const auto& partition : partitions_.all()) {
    blocked.push_back(!partition.backlog.empty() && !partition.tracker.has_room(partition.backlog.front()->view.offset));
  }
  deliveries_.for_each([&](Handle handle, Delivery& d) {
    if (d.abandoned || d.key || d.state == Delivery::State::in_flight) return;
    const EndpointLane& lane = lanes_[d.lane];
    if (d.state == Delivery::State::waiting) {
      if (!d.tier && now_.mono - d.record->taken_at >= open_too_long) hand_over(handle, d, tier_for(d.due - now_.wall));
      return;
    }
    if (now_.mono - d.queued_at < open_too_long) return;
    // It waits for its turn, and others could go on. Taken out of its queue below.
    if (d.tier) {
      if (has_room_for_returning(2)) return;
      taken_from_lanes = true;
      hand_over(handle, d, within_max_age(d, tier_after_queue(lane, static_cast<double>(lane.queue.ready()))));
    } else if (blocked[d.record->receipt.partition] || (lane.full && lanes_.any_roomy(now_.mono))) {
      taken_from_lanes = true;
      park(handle, d);
    }
  });
  if (taken_from_lanes) clear_stale_queues();
}

void WorkerCore::clear_stale_queues() {
  for (LaneId id = 0; id < lanes_.all().size(); ++id) {
    lanes_[id].queue.remove_if([&](deliver::DeliveryIndex index) { return !deliveries_.is_used(index); });
    lanes_.note(id, now_.mono, lane_capacity());
  }
}

}  // namespace hookline::engine
