// WorkerCore: what it and its siblings learn about endpoints beyond a single one, and what follows: the storm guard,
// and the news that workers of a process tell each other.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "hookline/deliver/schedule.h"
#include "worker_core.h"

namespace hookline::engine {

/// What an attempt says about the world.
void WorkerCore::note_attempt(const EndpointLane& lane, const deliver::Answer& answer) {
  if (answer.outcome == deliver::Outcome::aborted || answer.outcome == deliver::Outcome::invalid) return;
  const bool answered = answer.outcome == deliver::Outcome::answered;
  const bool delivered = answered && answer.status / 100 == 2;
  const bool raged = storm_.raging();
  using Result = StormGuard::Result;
  storm_.attempt(now_.mono, lane.host(), delivered ? Result::delivered : answered ? Result::answered : Result::silent);
  if (raged && delivered) out_->news.push_back({.what = News::What::heard, .hosts = {lane.host()}});
  follow_storm(raged, true);
}

/// A delivery ends as `egress` or `render`.
void WorkerCore::note_unsendable(const EndpointLane& lane) {
  const bool raged = storm_.raging();
  storm_.unsendable(now_.mono, lane.host());
  follow_storm(raged, true);
}

/// What cannot be rendered: the delivery ends, and in a storm the endpoint's probe has told nothing good.
void WorkerCore::bury_unrenderable(LaneId id, Handle handle, Delivery& delivery, std::string error) {
  EndpointLane& lane = lanes_[id];
  storm_.begun(now_.mono);
  note_unsendable(lane);
  if (storm_.raging()) {
    const auto before = lane.circuit.state();
    lane.circuit.failed(now_.mono);
    tell_circuit(lane, before);
  }
  bury(handle, delivery, settle::Reason::render, std::move(error));
}

/// Does what follows when the guard's mind has changed since it `raged`; siblings are told of what was found here.
void WorkerCore::follow_storm(bool raged, bool found_here) {
  if (raged == storm_.raging()) return;
  if (storm_.raging()) {
    if (found_here) {
      core::log::error("storm guard: {}; no more is read from source topics, one probe per endpoint every {} s goes on, and nothing "
                       "becomes a dead letter by age or exhaustion, until half of the hosts answer with a 2xx or there is a new revision",
                       storm_.reason(), StormGuard::pace / std::chrono::seconds(1));
      out_->news.push_back({.what = News::What::storm, .reason = storm_.reason()});
      for (const auto& [host, attempted] : storm_.hosts()) out_->news.back().hosts.push_back(host);
    }
    lanes_.set_pace(StormGuard::pace, now_.mono);
    hand_over_waiting_for(std::nullopt);
    return;
  }
  storm_ended_ = now_.wall;
  lanes_.set_pace(std::nullopt, now_.mono);
  core::log::warn("storm guard: it is over after {} s; reading goes on", (now_.mono - storm_.since()) / std::chrono::seconds(1));
  if (found_here) out_->news.push_back({.what = News::What::calm});
}

/// Once a second: the siblings judge by what happens here too.
void WorkerCore::tell_tally() {
  auto counted = storm_.take_tally();
  if (!counted || options_.workers < 2) return;
  out_->news.push_back({.what = News::What::tally, .counted = std::move(*counted)});
}

/// How long to wait after the attempt that failed; nullopt: it was the last one. In a storm there is no last one: it
/// does not count, so that there is one more when the storm is over.
std::optional<core::Duration> WorkerCore::wait_after_attempt(Delivery& delivery) {
  const EndpointLane& lane = lanes_[delivery.lane];
  if (!lane.webhook) return std::nullopt;
  const auto wait = deliver::next_wait(lane.webhook->retry, delivery.attempts, random_);
  if (wait || !storm_.raging()) return wait;
  --delivery.attempts;
  return StormGuard::pace;
}

/// From when on a delivery's age counts: a storm that it lived through is nothing to blame it for, nor, as long as it
/// has had no attempt of its own, is a time when its endpoint worked, as far as anybody here can know.
core::WallTime WorkerCore::age_began(const Delivery& delivery) const {
  if (storm_.raging()) return now_.wall;
  const auto worked = delivery.attempts == 0 ? std::max(lanes_[delivery.lane].worked_at, started_) : core::WallTime{};
  return std::max({delivery.first_attempt, storm_ended_, worked});
}

/// In a storm source records wait. One is taken now and then, since it may be for a host that nothing else probes.
bool WorkerCore::storm_lets_in() const {
  return !storm_.raging() || now_.mono >= storm_.next_intake();
}

void WorkerCore::tell_circuit(const EndpointLane& lane, deliver::Circuit::State before) {
  using State = deliver::Circuit::State;
  const State after = lane.circuit.state();
  if (after == before || after == State::half_open) return;
  out_->news.push_back({.what = after == State::open ? News::What::opened : News::What::closed,
                        .webhook = lane.webhook_name,
                        .endpoint = lane.endpoint_name,
                        .until = lane.circuit.probe_at().value_or(now_.mono),
                        .worked_at = lane.worked_at});
}

/// The endpoint answered as one that works, here or to a sibling.
void WorkerCore::note_success(EndpointLane& lane) {
  lane.circuit.succeeded(now_.mono);
  lane.worked_at = now_.wall;
}

void WorkerCore::pause_endpoint(EndpointLane& lane, core::Duration pause) {
  constexpr core::Duration worth_telling = std::chrono::milliseconds(100);
  if (pause > lane.queue.paused_for(now_.mono) + worth_telling) {
    out_->news.push_back({.what = News::What::paused, .webhook = lane.webhook_name, .endpoint = lane.endpoint_name,
                          .until = now_.mono + pause, .worked_at = lane.worked_at});
  }
  lane.queue.pause_until(now_.mono + pause);
}

void WorkerCore::hear(const News& news) {
  const bool raged = storm_.raging();
  switch (news.what) {
    case News::What::storm: storm_.begin(now_.mono, news.hosts, news.reason); break;
    case News::What::calm: storm_.end(now_.mono); break;
    case News::What::heard:
      for (const auto& host : news.hosts) storm_.heard(now_.mono, host);
      break;
    case News::What::tally:
      storm_.add(now_.mono, news.counted);
      return follow_storm(raged, true);
    case News::What::paused:
    case News::What::opened:
    case News::What::closed: return hear_of_endpoint(news);
  }
  follow_storm(raged, false);
}

void WorkerCore::hear_of_endpoint(const News& news) {
  const auto id = lanes_.find(news.webhook, news.endpoint);
  if (!id) return;
  EndpointLane& lane = lanes_[*id];
  lanes_.list(*id);
  lane.worked_at = std::max(lane.worked_at, news.worked_at);
  if (news.what == News::What::paused) return lane.queue.pause_until(news.until);
  if (news.what == News::What::closed) return note_success(lane);
  const bool was_closed = lane.circuit.closed();
  lane.circuit.open_until(news.until);
  if (was_closed) hand_over_waiting_for(*id);
}

/// Circuits have opened, that of one lane or of many: what waits in memory for them waits in retry topics from now on.
void WorkerCore::hand_over_waiting_for(std::optional<LaneId> lane) {
  if (options_.tiers.empty()) return;
  deliveries_.for_each([&](Handle handle, Delivery& d) {
    if (d.abandoned || d.key || d.state != Delivery::State::waiting || lanes_[d.lane].circuit.closed() || (lane && d.lane != *lane)) return;
    hand_over(handle, d, tier_for(d.due - now_.wall));
  });
}

}  // namespace hookline::engine
