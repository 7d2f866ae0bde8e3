// The brain of a worker: a state machine from inputs (records, answers, acknowledgements,
// assignments, time) to outputs (attempts, produces, commits, pauses). No I/O, no thread, no clock of
// its own, so that the seeded simulation drives the very same code as the service does.
//
// What it promises: an offset is committed only when every delivery of every record below it has got
// its 2xx or the broker's acknowledgement on the dead-letter topic or on a retry topic, which is read
// under the same rule; the map beside it claims nothing else.
//
// The pipeline is WorkerCore::take() in worker_core.cc: read that first.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "copies.h"
#include "delivery_notes.h"
#include "held_record.h"
#include "hookline/core/log.h"
#include "hookline/core/random.h"
#include "hookline/core/time.h"
#include "hookline/deliver/request.h"
#include "hookline/deliver/verdict.h"
#include "hookline/engine/definitions.h"
#include "hookline/engine/status.h"
#include "hookline/kafka/consumer.h"
#include "hookline/kafka/producer.h"
#include "hookline/settle/counted.h"
#include "hookline/settle/dead_letter.h"
#include "kafka_troubles.h"
#include "hookline/settle/waiting.h"
#include "hookline/state/correlation_table.h"
#include "key_queues.h"
#include "lanes.h"
#include "meter.h"
#include "news.h"
#include "partitions.h"
#include "request_builder.h"
#include "slab.h"
#include "storm_guard.h"
#include "timers.h"

namespace hookline::engine {

/// What one worker may hold, and how it behaves in time. Shares of the process's limits.
///
/// Of max_bytes, live records take at most three eighths, those that came back from retry topics a quarter and
/// those of the ordered topic an eighth; the rest is in reserve for what they need to get out: an eighth for
/// requests in flight, an eighth for records on their way to the broker. Each may be exceeded by one record, or by one request an endpoint.
struct CoreOptions {
  /// A retry topic, and how long a record stays in it.
  struct Tier {
    std::string topic;
    core::Duration delay;
  };

  std::string cluster_id;
  std::string dead_letter_topic;
  std::vector<Tier> tiers;                          ///< shortest first; none: all waits stay in memory
  std::string thresholds_topic;                     ///< empty: nothing is counted
  std::string ordered_topic;                        ///< empty: nothing is ordered
  std::string correlations_topic;                   ///< with an ordered topic: as many partitions
  std::size_t workers = 1;                          ///< of this process: they share rates
  std::size_t max_deliveries = 20000;               ///< held at once, returning ones at most a quarter of them, ordered ones an eighth
  std::uint64_t max_bytes = 256ull << 20;           ///< of held records before intake pauses
  std::uint64_t max_event_size = 1ull << 20;
  std::optional<core::Duration> max_event_age;
  bool note_deliveries = false;                     ///< for the delivery log; false: nothing is done for it
  core::Duration commit_interval = std::chrono::milliseconds(250);
  core::Duration commit_heal = std::chrono::seconds(30);     ///< even a clean partition is committed so often
  core::Duration revoke_drain = std::chrono::seconds(5);
  core::Duration stop_drain = std::chrono::seconds(20);
  core::Duration commit_wait = std::chrono::seconds(5);      ///< for the last commit of a drain
  core::Duration session_timeout = std::chrono::seconds(45); ///< after which the group gives a silent member up
  StormLimits storm;
  std::uint64_t seed = 0;
};

/// A partition that the group gave to this worker, its position resolved by the shell.
struct AssignedPartition {
  kafka::TopicPartition name;
  event::Kind kind = event::Kind::alarm;  ///< of a source topic
  Role role = Role::source;
  std::optional<std::uint8_t> tier;       ///< of a retry topic: which of CoreOptions::tiers
  std::int64_t offset = 0;   ///< where reading begins: the committed offset
  std::string metadata;      ///< of that commit
  std::optional<Reread> reread = {};  ///< of PREFIX.thresholds: reading begins there instead
};

/// A position that the shell had to move, because the log does not reach back (or up) to it.
struct Repositioned {
  kafka::TopicPartition name;
  std::int64_t offset = 0;
  std::int64_t lost = 0;  ///< offsets passed over that were never read
};

struct Inputs {
  std::shared_ptr<const Definitions> definitions;   ///< a new revision, if any
  std::vector<deliver::Answer> answers;
  std::vector<kafka::ProduceReport> produced;
  std::vector<kafka::CommitReport> commits;
  std::optional<std::vector<AssignedPartition>> assigned;
  enum class Revocation : std::uint8_t { none, revoked, lost } revocation = Revocation::none;
  std::vector<kafka::ReachedEnd> ends;              ///< reached after `records`
  std::vector<Repositioned> repositioned;
  std::vector<state::CorrelationRecord> correlations;      ///< of partitions whose ordered partition is owned
  std::vector<std::int32_t> correlations_complete;  ///< read to their ends with `correlations`
  std::vector<News> news;                           ///< of this worker's siblings
  std::vector<kafka::TopicPartition> not_resumed;   ///< stand still although outputs said to go on
  std::span<const event::RecordView> records;       ///< of one poll; valid during the step
  bool stop = false;                                ///< drain everything, then say `stopped`

