// WorkerCore: what happens to a delivery between its lane and its end.
#include <algorithm>
#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "hookline/deliver/schedule.h"
#include "hookline/json/write.h"
#include "hookline/settle/delivery_id.h"
#include "worker_core.h"

namespace hookline::engine {
namespace {

constexpr core::Duration first_produce_wait = std::chrono::seconds(1);
constexpr core::Duration longest_produce_wait = std::chrono::seconds(30);
constexpr std::size_t longest_pointer_key = 1 << 10;

settle::Origin origin_of(const HeldRecord& record) {
  return {record.view.topic, record.view.partition, record.view.offset, record.view.timestamp};
}

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
      for (const auto index : std::exchange(lane.queue.queue(), {})) {
        const Handle handle = deliveries_.handle(index);
        bury(handle, deliveries_[index], settle::Reason::disabled, std::string(objection));
      }
      continue;
    }
    while (may_send(lane)) {
      const auto index = lane.queue.take(now_.mono);
      if (!index) break;
      start(id, *index);
    }
    if (!may_send(lane)) {
      lanes_.list(id);  // looked at again when an answer has made room
      continue;
    }
    const auto next = lane.queue.next_start(now_.mono);
    if (next && (!lane.wake || *next < *lane.wake || *lane.wake <= now_.mono)) {
      lane.wake = next;
      timers_.push({*next, Timer::What::lane, id});
    }
  }
}

void WorkerCore::start(LaneId id, deliver::DeliveryIndex index) {
  EndpointLane& lane = lanes_[id];
  const Handle handle = deliveries_.handle(index);
  Delivery& delivery = deliveries_[index];
  const HeldRecord& record = *delivery.record;
  if (delivery.id.empty()) {
    delivery.id = settle::delivery_id(hasher_, options_.cluster_id, origin_of(record), lane.webhook_name,
                                      lane.endpoint_name);
    delivery.first_attempt = now_.mono;
  }
  const RequestBuilder::Attempt attempt{.delivery_id = delivery.id, .number = delivery.attempts + 1};
  auto request = requests_.build(*lane.webhook, *lane.endpoint, record.view, record.kind, attempt, now_.wall);
  if (!request) {
    lane.queue.finished();
    return bury(handle, delivery, settle::Reason::render, std::move(request.error().message));
  }
  request->id = handle;
  delivery.sending = request->body.size() + request->url.size();
  sending_bytes_ += delivery.sending;
  lane.sending_bytes += delivery.sending;
  delivery.state = Delivery::State::in_flight;
  delivery.record->touched = true;
  meter_.attempt_started();
  out_->attempts.push_back(std::move(*request));
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
  if (delivery->abandoned) {
    meter_.stale_completion();
    deliveries_.erase(answer.id);
    return;
  }
  ++delivery->attempts;
  const auto on = lane.webhook ? lane.webhook->retry.on : config::RetryOn::transient;
  const auto verdict = deliver::judge(answer, on);
  if (verdict == deliver::Verdict::delivered) {
    ++lane.delivered;
    meter_.delivered(lane.meter, now_.wall - delivery->record->view.timestamp);
    return end_delivery(answer.id, *delivery);
  }
  delivery->last_error = describe(answer);
  if (answer.outcome == deliver::Outcome::answered) delivery->last_status = answer.status;
  if (verdict != deliver::Verdict::aborted) {
    ++lane.failed;
    lane.last_error = delivery->last_error;
    lane.last_error_at = now_.wall;
  }
  switch (verdict) {
    case deliver::Verdict::delivered: break;
    case deliver::Verdict::aborted:
    case deliver::Verdict::retry: return retry_or_bury(answer.id, *delivery, answer);
    case deliver::Verdict::rejected: return bury(answer.id, *delivery, settle::Reason::rejected, delivery->last_error);
    case deliver::Verdict::egress: return bury(answer.id, *delivery, settle::Reason::egress, delivery->last_error);
    case deliver::Verdict::unsendable: return bury(answer.id, *delivery, settle::Reason::render, delivery->last_error);
  }
}

void WorkerCore::retry_or_bury(Handle handle, Delivery& delivery, const deliver::Answer& answer) {
  EndpointLane& lane = lanes_[delivery.lane];
  if (!lane.webhook) return bury(handle, delivery, settle::Reason::disabled, "the webhook was deleted");
  if (const auto pause = deliver::retry_after(answer, now_.wall)) lane.queue.pause_until(now_.mono + *pause);
  const auto wait = deliver::next_wait(lane.webhook->retry, delivery.attempts, random_);
  if (!wait) {
    return bury(handle, delivery, settle::Reason::exhausted,
                fmt::format("{} after {} attempts", delivery.last_error, delivery.attempts));
  }
  if (now_.mono + *wait > delivery.first_attempt + lane.webhook->retry.max_age) {
    return bury(handle, delivery, settle::Reason::expired,
                fmt::format("{}; the next attempt would come after retry.max_age", delivery.last_error));
  }
  delivery.state = Delivery::State::waiting;
  ++lane.waiting;
  timers_.push({now_.mono + *wait, Timer::What::retry, handle});
}

void WorkerCore::on_timer(const Timer& timer) {
  switch (timer.what) {
    case Timer::What::lane:
      lanes_.list(static_cast<LaneId>(timer.handle));
      return;
    case Timer::What::retry: {
      Delivery* delivery = deliveries_.find(timer.handle);
      if (!delivery || delivery->state != Delivery::State::waiting) return;
      --lanes_[delivery->lane].waiting;
      delivery->state = Delivery::State::queued;
      lanes_[delivery->lane].queue.push(static_cast<deliver::DeliveryIndex>(timer.handle));
      lanes_.list(delivery->lane);
      return;
    }
    case Timer::What::produce:
      if (Burial* burial = burials_.find(timer.handle)) produce(timer.handle, *burial);
      return;
  }
}

