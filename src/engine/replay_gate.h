// When a replay may send its next delivery: the rate that was asked for, and a bound on what no worker has
// taken yet, so that live events keep their delay. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hookline/core/time.h"
#include "hookline/kafka/group_look.h"

namespace hookline::engine {

/// An even rate. What was held up is caught up on by at most a second's worth. Pure.
class Pacer {
 public:
  explicit Pacer(std::optional<double> per_second) : per_second_(per_second) {}
  /// How long until the next may go; zero: now.
  core::Duration wait(core::MonoTime now) const;
  void sent(std::size_t count, core::MonoTime now);

 private:
  const std::optional<double> per_second_;
  std::optional<core::MonoTime> next_;
};

/// Re-entries that were produced and that the group has not committed: still to be taken, or under way. Pure.
class OpenReentries {
 public:
  void add(std::int32_t partition, std::int64_t offset) { open_[partition].push_back(offset); ++count_; }
  void committed(std::int32_t partition, std::int64_t offset);
  std::uint64_t count() const { return count_; }

 private:
  std::map<std::int32_t, std::deque<std::int64_t>> open_;  ///< as acknowledged: nearly in order
  std::uint64_t count_ = 0;
};

/// The bound, with what the group has committed as its measure. Without any member of the group there is nobody
/// whose live events could be held up: nothing is bounded then, and the operator is told.
class ReplayGate {
 public:
  ReplayGate(kafka::GroupLook& look, std::string topic, std::string group, std::uint64_t most)
      : look_(look), topic_(std::move(topic)), group_(std::move(group)), most_(most) {}

  /// Looks at the group, a few times a second at most. Gives what the operator should know.
  std::optional<std::string> look(core::MonoTime now);
  /// `on_their_way`: what the broker has not acknowledged.
  bool has_room(std::size_t on_their_way = 0) const { return nobody_ || open_.count() + on_their_way < most_; }
  bool nobody() const { return nobody_; }
  OpenReentries& open() { return open_; }

 private:
  std::optional<std::string> look_for_members(core::MonoTime now);

  kafka::GroupLook& look_;
  const std::string topic_, group_;
  const std::uint64_t most_;
  OpenReentries open_;
  bool nobody_ = false;
  bool begun_ = false, told_ = false;
  core::MonoTime next_look_{}, next_members_{}, moved_{};
};

}  // namespace hookline::engine