  void clear();
};

struct Produce {
  std::uint64_t token;
  kafka::OwnedRecord record;
};
struct CommitRequest {
  std::uint64_t token;
  std::vector<kafka::CommitEntry> entries;
};

struct Outputs {
  std::vector<deliver::Request> attempts;
  std::vector<deliver::AttemptId> aborts;
  std::vector<Produce> produces;
  std::vector<CommitRequest> commits;
  std::vector<News> news;                           ///< for this worker's siblings
  std::vector<kafka::TopicPartition> pause, resume;
  std::vector<kafka::Assignment> resume_from;       ///< to be read on from that offset
  std::vector<DeliveryNote> notes;
  bool answer_revocation = false;                   ///< drained and committed: let the partitions go
  bool stopped = false;                             ///< drained and committed: leave the group
  std::optional<core::MonoTime> wake_at;            ///< step again then, if nothing comes before

  void clear();
};

class WorkerCore {
 public:
  WorkerCore(CoreOptions options, core::Metrics& metrics);

  /// One turn. `inputs` is consumed; `outputs` is cleared first. Definitions must have come before
  /// the first assignment.
  void step(core::Now now, Inputs& inputs, Outputs& outputs);

  /// What an operator asks: partitions, what holds them, lanes.
  WorkerStatus status(core::Now now);

 private:
  struct Delivery {
    enum class State : std::uint8_t {
      queued,
      in_flight,
      waiting,
      blocked,                    ///< behind others of its key
    } state = State::queued;
    bool abandoned = false;       ///< it is somebody else's by now: only the answer is awaited
    std::optional<std::uint8_t> tier;  ///< it came back from there
    HeldRecord* record = nullptr;
    LaneId lane = 0;
    std::uint32_t attempts = 0;   ///< ended
    std::uint32_t hops = 0;       ///< how often it was handed over
    settle::Past past;            ///< before a replay: attempts and hops count from there
    std::uint64_t sending = 0;    ///< bytes of the request in flight
    core::MonoTime queued_at{};   ///< into its lane
    core::WallTime first_attempt{};
    core::WallTime due{};         ///< of the next attempt
    std::optional<int> last_status;
    std::string last_error;
    std::string id;
    std::shared_ptr<const settle::PolicyNote> policy;  ///< that notified the webhook
    // Several in one request: the first of them stands for all, and has the others follow it.
    std::shared_ptr<const std::vector<Handle>> followers;
    bool follows = false;
    std::uint32_t batch_limit = 0;  ///< a batch with it was too large: no more than so many; 0: not so
    OrderedKey* key = nullptr;    ///< it came from the ordered topic
    bool correlated = false;      ///< its key is that of a correlation
    bool recreating = false;      ///< an update whose item was gone
    bool noted = false;           ///< how far it has got stands on the correlations topic
  };
  /// Where the record that is being taken goes.
  struct Destination {
    LaneId lane;
    std::shared_ptr<const settle::PolicyNote> policy;
  };
  /// A policy with a threshold that counts the record that is being taken.
  struct Count {
    std::uint32_t policy;
    std::string group;
  };
  /// A record on its way to the broker, on whose acknowledgement a piece of work ends here: a dead
  /// letter, or a delivery that goes on waiting in a retry topic.
  struct Departure {
    enum class What : std::uint8_t {
      letter,
      retry,        ///< a delivery that goes on waiting
      counted,      ///< an event for the policies with thresholds
      fired,        ///< a note that one of them has fired
      ordered,      ///< a delivery that takes its place behind those of its key
      correlation,  ///< the id of the item that a delivery has created
      note,         ///< nothing ends with it
    } what = What::letter;
    bool abandoned = false;       ///< the partition is gone: only the report is awaited
    HeldRecord* record = nullptr; ///< a note has none
    std::optional<LaneId> lane;   ///< none: the record itself, before any webhook
    std::optional<std::uint8_t> tier;  ///< of a retry topic
    settle::Reason reason = settle::Reason::decode;
    std::string id, error;
    std::shared_ptr<const settle::PolicyNote> policy;
    std::uint32_t attempts = 0;
    std::optional<int> status;
    core::WallTime at{};
    core::WallTime first_attempt{}, due{};
    std::uint32_t hops = 0;
    settle::Past past;
    std::uint32_t tries = 0;      ///< produces that the broker refused
    std::uint64_t producing = 0;  ///< bytes handed to the producer and not reported
    bool pointer = false;         ///< the original is too large for the topic: only where it stands goes
    OrderedKey* key = nullptr;    ///< of what came from the ordered topic: goes on when this is acknowledged
    bool noted = false;           ///< as in Delivery
    std::string order_key;        ///< of what goes to the ordered topic
    std::optional<std::string> correlated;  ///< the same: the value that joins create and updates
    kafka::OwnedRecord written = {};        ///< key and headers of what goes to the thresholds topic; a note or a correlation, as it goes
    state::Correlation correlation = {};
  };
  enum class Mode : std::uint8_t { running, revoking, stopping, stopped };

