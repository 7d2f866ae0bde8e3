// WorkerCore: policies with a threshold. A source's owner produces the events that such a policy takes to
// PREFIX.thresholds, keyed by policy and group; the acknowledgement settles them there. The owner of that partition
// counts them in the order of the log, and where the policy fires, sends the event to the policy's webhooks like any
// other. The record on which it fired is settled when each of these deliveries has ended and a note of the firing
// stands in the same partition.
//
// A new owner reads the window before its committed offset again. What fired below that offset is known by its note,
// and the notes of all of that stand before the log's end of now; what fires above it fires on the same event again,
// with the same delivery ids. So it never guesses whether somebody has fired.
#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "worker_core.h"

namespace hookline::engine {
namespace {

constexpr core::Duration no_room_pause = std::chrono::milliseconds(100);
constexpr std::uint64_t bytes_per_event = 128;

/// Tells an event from others of the same time in its group.
std::uint64_t origin_hash(const settle::ParsedCounted& counted) {
  std::uint64_t hash = std::hash<std::string>()(counted.origin_topic);
  for (const std::int64_t part : {static_cast<std::int64_t>(counted.origin_partition), counted.origin_offset}) {
    hash ^= static_cast<std::uint64_t>(part) + 0x9e3779b97f4a7c15 + (hash << 6) + (hash >> 2);
  }
  return hash;
}

rule::Counter::Event event_of(const settle::ParsedCounted& counted) {
  return {origin_hash(counted), core::from_unix_ms(counted.origin_timestamp_ms)};
}

rule::Counter::Threshold threshold_of(const Policy& policy) {
  return {policy.threshold->count, policy.threshold->within};
}

}  // namespace

/// The record goes to whoever counts its group.
void WorkerCore::count_elsewhere(const Count& count, HeldRecord* record) {
  const Policy& policy = definitions_->policies()[count.policy];
  const settle::Counted counted{.policy = policy.name,
                                .group = count.group,
                                .kind = event::name(record->kind),
                                .key = record->view.key,
                                .origin = record->origin()};
  Departure departure{.what = Departure::What::counted, .record = record, .at = now_.wall};
  departure.written.key = settle::group_key(hasher_, policy.name, count.group);
  departure.written.headers = settle::counted_headers(counted, owned(record->view.headers));
  records_.add_reference(record);
  record->touched = true;
  send_off(std::move(departure));
}

void WorkerCore::own_counters(const std::vector<AssignedPartition>& partitions) {
  const auto mine = std::count_if(partitions.begin(), partitions.end(), [](const auto& p) { return p.role == Role::thresholds; });
  for (const auto& p : partitions) {
    if (p.role != Role::thresholds) continue;
    const std::uint64_t share = options_.max_bytes / 8 / bytes_per_event / static_cast<std::uint64_t>(mine);
    Partition& partition = *partitions_.find(p.name.topic, p.name.partition);
    partition.counting = std::make_unique<Counting>(Counting{.counter = rule::Counter(std::max<std::uint64_t>(share, 1000)), .rereading = p.reread});
  }
}

/// A record of PREFIX.thresholds.
void WorkerCore::take_counted(const event::RecordView& record, Partition& partition) {
  if (partition.resume_at) return;  // read again when it goes on
  if (partition.counting->rereading) return reread(record, partition);
  if (!has_space() || !partition.tracker.has_room(record.offset)) return stand_still(partition, record.offset, no_room_pause);
  const auto headers = owned(record.headers);
  const auto settled = [&] {
    (void)partition.tracker.admit(record.offset, 0, 0);
    ++partition.version;
  };
  if (const auto note = settle::parse_fired(headers)) return settled();  // this owner's own, or one read before
  const auto counted = settle::parse_counted(headers);
  if (!counted || !event::parse_kind(counted->kind) || !record.value) {
    const auto [admission, sequence] = partition.tracker.admit(record.offset, 1, 0);
    ++partition.version;
    if (admission != settle::OffsetTracker::Admission::fresh) return;
    HeldRecord* held = records_.hold(record, event::Kind::alarm, partition.topic);
    held->taken_at = now_.mono;
    held->receipt = {partitions_.index_of(partition), partition.epoch, sequence};
    return bury_record(held, settle::Reason::decode, "not an event that Hookline counts");
  }
  const Policy* policy = definitions_->counting_policy(counted->policy);
  if (!policy) return settled();  // deleted or switched off since
  const auto group = settle::group_key(hasher_, counted->policy, counted->group);
  const auto until = partition.counting->counter.count(group, event_of(*counted), threshold_of(*policy));
  until ? fire(*policy, record, *counted, *until, partition) : settled();
}

/// The policy fires on this record: its event goes to the policy's webhooks, unless it reaches them anyway.
void WorkerCore::fire(const Policy& policy, const event::RecordView& record, const settle::ParsedCounted& counted,
                      core::WallTime until, Partition& partition) {
  const auto kind = *event::parse_kind(counted.kind);
  std::vector<event::Header> original;
  for (const auto& header : record.headers) {
    if (!settle::is_own_header(header.name)) original.push_back(header);
  }
  const event::RecordView view{.topic = counted.origin_topic,
                               .partition = counted.origin_partition,
                               .offset = counted.origin_offset,
                               .timestamp = core::from_unix_ms(counted.origin_timestamp_ms),
                               .key = counted.key ? std::optional<std::string_view>(*counted.key) : std::nullopt,
                               .value = record.value,
                               .headers = original,
                               .padded = false};
  destinations_.clear();
  if (const auto event = definitions_->index().reader().read(view, kind, event_scratch_)) {
    definitions_->index().fire(static_cast<std::uint32_t>(&policy - definitions_->policies().data()), *event, match_scratch_);
    const auto note = std::make_shared<const settle::PolicyNote>(
        settle::PolicyNote{.policy = policy.name, .count = policy.threshold->count, .window = policy.threshold->within});
    for (const std::uint32_t position : match_scratch_.failed) meter_.filter_error(definitions_->matched(position).name);
    for (const auto& reached : match_scratch_.reached) {
      for (const LaneId lane : lanes_.of_match(reached.webhook)) destinations_.push_back({lane, note});
    }
  }
  const auto [admission, sequence] =
      partition.tracker.admit(record.offset, static_cast<std::uint32_t>(destinations_.size() + 1), record.value->size());
  ++partition.version;
  if (admission != settle::OffsetTracker::Admission::fresh) return;  // it has fired, and all of it has ended

  HeldRecord* held = records_.hold(view, kind, {});
  held->taken_at = now_.mono;
  held->receipt = {partitions_.index_of(partition), partition.epoch, sequence};
  Departure departure{.what = Departure::What::fired, .record = held, .at = now_.wall};
  departure.written.key = settle::group_key(hasher_, counted.policy, counted.group);
  departure.written.headers = settle::fired_headers({counted.policy, counted.group, record.offset, until});
  records_.add_reference(held);
  held->touched = true;
  send_off(std::move(departure));
  for (const Destination& destination : destinations_) send_to(destination, held);
}

/// Below the committed offset everything was counted, and what fired is told by its note, wherever that stands.
void WorkerCore::reread(const event::RecordView& record, Partition& partition) {
  auto& [counter, rereading, forgotten] = *partition.counting;
  const std::int64_t base = partition.tracker.base();
  const auto headers = owned(record.headers);
  if (const auto note = settle::parse_fired(headers)) {
    if (note->offset < base) counter.fired(settle::group_key(hasher_, note->policy, note->group), core::from_unix_ms(note->until_ms));
  } else if (const auto counted = settle::parse_counted(headers); counted && record.offset < base) {
    const Policy* policy = definitions_->counting_policy(counted->policy);
    if (policy) counter.remember(settle::group_key(hasher_, counted->policy, counted->group), event_of(*counted), threshold_of(*policy));
  }
  if (record.offset + 1 >= rereading->end) end_reread(partition);
}

void WorkerCore::end_reread(Partition& partition) {
  partition.counting->rereading.reset();
  stand_still(partition, partition.tracker.base(), {});
}

/// Is there room for what the partition, which stands still, will give?
bool WorkerCore::may_resume(const Partition& partition) {
  if (partition.role == Role::ordered) return has_room_for_ordered() && partition.tracker.has_room(partition.resume_from);
  if (partition.role == Role::thresholds) return has_space();
  return has_room_for_returning(*partition.tier == 0 ? 4 : 1);
}

void WorkerCore::look_at_counters() {
  std::uint64_t forgotten = 0;
  const core::Duration window = definitions_->longest_window();
  const bool sweep = now_.mono >= next_sweep_;
  if (sweep) next_sweep_ = now_.mono + std::max<core::Duration>(2 * window, std::chrono::minutes(1));
  for (auto& partition : partitions_.all()) {
    if (!partition.counting) continue;
    auto& counter = partition.counting->counter;
    if (sweep) counter.sweep(now_.wall - std::chrono::ceil<std::chrono::milliseconds>(2 * window));
    forgotten += counter.forgotten() - std::exchange(partition.counting->forgotten, counter.forgotten());
  }
  if (forgotten == 0) return;
  if (const auto more = counter_gate_.pass(now_.mono)) {
    core::log::warn("thresholds: {} groups more than this worker remembers, each began to count anew; raise limits.memory, or "
                    "choose a `per` with fewer values ({} more since)", forgotten, *more);
  }
}

}  // namespace hookline::engine
