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

  /// Marks from before `again_before` do not count. `by_origin`: dead letters of one event are one (they all go
  /// to the same other webhook).
  ReplayPlan(const state::ReplayLog& log, std::optional<core::WallTime> again_before, bool by_origin = false)
      : log_(log), again_before_(again_before), by_origin_(by_origin) {}

  /// Every dead letter of the topic, in any order; `selected`: the filter takes it.
  void add(const Letter& letter, bool selected);

  /// What is to be replayed, partition by partition in the order of the topic; at most `limit`, the oldest
  /// failures first. Fills the survey.
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
  const std::optional<core::WallTime> again_before_;
  const bool by_origin_;
  core::Hasher hasher_;
  std::unordered_map<Id, Chosen, IdHash> chosen_;
  std::unordered_map<Id, std::int64_t, IdHash> marked_;   ///< highest generation of a re-entry, of any letter
  std::unordered_map<Id, std::int64_t, IdHash> counting_; ///< the same of marks that count
  std::vector<Survey::Group> groups_;
  std::map<GroupKey, std::size_t> group_at_;
  std::uint64_t replayed_ = 0;
};

}  // namespace hookline::engine