  // Intake: worker_core.cc
  void take_records(std::span<const event::RecordView> records);
  void take(const event::RecordView& record, Partition& partition);
  void admit_backlog();
  bool has_space() { return has_room(1) && lanes_.open(now_.mono); }
  bool has_room() { return has_space() && storm_lets_in(); }
  bool has_room(std::uint64_t part) const;
  std::uint64_t live_bytes() const { return records_.bytes() - backlog_bytes_ - returning_bytes_ - ordered_bytes_; }
  std::size_t lane_capacity() const { return std::max<std::size_t>(1, options_.max_deliveries / 10); }
  void reach(const kafka::ReachedEnd& end);
  void put_back(const event::RecordView& record, Partition& partition);
  HeldRecord* next_of_backlog(Partition& partition);
  RecordOutcome examine(const event::RecordView& record, event::Kind kind);
  void set_paused(Partition& partition, bool paused);
  HeldRecord* hold(const event::RecordView& record, const Partition& partition);
  void send_to(const Destination& destination, HeldRecord* record);

  // Retry topics: worker_core_retry.cc
  HeldRecord* hold_again(const event::RecordView& record, const settle::ParsedWaiting& waiting, event::Kind kind);
  std::optional<Delivery> take_up(const event::RecordView& record, Partition& partition);
  void take_returning(const event::RecordView& record, Partition& partition);
  bool has_room_for_returning(std::size_t part = 1) const;
  bool is_shut(const EndpointLane& lane) const;
  std::uint8_t higher_tier(const Delivery& delivery) const;
  std::uint8_t within_max_age(const Delivery& delivery, std::uint8_t tier) const;
  std::uint8_t tier_after_queue(const EndpointLane& lane, double queued) const;
  void stand_still(Partition& partition, std::int64_t offset, core::Duration wait);
  void go_on(Handle handle, Delivery& delivery);
  void wait_in_memory(Handle handle, Delivery& delivery, core::Duration wait);
  void stop_waiting(Handle handle, Delivery& delivery);
  void hand_over(Handle handle, Delivery& delivery, std::uint8_t tier);
  void hand_over_waiting(HeldRecord* record);
  void hand_over_lane(LaneId lane);
  void park(Handle handle, Delivery& delivery);
  std::uint8_t tier_for(core::Duration wait) const;
  void look_around();
  void clear_stale_queues();
  void resume_returning();

  // Thresholds: worker_core_thresholds.cc
  void count_elsewhere(const Count& count, HeldRecord* record);
  void take_counted(const event::RecordView& record, Partition& partition);
  void reread(const event::RecordView& record, Partition& partition);
  void end_reread(Partition& partition);
  void fire(const Policy& policy, const event::RecordView& record, const settle::ParsedCounted& counted, core::WallTime until,
            Partition& partition);
  void own_counters(const std::vector<AssignedPartition>& partitions);
  void look_at_counters();
  bool may_resume(const Partition& partition);

  // Several deliveries in one request: worker_core_batches.cc
  std::size_t batch_limit(const EndpointLane& lane) const;
  std::optional<core::MonoTime> batch_waits(const EndpointLane& lane);
  void start_batch(LaneId lane, deliver::DeliveryIndex first);
  bool split(const deliver::Answer& answer, const std::vector<Handle>& members);

