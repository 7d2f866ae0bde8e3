// WorkerCore: what happens to a delivery between its lane and its end.
#include <algorithm>
#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "hookline/deliver/schedule.h"
#include "hookline/settle/delivery_id.h"
#include "worker_core.h"

namespace hookline::engine {
namespace {

std::string describe(const deliver::Answer& answer) {
  if (answer.outcome == deliver::Outcome::answered) return fmt::format("HTTP {}", answer.status);
  return fmt::format("{}: {}", name(answer.outcome), answer.error);
}

}  // namespace

/// Requests in flight have their share of the memory, and one endpoint a quarter of that, so that
/// what hangs leaves room for others; one request at a time goes out in any case.
bool WorkerCore::may_send(const EndpointLane& lane) const {
  const std::uint64_t share = options_.max_bytes / 8;
  return lane.queue.in_flight() == 0 || (sending_bytes_ < share && lane.sending_bytes < share / 4);
}

void WorkerCore::start_ready() {
  if (doubted_since_) return;
  for (const LaneId id : lanes_.take_listed()) {
    EndpointLane& lane = lanes_[id];
    if (const auto objection = lane.objection(); !objection.empty()) {
      for (const auto index : lane.queue.take_all()) {
        const Handle handle = deliveries_.handle(index);
        bury(handle, deliveries_[index], settle::Reason::disabled, std::string(objection));
      }
      lanes_.note(id, now_.mono, lane_capacity());
      continue;
    }
    std::optional<core::MonoTime> forming;  // the batch that is next waits for more
    while (may_send(lane) && lane.circuit.admits(now_.mono)) {
      forming = batch_waits(lane);
      if (forming) break;
      const auto index = lane.queue.take(now_.mono);
      if (!index) break;
      start(id, *index);
    }
    lanes_.note(id, now_.mono, lane_capacity());
    if (is_shut(lane)) hand_over_lane(id);
    if (!lane.circuit.admits(now_.mono)) {  // the probe is under way, or there are no retry topics to wait in
      if (lane.queue.ready() > 0) wake_lane(id, lane.circuit.probe_at());
      continue;
    }
    if (!may_send(lane)) {
      lanes_.list(id);  // looked at again when an answer has made room
      continue;
    }
    wake_lane(id, forming ? forming : lane.queue.next_start(now_.mono));
  }
}

void WorkerCore::wake_lane(LaneId id, std::optional<core::MonoTime> at) {
  EndpointLane& lane = lanes_[id];
  if (!at || (lane.wake && *lane.wake <= *at && *lane.wake > now_.mono)) return;
  lane.wake = at;
  timers_.push({*at, Timer::What::lane, id});
}

void WorkerCore::start(LaneId id, deliver::DeliveryIndex index) {
  EndpointLane& lane = lanes_[id];
  if (!deliveries_[index].key && batch_limit(lane) > 1) return start_batch(id, index);
  const Handle handle = deliveries_.handle(index);
  Delivery& delivery = deliveries_[index];
  std::string correlation_id;
  if (!still_to_send(id, handle, delivery, correlation_id)) return;
  const HeldRecord& record = *delivery.record;
  give_id(delivery);
  if (delivery.attempts == 0) delivery.first_attempt = now_.wall;
  const RequestBuilder::Attempt attempt{.delivery_id = delivery.id, .number = delivery.past.attempts + delivery.attempts + 1,
                                        .correlation_id = correlation_id,
                                        .policy = delivery.policy.get(),
                                        .kept = options_.note_deliveries};
  auto request = requests_.build(*lane.webhook, *lane.endpoint, record.view, record.kind, attempt, now_.wall);
  if (!request) {
    lane.queue.finished();
    return bury_unrenderable(id, handle, delivery, std::move(request.error().message));
  }
  request->id = handle;
  if (delivery.attempts == 0) storm_.begun(now_.mono);
  delivery.state = Delivery::State::in_flight;
  delivery.record->touched = true;
  send(id, delivery, std::move(*request));
}

void WorkerCore::send(LaneId id, Delivery& delivery, deliver::Request request) {
  EndpointLane& lane = lanes_[id];
  delivery.sending = request.body.size() + request.url.size();
  sending_bytes_ += delivery.sending;
  lane.sending_bytes += delivery.sending;
  lane.circuit.started(now_.mono);
  meter_.attempt_started();
  out_->attempts.push_back(std::move(request));
}

void WorkerCore::give_id(Delivery& delivery) {
  if (!delivery.id.empty()) return;
  const EndpointLane& lane = lanes_[delivery.lane];
  delivery.id = settle::delivery_id(hasher_, options_.cluster_id, delivery.record->origin(), lane.webhook_name,
                                    lane.endpoint_name);
}

void WorkerCore::on_answer(deliver::Answer& answer) {
  Delivery* delivery = deliveries_.find(answer.id);
  assert(delivery && delivery->state == Delivery::State::in_flight);  // one answer per attempt
  EndpointLane& lane = lanes_[delivery->lane];
  lane.queue.finished();
  sending_bytes_ -= delivery->sending;
  lane.sending_bytes -= std::exchange(delivery->sending, 0);
  lanes_.list(delivery->lane);
  meter_.attempt_ended(lane.meter, lane.webhook_name, lane.endpoint_name, answer);
  lane.ended += 1 + (delivery->followers ? delivery->followers->size() : 0);
  const auto on = lane.webhook ? lane.webhook->retry.on : config::RetryOn::transient;
  const auto verdict = deliver::judge(answer, on);
  judge_endpoint(delivery->lane, verdict, answer);
  const auto followers = std::exchange(delivery->followers, nullptr);
  if (followers && split(answer, *followers)) return;
  if (delivery->abandoned) {
    meter_.stale_completion();
    OrderedKey* key = delivery->key;
    deliveries_.erase(answer.id);
    go_on(key);
  } else {
    on_outcome(answer.id, *delivery, verdict, answer);
  }
  if (!followers) return;
  for (const Handle handle : *followers) {
    if (Delivery* follower = deliveries_.find(handle)) on_outcome(handle, *follower, verdict, answer);
  }
}

/// What the attempt means for one of the deliveries that it carried.
void WorkerCore::on_outcome(Handle handle, Delivery& delivery, deliver::Verdict verdict, const deliver::Answer& answer) {
  EndpointLane& lane = lanes_[delivery.lane];
  delivery.follows = false;
  ++delivery.attempts;
  if (options_.note_deliveries) log_attempt(delivery, answer, verdict == deliver::Verdict::delivered);
  if (verdict == deliver::Verdict::delivered) {
    ++lane.delivered;
    meter_.delivered(lane.meter, now_.wall - delivery.record->view.timestamp);
    if (delivery.key && end_ordered(handle, delivery, answer)) return;
    return end_delivery(handle, delivery);
  }
  delivery.last_error = describe(answer);
  if (answer.outcome == deliver::Outcome::answered) delivery.last_status = answer.status;
  if (verdict != deliver::Verdict::aborted) {
    ++lane.failed;
    lane.last_error = delivery.last_error;
    lane.last_error_at = now_.wall;
  }
  if (delivery.key && end_ordered(handle, delivery, answer)) return;
  switch (verdict) {
    case deliver::Verdict::delivered: break;
    case deliver::Verdict::aborted:
    case deliver::Verdict::retry: return retry_or_bury(handle, delivery, answer);
    case deliver::Verdict::rejected: return bury(handle, delivery, settle::Reason::rejected, delivery.last_error);
    case deliver::Verdict::egress: return bury(handle, delivery, settle::Reason::egress, delivery.last_error);
    case deliver::Verdict::unsendable: return bury(handle, delivery, settle::Reason::render, delivery.last_error);
  }
}

/// What the attempt says of its endpoint, as against its request.
void WorkerCore::judge_endpoint(LaneId id, deliver::Verdict verdict, const deliver::Answer& answer) {
  EndpointLane& lane = lanes_[id];
  note_attempt(lane, answer);
  if (verdict == deliver::Verdict::egress || verdict == deliver::Verdict::unsendable) note_unsendable(lane);
  const auto before = lane.circuit.state();
  const bool was_closed = lane.circuit.closed();
  const bool silent = verdict == deliver::Verdict::aborted ||
                      (!storm_.raging() && (verdict == deliver::Verdict::egress || verdict == deliver::Verdict::unsendable));
  if (silent) {
    lane.circuit.probe_lost(now_.mono);
  } else if (deliver::speaks_of_failure(answer)) {
    lane.circuit.failed(now_.mono);
  } else {
    note_success(lane);
  }
  if (!silent) tell_circuit(lane, before);
  if (lane.circuit.closed() == was_closed) return;
  if (was_closed) {
    core::log::warn("{}/{}: the endpoint fails all the time ({}); its circuit is open, one request at a time probes it",
                    lane.webhook_name, lane.endpoint_name, describe(answer));
    hand_over_waiting_for(id);
  } else {
    core::log::info("{}/{}: the endpoint answers again; its circuit is closed", lane.webhook_name, lane.endpoint_name);
  }
}

void WorkerCore::retry_or_bury(Handle handle, Delivery& delivery, const deliver::Answer& answer) {
  EndpointLane& lane = lanes_[delivery.lane];
  if (!lane.webhook) return bury(handle, delivery, settle::Reason::disabled, "the webhook was deleted");
  if (const auto pause = deliver::retry_after(answer, now_.wall)) pause_endpoint(lane, *pause);
  const auto wait = wait_after_attempt(delivery);
  if (!wait) {
    return bury(handle, delivery, settle::Reason::exhausted,
                fmt::format("{} after {} attempts", delivery.last_error, delivery.attempts));
  }
  if (!storm_.raging() && now_.wall + *wait > age_began(delivery) + lane.webhook->retry.max_age) {
    return bury(handle, delivery, settle::Reason::expired,
                fmt::format("{}; the next attempt would come after retry.max_age", delivery.last_error));
  }
  delivery.due = now_.wall + std::chrono::ceil<std::chrono::milliseconds>(*wait);
  if (delivery.key) return wait_ordered(handle, delivery, *wait);
  if (lacks_its_order(delivery)) return enter_order(handle, delivery);
  const bool here = options_.tiers.empty() || (*wait < options_.tiers.front().delay && lane.circuit.closed());
  if (!here) return hand_over(handle, delivery, tier_for(*wait));
  HeldRecord* record = delivery.record;
  const bool live = !delivery.tier;
  wait_in_memory(handle, delivery, *wait);
  if (live && record->waiting.size() == record->references) hand_over_waiting(record);
}

void WorkerCore::on_timer(const Timer& timer) {
  switch (timer.what) {
    case Timer::What::lane:
      lanes_.list(static_cast<LaneId>(timer.handle));
      return;
    case Timer::What::retry: {
      Delivery* delivery = deliveries_.find(timer.handle);
      if (delivery && delivery->state == Delivery::State::blocked) return advance(*delivery->key);
      if (!delivery || delivery->state != Delivery::State::waiting) return;
      stop_waiting(timer.handle, *delivery);
      if (delivery->key) return go_on_ordered(timer.handle, *delivery);
      if (delivery->tier) return go_on(timer.handle, *delivery);
      delivery->queued_at = now_.mono;
      lanes_[delivery->lane].queue.push(static_cast<deliver::DeliveryIndex>(timer.handle));
      lanes_.note(delivery->lane, now_.mono, lane_capacity());
      lanes_.list(delivery->lane);
      return;
    }
    case Timer::What::produce:
      if (Departure* departure = departures_.find(timer.handle)) produce(timer.handle, *departure);
      return;
  }
}

/// The delivery has got its 2xx.
void WorkerCore::end_delivery(Handle handle, Delivery& delivery) {
  HeldRecord* record = delivery.record;
  OrderedKey* key = delivery.key;
  if (key) take_back_note(delivery.noted, key->partition, delivery.id);
  deliveries_.erase(handle);
  settle(record);
  go_on(key);
}

void WorkerCore::bury_expired(Handle handle, Delivery& delivery) {
  const EndpointLane& lane = lanes_[delivery.lane];
  const bool fails = !lane.last_error.empty() && lane.last_error_at >= lane.worked_at;
  const auto before = !delivery.last_error.empty() ? delivery.last_error
                      : fails                      ? fmt::format("no attempt was made, the endpoint fails ({})", lane.last_error)
                                                   : "no attempt was made";
  bury(handle, delivery, settle::Reason::expired, before + "; older than retry.max_age");
}

void WorkerCore::bury(Handle handle, Delivery& delivery, settle::Reason reason, std::string error) {
  leave(handle, delivery, {.reason = reason, .error = std::move(error)});
}

/// One piece of work of a record has ended for good: the only place where anything is settled.
void WorkerCore::settle(HeldRecord* record) {
  if (Partition* partition = partitions_.find(record->receipt)) {
    partition->tracker.finish_one(record->receipt.sequence);
    ++partition->version;
  } else {
    meter_.stale_completion();
  }
  release(record);
}

/// Gives one reference back. What is left of a live record may be deliveries that only wait: these go to
/// a retry topic, so that its partition can move on.
void WorkerCore::release(HeldRecord* record) {
  const bool last = record->references == 1;
  drop(record);
  if (!last && !record->returning && record->waiting.size() == record->references) hand_over_waiting(record);
}

}  // namespace hookline::engine
