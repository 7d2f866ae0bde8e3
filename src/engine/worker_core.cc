#include "worker_core.h"

#include <algorithm>
#include <cassert>

#include <fmt/format.h>

namespace hookline::engine {
namespace {

settle::Reason reason_of(RecordOutcome outcome) {
  switch (outcome) {
    case RecordOutcome::too_large: return settle::Reason::too_large;
    case RecordOutcome::expired: return settle::Reason::expired;
    default: return settle::Reason::decode;
  }
}

constexpr core::Duration not_resumed_pause = std::chrono::seconds(1);

}  // namespace

void Inputs::clear() {
  definitions.reset();
  answers.clear();
  produced.clear();
  commits.clear();
  assigned.reset();
  revocation = Revocation::none;
  ends.clear();
  repositioned.clear();
  correlations.clear();
  correlations_complete.clear();
  news.clear();
  not_resumed.clear();
  records = {};
  stop = false;
}

void Outputs::clear() {
  attempts.clear();
  aborts.clear();
  produces.clear();
  commits.clear();
  news.clear();
  pause.clear();
  resume.clear();
  resume_from.clear();
  notes.clear();
  answer_revocation = false;
  stopped = false;
  wake_at.reset();
}

WorkerCore::WorkerCore(CoreOptions options, core::Metrics& metrics)
    : options_(std::move(options)), meter_(metrics), random_(options_.seed), partitions_(options_.cluster_id), lanes_(meter_), storm_(options_.storm) {}

void WorkerCore::step(core::Now now, Inputs& inputs, Outputs& outputs) {
  now_ = now;
  outputs.clear();
  out_ = &outputs;
  if (!last_step_) started_ = now_.wall;
  if (last_step_ && now_.mono - *last_step_ > options_.session_timeout) doubt();
  last_step_ = now_.mono;

  for (const auto& name : inputs.not_resumed) {
    if (Partition* partition = partitions_.find(name.topic, name.partition)) {
      partition->paused = true;
      if (stands_still(partition->role)) stand_still(*partition, partition->resume_from, not_resumed_pause);
    }
  }
  if (inputs.definitions) adopt(std::move(inputs.definitions));
  for (const auto& one : inputs.news) hear(one);
  for (auto& answer : inputs.answers) on_answer(answer);
  for (const auto& report : inputs.produced) on_produced(report);
  produce_waiting();
  for (const auto& report : inputs.commits) on_commit(report);
  if (inputs.revocation == Inputs::Revocation::revoked) begin_drain(Mode::revoking, options_.revoke_drain);
  if (inputs.revocation == Inputs::Revocation::lost) lose();
  if (inputs.stop) begin_drain(Mode::stopping, options_.stop_drain);
  if (inputs.assigned) own(*inputs.assigned);
  read_correlations(inputs);
  while (const auto timer = timers_.pop_due(now_.mono)) on_timer(*timer);
  if (now_.mono >= next_look_) look_around();

  admit_backlog();
  resume_returning();
  take_records(inputs.records);
  for (const auto& end : inputs.ends) reach(end);
  for (const auto& move : inputs.repositioned) reposition(move);  // of after these records
  start_ready();
  if (mode_ == Mode::running) {
    if (now_.mono >= next_commit_) commit();
  } else if (mode_ != Mode::stopped) {
    advance_drain();
  }

  const auto sooner = [&](std::optional<core::MonoTime> time) {
    if (time && (!outputs.wake_at || *time < *outputs.wake_at)) outputs.wake_at = time;
  };
  sooner(timers_.next());
  if (mode_ == Mode::running) {
    sooner(next_commit_);
    sooner(next_resume_);
    if (deliveries_.size() > 0) sooner(next_look_);
    else if (storm_.raging() && storm_.next_intake() > now_.mono) sooner(storm_.next_intake());
  }
  if (mode_ == Mode::revoking || mode_ == Mode::stopping) {
    sooner(!drain_departing_ ? drain_until_ : !drain_committing_ ? drain_depart_until_ : commits_under_way_ > 0 ? drain_commit_until_ : next_drain_commit_);
  }
  meter_.flush();
  inputs.clear();
}

void WorkerCore::take_records(std::span<const event::RecordView> records) {
  if (mode_ != Mode::running) return;  // polled before the pause took hold: its owner reads it again
  for (const auto& record : records) {
    Partition* partition = partitions_.find(record.topic, record.partition);
    if (!partition) continue;  // of an assignment that has ended
    if (partition->role == Role::retry) {
      take_returning(record, *partition);
      continue;
    }
    if (partition->role == Role::thresholds) {
      take_counted(record, *partition);
      continue;
    }
    if (partition->role == Role::ordered) {
      take_ordered(record, *partition);
      continue;
    }
    if (partition->backlog.empty() && has_room() && partition->tracker.has_room(record.offset)) {
      take(record, *partition);
    } else {
      put_back(record, *partition);
    }
  }
}

/// What lies below the end and was never polled does not exist for us: markers, aborted transactions. If
/// records wait for room, the end is told again when the partition is fetched again.
void WorkerCore::reach(const kafka::ReachedEnd& end) {
  if (mode_ != Mode::running) return;
  Partition* partition = partitions_.find(end.partition.topic, end.partition.partition);
  if (partition && partition->counting && partition->counting->rereading && !partition->resume_at) return end_reread(*partition);
  // Own topics have no such gaps, and what stands still there was polled and not taken.
  if (!partition || stands_still(partition->role) || !partition->backlog.empty()) return;
  if (partition->tracker.pass(end.offset)) ++partition->version;
}

/// The pipeline: what happens to one record, from its poll to the lanes of its endpoints. Whatever is
/// opened here is closed in settle(), and only there.
void WorkerCore::take(const event::RecordView& record, Partition& partition) {
  const RecordOutcome outcome = examine(record, partition.kind);
  const bool whole = outcome == RecordOutcome::decode || outcome == RecordOutcome::expired ||
                     outcome == RecordOutcome::too_large;  // ends as one dead letter
  const auto work = whole ? 1 : static_cast<std::uint32_t>(destinations_.size() + counts_.size());
  const auto [admission, sequence] =
      partition.tracker.admit(record.offset, work, record.value ? record.value->size() : 0);
  const bool fresh = admission == settle::OffsetTracker::Admission::fresh;  // else done before a restart, or refetched
  meter_.record(partition.topic, partition.kind, fresh ? outcome : RecordOutcome::skipped);
  ++partition.version;
  if (!fresh || work == 0) return;
  if (storm_.raging()) storm_.took(now_.mono);

  HeldRecord* held = hold(record, partition);
  held->receipt = {partitions_.index_of(partition), partition.epoch, sequence};
  if (whole) return bury_record(held, reason_of(outcome), std::move(objection_));
  for (const Destination& destination : destinations_) send_to(destination, held);
  for (const Count& count : counts_) count_elsewhere(count, held);
}

/// A new delivery, into its lane; or past it, where the lane is full or its endpoint does nothing but fail.
void WorkerCore::send_to(const Destination& destination, HeldRecord* record) {
  const LaneId id = destination.lane;
  EndpointLane& lane = lanes_[id];
  const Handle handle =
      deliveries_.insert(Delivery{.record = record, .lane = id, .queued_at = now_.mono, .policy = destination.policy});
  Delivery& delivery = delivery_at(handle);
  records_.add_reference(record);
  if (lacks_its_order(delivery)) return enter_order(handle, delivery);
  if (!options_.tiers.empty() && lane.objection().empty() && (lane.full || is_shut(lane))) return park(handle, delivery);
  lane.queue.push(static_cast<deliver::DeliveryIndex>(handle));
  lanes_.note(id, now_.mono, lane_capacity());
  lanes_.list(id);
}

/// Decodes and matches: fills destinations_, or says in objection_ why the record as a whole cannot go on.
RecordOutcome WorkerCore::examine(const event::RecordView& record, event::Kind kind) {
  destinations_.clear();
  counts_.clear();
  if (!record.value) return RecordOutcome::tombstone;
  if (record.value->size() > options_.max_event_size) {
    objection_ = fmt::format("the event has {} bytes, limits.event_size allows {}", record.value->size(),
                             options_.max_event_size);
    return RecordOutcome::too_large;
  }
  const auto event = definitions_->index().reader().read(record, kind, event_scratch_);
  if (!event) return objection_ = event.error().message, RecordOutcome::decode;

  definitions_->index().match(*event, match_scratch_);
  for (const std::uint32_t position : match_scratch_.failed) meter_.filter_error(definitions_->matched(position).name);
  const bool counted = !match_scratch_.counting.empty() && !options_.thresholds_topic.empty();
  if (match_scratch_.matched.empty() && !counted) return RecordOutcome::unmatched;

  if (const auto valid = event::validate(*event, event_scratch_); !valid) {
    return objection_ = valid.error().message, RecordOutcome::decode;
  }
  if (options_.max_event_age && !storm_.raging()) {
    const auto happened = event::event_time(event->get(*definitions_->time_variable()), record.timestamp);
    if (now_.wall - happened > *options_.max_event_age) {
      objection_ = fmt::format("the event is of {}, older than max_event_age", core::format_rfc3339(happened));
      return RecordOutcome::expired;
    }
  }
  for (const auto& reached : match_scratch_.reached) {
    const bool alone = reached.policy == rule::Index::Reached::by_itself;
    const auto note = alone ? nullptr : definitions_->policies()[reached.policy].note;
    for (const LaneId lane : lanes_.of_match(reached.webhook)) destinations_.push_back({lane, note});
  }
  if (!counted) return RecordOutcome::matched;
  for (const std::uint32_t position : match_scratch_.counting) {
    const auto& per = definitions_->policies()[position].per;
    const auto value = per ? event->get(*per) : json::Value{};
    std::string buffer;
    const bool none = value.kind == json::ValueKind::absent || value.kind == json::ValueKind::null;
    counts_.push_back({position, none ? std::string() : std::string(value.is_text() ? json::unescape(value.raw, buffer) : value.raw)});
  }
  return RecordOutcome::matched;
}

HeldRecord* WorkerCore::hold(const event::RecordView& record, const Partition& partition) {
  HeldRecord* held = records_.hold(record, partition.kind, partition.topic);
  held->taken_at = now_.mono;
  return held;
}

/// Is less taken than one `part`-th of what live records may take?
bool WorkerCore::has_room(std::uint64_t part) const {
  const auto most = options_.max_deliveries - options_.max_deliveries / 4 - options_.max_deliveries / 8;
  return deliveries_.size() + departures_.size() - returning_ - ordered_ < std::max<std::uint64_t>(1, most / part) &&
         live_bytes() < options_.max_bytes / 8 * 3 / part;
}

/// Keeps a polled record for later and has its partition fetched no further.
void WorkerCore::put_back(const event::RecordView& record, Partition& partition) {
  HeldRecord* held = hold(record, partition);
  backlog_bytes_ += held->footprint();
  partition.backlog.push_back(held);
  set_paused(partition, true);
}

HeldRecord* WorkerCore::next_of_backlog(Partition& partition) {
  HeldRecord* held = partition.backlog.front();
  partition.backlog.pop_front();
  backlog_bytes_ -= held->footprint();
  return held;
}

/// Takes what waited for room, oldest first within each partition, and lets the partition be fetched
/// again when nothing waits and half of the budget is free. In a storm each partition has its turn.
void WorkerCore::admit_backlog() {
  if (mode_ != Mode::running) return;
  const bool relaxed = has_room(2) && lanes_.open(now_.mono) && storm_lets_in();
  auto& all = partitions_.all();
  const std::size_t first = storm_.raging() ? storm_turn_ : 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::size_t number = (first + i) % all.size();
    Partition& partition = all[number];
    if (storm_.raging() && !partition.backlog.empty() && storm_lets_in()) storm_turn_ = number + 1;
    while (!partition.backlog.empty() && has_room() && partition.tracker.has_room(partition.backlog.front()->view.offset)) {
      HeldRecord* record = next_of_backlog(partition);
      take(record->view, partition);
      records_.discard(record);
    }
    if (stands_still(partition.role)) continue;
    if (partition.paused && partition.backlog.empty() && relaxed) set_paused(partition, false);
  }
}

