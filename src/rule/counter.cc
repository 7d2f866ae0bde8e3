#include "hookline/rule/counter.h"

#include <algorithm>

namespace hookline::rule {
namespace {

std::int64_t ms(core::Duration duration) {
  return duration / std::chrono::milliseconds(1);
}

}  // namespace

std::optional<core::WallTime> Counter::count(std::string_view name, const Event& event, const Threshold& threshold) {
  Group& group = touch(name);
  const auto place = insert(group, event, threshold.within);
  if (!place) return std::nullopt;
  bound(group);

  const std::size_t count = std::max<std::uint32_t>(threshold.count, 1);
  const auto& events = group.events;
  // Every run of `count` neighbours that the event belongs to, the oldest first.
  const std::size_t earliest = *place + 1 > group.first + count ? *place + 1 - count : group.first;
  for (std::size_t oldest = earliest; oldest <= *place && oldest + count <= events.size(); ++oldest) {
    if (events[oldest + count - 1].first - events[oldest].first >= ms(threshold.within)) continue;
    group.until = events[oldest].first + ms(threshold.within);
    drop_before(group, group.until);
    return core::from_unix_ms(group.until);
  }
  return std::nullopt;
}

void Counter::remember(std::string_view name, const Event& event, const Threshold& threshold) {
  Group& group = touch(name);
  if (insert(group, event, threshold.within)) bound(group);
}

void Counter::fired(std::string_view name, core::WallTime until) {
  Group& group = touch(name);
  group.until = std::max(group.until, core::to_unix_ms(until));
  drop_before(group, group.until);
  bound(group);
}

void Counter::sweep(core::WallTime before) {
  const std::int64_t time = core::to_unix_ms(before);
  ++round_;
  while (!touched_.empty()) {
    const Group& oldest = groups_.find(*touched_.front())->second;
    const bool empty = oldest.first == oldest.events.size();
    if (oldest.round + 1 >= round_ || oldest.until >= time || (!empty && oldest.events.back().first >= time)) return;
    forget(*touched_.front());
  }
}

Counter::Group& Counter::touch(std::string_view name) {
  auto found = groups_.find(name);
  if (found == groups_.end()) {
    found = groups_.emplace(std::string(name), Group{}).first;
    found->second.touched = touched_.insert(touched_.end(), &found->first);
  } else {
    touched_.splice(touched_.end(), touched_, found->second.touched);
  }
  found->second.round = round_;
  return found->second;
}

/// Where the event stands among those of its group; nullopt: its window has fired, or it is a copy, or too old.
std::optional<std::size_t> Counter::insert(Group& group, const Event& event, core::Duration within) {
  const std::pair entry(core::to_unix_ms(event.at), event.origin);
  if (entry.first < group.until) return std::nullopt;
  auto& events = group.events;
  const std::int64_t lookback = 2 * ms(within);
  const auto begin = [&] { return events.begin() + static_cast<std::ptrdiff_t>(group.first); };
  if (begin() != events.end() && entry.first < events.back().first - lookback) return std::nullopt;
  const auto place = std::lower_bound(begin(), events.end(), entry);
  if (place != events.end() && *place == entry) return std::nullopt;
  events.insert(place, entry);
  ++events_;
  drop_before(group, events.back().first - lookback);
  return static_cast<std::size_t>(std::lower_bound(begin(), events.end(), entry) - events.begin());
}

/// What is gone is moved over now and then, not each time.
void Counter::drop_before(Group& group, std::int64_t time) {
  auto& events = group.events;
  while (group.first < events.size() && events[group.first].first < time) {
    ++group.first;
    --events_;
  }
  if (group.first * 2 <= events.size() && group.first < events.size()) return;
  events.erase(events.begin(), events.begin() + static_cast<std::ptrdiff_t>(group.first));
  group.first = 0;
}

void Counter::forget(const std::string& name) {
  const auto found = groups_.find(name);
  events_ -= found->second.events.size() - found->second.first;
  touched_.erase(found->second.touched);
  groups_.erase(found);
}

void Counter::bound(const Group& kept) {
  while (size() > most_ && groups_.size() > 1 && &groups_.find(*touched_.front())->second != &kept) {
    forget(*touched_.front());
    ++forgotten_;
  }
}

}  // namespace hookline::rule
