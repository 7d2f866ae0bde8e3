#include "lanes.h"

namespace hookline::engine {

namespace {
constexpr core::Duration active_for = std::chrono::seconds(5);
constexpr core::Duration moving_for = std::chrono::seconds(1);
}

LaneId Lanes::named(const std::string& webhook, const std::string& endpoint) {
  const auto [place, fresh] = by_name_.try_emplace({webhook, endpoint}, static_cast<LaneId>(lanes_.size()));
  if (fresh) {
    lanes_.push_back(EndpointLane{.webhook_name = webhook,
                                  .endpoint_name = endpoint,
                                  .queue = deliver::Lane(deliver::Lane::Limits{})});
    lanes_.back().meter = meter_.lane(webhook, endpoint);
    lanes_.back().circuit.set_pace(pace_, {});
  }
  return place->second;
}

std::optional<LaneId> Lanes::find(const std::string& webhook, const std::string& endpoint) const {
  const auto place = by_name_.find({webhook, endpoint});
  return place == by_name_.end() ? std::nullopt : std::optional(place->second);
}

void Lanes::set_pace(std::optional<core::Duration> pace, core::MonoTime now) {
  pace_ = pace;
  for (LaneId id = 0; id < lanes_.size(); ++id) {
    lanes_[id].circuit.set_pace(pace, now);
    list(id);
  }
}

void Lanes::note(LaneId id, core::MonoTime now, std::size_t most) {
  EndpointLane& lane = lanes_[id];
  const bool full = lane.queue.live() >= most || (lane.full && lane.queue.live() > most / 2);
  if (full && !lane.full) {
    ++full_;
    lane.full_since = now;
    if (!lane.slow && lane.circuit.closed()) moving_.push_back(id);
  } else if (!full && lane.full) {
    --full_;
    lane.slow = now - lane.full_since > moving_for;
  }
  lane.full = full;
  if (full) {
    lane.roomy_since.reset();
  } else if (!lane.roomy_since || now - *lane.roomy_since > active_for / 8) {
    lane.roomy_since = now;
    roomy_.emplace_back(now, id);
  }
}

bool Lanes::open(core::MonoTime now) {
  if (full_ == 0) return true;
  while (!moving_.empty()) {
    EndpointLane& lane = lanes_[moving_.front()];
    const bool moves = lane.full && !lane.slow && lane.circuit.closed();
    if (moves && now - lane.full_since <= moving_for) return false;
    if (moves) lane.slow = true;
    moving_.pop_front();
  }
  return any_roomy(now);
}

bool Lanes::any_roomy(core::MonoTime now) {
  while (!roomy_.empty()) {
    const auto [since, id] = roomy_.front();
    if (lanes_[id].roomy_since == since && now - since <= active_for) return true;
    if (lanes_[id].roomy_since == since) lanes_[id].roomy_since.reset();
    roomy_.pop_front();
  }
  return false;
}

void Lanes::adopt(const Definitions& definitions, std::size_t workers) {
  for (auto& lane : lanes_) {
    lane.webhook = nullptr;
    lane.endpoint = nullptr;
  }
  for (const auto& webhook : definitions.webhooks()) {
    for (const auto& endpoint : webhook.endpoints) {
      const LaneId id = named(webhook.name, endpoint.name);
      EndpointLane& lane = lanes_[id];
      lane.webhook = &webhook;
      lane.endpoint = &endpoint;
      const auto& url = endpoint.url.program ? endpoint.host : endpoint.url.constant;
      if (std::exchange(lane.url, url) != url) lane.queue.end_pause();
      lane.meter = meter_.lane(webhook.name, endpoint.name);
      deliver::Lane::Limits limits{webhook.concurrency, webhook.rate_limit};
      if (limits.rate) *limits.rate /= static_cast<double>(workers);
      lane.queue.set_limits(limits);
    }
  }
  by_match_.clear();
  for (const std::uint32_t position : definitions.matchable()) {
    const Webhook& webhook = definitions.webhooks()[position];
    auto& ids = by_match_.emplace_back();
    for (const auto& endpoint : webhook.endpoints) ids.push_back(named(webhook.name, endpoint.name));
  }
  // Whatever waits in a lane whose endpoint is gone has to be looked at: it ends as a dead letter.
  for (LaneId id = 0; id < lanes_.size(); ++id) list(id);
}

std::vector<LaneId> Lanes::take_listed() {
  for (const LaneId id : listed_) lanes_[id].listed = false;
  return std::exchange(listed_, {});
}

}  // namespace hookline::engine
