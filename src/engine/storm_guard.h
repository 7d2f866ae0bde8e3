// Tells a failing world (egress cut, DNS gone, a broken template everywhere) from failing endpoints, by what the
// attempts of the last minute came to. In the first case draining the topics into the dead letters helps nobody: the
// worker stops taking source records until answers come again. Pure state machine, one per worker; workers of a
// process tell each other what theirs counted (StormTally, by news.h), so that each judges by all of it. Bounded by
// the hosts that the definitions name.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/core/time.h"

namespace hookline::engine {

/// What the storm guard goes by; the simulation has smaller numbers.
struct StormLimits {
  bool enabled = true;
  std::uint32_t least = 100;      ///< attempts, or deliveries begun, within StormGuard::window; else nothing is concluded
  std::uint32_t least_hosts = 3;  ///< that attempts failed on before any answer
};

struct StormCounts {
  std::uint32_t attempts = 0, silent = 0, begun = 0, unsendable = 0;
  StormCounts& operator+=(const StormCounts& more);
};

/// What a worker counted since it told its siblings last, and since when.
struct StormTally {
  core::MonoTime from{};
  StormCounts counts;
  std::set<std::string> silent_hosts, unsendable_hosts;
};

class StormGuard {
 public:
  static constexpr core::Duration window = std::chrono::seconds(60);
  static constexpr core::Duration pace = std::chrono::seconds(10);  ///< of probes, per endpoint

  enum class Result : std::uint8_t {
    delivered,  ///< 2xx
    answered,   ///< another status
    silent,     ///< no HTTP answer
  };

  explicit StormGuard(StormLimits limits) : limits_(limits) {}

  /// A delivery of a matched event has had its first turn: an attempt, or it could not be sent, or it was handed over.
  void begun(core::MonoTime now) { count(now, {.begun = 1}); }
  /// An attempt ended, and not because it was aborted.
  void attempt(core::MonoTime now, const std::string& host, Result result);
  /// A delivery ended in a dead letter with the reason `egress` or `render`.
  void unsendable(core::MonoTime now, const std::string& host);
  /// What a sibling counted within the last second or so. What began before the last storm's end is of before.
  void add(core::MonoTime now, const StormTally& tally);
  /// What was counted here since the last call; nullopt: nothing. Probes of a storm are nobody else's news.
  std::optional<StormTally> take_tally();

  /// A sibling's news: it rages, over these hosts.
  void begin(core::MonoTime now, const std::vector<std::string>& hosts, std::string reason);
  /// A host has answered with a 2xx.
  void heard(core::MonoTime now, const std::string& host);
  /// Ends it if half of the hosts that are waited for have answered; now and then, in a storm.
  void judge_end(core::MonoTime now);
  /// There is a new revision, or a sibling says that it is over; counting begins anew.
  void end(core::MonoTime now);

  bool raging() const { return raging_; }
  const std::string& reason() const { return reason_; }  ///< why it began, one line
  core::MonoTime since() const { return since_; }
  const std::map<std::string, core::MonoTime>& hosts() const { return hosts_; }  ///< that failed when it began; last attempts
  const std::set<std::string>& answering() const { return answering_; }  ///< those of them that answer again
  /// How many of them are waited for: a host that nothing was sent to for a minute is not, until it answers.
  std::size_t awaited(core::MonoTime now) const;

  /// When the next source record may be taken.
  core::MonoTime next_intake() const { return next_intake_; }
  void took(core::MonoTime now) { next_intake_ = now + pace; }

 private:
  struct Second {
    std::int64_t number = -1;
    StormCounts counts;
  };
  struct Host {
    std::int64_t silent = -1, unsendable = -1;  ///< in which second last
  };
  static constexpr std::size_t seconds_of_window = static_cast<std::size_t>(window / std::chrono::seconds(1));

  static std::int64_t number_of(core::MonoTime time) { return time.time_since_epoch() / std::chrono::seconds(1); }
  Second& second(core::MonoTime now);
  StormCounts sum(core::MonoTime now) const;
  void count(core::MonoTime now, const StormCounts& counts);
  std::vector<std::string> hosts_with(std::int64_t Host::* what, core::MonoTime now) const;
  void judge(core::MonoTime now);

  StormLimits limits_;
  std::array<Second, seconds_of_window> seconds_{};
  std::optional<StormTally> untold_;
  core::MonoTime ended_{};  ///< the last storm
  std::map<std::string, Host> failing_;
  bool raging_ = false;
  std::string reason_;
  core::MonoTime since_{};
  core::MonoTime next_intake_{};
  std::map<std::string, core::MonoTime> hosts_;
  std::set<std::string> answering_;
};

/// The host of an http URL, in lower case and without port; of anything else what stands in its place.
std::string host_of(std::string_view url);

}  // namespace hookline::engine
