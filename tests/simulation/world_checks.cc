// World: what must hold. Every check is made when the thing happens, not only at the end.
#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "metrics.h"
#include "world.h"

namespace hookline::test {

using namespace std::chrono_literals;

namespace {
constexpr std::uint64_t largest_record = 1 << 10;    // bytes that holding one takes, generously
constexpr std::uint64_t largest_poll = 20;           // records of one partition
}  // namespace

std::string World::place(const Log& log, const Record& record) {
  return fmt::format("{}[{}]@{}", log.topic, log.number, record.offset);
}

/// Done: all that one revision asked for, under which an owner took it, was delivered or buried.
void World::note_done(Record& record) {
  if (record.done) return;
  record.done = record.gone;
  for (int r = 0; r < revision_count && !record.done; ++r) {
    if ((record.revisions >> r & 1) == 0) continue;
    record.done = (meant_by(r, record) & ~(record.delivered | record.dead | record.handed)) == 0;
  }
  if (record.done) --unfinished_;
}

/// A create is not sent again for a story that has an item.
Targets World::ended(const Record& record) const {
  const bool made = record.nature.triggered && options_.ordered && is_known(record.story);
  return static_cast<Targets>(record.delivered | record.dead | (made ? make_main : 0));
}

/// The same, and nothing of it waits any more.
bool World::has_ended(const Record& record) const {
  bool all = record.gone;
  for (int r = 0; r < revision_count && !all; ++r) {
    if ((record.revisions >> r & 1) == 0) continue;
    all = (meant_by(r, record) & ~ended(record)) == 0;
  }
  return all && (!record.fires || (ended(record) & page_main));
}

/// Has its present owner heard the end of all that it may have to do for it?
bool World::is_closed(const Record& record) const {
  if (record.taken_under == 0) return false;
  for (int r = 0; r < revision_count; ++r) {
    if ((record.taken_under >> r & 1) == 0) continue;
    const Targets all = meant_by(r, record);
    if (all == 0 || (all & ~record.heard) != 0) return false;
  }
  return true;
}

/// A commit, as its owner sends it: base and map of one moment, all that is finished, nothing else.
void World::check_commit(Member& member, const kafka::CommitEntry& entry) {
  const Fetch* fetch = fetch_of(member, entry.partition.partition);
  if (!fetch) return wrong("a commit of a partition that is not owned");
  Log& log = logs_[fetch->log];
  if (entry.metadata.size() > settle::max_metadata) return wrong("a map that the broker refuses");
  const auto map = settle::decode(entry.metadata, entry.offset, log.name);
  if (!entry.metadata.empty() && map.empty()) return wrong("base and map are not of one moment");
  if (log.owner != member.serial) return;  // lost without knowing: refused
  while (log.done_to < log.records.size() && log.records[log.done_to].done) ++log.done_to;
  const auto claims = [&](const Record& r) { return r.offset < entry.offset || map.contains(r.offset); };
  const auto to = map.empty() ? entry.offset : map.finished.back().second;
  for (std::size_t i = log.done_to; i < log.records.size() && log.records[i].offset < to; ++i) {
    if (!log.records[i].done && claims(log.records[i])) {
      return wrong(fmt::format("{} is not finished and is being committed (base {})", place(log, log.records[i]), entry.offset));
    }
  }
  for (std::size_t i = first_from(log, entry.offset); i < fetch->next; ++i) {
    if (!options_.retry_topics && is_closed(log.records[i]) && !claims(log.records[i])) {
      return wrong(fmt::format("{} is finished and the commit does not say so (base {})", place(log, log.records[i]), entry.offset));
    }
  }
}

/// Something was applied: what is claimed now, and what is not any more.
void World::update_claims(Log& log, std::int64_t from, bool by_owner) {
  const auto map = settle::decode(log.metadata, log.committed, log.name);
  const auto to = map.empty() ? log.committed : map.finished.back().second;
  for (std::size_t i = first_from(log, from); i < log.records.size(); ++i) {
    Record& record = log.records[i];
    if (record.offset >= std::max(to, log.claimed_to)) break;
    const bool claimed = record.offset < log.committed || map.contains(record.offset);
    if (claimed && !record.done) return wrong(fmt::format("{} is committed and not finished", place(log, record)));
    if (record.claimed && !claimed) {
      if (by_owner && !log.disturbed) return wrong(fmt::format("{} was finished, and its owner takes that back", place(log, record)));
      record.put_back = true;
    }
    if (claimed) record.put_back = false;
    record.claimed = claimed;
  }
  log.claimed_to = to;
}

/// An attempt or a dead letter: of a partition that the member believes its own, for somebody it is meant for.
void World::check_errand(Member& member, const Errand& errand) {
  const Log& log = logs_[errand.log];
  const Record& record = log.records[errand.record];
  if (errand.target == page_main && !record.fires) return wrong(fmt::format("{} is told although the policy does not fire on it", place(log, record)));
  if (options_.retry_topics) return;  // what came back is of any partition
  if (!fetch_of(member, log.number)) return wrong(fmt::format("{} is sent by a member that does not own it", place(log, record)));
  Targets meant = 0;
  for (int r = 0; r < revision_count; ++r) {
    if (record.seen_under >> r & 1) meant |= meant_by(r, record);
  }
  if ((meant & errand.target) == 0) return wrong(fmt::format("{} goes where no revision sends it", place(log, record)));
}

/// An assignment ends: what the broker does not know is delivered again by the next owner. A graceful end
/// that met no deadline leaves nothing of that kind but records of which something still waits.
void World::end_assignment(Member& member, Ending ending) {
  const bool in_time = ending == Ending::graceful && time_ - member.drain_began < shortest_deadline && !options_.retry_topics;
  if (ending == Ending::torn || time_ - member.drain_began >= shortest_deadline) disturbed_ = true;
  for (const auto& fetch : member.fetches) {
    Log& log = logs_[fetch.log];
    if (log.owner != member.serial) continue;
    for (std::size_t i = first_from(log, log.committed); i < fetch.next; ++i) {
      Record& record = log.records[i];
      if (record.claimed) continue;
      if (!in_time || !is_closed(record)) {
        record.excused = static_cast<Targets>(~0);
      } else if (!record.put_back) {
        wrong(fmt::format("{} is finished, and its owner let it go without a commit", place(log, record)));
      }
    }
  }
  for (const auto& [id, errand] : member.flights) {
    if (in_time && errand->serial == member.serial && !errand->unheard) wrong("let go with an attempt in flight and time left");
  }
  member.serial = ++last_serial_;
}

/// What it holds stays within its limits, but for what one record brings.
void World::check_limits(Member& member) {
  const auto status = member.core->status(now());
  auto allowed = options_.max_deliveries + largest_fan_out - 1;
  // One that comes back may always be taken; and of one that is broken off, answer and hand-over are awaited.
  if (options_.retry_topics) allowed = 2 * (allowed + 1);
  if (options_.ordered) allowed += 60;  // what is written down of them
  if (status.deliveries + status.burials > allowed) {
    wrong(fmt::format("{} deliveries are held, {} are allowed", status.deliveries + status.burials, options_.max_deliveries));
  }
  const auto polled = 1 + largest_poll * logs_.size();
  if (status.held_bytes > options_.max_bytes + polled * largest_record) {
    wrong(fmt::format("{} bytes are held, {} are allowed", status.held_bytes, options_.max_bytes));
  }
}

void World::check_end() {
  for (const auto& log : logs_) {
    for (const auto& record : log.records) {
      if (!record.done || !has_ended(record)) return wrong(fmt::format("lost: {}", place(log, record)));
    }
    if (log.committed < rest_of(log)) {
      return wrong(fmt::format("{}[{}] came to rest at {} of {}", log.topic, log.number, log.committed, log.end));
    }
  }
  if (lost_records() - lost_before_ != lost_) {
    wrong(fmt::format("{} offsets were lost, {} are reported", lost_, lost_records() - lost_before_));
  }
}

}  // namespace hookline::test
