#include "lanes.h"

namespace hookline::engine {

LaneId Lanes::lane_for(const Webhook& webhook, const Endpoint& endpoint) {
  const auto [place, fresh] = by_name_.try_emplace({webhook.name, endpoint.name}, static_cast<LaneId>(lanes_.size()));
  if (fresh) {
    lanes_.push_back(EndpointLane{.webhook_name = webhook.name,
                                  .endpoint_name = endpoint.name,
                                  .queue = deliver::Lane(deliver::Lane::Limits{})});
  }
  return place->second;
}

void Lanes::adopt(const Definitions& definitions, std::size_t workers) {
  for (auto& lane : lanes_) {
    lane.webhook = nullptr;
    lane.endpoint = nullptr;
  }
  for (const auto& webhook : definitions.webhooks()) {
    for (const auto& endpoint : webhook.endpoints) {
      const LaneId id = lane_for(webhook, endpoint);
      EndpointLane& lane = lanes_[id];
      lane.webhook = &webhook;
      lane.endpoint = &endpoint;
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
    for (const auto& endpoint : webhook.endpoints) ids.push_back(lane_for(webhook, endpoint));
  }
  // Whatever waits in a lane whose endpoint is gone has to be looked at: it ends as a dead letter.
  for (LaneId id = 0; id < lanes_.size(); ++id) list(id);
}

std::vector<LaneId> Lanes::take_listed() {
  for (const LaneId id : listed_) lanes_[id].listed = false;
  return std::exchange(listed_, {});
}

}  // namespace hookline::engine
