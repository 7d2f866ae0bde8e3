// World: the topic where a policy counts. Beside the counter of the core, which is bounded, indexed and read anew by
// each owner, stands a naive one, which sees each partition's log once, as it is written.
#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "hookline/settle/counted.h"
#include "world.h"

namespace hookline::test {

void World::produce_counted(Member& member, engine::Produce produce) {
  const auto counted = settle::parse_counted(produce.record.headers);
  if (!counted && !settle::parse_fired(produce.record.headers)) return wrong("what is to be counted, or a note, without its headers");
  if (counted) {
    const Log& log = logs_[static_cast<std::size_t>(counted->origin_partition)];
    const Record& record = log.records[first_from(log, counted->origin_offset)];
    const bool same = produce.record.value == record.value && counted->key == record.key && counted->group == record.story;
    if (!same) return wrong(fmt::format("{} is not counted as what it is", place(log, record)));
  }
  member.letters[produce.token] = std::make_shared<Errand>(Errand{.serial = member.serial});
  send_to_broker(member, produce, false, [this, record = produce.record] { return append_counted(record); });
}

std::int64_t World::append_counted(const kafka::OwnedRecord& record) {
  Tier& tier = *tier_of(record.topic, static_cast<std::int32_t>(std::hash<std::string>()(*record.key) % 2));
  const auto offset = static_cast<std::int64_t>(tier.records.size());
  Waiting kept{.record = record};
  if (const auto note = settle::parse_fired(record.headers)) {
    const bool known = note->offset < offset && tier.records[static_cast<std::size_t>(note->offset)].fires_until == note->until_ms;
    if (!known) wrong(fmt::format("a note of a firing at {}@{}, where the policy does not fire, or not until then", tier.topic, note->offset));
    kept.notes = note->offset;
  } else {
    const auto counted_event = settle::parse_counted(record.headers);
    kept.log = static_cast<std::size_t>(counted_event->origin_partition);
    kept.index = first_from(logs_[kept.log], counted_event->origin_offset);
    kept.target = counted;
    Record& source = logs_[kept.log].records[kept.index];
    kept.fires_until = count(source.story, kept.log, kept.index);
    source.fires = source.fires || kept.fires_until;
    source.delivered |= counted;
    note_done(source);
  }
  keep(tier, std::move(kept));
  return offset;
}

/// The end of the window if the policy fires on the event: with it, enough different events of the story lie within a
/// window. A copy counts for nothing, nor does what is of a window that has fired, or comes more than two windows late.
std::optional<std::int64_t> World::count(const std::string& story, std::size_t log, std::size_t index) {
  constexpr std::int64_t window = policy_window / std::chrono::milliseconds(1);
  auto& [events, until] = counts_[story];
  const std::tuple event(core::to_unix_ms(logs_[log].records[index].timestamp), log, index);
  const std::int64_t at = std::get<0>(event);
  const bool late = !events.empty() && at < std::get<0>(events.back()) - 2 * window;
  if (at < until || late || std::find(events.begin(), events.end(), event) != events.end()) return std::nullopt;
  events.push_back(event);
  std::sort(events.begin(), events.end());
  std::erase_if(events, [newest = std::get<0>(events.back())](const auto& e) { return std::get<0>(e) < newest - 2 * window; });
  for (const auto& [from, of_log, of_index] : events) {
    if (from > at || at >= from + window) continue;
    const auto within = std::count_if(events.begin(), events.end(), [&](const auto& e) { return std::get<0>(e) >= from && std::get<0>(e) < from + window; });
    if (within < static_cast<std::ptrdiff_t>(policy_count)) continue;
    until = from + window;
    std::erase_if(events, [&](const auto& e) { return std::get<0>(e) < until; });
    return until;
  }
  return std::nullopt;
}

/// Of what is committed where a policy counts: if it fired, there is a note of that, and who was to be told was or will be.
bool World::is_accounted_for(const Tier& tier, const Waiting& waiting) const {
  if (!waiting.fires_until) return true;
  const bool noted = std::any_of(tier.records.begin(), tier.records.end(), [&](const Waiting& w) { return w.notes == waiting.record.offset; });
  return noted && lives_on(waiting.log, waiting.index, page_main);
}

}  // namespace hookline::test