/// The delivery has got its 2xx.
void WorkerCore::end_delivery(Handle handle, Delivery& delivery) {
  HeldRecord* record = delivery.record;
  deliveries_.erase(handle);
  settle(record);
}

void WorkerCore::bury(Handle handle, Delivery& delivery, settle::Reason reason, std::string error) {
  const EndpointLane& lane = lanes_[delivery.lane];
  Burial burial{.record = delivery.record,
                .lane = delivery.lane,
                .reason = reason,
                .id = std::move(delivery.id),
                .error = std::move(error),
                .attempts = delivery.attempts,
                .status = delivery.last_status,
                .at = now_.wall};
  if (burial.id.empty()) {
    burial.id = settle::delivery_id(hasher_, options_.cluster_id, origin_of(*burial.record), lane.webhook_name,
                                    lane.endpoint_name);
  }
  burial.record->touched = true;
  deliveries_.erase(handle);
  const Handle grave = burials_.insert(std::move(burial));
  produce(grave, *burials_.find(grave));
}

/// A dead letter of the record itself, before any webhook.
void WorkerCore::bury_record(HeldRecord* record, settle::Reason reason, std::string error) {
  records_.add_reference(record);
  record->touched = true;
  const Handle grave =
      burials_.insert(Burial{.record = record, .reason = reason, .error = std::move(error), .at = now_.wall});
  produce(grave, *burials_.find(grave));
}

/// Hands it to the producer, or has it wait: what the producer holds has its share of the memory, too.
void WorkerCore::produce(Handle handle, Burial& burial) {
  if (producing_bytes_ >= options_.max_bytes / 8) return unproduced_.push_back(handle);
  const HeldRecord& record = *burial.record;
  std::vector<settle::OwnedHeader> original;
  for (const auto& header : record.view.headers) {
    original.emplace_back(std::string(header.name),
                          header.value ? std::optional<std::string>(*header.value) : std::nullopt);
  }
  const settle::DeadLetter letter{.reason = burial.reason,
                                  .webhook = burial.lane ? std::string_view(lanes_[*burial.lane].webhook_name) : "",
                                  .endpoint = burial.lane ? std::string_view(lanes_[*burial.lane].endpoint_name) : "",
                                  .delivery_id = burial.id,
                                  .attempts = burial.attempts,
                                  .http_status = burial.status,
                                  .error = burial.error,
                                  .origin = origin_of(record),
                                  .failed_at = burial.at,
                                  .pointer = burial.pointer};
  kafka::OwnedRecord out{.topic = options_.dead_letter_topic};
  if (burial.pointer) {
    original.clear();
    std::string topic;
    json::append_quoted(record.view.topic, topic);
    out.value = fmt::format(R"({{"pointer":{{"topic":{},"partition":{},"offset":{}}}}})", topic, record.view.partition,
                            record.view.offset);
  } else if (record.view.value) {
    out.value = std::string(*record.view.value);
  }
  // A key that makes the record too large stays behind as well.
  if (record.view.key && (!burial.pointer || record.view.key->size() <= longest_pointer_key)) {
    out.key = std::string(*record.view.key);
  }
  out.headers = settle::dead_letter_headers(letter, original);
  burial.producing = record.footprint();
  producing_bytes_ += burial.producing;
  out_->produces.push_back({handle, std::move(out)});
}

void WorkerCore::produce_waiting() {
  while (!unproduced_.empty() && producing_bytes_ < options_.max_bytes / 8) {
    const Handle handle = unproduced_.front();
    unproduced_.pop_front();
    if (Burial* burial = burials_.find(handle)) produce(handle, *burial);
  }
}

void WorkerCore::on_produced(const kafka::ProduceReport& report) {
  Burial* burial = burials_.find(report.token);
  assert(burial && burial->producing > 0);  // one report per produce
  producing_bytes_ -= std::exchange(burial->producing, 0);
  if (burial->abandoned) {
    meter_.stale_completion();
    return burials_.erase(report.token);
  }
  if (!report.error) {
    meter_.dead_letter(burial->reason);
    if (burial->lane) lanes_[*burial->lane].meter.dead_lettered->add();
    HeldRecord* record = burial->record;
    burials_.erase(report.token);
    return settle(record);
  }
  if (report.error->code == core::ErrorCode::too_large && !burial->pointer) {
    burial->pointer = true;
    return produce(report.token, *burial);
  }
  // Refused for now: the record stays open, and its partition's committed offset stays where it is.
  const auto wait = std::min(longest_produce_wait, first_produce_wait * (1 << std::min(burial->tries, 5u)));
  ++burial->tries;
  if (const auto more = produce_gate_.pass(now_.mono)) {
    core::log::error("cannot write to {}: {}; trying again, nothing is committed meanwhile ({} more since)",
                     options_.dead_letter_topic, report.error->message, *more);
  }
  timers_.push({now_.mono + wait, Timer::What::produce, report.token});
}

/// One piece of work of a record has ended for good: the only place where anything is settled.
void WorkerCore::settle(HeldRecord* record) {
  if (Partition* partition = partitions_.find(record->receipt)) {
    partition->tracker.finish_one(record->receipt.sequence);
    ++partition->version;
  } else {
    meter_.stale_completion();
  }
  records_.release(record);
}

}  // namespace hookline::engine
