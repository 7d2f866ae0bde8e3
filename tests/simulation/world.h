// A seeded world around the real WorkerCore: members of a group, a log with partitions, a broker that
// commits late or not at all, receivers that answer as chance has it, crashes at any moment. Time is
// virtual, one thread. The first invariant that is broken ends the run; a failing seed runs again to the letter.
//
//   world.cc          the agenda, the logs, the storm, the end
//   world_members.cc  processes: start, step, carry out, crash, stall, stop
//   world_kafka.cc    the group, fetching, commits, dead letters, retention
//   world_http.cc     the receivers
//   world_retry.cc    the retry topics
//   world_ordered.cc  the ordered topic and the correlations
//   world_counting.cc the topic where a policy counts
//   world_checks.cc   what must hold
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "engine/worker_core.h"
#include "hookline/core/random.h"
#include "hookline/settle/offset_map.h"
#include "revisions.h"

namespace hookline::test {

/// The first deadline of a drain: what ends gracefully before it lets nothing go that is not waiting.
inline constexpr core::Duration shortest_deadline = std::chrono::seconds(2);

/// Where the world lets the n-th operation fail (systematic tests).
enum class Port : std::uint8_t {
  attempt_refused,   ///< 503
  attempt_unheard,   ///< a 2xx that is lost on its way back
  produce_refused,
  produce_unheard,   ///< written, reported as failed
  commit_refused,
  commit_unheard,    ///< applied, reported as failed
  commit_partial,    ///< one partition of the request refused
  commit_late,       ///< applied after its owner let go or the next commit came
  crash_after_step,  ///< the outputs of the step took effect
  crash_in_step,     ///< counted in operations: those up to the n-th of all members took effect
  count
};

/// What a seed's world is like.
struct WorldOptions {
  std::uint64_t seed = 0;
  int members = 2;
  int partitions = 3;
  int events = 100;
  double poison = 0.02;
  double tombstone = 0.02;
  double gap = 0.05;               ///< offsets that do not exist (compaction, transaction markers)
  std::uint64_t widest_gap = 20;
  double http_failure = 0.2;       ///< attempts that do not end with a 2xx
  double produce_failure = 0.1;
  double commit_failure = 0.1;
  double late_commit = 0.05;       ///< applied seconds later, perhaps when somebody else owns the partition
  int crashes = 3;
  int rebalances = 4;
  int stalls = 1;                  ///< members that fall silent, mostly until the group gives up on them
  int stops = 1;                   ///< graceful restarts
  int retentions = 0;              ///< the log's beginning moves up
  int revisions = 0;               ///< changes of the definitions
  double slow_fetch = 0.2;         ///< assignments after which fetching begins late, and such as go on slowly
  core::Duration storm = std::chrono::seconds(8);
  core::Duration commit_heal = std::chrono::seconds(30);
  bool retry_topics = false;       ///< else all waits stay in memory
  bool ordered = false;            ///< with webhooks whose deliveries go out in order, and such as create and update
  bool counting = false;           ///< with a policy that has a threshold; wants retry_topics
  int hands = 0;                   ///< ids that a person sets
  Targets sick = 0;                ///< receivers that fail as long as the storm lasts
  bool left_alone = false;         ///< receivers may ask for an hour without requests; wants retry_topics
  core::Duration cut{};            ///< for so long from the beginning no attempt gets an answer
  engine::StormLimits guard;       ///< of members
  bool siblings = false;           ///< members are workers of one process: they hear each other's news
  std::size_t max_deliveries = 40;
  std::uint64_t max_bytes = 1 << 20;
  // Systematic: the n-th operation of a port fails, and the process that did it crashes again `again` steps
  // after it was started anew (0: not).
  std::optional<Port> port;
  std::uint64_t nth = 0;
  std::uint64_t again = 0;
};

class World {
 public:
  explicit World(WorldOptions options);
  ~World();

  /// Runs to the end. Empty, or what went wrong first.
  std::string run();

  std::uint64_t duplicates() const { return duplicates_; }
  /// How many operations of a port there were.
  std::uint64_t operations(Port port) const { return operations_[static_cast<std::size_t>(port)]; }

 private:
  using Serial = std::uint64_t;  ///< one assignment of one member

