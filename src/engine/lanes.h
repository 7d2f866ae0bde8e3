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
#include "hookline/deliver/circuit.h"
#include "hookline/deliver/lane.h"
#include "hookline/engine/definitions.h"
#include "hookline/engine/status.h"
#include "meter.h"

namespace hookline::engine {

using LaneId = std::uint32_t;

struct EndpointLane {
  std::string webhook_name;
  std::string endpoint_name;
  deliver::Lane queue;
  deliver::Circuit circuit;
  const Webhook* webhook = nullptr;    ///< of the current revision; nullptr: deleted
  const Endpoint* endpoint = nullptr;  ///< of the current revision; nullptr: deleted
  std::string url;                     ///< of `endpoint`; one that depends on events: its host
  LaneMeter meter;
  bool listed = false;                 ///< stands in the list of lanes that may have something to start
  std::optional<core::MonoTime> wake;  ///< a timer is set for then
  std::uint64_t waiting = 0;           ///< deliveries that wait for their next attempt
  std::uint64_t sending_bytes = 0;     ///< of requests in flight
  std::uint64_t parked = 0;            ///< handed to a retry topic before any attempt, and not back yet
  double rate = 0;                     ///< deliveries that end there per second while more wait, as a running mean; 0: not known
  std::uint64_t ended = 0;             ///< deliveries, since the rate was measured
  double measured_for = 0;             ///< seconds since then
  core::WallTime worked_at{};          ///< when it answered last as one that works, as far as this worker knows
  bool full = false;                   ///< takes no more live deliveries until half of them have gone
  bool slow = false;                   ///< last time, that took longer than a second
  core::MonoTime full_since{};
  std::optional<core::MonoTime> roomy_since;  ///< stands among the lanes with room, last active then
  // For people: what the endpoint did lately.
  std::uint64_t delivered = 0, failed = 0, dead_lettered = 0;
  std::string last_error;
  core::WallTime last_error_at{};
  LastLetter last_letter;

  /// Which machine it is, for the storm guard; of one that was deleted nobody asks any more.
  const std::string& host() const { return endpoint ? endpoint->host : endpoint_name; }

  /// Its endpoint was deleted, and nothing of it is left here.
  bool over() const { return !endpoint && queue.ready() == 0 && queue.in_flight() == 0 && waiting == 0; }

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
  const EndpointLane& operator[](LaneId id) const { return lanes_[id]; }
  std::deque<EndpointLane>& all() { return lanes_; }

  /// The lane's queue has grown or shrunk, or it answered: is it full, has it room?
  void note(LaneId id, core::MonoTime now, std::size_t most);
  /// Is there a lane with room that was active within the last five seconds?
  bool any_roomy(core::MonoTime now);
  /// May records be taken? Not while every lane that was active lately is full, nor while one that is full
  /// moves: its endpoint only needs a moment, and nothing of its backlog goes to retry topics.
  bool open(core::MonoTime now);

  /// In a storm, of all circuits, also of those still to come.
  void set_pace(std::optional<core::Duration> pace, core::MonoTime now);

  /// nullopt: there is none of that name.
  std::optional<LaneId> find(const std::string& webhook, const std::string& endpoint) const;
  /// The lane of that name; made (without a target) if no revision had it.
  LaneId named(const std::string& webhook, const std::string& endpoint);

  /// Puts the lane on the list of those to look at.
  void list(LaneId id) {
    if (lanes_[id].listed) return;
    lanes_[id].listed = true;
    listed_.push_back(id);
  }
  /// The lanes listed since the last call.
  std::vector<LaneId> take_listed();

 private:
  Meter& meter_;
  std::deque<EndpointLane> lanes_;  ///< stable: ids are positions
  std::map<std::pair<std::string, std::string>, LaneId> by_name_;
  std::vector<std::vector<LaneId>> by_match_;
  std::vector<LaneId> listed_;
  std::optional<core::Duration> pace_;
  std::size_t full_ = 0;
  std::deque<LaneId> moving_;  ///< became full within the last second; entries of lanes that are not any more are stale
  std::deque<std::pair<core::MonoTime, LaneId>> roomy_;  ///< oldest first; entries that do not match the lane's are stale
};

}  // namespace hookline::engine
