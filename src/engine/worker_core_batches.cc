// WorkerCore: several deliveries in one request (`batch`). A batch is what is ready for an endpoint when the request
// starts; until it is full, it waits for more no longer than max_wait. Its members are answered together and go on each
// by itself: what is to be retried is handed over singly and may meet others the next time. What waits for a batch to
// fill has not been attempted, so that a drain lets go of it at once.
#include <algorithm>
#include <utility>

#include "hookline/settle/delivery_id.h"
#include "worker_core.h"

namespace hookline::engine {
namespace {

constexpr int payload_too_large = 413;

}  // namespace

/// How many deliveries the next request to the endpoint may carry. A probe risks one. A batch that
/// would fill the lane could never become full.
std::size_t WorkerCore::batch_limit(const EndpointLane& lane) const {
  if (!lane.webhook || lane.webhook->ordered || !lane.circuit.closed()) return 1;
  return std::min<std::size_t>(lane.webhook->batch.max_events, std::max<std::size_t>(1, lane_capacity() / 2));
}

/// Until when the batch that is next waits for more; nullopt: it does not.
std::optional<core::MonoTime> WorkerCore::batch_waits(const EndpointLane& lane) {
  const std::size_t limit = batch_limit(lane);
  const auto head = lane.queue.next();
  if (!head || limit <= 1 || mode_ != Mode::running || lane.queue.ready() >= limit) return std::nullopt;
  const Delivery& first = deliveries_[*head];
  if (first.attempts > 0 || first.batch_limit > 0) return std::nullopt;  // it has waited enough
  const auto until = first.queued_at + lane.webhook->batch.max_wait;
  return until > now_.mono ? std::optional(until) : std::nullopt;
}

void WorkerCore::start_batch(LaneId id, deliver::DeliveryIndex first) {
  EndpointLane& lane = lanes_[id];
  std::size_t most = batch_limit(lane);
  const std::uint64_t most_bytes = options_.max_bytes / 32;  // what may_send() gives one endpoint
  std::vector<Handle> members;
  std::vector<std::string> ids;
  requests_.begin(*lane.webhook, *lane.endpoint, now_.wall);
  for (auto next = std::optional(first); next;) {
    const Handle handle = deliveries_.handle(*next);
    Delivery& delivery = deliveries_[*next];
    if (delivery.key) {  // of before the webhook lost its order: goes out singly
      lane.queue.put_back(*next, true);
      break;
    }
    if (delivery.batch_limit > 0) most = std::min<std::size_t>(most, delivery.batch_limit);
    if (!members.empty() && members.size() >= most) {
      lane.queue.put_back(*next, delivery.tier.has_value());
      break;
    }
    give_id(delivery);
    const RequestBuilder::Attempt attempt{.delivery_id = delivery.id, .number = delivery.past.attempts + delivery.attempts + 1,
                                          .policy = delivery.policy.get(),
                                          .kept = options_.note_deliveries};
    const auto added = requests_.add(delivery.record->view, delivery.record->kind, attempt);
    if (added && !*added) {  // another URL, or other headers
      lane.queue.put_back(*next, delivery.tier.has_value());
      break;
    }
    if (added) {
      members.push_back(handle);
      ids.push_back(delivery.id);
    } else {
      bury_unrenderable(id, handle, delivery, added.error().message);
    }
    next = members.size() < most && requests_.bytes() < most_bytes ? lane.queue.take_along() : std::nullopt;
  }
  if (members.empty()) return lane.queue.finished();

  auto request = requests_.finish(settle::batch_id(hasher_, ids));
  request.id = members.front();
  for (const Handle handle : members) {
    Delivery& delivery = delivery_at(handle);
    if (delivery.attempts == 0) {
      delivery.first_attempt = now_.wall;
      storm_.begun(now_.mono);
    }
    delivery.state = Delivery::State::in_flight;
    delivery.record->touched = true;
    delivery.follows = handle != members.front();
  }
  Delivery& leader = delivery_at(members.front());
  if (members.size() > 1) leader.followers = std::make_shared<const std::vector<Handle>>(members.begin() + 1, members.end());
  send(id, leader, std::move(request));
}

/// Too large for the endpoint, and several: they go out again at once, half as many together. Says nothing against any
/// of them, and is no attempt of theirs.
bool WorkerCore::split(const deliver::Answer& answer, const std::vector<Handle>& followers) {
  const bool too_large = answer.outcome == deliver::Outcome::answered && answer.status == payload_too_large;
  if (!too_large || delivery_at(answer.id).abandoned) return false;
  const auto limit = static_cast<std::uint32_t>(followers.size() + 2) / 2;  // of two or more, rounded up
  const auto again = [&](Handle handle) {
    Delivery* delivery = deliveries_.find(handle);
    if (!delivery) return;
    delivery->follows = false;
    delivery->state = Delivery::State::queued;
    delivery->queued_at = now_.mono;
    delivery->batch_limit = limit;
    lanes_[delivery->lane].queue.put_back(static_cast<deliver::DeliveryIndex>(handle), delivery->tier.has_value());
  };
  for (auto handle = followers.rbegin(); handle != followers.rend(); ++handle) again(*handle);
  again(answer.id);
  if (lacks_its_order(delivery_at(answer.id))) order_what_waits();
  return true;
}

}  // namespace hookline::engine
