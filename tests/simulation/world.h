// A seeded world around the real WorkerCore: members of a group, a log with partitions, a broker that
// commits late or not at all, receivers that answer as chance has it, crashes at any moment. Time is
// virtual. Whenever something is committed the world checks that it may be (check_commits), and at the end
// that everything came to rest (check_end). A failing seed runs again to the letter.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "engine/worker_core.h"
#include "hookline/core/random.h"

namespace hookline::test {

/// What a seed's world is like.
struct WorldOptions {
  std::uint64_t seed = 0;
  int members = 2;
  int partitions = 3;
  int events = 120;
  double poison = 0.02;         ///< records that do not decode
  double gap = 0.05;            ///< offsets that do not exist (compaction, transaction markers)
  double http_failure = 0.2;    ///< attempts that do not end with a 2xx
  double produce_failure = 0.1;
  double commit_failure = 0.1;
  double late_commit = 0.05;    ///< applied seconds later, perhaps when somebody else owns the partition
  int crashes = 3;
  int rebalances = 4;
  int stalls = 1;               ///< members that fall silent until the group gives up on them
  int stops = 1;                ///< graceful restarts
  std::size_t max_deliveries = 40;
  std::uint64_t max_bytes = 1 << 20;
};

class World {
 public:
  explicit World(WorldOptions options);
  ~World();

  /// Runs to the end. Empty, or what went wrong first.
  std::string run();

  std::uint64_t duplicates() const { return duplicates_; }
  std::uint64_t deliveries() const { return delivered_.size(); }

 private:
  struct Record {
    std::int64_t offset;
    core::WallTime timestamp;
    std::string key, value;
    bool poison = false;
    std::set<std::string> expected;  ///< webhook/endpoint of each delivery; for poison one empty name
  };
  struct Log {
    std::string topic;
    std::int32_t number = 0;
    std::vector<Record> records;
    std::int64_t end = 0;
    std::int64_t committed = 0;
    std::string metadata;
  };
  struct Member {
    int id = 0;
    std::uint64_t incarnation = 0;  ///< answers to an earlier one go nowhere
    bool alive = false;
    bool stalled = false;
    bool stopping = false;
    bool owes_answer = false;       ///< the group waits for its answer to a revocation
    std::unique_ptr<engine::WorkerCore> core;
    engine::Inputs inputs;
    engine::Outputs outputs;
    std::map<std::size_t, std::int64_t> position;  ///< of the partitions it may fetch, by log
    std::set<std::size_t> paused;
    bool step_scheduled = false;
  };
  using Action = std::function<void()>;

  void schedule(core::Duration in, Action action);
  core::Now now() const;
  core::Duration some(std::int64_t most_ms) { return std::chrono::milliseconds(random_.below(static_cast<std::uint64_t>(most_ms)) + 1); }
  void fill_logs();
  void start_member(Member& member);
  void crash(Member& member);
  void stall(Member& member);
  void request_step(Member& member);
  void step(Member& member);
  void carry_out(Member& member);
  void answer(Member& member, deliver::Request request);
  void receive(const deliver::Request& request);
  void produce(Member& member, engine::Produce produce);
  void commit(Member& member, engine::CommitRequest request);
  void begin_rebalance();
  void finish_rebalance_if_answered(bool force);
  void assign();
  void check_commits();
  void check_end();
  void wrong(std::string what);
  bool is_done(const Log& log, const Record& record) const;
  bool everything_done() const;
  std::size_t log_index(const std::string& topic, std::int32_t partition) const;

  WorldOptions options_;
  core::Random random_;
  core::Metrics metrics_;
  std::shared_ptr<const engine::Definitions> definitions_;
  std::vector<Log> logs_;
  std::vector<std::unique_ptr<Member>> members_;

  struct Due {
    core::Duration at;
    std::uint64_t order;
    std::shared_ptr<Action> action;
    bool operator>(const Due& other) const { return at != other.at ? at > other.at : order > other.order; }
  };
  std::priority_queue<Due, std::vector<Due>, std::greater<>> agenda_;
  std::uint64_t order_ = 0;
  core::Duration time_{};
  bool faults_ = true;            ///< the storm is on; afterwards everything works
  bool rebalancing_ = false;
  std::uint64_t generation_ = 0;
  std::string failure_;

  std::map<std::string, std::uint64_t> delivered_;              ///< place -> 2xx received
  std::set<std::string> dead_;                                  ///< place -> acknowledged dead letter
  std::map<std::string, std::string> ids_;                      ///< place -> delivery id
  std::uint64_t duplicates_ = 0;
};

}  // namespace hookline::test
