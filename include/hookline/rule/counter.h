// How often what happened: the counting behind a policy's `threshold`.
//
// Of each group (a policy, and the value of its `per`) the counter knows the events that may still count. It
// fires on an event if, with it, `count` different events of the group lie within `within` of each other, by
// their own time. The window of a firing begins with the oldest of these and lasts `within`; events of a time
// before its end count no more, so that a window fires once. The answer depends on the events and their order
// alone: who counts the same log again fires on the same events.
//
// Pure; one thread. Bounded in events: over the bound the group that was touched longest ago is forgotten, whose
// count begins anew. What came more than one window later than a newer event of its group may be forgotten, too.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "hookline/core/time.h"

namespace hookline::rule {

class Counter {
 public:
  /// Events and groups together.
  explicit Counter(std::size_t most = std::size_t{1} << 20) : most_(most) {}

  struct Threshold {
    std::uint32_t count = 1;
    core::Duration within{};
  };
  struct Event {
    std::uint64_t origin = 0;  ///< tells two events of the same time apart; a copy has the same
    core::WallTime at{};
  };

  /// Counts the event. The end of the window if the counter fires on it, else nullopt.
  std::optional<core::WallTime> count(std::string_view group, const Event& event, const Threshold& threshold);

  /// While a log is read again up to where counting goes on: the event has been counted, and whether it fired is
  /// told by fired() alone.
  void remember(std::string_view group, const Event& event, const Threshold& threshold);
  /// The group fired, and the window ends then. In any order with remember(); the latest end counts.
  void fired(std::string_view group, core::WallTime until);

  /// Forgets groups that were not touched since the last call but one, have no event since `before`, and whose
  /// window was over then.
  void sweep(core::WallTime before);

  std::size_t size() const { return events_ + groups_.size(); }
  /// Groups that were forgotten because of the bound, so far.
  std::uint64_t forgotten() const { return forgotten_; }

 private:
  using Entries = std::vector<std::pair<std::int64_t, std::uint64_t>>;  ///< time in ms, origin
  struct Group {
    Entries events;                  ///< ascending; those before `first` are gone
    std::size_t first = 0;
    std::int64_t until = INT64_MIN;  ///< events before that time count no more
    std::uint64_t round = 0;         ///< of sweeping, when it was touched last
    std::list<const std::string*>::iterator touched;
  };
  Group& touch(std::string_view group);
  std::optional<std::size_t> insert(Group& group, const Event& event, core::Duration within);
  void drop_before(Group& group, std::int64_t time);
  void forget(const std::string& name);
  void bound(const Group& kept);

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::size_t most_;
  std::size_t events_ = 0;
  std::uint64_t forgotten_ = 0;
  std::uint64_t round_ = 0;
  std::unordered_map<std::string, Group, Hash, std::equal_to<>> groups_;
  std::list<const std::string*> touched_;  ///< longest ago first
};

}  // namespace hookline::rule
