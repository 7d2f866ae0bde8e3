// The lanes of a worker, one per endpoint that any revision of the definitions named and that still
// has work. Binds them to the current revision: a lane outlives an edit of its webhook, and a lane
// whose endpoint was deleted has no target. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hookline/core/time.h"
#include "hookline/deliver/lane.h"
#include "hookline/engine/definitions.h"
#include "meter.h"

namespace hookline::engine {

using LaneId = std::uint32_t;

struct EndpointLane {
  std::string webhook_name;
  std::string endpoint_name;
  deliver::Lane queue;
  const Webhook* webhook = nullptr;    ///< of the current revision; nullptr: deleted
  const Endpoint* endpoint = nullptr;  ///< of the current revision; nullptr: deleted
  LaneMeter meter;
  bool listed = false;                 ///< stands in the list of lanes that may have something to start
  std::optional<core::MonoTime> wake;  ///< a timer is set for then
  std::uint64_t waiting = 0;           ///< deliveries that wait for their next attempt
  std::uint64_t sending_bytes = 0;     ///< of requests in flight
  // For people: what the endpoint did lately.
  std::uint64_t delivered = 0, failed = 0;
  std::string last_error;
  core::WallTime last_error_at{};

  /// Why nothing may be attempted here, so that what waits ends as a dead letter (`disabled`); empty: it may.
  std::string_view objection() const {
    if (!endpoint) return "the webhook or endpoint was deleted";
    if (webhook->position == Switch::tripped) return "disable_after has disabled the webhook";
    return {};
  }
};

class Lanes {
 public:
  explicit Lanes(Meter& meter) : meter_(meter) {}

  /// Binds to a new revision; `workers` share each endpoint's rate.
  void adopt(const Definitions& definitions, std::size_t workers);

  /// The lanes of a webhook, by its position in Definitions::matchable(), in endpoint order.
  const std::vector<LaneId>& of_match(std::uint32_t position) const { return by_match_[position]; }

  EndpointLane& operator[](LaneId id) { return lanes_[id]; }
  std::deque<EndpointLane>& all() { return lanes_; }

  /// Puts the lane on the list of those to look at.
  void list(LaneId id) {
    if (lanes_[id].listed) return;
    lanes_[id].listed = true;
    listed_.push_back(id);
  }
  /// The lanes listed since the last call.
  std::vector<LaneId> take_listed();

 private:
  LaneId lane_for(const Webhook& webhook, const Endpoint& endpoint);

  Meter& meter_;
  std::deque<EndpointLane> lanes_;  ///< stable: ids are positions
  std::map<std::pair<std::string, std::string>, LaneId> by_name_;
  std::vector<std::vector<LaneId>> by_match_;
  std::vector<LaneId> listed_;
};

}  // namespace hookline::engine