  struct Record {
    std::int64_t offset = 0;
    core::WallTime timestamp{};
    std::string key, value, story;
    Nature nature;
    std::uint8_t revisions = 0;    ///< under which an owner took it
    std::uint8_t seen_under = 0;   ///< the same, with members that had lost it without knowing
    Targets delivered = 0;         ///< a receiver answered 2xx
    Targets dead = 0;              ///< the broker has the dead letter
    Targets handed = 0;            ///< the broker has it on a retry topic, or had
    Targets excused = 0;           ///< may be delivered again
    bool fires = false;            ///< the policy does on it
    bool gone = false;             ///< retention was faster
    bool done = false;
    bool claimed = false;          ///< by what is committed
    bool put_back = false;         ///< was claimed, until a late commit came
    std::array<std::size_t, target_count> ids{};  ///< hashes of delivery ids; 0: not seen
    // As its present owner knows it.
    Targets heard = 0;             ///< targets that ended
    std::uint8_t taken_under = 0;  ///< revisions, more than one if it cannot be told
  };
  struct Log {
    std::string topic;
    std::int32_t number = 0;
    std::string name;              ///< as the checksum of maps has it
    std::vector<Record> records;
    std::int64_t end = 0;
    std::size_t visible = 0;       ///< records published so far
    std::size_t done_to = 0;       ///< all records before this one are done
    std::int64_t start = 0;        ///< what is below is gone
    std::int64_t committed = 0;
    std::string metadata;
    std::int64_t claimed_to = 0;   ///< nothing from here on is claimed by what is committed
    Serial owner = 0;              ///< the assignment that read the committed position last
    bool disturbed = false;        ///< since then somebody else's commit was applied
  };
  struct Fetch {
    std::size_t log = 0;
    std::size_t next = 0;          ///< index of a record
    std::int64_t offset = 0;
    std::int64_t restored_to = 0;  ///< where the map ends that it began with
    bool paused = false;
    std::optional<std::size_t> told;  ///< that so many records are all there are yet
  };
  /// A partition of one of Hookline's own topics. On a retry topic and the ordered topic each record is the delivery
  /// of a source record to one target; where a policy counts, a source record to be counted, or a note of a firing.
  struct Waiting {
    kafka::OwnedRecord record;
    std::size_t log = 0, index = 0;
    Targets target = 0;
    bool claimed = false;
    std::optional<std::int64_t> fires_until = {};  ///< the policy fires on it, and the window ends then
    std::optional<std::int64_t> notes = {};        ///< that it has fired on the record at that offset
  };
  struct Tier {
    std::string topic, name;
    std::int32_t number = 0;
    engine::Role role = engine::Role::retry;
    std::vector<Waiting> records;
    std::int64_t committed = 0;
    std::string metadata;
    Serial owner = 0;
  };
  struct TierFetch {
    std::size_t tier = 0;
    std::size_t next = 0;
    bool paused = false;
  };
  /// An attempt or a dead letter under way.
  struct Errand {
    std::size_t log = 0, record = 0;
    Targets target = 0;
    Serial serial = 0;
    bool unheard = false;          ///< its answer does not reach the core
    std::vector<std::pair<std::size_t, std::size_t>> others = {};  ///< log and record of what goes in the same request
    std::string order;             ///< its key, if it goes out in order
    std::string story, id;         ///< of a correlation on its way to the broker
    bool replaces = false;
    std::uint64_t life = 0;        ///< as the member's
  };
  /// An id as a member knows it.
  struct Item {
    std::string id;
    std::int64_t offset = 0;
    core::WallTime since{};        ///< when the first id of the story became known
  };
  /// What a naive count knows of a story.
  struct Count {
    std::vector<std::tuple<std::int64_t, std::size_t, std::size_t>> events = {};  ///< time in ms, log, record
    std::int64_t until = INT64_MIN;                                             ///< events before that count no more
  };
  /// What a member is told of a partition of the correlations.
  struct Feed {
    std::size_t partition = 0;
    std::size_t next = 0;
    bool told = false;
  };
  struct Member {
    int id = 0;
    std::uint64_t incarnation = 0; ///< answers to an earlier one go nowhere
    bool alive = false;
    bool stalled = false;
    bool stopping = false;
    bool owes_answer = false;      ///< the group waits for its answer to a revocation
    bool thrown_out = false;       ///< the group went on without it; it does not know yet
    bool knows_loss = false;       ///< it was told, and has no new assignment yet
    Serial serial = 0;
    int revision = 0, next_revision = 0;
    std::unique_ptr<engine::WorkerCore> core;
    engine::Inputs inputs;
    engine::Outputs outputs;
    std::vector<Fetch> fetches;    ///< of the partitions it believes to own
    std::vector<TierFetch> tiers;  ///< of the retry topics
    std::vector<Feed> feeds;
    std::map<std::string, Item> items;             ///< by story, a naive model of what it knows
    std::array<std::int64_t, 2> read_to{};         ///< of the correlations
    std::uint64_t life = 0;                        ///< counts how often it knew that it had to begin anew
    bool owns_any() const { return !fetches.empty() || !tiers.empty(); }
    void owns_nothing() {
      fetches.clear();
      tiers.clear();
      feeds.clear();
    }
    core::Duration fetch_from{};
    bool sips = false;             ///< reads a record at a time, with pauses
    bool draining = false;
    core::Duration drain_began{};  ///< the first reason counts: a stop may come on top of a revocation
    std::map<deliver::AttemptId, std::shared_ptr<Errand>> flights;
    std::map<std::uint64_t, std::shared_ptr<Errand>> letters;  ///< by token
    bool step_scheduled = false;
    std::optional<core::Duration> wake;
    std::optional<core::Duration> last_step;
    std::uint64_t last_commit = 0;                 ///< token
    std::optional<std::uint64_t> doubted_since;    ///< no attempt before a later commit was acknowledged
    std::optional<std::uint64_t> crash_in;         ///< operations that still take effect
    std::uint64_t crash_after_steps = 0;           ///< 0: not
  };
  using Action = std::function<void()>;
  /// What becomes of a commit.
  struct Fate {
    bool applied = true, reported = true;
    bool partial = false;
    core::Duration applied_in{}, reported_in{};
  };

