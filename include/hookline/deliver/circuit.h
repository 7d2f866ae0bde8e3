// The circuit of one endpoint: closed while it answers; open when it has done nothing but fail for a
// while, so that nothing more is thrown at it; half-open for one probe at a time, until one succeeds. Pure
// state machine, one per endpoint and worker.
#pragma once

#include <cstdint>
#include <optional>

#include "hookline/core/time.h"

namespace hookline::deliver {

class Circuit {
 public:
  enum class State : std::uint8_t { closed, half_open, open };  // as hookline_circuit_state counts them

  /// An attempt ended and the endpoint answered as one that works, whatever it thinks of the request.
  void succeeded(core::MonoTime now);
  /// An attempt ended in a way that says that the endpoint does not work: it opens after ten in a row,
  /// if nothing succeeded for a second; a failed probe opens it again, for twice as long, up to a minute.
  void failed(core::MonoTime now);
  /// While everything fails: opens now unless the endpoint answered last, then with the first failure, and probes at
  /// this distance; nullopt: as ever again, and one that is open may probe at once.
  void set_pace(std::optional<core::Duration> pace, core::MonoTime now);
  /// A sibling's news: leave the endpoint alone until then.
  void open_until(core::MonoTime time);

  State state() const { return state_; }
  bool closed() const { return state_ == State::closed; }
  /// May an attempt start? Closed: yes. Open: once when the pause is over; that attempt is the probe.
  bool admits(core::MonoTime now) const { return closed() || (state_ == State::open && now >= probe_at_); }
  /// The attempt that admits() allowed starts.
  void started(core::MonoTime now);
  /// The probe ended without saying anything about the endpoint (it was aborted): another may go.
  void probe_lost(core::MonoTime now);
  /// When the next probe may go; nullopt unless open.
  std::optional<core::MonoTime> probe_at() const;

 private:
  void open(core::MonoTime now);

  State state_ = State::closed;
  std::uint32_t failures_ = 0;  ///< in a row
  bool answers_ = false;        ///< what it did last was to succeed
  std::optional<core::Duration> pace_;
  std::optional<core::MonoTime> working_until_;  ///< of the last success, or the first attempt
  core::MonoTime probe_at_{};
  core::Duration pause_{};
};

}  // namespace hookline::deliver
