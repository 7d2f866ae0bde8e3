// Which dead letters a replay takes: those selected and not replayed before, of each delivery the newest once.
// Pure; one thread. Some 200 bytes for each letter selected.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "hookline/core/crypto.h"
#include "hookline/engine/replay.h"
#include "hookline/state/replay_log.h"

namespace hookline::engine {

class ReplayPlan {
 public:
  struct Entry {
    state::LetterPlace place;
    std::vector<state::LetterPlace> copies;   ///< of the same delivery: marked along with it
    std::optional<std::int64_t> marked;       ///< the highest generation of an earlier replay of the delivery
  };

  struct Rules {
    std::optional<core::WallTime> again_before = {};  ///< marks from before that do not count
    bool by_origin = false;                           ///< dead letters of one event are one (they all go to the same other webhook)
    std::string job = {};                             ///< its own marks always count
  };
  ReplayPlan(const state::ReplayLog& log, Rules rules) : log_(log), rules_(std::move(rules)) {}

  /// Every dead letter of the topic, in any order; `selected`: the filter takes it.
  void add(const Letter& letter, bool selected);

  /// What is to be replayed, partition by partition in the order of the topic; with what the job has done before at
  /// most `limit`, the oldest failures first. Fills the survey.
  std::vector<Entry> finish(std::optional<std::uint64_t> limit, Survey& survey);

 private:
  using Id = std::array<std::uint64_t, 2>;
  struct IdHash {
    std::size_t operator()(const Id& id) const { return static_cast<std::size_t>(id[0]); }
  };
  struct Chosen {
    state::LetterPlace place;
    std::vector<state::LetterPlace> copies;
    std::int64_t generation = 0, failed_at = 0;
    std::size_t group = 0;
  };
  using GroupKey = std::tuple<settle::Reason, std::string, std::string, int>;

  Id id_of(const Letter& letter);
  std::size_t group_of(const Letter& letter);

  const state::ReplayLog& log_;
  const Rules rules_;
  core::Hasher hasher_;
  std::unordered_map<Id, Chosen, IdHash> chosen_;
  std::unordered_map<Id, std::int64_t, IdHash> marked_;   ///< highest generation of a re-entry, of any letter
  std::unordered_map<Id, std::int64_t, IdHash> counting_; ///< the same of marks that count
  std::vector<Survey::Group> groups_;
  std::map<GroupKey, std::size_t> group_at_;
  std::unordered_set<Id, IdHash> done_;                   ///< selected, and marked by the job itself
  std::uint64_t replayed_ = 0;
};

}  // namespace hookline::engine