  // world.cc
  void schedule(core::Duration in, Action action);
  core::Now now() const;
  core::Duration some(std::int64_t most_ms) { return std::chrono::milliseconds(random_.below(static_cast<std::uint64_t>(most_ms)) + 1); }
  bool happens(double probability) { return faults_ && random_.chance(probability); }
  bool fails_here(Port port);
  void fill_logs();
  void publish(int chunk);
  void storm();
  void wrong(std::string what);
  bool finished() const;
  std::int64_t rest_of(const Log& log) const;

  // world_members.cc
  void start_member(Member& member);
  void crash(Member& member);
  void stall(Member& member);
  void throw_out(Member& member);
  void hear_of_loss(Member& member);
  void stop(Member& member);
  void revise();
  void in_this_life(Member& member, core::Duration in, Action action);
  void request_step(Member& member);
  void wake_at(Member& member, core::Duration time);
  void step(Member& member);
  void note_inputs(Member& member);
  void note_adoption(Member& member);
  void carry_out(Member& member);
  void tell(const Member& member, const std::vector<engine::News>& news);
  bool still_works(Member& member);
  void let_go(Member& member);

  // world_http.cc
  void attempt(Member& member, deliver::Request request);
  void answer(Member& member, const std::shared_ptr<Errand>& errand, const deliver::Answer& answer);
  void abort(Member& member, deliver::AttemptId id);
  static std::vector<Errand> each(const Errand& errand);
  void receive(const Member& member, const Errand& errand);
  std::shared_ptr<Errand> identify(const Member& member, const deliver::Request& request);

  // world_kafka.cc
  void produce(Member& member, engine::Produce produce);
  void send_to_broker(Member& member, const engine::Produce& produce, bool may_be_too_large, std::function<std::int64_t()> write);
  void commit(Member& member, engine::CommitRequest request);
  Fate fate_of_commit(const Member& member);
  bool apply(const kafka::CommitEntry& entry, Serial serial, bool in_order);
  void fetch(Member& member);
  void fetch_later(Member& member, core::Duration in);
  bool may_fetch(const Member& member) const;
  void take(const Member& member, const Log& log, Record& record);
  void reposition(Member& member, Fetch& fetch);
  void retain(Log& log);
  void begin_rebalance();
  void finish_rebalance_if_answered(bool force);
  void assign();
  void hand_over(std::size_t log, Member& to);
  static std::size_t first_from(const Log& log, std::int64_t offset);
  static Fetch* fetch_of(Member& member, std::int32_t partition);

