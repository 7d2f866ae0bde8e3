// WorkerCore: deliveries that go out one after another, and the ids that join a create with its updates.
//
//   take() ─► ordered topic ─acknowledged─► settled at the source
//                  │ read by the owner of the partition
//                  ▼
//             queue of its key ─► lane ─► 2xx, or a dead letter that is acknowledged ─► settled ─► the next of the key
//                                           └► the id in the answer to a create ─► correlations topic ─acknowledged─► settled
//
// Of a key one delivery is under way. What waits for its next attempt waits in memory and holds its key, not the
// partition; how far it has got is written to the correlations topic, so that the next owner goes on from there.
// Of a correlated key an update without an id lets a create go first, and waits for one that has not come.
#include <algorithm>
#include <cassert>
#include <chrono>
#include <tuple>
#include <utility>

#include <fmt/format.h>

#include "hookline/core/units.h"
#include "hookline/deliver/schedule.h"
#include "worker_core.h"

namespace hookline::engine {
namespace {

constexpr core::Duration no_room_pause = std::chrono::milliseconds(100);
constexpr std::size_t looked_at_a_second = 2000;  // correlations, whether they have expired
constexpr auto progress_kept = std::chrono::hours(24);  // beyond max_age
constexpr std::size_t longest_error = 512;  // of what is written down

}  // namespace

// ---- From a source (or a retry topic) to the ordered topic

/// Its webhook has an order (perhaps since a moment ago), and it goes without.
bool WorkerCore::lacks_its_order(const Delivery& delivery) const {
  const EndpointLane& lane = lanes_[delivery.lane];
  return !delivery.key && lane.webhook && lane.webhook->ordered && !options_.ordered_topic.empty();
}

/// Webhooks have got an order, or what was to go without one comes back to its lane: it goes into order before any
/// record that is still to come, the oldest first.
void WorkerCore::order_what_waits() {
  std::vector<Handle> late;
  deliveries_.for_each([&](Handle handle, Delivery& d) {
    if (d.abandoned || d.state == Delivery::State::in_flight || !lacks_its_order(d) || !lanes_[d.lane].objection().empty()) return;
    late.push_back(handle);
  });
  if (late.empty()) return;
  const auto origin = [&](Handle handle) {
    const event::RecordView& record = delivery_at(handle).record->view;
    return std::tuple(record.topic, record.partition, record.offset);
  };
  std::sort(late.begin(), late.end(), [&](Handle a, Handle b) { return origin(a) < origin(b); });
  for (const Handle handle : late) enter_order(handle, delivery_at(handle));
  clear_stale_queues();
}

/// What joins it with others of its webhook's correlation; nullopt: the webhook has none, or the event has no value.
std::optional<std::string> WorkerCore::value_to_correlate(const Delivery& delivery) {
  const Webhook& webhook = *lanes_[delivery.lane].webhook;
  const HeldRecord& record = *delivery.record;
  if (!webhook.correlation) return std::nullopt;
  const auto event = webhook.reader->read(record.view, record.kind, event_scratch_);
  return event ? correlation_value(*webhook.correlation, *event) : std::nullopt;
}

/// The delivery takes its place behind those of its key. Of one key one record at a time is on its way to the
/// broker: what it refuses for a moment must not be overtaken.
void WorkerCore::enter_order(Handle handle, Delivery& delivery) {
  const EndpointLane& lane = lanes_[delivery.lane];
  const HeldRecord& record = *delivery.record;
  auto value = value_to_correlate(delivery);
  std::string key;
  if (value) {
    key = state::correlation_key(lane.webhook->correlation->creator, *value);
  } else {
    give_id(delivery);
    key = fmt::format("{}/{}/{}", lane.webhook_name, lane.endpoint_name,
                      record.view.key && !record.view.key->empty() ? *record.view.key : std::string_view(delivery.id));
  }
  stop_waiting(handle, delivery);
  if (delivery.first_attempt == core::WallTime{}) delivery.first_attempt = delivery.due = now_.wall;
  leave(handle, delivery,
        {.what = Departure::What::ordered, .error = std::move(delivery.last_error), .due = delivery.due, .hops = delivery.hops + 1,
         .order_key = std::move(key), .correlated = std::move(value)});
}

void WorkerCore::queue_entry(Handle handle) {
  Departure& departure = *departures_.find(handle);
  auto& line = entering_[departure.order_key];
  line.push_back(handle);
  if (line.size() == 1) produce(handle, departure);
}

/// The first of that key has been acknowledged, or goes elsewhere.
void WorkerCore::next_entry(const std::string& order_key) {
  const auto line = entering_.find(order_key);
  if (line == entering_.end()) return;
  line->second.pop_front();
  if (line->second.empty()) return (void)entering_.erase(line);
  const Handle next = line->second.front();
  produce(next, *departures_.find(next));
}

// ---- The ordered topic

bool WorkerCore::has_room_for_ordered() const {
  return ordered_ < std::max<std::size_t>(1, options_.max_deliveries / 8) && ordered_bytes_ < options_.max_bytes / 8;
}

/// What was read of the correlations topic. A partition of the ordered topic is begun when its ids are known.
void WorkerCore::read_correlations(Inputs& inputs) {
  for (const auto& record : inputs.correlations) {
    const auto table = correlations_.find(record.partition);
    if (table == correlations_.end()) continue;
    const auto news = table->second.apply(record);
    if (news == state::CorrelationTable::News::behind) {
      if (const auto* first = table->second.find(record.key, now_.wall)) write_again(record.partition, record.key, *first);
    }
    if (news == state::CorrelationTable::News::none) continue;
    if (OrderedKey* key = keys_.find(record.partition, record.key)) advance(*key);
  }
  for (const auto number : inputs.correlations_complete) {
    const auto table = correlations_.find(number);
    if (table == correlations_.end() || table->second.complete()) continue;
    table->second.set_complete();
    table->second.for_each_overtaken([&](const std::string& key, const state::Correlation& first) { write_again(number, key, first); });
    Partition* partition = partitions_.find(options_.ordered_topic, number);
    if (!partition || mode_ != Mode::running) continue;
    partition->ready = true;
    stand_still(*partition, partition->resume_from, core::Duration(1));  // what was polled before the pause is passed over
  }
}

/// A record of the ordered topic: its delivery takes its place in the queue of its key.
void WorkerCore::take_ordered(const event::RecordView& record, Partition& partition) {
  if (!partition.ready || partition.resume_at) return;  // read again from where it stands still
  if (!has_room_for_ordered() || !partition.tracker.has_room(record.offset)) {
    return stand_still(partition, record.offset, no_room_pause);
  }
  auto delivery = take_up(record, partition);
  if (!delivery) return;
  if (auto progress = correlations_[partition.number].take_progress(delivery->id)) {
    delivery->attempts = std::max(delivery->attempts, progress->attempts);
    delivery->first_attempt = progress->first_attempt;
    delivery->due = progress->due;
    delivery->last_status = progress->http_status;
    delivery->last_error = std::move(progress->error);
    delivery->noted = true;
  }
  OrderedKey& key = keys_.at(partition.number, *record.key);
  delivery->state = Delivery::State::blocked;
  delivery->key = &key;
  key.waiting.push_back(deliveries_.insert(std::move(*delivery)));
  advance(key);
}

// ---- The queue of a key

/// nullptr: its key is none of a correlation, or its webhook has none now.
const Correlated* WorkerCore::correlation_of(const Delivery& delivery) const {
  const EndpointLane& lane = lanes_[delivery.lane];
  if (!delivery.correlated || !lane.webhook || !lane.webhook->correlation) return nullptr;
  return &*lane.webhook->correlation;
}

/// The item that was created for its key; nullptr: none, or none any more.
const state::Correlation* WorkerCore::item_of(const Delivery& delivery) const {
  const auto table = correlations_.find(delivery.key->partition);
  return table == correlations_.end() ? nullptr : table->second.find(delivery.key->name, now_.wall);
}

/// An update that has no id yet: how long it waits for one. nullopt: it does not wait.
std::optional<core::Duration> WorkerCore::rest_of_wait(const Delivery& delivery) const {
  const Correlated* correlation = correlation_of(delivery);
  if (!correlation || correlation->creates || item_of(delivery)) return std::nullopt;
  const core::Duration rest = delivery.record->taken_at + correlation->wait - now_.mono;
  return std::max(rest, core::Duration{});
}

/// Chooses the next delivery of the key, if none is under way: the oldest, except that an update without an id
/// lets the oldest create go first.
void WorkerCore::advance(OrderedKey& key) {
  if (key.busy || mode_ != Mode::running) return keys_.tidy(key);
  if (key.waiting.empty()) return keys_.tidy(key);
  auto next = key.waiting.begin();
  if (const auto rest = rest_of_wait(*deliveries_.find(*next))) {
    const auto creates = [&](Handle h) {
      const Correlated* correlation = correlation_of(*deliveries_.find(h));
      return correlation && correlation->creates;
    };
    const auto create = std::find_if(key.waiting.begin(), key.waiting.end(), creates);
    if (create == key.waiting.end() && *rest > core::Duration{}) {
      return timers_.push({now_.mono + *rest, Timer::What::retry, *next});
    }
    if (create != key.waiting.end()) next = create;
  }
  const Handle handle = *next;
  key.waiting.erase(next);
  key.busy = true;
  go_on_ordered(handle, *deliveries_.find(handle));
}

/// Its attempt is next, as far as its key is concerned.
void WorkerCore::go_on_ordered(Handle handle, Delivery& delivery) {
  EndpointLane& lane = lanes_[delivery.lane];
  delivery.state = Delivery::State::queued;
  if (const auto objection = lane.objection(); !objection.empty()) {
    return bury(handle, delivery, settle::Reason::disabled, std::string(objection));
  }
  if (is_over_age(delivery)) return bury_expired(handle, delivery);
  if (delivery.attempts > 0 && !storm_.raging() && !deliver::next_wait(lane.webhook->retry, delivery.attempts, random_)) {  // broken off by the owner before
    return bury(handle, delivery, settle::Reason::exhausted, fmt::format("{} after {} attempts", delivery.last_error, delivery.attempts));
  }
  const core::Duration rest = delivery.due - now_.wall;
  if (delivery.attempts > 0 && rest > core::Duration{}) return wait_in_memory(handle, delivery, rest);
  delivery.queued_at = now_.mono;
  lane.queue.push_returning(static_cast<deliver::DeliveryIndex>(handle));
  lanes_.list(delivery.lane);
}

/// Past retry.max_age: counted from the first attempt; of one that had none only a sick endpoint can be to blame, or one
/// that asked to be left alone.
bool WorkerCore::is_over_age(const Delivery& delivery) const {
  const EndpointLane& lane = lanes_[delivery.lane];
  const bool counts = delivery.attempts > 0 || !lane.circuit.closed() || is_shut(lane);
  return lane.webhook && counts && now_.wall > age_began(delivery) + lane.webhook->retry.max_age;
}

/// The webhook's correlation has been changed since the delivery came into order: its item is another one by now.
bool WorkerCore::stands_under_another_key(const Delivery& delivery) {
  const auto& correlation = lanes_[delivery.lane].webhook->correlation;
  if (!correlation || delivery.recreating) return false;
  const auto value = value_to_correlate(delivery);
  return value ? delivery.key->name != state::correlation_key(correlation->creator, *value) : delivery.correlated;
}

/// Right before an attempt: is it still to be made, and with which id? If not, it ends here.
bool WorkerCore::still_to_send(LaneId id, Handle handle, Delivery& delivery, std::string& correlation_id) {
  if (!delivery.key) return true;
  const Correlated* correlation = correlation_of(delivery);
  EndpointLane& lane = lanes_[id];
  if (stands_under_another_key(delivery)) {
    lane.queue.finished();
    enter_order(handle, delivery);
    return false;
  }
  const auto* item = correlation ? item_of(delivery) : nullptr;
  if (correlation && correlation->creates) {
    if (!item || delivery.recreating) return true;
    lane.queue.finished();  // somebody has created it already
    ++lane.delivered;
    meter_.delivered(lane.meter, now_.wall - delivery.record->view.timestamp);
    end_delivery(handle, delivery);
    return false;
  }
  if (item) return correlation_id = item->id, true;
  const bool needs_id = lane.webhook->correlation && !lane.webhook->correlation->creates && lane.webhook->correlation->needs_id;
  if (!needs_id) return true;
  lane.queue.finished();
  const auto why = correlation ? fmt::format("webhook {} has created nothing for '{}' within {}", correlation->creator, delivery.key->name,
                                             core::format_duration(correlation->wait))
                               : std::string("the event has no value for correlation.key");
  bury(handle, delivery, settle::Reason::correlation, why);
  return false;
}

/// The answer to an attempt of an ordered delivery, where it means more than it does elsewhere: true if it has
/// been dealt with.
bool WorkerCore::end_ordered(Handle handle, Delivery& delivery, const deliver::Answer& answer) {
  const Correlated* correlation = correlation_of(delivery);
  if (!correlation || answer.outcome != deliver::Outcome::answered) return false;
  if (!correlation->creates) return answer.status == 404 && correlation->create_on_404 && create_anew(handle, delivery);
  if (answer.status < 200 || answer.status > 299) return false;
  const EndpointLane& lane = lanes_[delivery.lane];
  auto captured = correlation->capture->from(answer.body);
  if (!captured) {
    if (const auto more = without_id_gate_.pass(now_.mono)) {
      core::log::warn("{}/{}: a 2xx without an id at correlation.response_id; it counts as delivered, its updates will find no item ({} more since)",
                      lane.webhook_name, lane.endpoint_name, *more);
    }
    return false;
  }
  const std::string prefix = state::correlation_key(correlation->creator, "");
  const std::string& name = delivery.key->name;
  state::Correlation item{.webhook = correlation->creator,
                          .key = name.starts_with(prefix) ? name.substr(prefix.size()) : name,
                          .id = std::move(captured->id),
                          .text = std::move(captured->text),
                          .at = now_.wall,
                          .expires = {},
                          .replaces = delivery.recreating,
                          .by = {}};
  if (correlation->expires) item.expires = now_.wall + std::chrono::duration_cast<std::chrono::milliseconds>(*correlation->expires);
  Departure departure{.what = Departure::What::correlation, .written = {.topic = options_.correlations_topic, .partition = delivery.key->partition},
                      .correlation = std::move(item)};
  departure.written.key = name;
  departure.written.value = state::value_of(departure.correlation);
  leave(handle, delivery, std::move(departure));
  return true;
}

/// The id does not fit into the correlations topic: as if the answer had held none.
void WorkerCore::end_without_id(Handle handle, const std::string& why) {
  const Departure done = std::move(*departures_.find(handle));
  departures_.erase(handle);
  core::log::error("the id of the item for {} cannot be kept ({}): updates will find none", done.key->name, why);
  take_back_note(done.noted, done.key->partition, done.id);
  settle(done.record);
  go_on(done.key);
}

/// The item of an update is gone: the event goes as a create, through the webhook that creates, and is a delivery
/// of that webhook from now on.
bool WorkerCore::create_anew(Handle handle, Delivery& delivery) {
  const Webhook* creator = definitions_->find(correlation_of(delivery)->creator);
  if (!creator || creator->endpoints.empty() || !creator->correlation || !creator->correlation->creates) return false;
  take_back_note(std::exchange(delivery.noted, false), delivery.key->partition, delivery.id);
  delivery.lane = lanes_.named(creator->name, creator->endpoints.front().name);
  delivery.recreating = true;
  delivery.attempts = 0;
  delivery.first_attempt = delivery.due = now_.wall;
  delivery.last_status.reset();
  delivery.last_error.clear();
  delivery.id.clear();
  delivery.state = Delivery::State::queued;
  mode_ == Mode::running ? go_on_ordered(handle, delivery) : abandon(handle, delivery);
  return true;
}

/// The next attempt comes later, here.
void WorkerCore::wait_ordered(Handle handle, Delivery& delivery, core::Duration wait) {
  write_down(delivery);
  delivery.state = Delivery::State::queued;
  if (mode_ != Mode::running) return abandon(handle, delivery);  // its next owner waits
  wait_in_memory(handle, delivery, wait);
}

// ---- What the next owner has to know

void WorkerCore::write_down(Delivery& delivery) {
  const EndpointLane& lane = lanes_[delivery.lane];
  if (delivery.recreating) return;  // of another name; begun anew by the next owner, with the update
  give_id(delivery);
  delivery.noted = true;
  const auto age = lane.webhook ? lane.webhook->retry.max_age : core::Duration{};
  const state::Progress progress{.attempts = delivery.attempts,
                                 .first_attempt = delivery.first_attempt,
                                 .due = delivery.due,
                                 .http_status = delivery.last_status,
                                 .error = delivery.last_error.substr(0, longest_error),
                                 .expires = now_.wall + std::chrono::duration_cast<std::chrono::milliseconds>(age + progress_kept)};
  write_note(delivery.key->partition, state::progress_key(delivery.id), state::value_of(progress));
}

void WorkerCore::take_back_note(bool noted, std::int32_t partition, const std::string& id) {
  if (noted) write_note(partition, state::progress_key(id), std::nullopt);
}

/// Best effort: nothing that is settled waits for it.
void WorkerCore::write_note(std::int32_t partition, std::string key, std::optional<std::string> value) {
  Departure note{.what = Departure::What::note, .written = {.topic = options_.correlations_topic, .partition = partition}};
  note.written.key = std::move(key);
  note.written.value = std::move(value);
  send_off(std::move(note));
}

/// What counts is to be the last that the log says. It replaces nothing: what somebody sets by hand meanwhile counts more.
void WorkerCore::write_again(std::int32_t partition, const std::string& key, state::Correlation first) {
  first.replaces = false;
  write_note(partition, key, state::value_of(first));
}

/// A few at a time, every second.
void WorkerCore::forget_correlations() {
  for (auto& [partition, table] : correlations_) {
    if (!table.complete()) continue;
    const auto in_use = [&, number = partition](const std::string& key) { return keys_.find(number, key) != nullptr; };
    for (auto& key : table.forget_expired(now_.wall, looked_at_a_second, in_use)) write_note(partition, std::move(key), std::nullopt);
  }
}

// ---- Ends

/// What was under way of the key has ended and is settled: the next one.
void WorkerCore::go_on(OrderedKey* key) {
  if (!key) return;
  key->busy = false;
  advance(*key);
}

/// The delivery is given up without an end. One in flight holds its key until it is answered.
void WorkerCore::leave_key(Delivery& delivery, Handle handle) {
  if (!delivery.key || (delivery.state == Delivery::State::in_flight && !delivery.follows)) return;
  OrderedKey& key = *std::exchange(delivery.key, nullptr);
  const auto place = std::find(key.waiting.begin(), key.waiting.end(), handle);
  if (place != key.waiting.end()) {
    key.waiting.erase(place);
  } else {
    key.busy = false;
  }
  keys_.tidy(key);
}

/// Nothing of an ordered partition is taken before its correlations have been read.
void WorkerCore::own_ordered() {
  for (auto& partition : partitions_.all()) {
    if (partition.role != Role::ordered) continue;
    partition.ready = false;
    partition.resume_from = partition.tracker.base();
    set_paused(partition, true);
    correlations_.try_emplace(partition.number);
  }
}

/// The time of a drain is over: an attempt that is broken off counts.
void WorkerCore::break_off_ordered(Handle handle, Delivery& delivery) {
  if (delivery.state == Delivery::State::in_flight) {
    ++delivery.attempts;
    delivery.last_error = "broken off when the partition was given away";
    const auto wait = wait_after_attempt(delivery);
    delivery.due = now_.wall + std::chrono::ceil<std::chrono::milliseconds>(wait.value_or(core::Duration{}));
    write_down(delivery);
  }
  abandon(handle, delivery);
}

/// A drain begins: what waits here is its next owner's, who reads how far it has got.
void WorkerCore::let_ordered_go() {
  deliveries_.for_each([&](Handle handle, Delivery& d) {
    if (!d.abandoned && d.key && d.state != Delivery::State::in_flight) abandon(handle, d);
  });
  clear_stale_queues();
}

/// Once a second: what stands in its lane while the circuit is open may run out of time there.
void WorkerCore::look_at_ordered() {
  bool taken_from_lanes = false;
  deliveries_.for_each([&](Handle handle, Delivery& d) {
    if (d.abandoned || !d.key || d.state != Delivery::State::queued || !is_over_age(d)) return;
    taken_from_lanes = true;
    bury_expired(handle, d);
  });
  if (taken_from_lanes) clear_stale_queues();
  forget_correlations();
}

}  // namespace hookline::engine
