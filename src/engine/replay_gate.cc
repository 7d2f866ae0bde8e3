#include "replay_gate.h"

#include <algorithm>

#include <fmt/format.h>

namespace hookline::engine {
namespace {

constexpr core::Duration catch_up = std::chrono::seconds(1);
constexpr core::Duration look_every = std::chrono::milliseconds(100);
constexpr core::Duration members_every = std::chrono::seconds(3);
constexpr core::Duration still_for = std::chrono::seconds(3);
constexpr core::Duration look_timeout = std::chrono::seconds(5);

}  // namespace

core::Duration Pacer::wait(core::MonoTime now) const {
  if (!per_second_ || !next_) return {};
  return std::max(core::Duration{}, core::Duration(*next_ - now));
}

void Pacer::sent(std::size_t count, core::MonoTime now) {
  if (!per_second_) return;
  const auto step = std::chrono::duration_cast<core::Duration>(std::chrono::duration<double>(static_cast<double>(count) / *per_second_));
  next_ = std::max(next_.value_or(now), now - catch_up) + step;
}

void OpenReentries::committed(std::int32_t partition, std::int64_t offset) {
  auto& open = open_[partition];
  while (!open.empty() && open.front() < offset) {
    open.pop_front();
    --count_;
  }
}

std::optional<std::string> ReplayGate::look(core::MonoTime now) {
  if (now < next_look_) return std::nullopt;
  next_look_ = now + look_every;
  if (!begun_) {
    begun_ = true;
    moved_ = now;
    return look_for_members(now);
  }
  const auto before = open_.count();
  if (before > 0 && !nobody_) {
    // What cannot be told now is told the next time.
    if (const auto committed = look_.committed(topic_, look_timeout)) {
      for (const auto& [partition, offset] : *committed) open_.committed(partition, offset);
    }
  }
  if (open_.count() < before || before == 0) moved_ = now;
  if (now >= next_members_ && (nobody_ || now - moved_ > still_for)) return look_for_members(now);
  return std::nullopt;
}

std::optional<std::string> ReplayGate::look_for_members(core::MonoTime now) {
  next_members_ = now + members_every;
  const auto members = look_.members(look_timeout);
  if (!members) return std::nullopt;  // not every cluster tells
  const bool was = std::exchange(nobody_, *members == 0);
  if (nobody_ && !was && !told_) {
    told_ = true;
    return fmt::format("no process of group {} runs: what is sent waits in {} until one does", group_, topic_);
  }
  if (!nobody_) told_ = false;
  return std::nullopt;
}

}  // namespace hookline::engine