void WorkerCore::set_paused(Partition& partition, bool paused) {
  if (partition.paused == paused) return;
  partition.paused = paused;
  (paused ? out_->pause : out_->resume).push_back(partition.name());
}

WorkerStatus WorkerCore::status(core::Now now) {
  WorkerStatus status;
  status.draining = mode_ != Mode::running;
  status.deliveries = deliveries_.size();
  status.burials = departures_.size();
  status.held_bytes = records_.bytes();
  status.troubles = troubles_.lines(now.mono);
  if (storm_.raging()) {
    status.storm = StormStatus{.reason = storm_.reason(), .lasts = now.mono - storm_.since(),
                               .hosts = storm_.awaited(now.mono), .answering = storm_.answering().size()};
  }
  for (const auto& partition : partitions_.all()) {
    status.partitions.push_back({.topic = std::string(partition.topic),
                                 .partition = partition.number,
                                 .committed = partition.tracker.base(),
                                 .position = partition.tracker.end(),
                                 .open = partition.tracker.open(),
                                 .paused = partition.paused});
    if (partition.last_read.first >= partition.tracker.base()) status.partitions.back().oldest_since = partition.last_read.second;
  }
  const auto note = [&](const HeldRecord* record, std::optional<LaneId> lane, std::uint32_t attempts, std::string error) {
    if (!record || !partitions_.find(record->receipt)) return;
    PartitionStatus& of = status.partitions[record->receipt.partition];
    const auto offset = partitions_.find(record->receipt)->tracker.offset_of(record->receipt.sequence);
    if (of.holder && of.holder->offset <= offset) return;
    of.holder = Holder{.offset = offset, .open_for = now.mono - record->taken_at,
                       .attempts = attempts, .last_error = std::move(error)};
    if (!lane) return;
    of.holder->webhook = lanes_[*lane].webhook_name;
    of.holder->endpoint = lanes_[*lane].endpoint_name;
  };
  deliveries_.for_each([&](Handle, Delivery& d) {
    if (!d.abandoned) note(d.record, d.lane, d.attempts, d.last_error);
  });
  departures_.for_each([&](Handle, Departure& d) {
    note(d.record, d.lane, d.attempts, fmt::format("topic {} has not acknowledged it", topic_of(d)));
  });
  for (const auto& lane : lanes_.all()) {
    if (lane.over()) continue;
    status.endpoints.push_back({.webhook = lane.webhook_name,
                                .endpoint = lane.endpoint_name,
                                .queued = lane.queue.ready(),
                                .in_flight = lane.queue.in_flight(),
                                .waiting = lane.waiting,
                                .parked = lane.parked,
                                .circuit = static_cast<std::uint8_t>(lane.circuit.state()),
                                .delivered = lane.delivered,
                                .failed = lane.failed,
                                .dead_lettered = lane.dead_lettered,
                                .last_error = lane.last_error,
                                .last_error_at = lane.last_error.empty() ? std::nullopt
                                                                         : std::optional(lane.last_error_at),
                                .last_letter = lane.last_letter});
  }
  return status;
}

}  // namespace hookline::engine
