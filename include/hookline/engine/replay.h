// Delivering again: dead letters, or past events of the source topics. What is asked for, what a look at it
// finds, and the run itself, which the command line and the replay jobs of the service share.
//
// A run has a fixed end: what dies while it goes on is not in it. Of each delivery it writes the re-entry first
// (engine/reentry.h) and, when the broker has acknowledged that, the mark that this dead letter was replayed.
// So it may end at any moment, and the same again goes on: what was in flight, at most `window` deliveries, may
// go out twice, with the same id. One thread, blocking; told what to do by its Control.
//
// Bounds: about 200 bytes for each dead letter that is selected; `backlog` deliveries that workers have still
// to take, so that live events keep their delay.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hookline/config/settings.h"
#include "hookline/core/result.h"
#include "hookline/core/time.h"
#include "hookline/engine/dead_letters.h"
#include "hookline/engine/definitions.h"
#include "hookline/engine/reentry.h"
#include "hookline/json/tree.h"
#include "hookline/kafka/producer.h"
#include "hookline/kafka/span_reader.h"

namespace hookline::engine {

/// What somebody wants delivered again.
struct ReplayRequest {
  enum class What : std::uint8_t { dead_letters, events } what = What::dead_letters;

  LetterSelection letters;                     ///< dead_letters
  std::optional<core::WallTime> again_before;  ///< dead_letters: also those that were replayed before then (`again`)
  std::string to;                              ///< dead_letters: this webhook instead, under new ids

  event::Kind kind = event::Kind::incident;    ///< events
  std::string webhook;                         ///< events: for this webhook alone
  std::optional<core::WallTime> since, until;  ///< events: by the records' time
  std::string where;                           ///< events
  std::string topic;                           ///< events: this topic alone
  std::optional<std::int32_t> partition;       ///< events: this partition of `topic`, from and to these offsets
  std::optional<std::int64_t> from_offset, to_offset;

  std::optional<double> rate;                  ///< deliveries per second; nullopt: as fast as `backlog` allows
  std::optional<std::uint64_t> limit;          ///< at most so many deliveries (dead letters), the oldest first, or events
  std::uint64_t backlog = 1000;                ///< re-entries that no worker has taken yet
};

/// The request as its JSON, names as the command line has them. Moments are absolute.
json::Tree to_json(const ReplayRequest& request);
/// Reads what to_json wrote, and what people write: moments may be ages. Error: invalid, with the name and the remedy.
[[nodiscard]] core::Result<ReplayRequest> parse_replay(const json::Tree& tree, core::WallTime now);

/// One line for people: "dead letters of webhook payments, reason exhausted".
std::string describe(const ReplayRequest& request);

/// What a create would make anew: its key has an id.
struct ExistingItem {
  std::string webhook, key, id;
};
/// Creates that a replay does not send, since the items of their keys exist.
struct SkippedCreates {
  static constexpr std::size_t shown = 5;
  std::uint64_t count = 0;
  std::vector<ExistingItem> items;  ///< a few of them

  void add(ExistingItem item) {
    if (++count; items.size() < shown) items.push_back(std::move(item));
  }
};
json::Tree to_json(const SkippedCreates& skipped);
/// For people: "tickets s-7 is INC4711, tickets s-9 is INC4712 and 3 more".
std::string describe(const SkippedCreates& skipped);

/// Why a dead letter is left out that could not be decoded and now is of no use to anybody. It is marked all the same.
inline constexpr const char* matches_nothing = "it matches no webhook now";

struct ReplayCounts {
  std::uint64_t total = 0;      ///< to be looked at: dead letters chosen, or records in the range
  std::uint64_t done = 0;       ///< of these
  std::uint64_t sent = 0;       ///< re-entries acknowledged
  std::uint64_t open = 0;       ///< re-entries that no worker has taken yet
  std::map<std::string, std::uint64_t> skipped;  ///< why -> how many
  SkippedCreates creates;       ///< not sent; of dead letters marked as replayed

  /// Reasons can be as many as there are broken records: what goes beyond the first is counted together.
  void skip(const std::string& why, std::uint64_t count = 1);
};
json::Tree to_json(const ReplayCounts& counts);

/// What a look at the dead letters found.
struct Survey {
  struct Group {
    settle::Reason reason = settle::Reason::exhausted;
    std::string webhook, endpoint;
    std::optional<int> status;
    std::uint64_t count = 0;
    std::string id, error;  ///< of one of them (id_of)
  };
  std::vector<Group> groups;
  std::uint64_t chosen = 0;    ///< to be replayed
  std::uint64_t replayed = 0;  ///< selected, and replayed before
  std::uint64_t done_before = 0;  ///< selected, and done by this replay itself before it was taken up again
  std::uint64_t copies = 0;    ///< selected, of a delivery that is chosen already
  SkippedCreates creates;      ///< of `chosen`: will not be sent, as far as can be told now
  std::uint64_t gone = 0;      ///< pointers that `where` cannot look into, since their originals are gone from the log
};
json::Tree to_json(const Survey& survey);

/// What a run is told by whoever watches over it.
enum class Order : std::uint8_t { go, stop };

struct Control {
  /// Called at least every 250 ms, and about ten times a second at most.
  std::function<Order(const ReplayCounts&)> watch;
  /// A line for the operator: what the run waits for, or what it left out.
  std::function<void(const std::string&)> say;
  /// If set, nothing is produced; instead each delivery is shown.
  std::function<void(const Reentry&, const kafka::OwnedRecord& original)> dry;
};

/// What a run stands on; all of it outlives the run.
struct ReplayGround {
  const config::Settings& settings;
  std::string cluster_id;
  std::shared_ptr<const Definitions> definitions;
  kafka::Producer* producer = nullptr;  ///< nullptr: for dry runs only
  std::string job;                      ///< id of the replay
  core::WallTime asked_at{};            ///< generation of re-entries of events: the same when a job is taken up again
};

class Replay {
 public:
  Replay(ReplayRequest request, ReplayGround ground);
  ~Replay();

  /// Where dead letters that come later are left out; empty: now. To be kept by whoever takes a job up again.
  using Ends = std::map<std::int32_t, std::int64_t>;
  /// Looks at the dead letters, or looks the events up. Error: what Kafka says, or invalid (the request).
  [[nodiscard]] core::Result<Survey> survey(const std::optional<Ends>& ends = std::nullopt);
  const Ends& ends() const;

  /// Events: where to begin in each partition, as an earlier run's position() had it. After survey().
  void begin_at(const std::map<kafka::TopicPartition, std::int64_t>& position);
  /// Events: everything below is done.
  std::map<kafka::TopicPartition, std::int64_t> position() const;

  struct Outcome {
    ReplayCounts counts;
    bool stopped = false;  ///< before its end, as ordered
  };
  /// After survey(). Error: what Kafka says; what was sent until then is counted in counts().
  [[nodiscard]] core::Result<Outcome> run(const Control& control);
  const ReplayCounts& counts() const;

  /// Waits until workers have taken every re-entry: delivered it, buried it, or handed it on to wait. Then tells how
  /// many of them became dead letters again. nullopt: `watch` said stop.
  [[nodiscard]] core::Result<std::optional<std::uint64_t>> wait_for_outcome(const Control& control);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hookline::engine