  // Ordered deliveries and correlations: worker_core_ordered.cc
  bool lacks_its_order(const Delivery& delivery) const;
  void order_what_waits();
  bool stands_under_another_key(const Delivery& delivery);
  std::optional<std::string> value_to_correlate(const Delivery& delivery);
  void enter_order(Handle handle, Delivery& delivery);
  void queue_entry(Handle handle);
  void next_entry(const std::string& order_key);
  void read_correlations(Inputs& inputs);
  void take_ordered(const event::RecordView& record, Partition& partition);
  bool has_room_for_ordered() const;
  const Correlated* correlation_of(const Delivery& delivery) const;
  const state::Correlation* item_of(const Delivery& delivery) const;
  std::optional<core::Duration> rest_of_wait(const Delivery& delivery) const;
  void advance(OrderedKey& key);
  void go_on_ordered(Handle handle, Delivery& delivery);
  bool is_over_age(const Delivery& delivery) const;
  bool still_to_send(LaneId lane, Handle handle, Delivery& delivery, std::string& correlation_id);
  bool end_ordered(Handle handle, Delivery& delivery, const deliver::Answer& answer);
  void end_without_id(Handle handle, const std::string& why);
  bool create_anew(Handle handle, Delivery& delivery);
  void wait_ordered(Handle handle, Delivery& delivery, core::Duration wait);
  void write_down(Delivery& delivery);
  void take_back_note(bool noted, std::int32_t partition, const std::string& id);
  void write_note(std::int32_t partition, std::string key, std::optional<std::string> value);
  void write_again(std::int32_t partition, const std::string& key, state::Correlation first);
  void leave_key(Delivery& delivery, Handle handle);
  void go_on(OrderedKey* key);
  void own_ordered();
  void let_ordered_go();
  void break_off_ordered(Handle handle, Delivery& delivery);
  void look_at_ordered();
  void forget_correlations();

  // Deliveries: worker_core_deliveries.cc
  void start_ready();
  bool may_send(const EndpointLane& lane) const;
  void wake_lane(LaneId lane, std::optional<core::MonoTime> at);
  void start(LaneId lane, deliver::DeliveryIndex index);
  void on_answer(deliver::Answer& answer);
  void on_outcome(Handle handle, Delivery& delivery, deliver::Verdict verdict, const deliver::Answer& answer);
  void send(LaneId lane, Delivery& delivery, deliver::Request request);
  void retry_or_bury(Handle handle, Delivery& delivery, const deliver::Answer& answer);
  void end_delivery(Handle handle, Delivery& delivery);
  void bury_expired(Handle handle, Delivery& delivery);
  void bury(Handle handle, Delivery& delivery, settle::Reason reason, std::string error);
  void give_id(Delivery& delivery);
  void judge_endpoint(LaneId lane, deliver::Verdict verdict, const deliver::Answer& answer);
  void on_timer(const Timer& timer);
  void settle(HeldRecord* record);
  void release(HeldRecord* record);

  // What goes to the broker: worker_core_departures.cc
  void leave(Handle handle, Delivery& delivery, Departure departure);
  void bury_record(HeldRecord* record, settle::Reason reason, std::string error);
  void send_off(Departure departure);
  void produce(Handle handle, Departure& departure);
  std::uint64_t size_of(const Departure& departure) const;
  const std::string& topic_of(const Departure& departure) const;
  kafka::OwnedRecord record_of(const Departure& departure) const;
  kafka::OwnedRecord waiting_of(const Departure& departure) const;
  kafka::OwnedRecord letter_of(const Departure& departure) const;
  void produce_waiting();
  void on_produced(const kafka::ProduceReport& report);
  void acknowledged(const kafka::ProduceReport& report, Departure& departure);

  // For the delivery log: worker_core_notes.cc
  void log_attempt(const Delivery& delivery, const deliver::Answer& answer, bool delivered);
  void log_end(const Departure& departure);

