// WorkerCore: departures. What goes to the broker so that a piece of work can end here: a dead letter, a delivery that
// goes on in a retry topic or in the ordered topic, an event to be counted, an id. The producer holds a bounded part of
// them; what the broker refuses is tried again until it takes it, and only its acknowledgement ends anything.
#include <algorithm>
#include <cassert>
#include <utility>

#include <fmt/format.h>

#include "hookline/json/write.h"
#include "hookline/settle/waiting.h"
#include "worker_core.h"

namespace hookline::engine {
namespace {

constexpr core::Duration first_produce_wait = std::chrono::seconds(1);
constexpr core::Duration longest_produce_wait = std::chrono::seconds(30);
constexpr std::size_t longest_pointer_key = 1 << 10;
constexpr core::Duration handed_over_commit = std::chrono::milliseconds(20);

}  // namespace

/// The delivery ends here and goes on as `departure`, which says where and why.
void WorkerCore::leave(Handle handle, Delivery& delivery, Departure departure) {
  give_id(delivery);
  departure.record = delivery.record;
  departure.lane = delivery.lane;
  departure.id = std::move(delivery.id);
  departure.policy = std::move(delivery.policy);
  departure.attempts = delivery.attempts;
  departure.past = delivery.past;
  departure.status = delivery.last_status;
  departure.at = now_.wall;
  departure.first_attempt = delivery.first_attempt;
  departure.key = delivery.key;
  departure.noted = delivery.noted;
  departure.record->touched = true;
  deliveries_.erase(handle);
  const bool enters = departure.what == Departure::What::ordered;
  if (!enters) return send_off(std::move(departure));
  queue_entry(departures_.insert(std::move(departure)));
}

void WorkerCore::send_off(Departure departure) {
  const Handle handle = departures_.insert(std::move(departure));
  produce(handle, *departures_.find(handle));
}

/// A dead letter of the record itself, before any webhook.
void WorkerCore::bury_record(HeldRecord* record, settle::Reason reason, std::string error) {
  records_.add_reference(record);
  record->touched = true;
  send_off({.record = record, .reason = reason, .error = std::move(error), .at = now_.wall});
}

/// Hands it to the producer, or has it wait: what the producer holds has its share of the memory, too.
void WorkerCore::produce(Handle handle, Departure& departure) {
  if (producing_bytes_ >= options_.max_bytes / 8) return unproduced_.push_back(handle);
  departure.producing = size_of(departure);
  producing_bytes_ += departure.producing;
  out_->produces.push_back({handle, record_of(departure)});
}

std::uint64_t WorkerCore::size_of(const Departure& departure) const {
  const auto& written = departure.written;
  const std::size_t own = (written.key ? written.key->size() : 0) + (written.value ? written.value->size() : 0);
  return 1 + own + (departure.record ? departure.record->footprint() : 0);
}

const std::string& WorkerCore::topic_of(const Departure& departure) const {
  switch (departure.what) {
    case Departure::What::letter: return options_.dead_letter_topic;
    case Departure::What::retry: return options_.tiers[*departure.tier].topic;
    case Departure::What::ordered: return options_.ordered_topic;
    case Departure::What::counted:
    case Departure::What::fired: return options_.thresholds_topic;
    case Departure::What::correlation:
    case Departure::What::note: break;
  }
  return options_.correlations_topic;
}

kafka::OwnedRecord WorkerCore::record_of(const Departure& departure) const {
  switch (departure.what) {
    case Departure::What::letter: return letter_of(departure);
    case Departure::What::retry:
    case Departure::What::ordered: return waiting_of(departure);
    case Departure::What::counted:
    case Departure::What::fired:
    case Departure::What::correlation:
    case Departure::What::note: break;
  }
  auto written = departure.written;
  written.topic = topic_of(departure);
  if (departure.what == Departure::What::counted) written.value = std::string(*departure.record->view.value);
  return written;
}

kafka::OwnedRecord WorkerCore::waiting_of(const Departure& departure) const {
  const HeldRecord& record = *departure.record;
  const EndpointLane& lane = lanes_[*departure.lane];
  const settle::Waiting waiting{.webhook = lane.webhook_name,
                                .endpoint = lane.endpoint_name,
                                .delivery_id = departure.id,
                                .kind = event::name(record.kind),
                                .attempts = departure.attempts,
                                .hops = departure.hops,
                                .first_attempt_at = departure.first_attempt,
                                .due_at = departure.due,
                                .http_status = departure.status,
                                .error = departure.error,
                                .key = record.view.key,
                                .past = departure.past,
                                .correlation = departure.correlated,
                                .origin = record.origin(),
                                .policy = departure.policy.get()};
  kafka::OwnedRecord out{.topic = topic_of(departure)};
  out.key = departure.what == Departure::What::ordered ? departure.order_key : departure.id;
  if (record.view.value) out.value = std::string(*record.view.value);
  out.headers = settle::waiting_headers(waiting, owned(record.view.headers));
  return out;
}

kafka::OwnedRecord WorkerCore::letter_of(const Departure& departure) const {
  const HeldRecord& record = *departure.record;
  const EndpointLane* lane = departure.lane ? &lanes_[*departure.lane] : nullptr;
  const settle::DeadLetter letter{.reason = departure.reason,
                                  .webhook = lane ? std::string_view(lane->webhook_name) : "",
                                  .endpoint = lane ? std::string_view(lane->endpoint_name) : "",
                                  .delivery_id = departure.id,
                                  .attempts = departure.past.attempts + departure.attempts,
                                  .http_status = departure.status,
                                  .error = departure.error,
                                  .origin = record.origin(),
                                  .failed_at = departure.at,
                                  .past = departure.past,
                                  .pointer = departure.pointer,
                                  .policy = departure.policy.get()};
  kafka::OwnedRecord out{.topic = topic_of(departure)};
  std::vector<settle::OwnedHeader> original;
  if (departure.pointer) {
    std::string topic;
    json::append_quoted(record.view.topic, topic);
    out.value = fmt::format(R"({{"pointer":{{"topic":{},"partition":{},"offset":{}}}}})", topic, record.view.partition,
                            record.view.offset);
  } else {
    original = owned(record.view.headers);
    if (record.view.value) out.value = std::string(*record.view.value);
  }
  // A key that makes the record too large stays behind as well.
  if (record.view.key && (!departure.pointer || record.view.key->size() <= longest_pointer_key)) {
    out.key = std::string(*record.view.key);
  }
  out.headers = settle::dead_letter_headers(letter, original);
  return out;
}

void WorkerCore::produce_waiting() {
  while (!unproduced_.empty() && producing_bytes_ < options_.max_bytes / 8) {
    const Handle handle = unproduced_.front();
    unproduced_.pop_front();
    if (Departure* departure = departures_.find(handle)) produce(handle, *departure);
  }
}

void WorkerCore::on_produced(const kafka::ProduceReport& report) {
  Departure* departure = departures_.find(report.token);
  assert(departure && departure->producing > 0);  // one report per produce
  producing_bytes_ -= std::exchange(departure->producing, 0);
  if (departure->abandoned) {
    meter_.stale_completion();
    return departures_.erase(report.token);
  }
  if (!report.error) return acknowledged(report, *departure);
  using What = Departure::What;
  if (departure->what == What::note) return departures_.erase(report.token);  // the next one says more
  const bool too_large = report.error->code == core::ErrorCode::too_large;
  if (too_large && departure->what == What::correlation) return end_without_id(report.token, report.error->message);
  if (too_large && !departure->pointer) {
    if (departure->what != What::letter) departure->reason = settle::Reason::too_large;  // it cannot wait anywhere
    if (departure->what == What::ordered) next_entry(departure->order_key);
    departure->what = What::letter;
    departure->tier.reset();
    departure->pointer = true;
    return produce(report.token, *departures_.find(report.token));
  }
  // Refused for now: the record stays open, and its partition's committed offset stays where it is.
  const auto wait = std::min(longest_produce_wait, first_produce_wait * (1 << std::min(departure->tries, 5u)));
  ++departure->tries;
  troubles_.write_refused(topic_of(*departure), report.error->message);
  if (const auto more = produce_gate_.pass(now_.mono)) {
    core::log::error("cannot write to {}: {}; trying again, nothing is committed meanwhile ({} more since)",
                     topic_of(*departure), report.error->message, *more);
  }
  timers_.push({now_.mono + wait, Timer::What::produce, report.token});
}

/// The broker has it: what was to end with that ends.
void WorkerCore::acknowledged(const kafka::ProduceReport& report, Departure& departure) {
  using What = Departure::What;
  const Departure done = std::move(departure);
  departures_.erase(report.token);
  troubles_.written(topic_of(done));
  if (done.key) take_back_note(done.noted, done.key->partition, done.id);
  switch (done.what) {
    case What::letter:
      meter_.dead_letter(done.reason);
      if (done.lane) {
        EndpointLane& lane = lanes_[*done.lane];
        lane.meter.dead_lettered->add();
        ++lane.dead_lettered;
        lane.last_letter = {std::string(settle::name(done.reason)), done.error, done.status};
        if (options_.note_deliveries) log_end(done);
      }
      break;
    case What::retry:
    case What::ordered:
      next_commit_ = std::min(next_commit_, now_.mono + handed_over_commit);
      if (done.what == What::ordered) next_entry(done.order_key);
      break;
    case What::correlation:
      if (const auto table = correlations_.find(done.key->partition); table != correlations_.end()) {
        table->second.acknowledged(done.key->name, done.correlation, report.offset);
      }
      break;
    case What::counted:
    case What::fired: break;
    case What::note: return;
  }
  settle(done.record);
  go_on(done.key);
}

}  // namespace hookline::engine