  // world_retry.cc
  void make_tiers();
  Tier* tier_of(const std::string& topic, std::int32_t number = 0);
  static TierFetch* tier_fetch_of(Member& member, std::size_t tier);
  bool may_fetch_tiers(const Member& member) const;
  void fetch_tiers(Member& member);
  void hand_over_tiers(const std::vector<Member*>& present);
  void append(const kafka::OwnedRecord& record);
  void apply_to_tier(Tier& tier, const kafka::CommitEntry& entry);
  void resume_tier(Member& member, const kafka::Assignment& from);
  void toggle_tier(Member& member, const Tier& tier, bool paused);
  void keep(Tier& tier, Waiting waiting);
  bool lives_on(std::size_t log, std::size_t index, Targets target) const;
  bool tiers_at_rest() const;

  // world_ordered.cc
  void produce_correlation(Member& member, engine::Produce produce);
  std::int64_t append_correlation(std::size_t partition, const std::string& key, const std::optional<std::string>& value);
  void begin_feeds(Member& member);
  void feed(Member& member, std::size_t partition);
  void set_by_hand();
  void note_correlations(Member& member);
  void learn(Member& member, const std::string& story, const std::string& id, std::int64_t offset, bool replaces);
  std::string order_of(const Errand& errand) const;
  Targets as_meant(Targets target, const Record& record) const;
  void check_order(const Errand& errand);
  void check_ordered_attempt(const Member& member, Errand& errand, const deliver::Request& request);
  std::string answer_to(const Errand& errand, const deliver::Request& request);
  bool is_known(const std::string& story) const;

  // world_counting.cc
  void produce_counted(Member& member, engine::Produce produce);
  std::int64_t append_counted(const kafka::OwnedRecord& record);
  std::optional<std::int64_t> count(const std::string& story, std::size_t log, std::size_t index);
  bool is_accounted_for(const Tier& tier, const Waiting& waiting) const;

  // world_checks.cc
  enum class Ending : std::uint8_t { torn, graceful };
  void end_assignment(Member& member, Ending ending);
  Targets meant_by(int revision, const Record& record) const { return expected(revision, record.nature, extras()); }
  Extras extras() const { return {options_.ordered, options_.counting}; }
  void note_done(Record& record);
  bool is_closed(const Record& record) const;
  bool has_ended(const Record& record) const;
  Targets ended(const Record& record) const;
  void check_commit(Member& member, const kafka::CommitEntry& entry);
  void update_claims(Log& log, std::int64_t from, bool by_owner);
  void check_errand(Member& member, const Errand& errand);
  void check_limits(Member& member);
  void check_end();
  static std::string place(const Log& log, const Record& record);

  WorldOptions options_;
  core::Random random_;
  std::vector<Log> logs_;
  std::vector<Tier> tiers_;
  std::array<std::vector<state::CorrelationRecord>, 2> correlations_;
  std::map<std::string, std::vector<std::string>> given_;  ///< ids by story, as receivers or people gave them
  std::uint64_t last_item_ = 0;
  std::map<std::string, Count> counts_;                    ///< by story
  std::vector<std::unique_ptr<Member>> members_;

  struct Due {
    core::Duration at;
    std::uint64_t order;
    Action action;
    static bool later(const Due& a, const Due& b) { return a.at != b.at ? a.at > b.at : a.order > b.order; }
  };
  std::vector<Due> agenda_;       ///< a heap
  std::uint64_t order_ = 0;
  core::Duration time_{};
  bool faults_ = true;            ///< the storm is on; afterwards everything works
  bool rebalancing_ = false;
  std::uint64_t generation_ = 0;
  Serial last_serial_ = 0;
  int revision_ = 0;
  std::string failure_;
  std::vector<event::RecordView> views_;   ///< of the poll under way
  std::deque<std::vector<event::Header>> headers_;  ///< of these
  bool disturbed_ = false;        ///< something happened after which deliveries may be repeated

  std::array<std::uint64_t, static_cast<std::size_t>(Port::count)> operations_{};
  std::size_t unfinished_ = 0;    ///< records that are not done
  std::uint64_t duplicates_ = 0;
  std::uint64_t lost_ = 0;        ///< offsets that retention took before they were read
  std::uint64_t lost_before_ = 0; ///< the metric when the world began
};

}  // namespace hookline::test