  // Storm guard and news: worker_core_storm.cc
  void note_attempt(const EndpointLane& lane, const deliver::Answer& answer);
  void note_unsendable(const EndpointLane& lane);
  void bury_unrenderable(LaneId id, Handle handle, Delivery& delivery, std::string error);
  void follow_storm(bool raged, bool found_here);
  void tell_tally();
  std::optional<core::Duration> wait_after_attempt(Delivery& delivery);
  core::WallTime age_began(const Delivery& delivery) const;
  bool storm_lets_in() const;
  void tell_circuit(const EndpointLane& lane, deliver::Circuit::State before);
  void note_success(EndpointLane& lane);
  void pause_endpoint(EndpointLane& lane, core::Duration pause);
  void hear(const News& news);
  void hear_of_endpoint(const News& news);
  void hand_over_waiting_for(std::optional<LaneId> lane);

  // Ownership: worker_core_ownership.cc
  void adopt(std::shared_ptr<const Definitions> definitions);
  void own(const std::vector<AssignedPartition>& partitions);
  void begin_drain(Mode mode, core::Duration drain);
  void lose();
  void advance_drain();
  void depart();
  void break_off(Handle handle, Delivery& delivery);
  Delivery& delivery_at(Handle handle) { return *deliveries_.find(handle); }
  void drop(HeldRecord* record);
  bool can_still_finish();
  void abandon_untouched();
  void abandon_all();
  void abandon(Handle handle, Delivery& delivery);
  void drop_backlog(Partition& partition);
  void bury_orphans();
  void reposition(const Repositioned& move);
  void doubt();
  void commit();
  void on_commit(const kafka::CommitReport& report);

  CoreOptions options_;
  Meter meter_;
  core::Random random_;
  core::Hasher hasher_;
  core::Now now_{};
  Outputs* out_ = nullptr;

  std::shared_ptr<const Definitions> definitions_;
  Partitions partitions_;
  RecordPool records_;
  std::uint64_t backlog_bytes_ = 0;   ///< of records_: what waits for room does not take it away
  std::uint64_t returning_bytes_ = 0; ///< of records_: from retry topics
  std::size_t returning_ = 0;         ///< records that came back from retry topics, a delivery each
  std::uint64_t ordered_bytes_ = 0;   ///< of records_: from the ordered topic
  std::size_t ordered_ = 0;           ///< records from there, a delivery each
  KeyQueues keys_;
  std::unordered_map<std::string, std::deque<Handle>> entering_;  ///< departures to the ordered topic by key: the first is on its way
  std::map<std::int32_t, state::CorrelationTable> correlations_;         ///< by partition
  Copies copies_;
  Slab<Delivery> deliveries_;
  Slab<Departure> departures_;
  std::deque<Handle> unproduced_;     ///< departures that wait until the producer holds less of ours
  std::uint64_t sending_bytes_ = 0;   ///< of requests in flight
  std::uint64_t producing_bytes_ = 0; ///< of records that the producer has
  Lanes lanes_;
  StormGuard storm_;
  core::WallTime storm_ended_{};      ///< the last one
  std::size_t storm_turn_ = 0;        ///< of the partition whose record is taken next in a storm
  core::WallTime started_{};          ///< the first step: before it nobody here knows of endpoints that worked
  Timers timers_;
  event::Scratch event_scratch_;
  rule::Index::Scratch match_scratch_;
  RequestBuilder requests_;
  std::vector<Destination> destinations_;  ///< of the record that is being taken
  std::vector<Count> counts_;         ///< likewise
  std::string objection_;             ///< why the record that is being taken cannot go on

  Mode mode_ = Mode::running;
  core::MonoTime drain_until_{};
  bool drain_departing_ = false;
  core::MonoTime drain_depart_until_{};
  bool drain_committing_ = false;
  core::MonoTime drain_commit_until_{};
  core::MonoTime next_drain_commit_{};
  std::uint64_t commit_token_ = 0;        ///< of the last request sent
  std::uint64_t first_commit_token_ = 1;  ///< of the round under way
  std::uint32_t commits_under_way_ = 0;   ///< requests without report; one round at a time
  core::MonoTime next_commit_{};
  core::MonoTime next_look_{};
  core::MonoTime next_sweep_{};
  std::optional<core::MonoTime> next_resume_;  ///< of a retry topic's partition
  std::optional<core::MonoTime> last_step_;
  /// After a silence of more than the session timeout: no attempt starts before a commit later than
  /// this one was acknowledged, because the group may have given the partitions to somebody else.
  std::optional<std::uint64_t> doubted_since_;
  core::log::Gate without_id_gate_;
  KafkaTroubles troubles_;
  core::log::Gate produce_gate_;
  core::log::Gate counter_gate_;
  core::log::Gate commit_gate_;
};

}  // namespace hookline::engine
