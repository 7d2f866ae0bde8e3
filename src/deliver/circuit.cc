#include "hookline/deliver/circuit.h"

#include <algorithm>

namespace hookline::deliver {
namespace {

constexpr std::uint32_t failures_to_open = 10;
constexpr core::Duration silence_to_open = std::chrono::seconds(1);
constexpr core::Duration first_pause = std::chrono::seconds(2);
constexpr core::Duration longest_pause = std::chrono::minutes(1);

}  // namespace

void Circuit::succeeded(core::MonoTime now) {
  state_ = State::closed;
  answers_ = true;
  failures_ = 0;
  pause_ = {};
  working_until_ = now;
}

void Circuit::failed(core::MonoTime now) {
  ++failures_;
  answers_ = false;
  if (state_ == State::half_open || (pace_ && (closed() || now >= probe_at_))) return open(now);
  if (!working_until_) working_until_ = now;
  if (state_ == State::closed && failures_ >= failures_to_open && now - *working_until_ >= silence_to_open) open(now);
}

void Circuit::open(core::MonoTime now) {
  if (pace_) {
    state_ = State::open;
    probe_at_ = now + *pace_;
    return;
  }
  pause_ = pause_ == core::Duration{} ? first_pause : std::min(pause_ * 2, longest_pause);
  state_ = State::open;
  probe_at_ = now + pause_;
}

void Circuit::set_pace(std::optional<core::Duration> pace, core::MonoTime now) {
  pace_ = pace;
  if (state_ == State::half_open) return;
  if (state_ == State::open) {
    probe_at_ = std::min(probe_at_, now + pace_.value_or(core::Duration{}));
  } else if (pace_ && !answers_) {
    open(now);
  }
}

void Circuit::open_until(core::MonoTime time) {
  if (state_ == State::half_open) return;  // its own probe knows better, soon
  if (pause_ == core::Duration{}) pause_ = first_pause;
  state_ = State::open;
  probe_at_ = std::max(probe_at_, time);
}

void Circuit::started(core::MonoTime now) {
  if (!working_until_) working_until_ = now;
  if (state_ == State::open) state_ = State::half_open;
}

void Circuit::probe_lost(core::MonoTime now) {
  if (state_ != State::half_open) return;
  state_ = State::open;
  probe_at_ = now;
}

std::optional<core::MonoTime> Circuit::probe_at() const {
  if (state_ != State::open) return std::nullopt;
  return probe_at_;
}

}  // namespace hookline::deliver
