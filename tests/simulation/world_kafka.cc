// World: the log, the group and the committed offsets, as Apache Kafka keeps them.
#include <algorithm>

#include <fmt/format.h>

#include "hookline/settle/waiting.h"
#include "world.h"

namespace hookline::test {

using namespace std::chrono_literals;

namespace {
constexpr core::Duration rebalance_timeout = 10s;
core::Error refusal(const char* why) { return core::Error{core::ErrorCode::unavailable, why}; }
}  // namespace

/// The index of the first record at or above an offset.
std::size_t World::first_from(const Log& log, std::int64_t offset) {
  const auto place = std::lower_bound(log.records.begin(), log.records.end(), offset,
                                      [](const Record& r, std::int64_t at) { return r.offset < at; });
  return static_cast<std::size_t>(place - log.records.begin());
}

World::Fetch* World::fetch_of(Member& member, std::int32_t partition) {
  for (auto& fetch : member.fetches) {
    if (fetch.log == static_cast<std::size_t>(partition)) return &fetch;
  }
  return nullptr;
}

bool World::may_fetch(const Member& member) const {
  return member.alive && !member.stalled && time_ >= member.fetch_from &&
         std::any_of(member.fetches.begin(), member.fetches.end(), [this](const Fetch& f) {
           return !f.paused && (f.next < logs_[f.log].visible || f.told != logs_[f.log].visible || f.offset < logs_[f.log].start);
         });
}

/// One poll: of each partition a few records or many, of some none.
void World::fetch(Member& member) {
  if (!may_fetch(member)) return;
  for (auto& fetch : member.fetches) {
    const Log& log = logs_[fetch.log];
    if (fetch.paused) continue;
    if (fetch.offset < log.start) {
      reposition(member, fetch);
      continue;
    }
    if (random_.chance(0.2)) continue;
    const std::size_t to = std::min(log.visible, fetch.next + 1 + (member.sips ? 0 : random_.below(20)));
    for (; fetch.next < to; ++fetch.next) {
      Record& record = logs_[fetch.log].records[fetch.next];
      const auto value = record.nature.tombstone ? std::nullopt : std::optional<std::string_view>(record.value);
      views_.push_back({.topic = log.topic, .partition = log.number, .offset = record.offset, .timestamp = record.timestamp,
                        .key = record.key, .value = value, .headers = {}, .padded = false});
      fetch.offset = record.offset + 1;
      take(member, log, record);
    }
    if (fetch.next < log.visible || fetch.told == log.visible) continue;
    fetch.told = log.visible;
    fetch.offset = log.visible < log.records.size() ? log.records[log.visible].offset : log.end;
    member.inputs.ends.push_back({{log.topic, log.number}, fetch.offset});
  }
  if (member.sips && !views_.empty()) fetch_later(member, some(300));
}

void World::fetch_later(Member& member, core::Duration in) {
  member.fetch_from = time_ + in;
  in_this_life(member, in, [this, &member] { request_step(member); });
}

void World::take(const Member& member, const Log& log, Record& record) {
  const auto bit = static_cast<std::uint8_t>(1 << member.revision);
  record.seen_under |= bit;
  if (log.owner != member.serial) return;  // the next owner goes by its own revision
  record.revisions |= bit;
  record.taken_under |= bit;
  note_done(record);
}

/// Retention was faster: what lies between is lost, and nothing else.
void World::reposition(Member& member, Fetch& fetch) {
  const bool leaving = member.stopping || member.inputs.revocation != engine::Inputs::Revocation::none;
  if (leaving) return;  // its successor finds out
  Log& log = logs_[fetch.log];
  const std::int64_t lost = log.start - fetch.offset;
  member.inputs.repositioned.push_back({{log.topic, log.number}, log.start, lost});
  lost_ += static_cast<std::uint64_t>(lost);
  const std::size_t next = first_from(log, log.start);
  for (std::size_t i = fetch.next; i < next && log.owner == member.serial; ++i) {
    log.records[i].gone = true;
    note_done(log.records[i]);
  }
  fetch.next = next;
  fetch.offset = log.start;
}

/// The beginning of a log moves up, perhaps past what is committed or read.
void World::retain(Log& log) {
  if (log.visible == 0) return;
  log.start = std::max(log.start, log.records[random_.below(log.visible)].offset);
  for (auto& member : members_) {
    if (may_fetch(*member)) request_step(*member);
  }
}

void World::produce(Member& member, engine::Produce produce) {
  if (produce.record.topic == "hookline.correlations") return produce_correlation(member, std::move(produce));
  if (produce.record.topic == "hookline.thresholds") return produce_counted(member, std::move(produce));
  const bool waits = tier_of(produce.record.topic) != nullptr;
  const auto letter = settle::parse_dead_letter(produce.record.headers);
  const auto waiting = settle::parse_waiting(produce.record.headers);
  if (waits ? !waiting : !letter) return wrong("a dead letter, or a waiting delivery, without its headers");
  Errand errand{.log = static_cast<std::size_t>(waits ? waiting->origin_partition : letter->origin_partition),
                .target = waits ? target_of_letter(waiting->webhook, waiting->endpoint)
                                : target_of_letter(letter->webhook, letter->endpoint),
                .serial = member.serial};
  errand.record = first_from(logs_[errand.log], waits ? waiting->origin_offset : letter->origin_offset);
  errand.target = as_meant(errand.target, logs_[errand.log].records[errand.record]);
  if (letter && letter->reason == settle::Reason::correlation) {  // decided then, whenever it is written
    const auto known = member.items.find(logs_[errand.log].records[errand.record].story);
    const bool before = known != member.items.end() && core::to_unix_ms(known->second.since) < letter->failed_at_ms;
    if (before) wrong("an update is given up although its owner knows the id");
  }
  const auto shared = std::make_shared<Errand>(errand);
  const auto record_sent = std::make_shared<kafka::OwnedRecord>(produce.record);
  check_errand(member, errand);
  member.letters[produce.token] = shared;

  send_to_broker(member, produce, !waits && !letter->pointer, [this, shared, waits, record_sent] {
    if (waits) return append(*record_sent), std::int64_t{0};
    Record& record = logs_[shared->log].records[shared->record];
    check_order(*shared);
    record.dead |= shared->target;
    note_done(record);
    return std::int64_t{0};
  });
}

/// The broker takes it, `write` says where, or does not, and what it reports may be wrong.
void World::send_to_broker(Member& member, const engine::Produce& produce, bool may_be_too_large, std::function<std::int64_t()> write) {
  const bool refused = fails_here(Port::produce_refused);
  const bool unheard = fails_here(Port::produce_unheard);
  const bool fails = refused || unheard || happens(options_.produce_failure);
  const bool written = !fails || unheard || (!refused && random_.chance(0.3));
  const bool too_large = fails && !written && may_be_too_large && random_.chance(0.3);
  kafka::ProduceReport report{.token = produce.token, .error = {}, .partition = produce.record.partition};
  schedule(some(50), [this, &member, incarnation = member.incarnation, fails, written, too_large, report, write = std::move(write)]() mutable {
    if (written && fails) disturbed_ = true;
    if (written) report.offset = write();
    if (!member.alive || member.incarnation != incarnation) return;
    in_this_life(member, some(20), [this, &member, fails, too_large, report]() mutable {
      if (fails) report.error = too_large ? core::Error{core::ErrorCode::too_large, "simulated"} : refusal("simulated");
      member.inputs.produced.push_back(report);
      request_step(member);
    });
  });
}

/// What the network and the broker make of a commit.
World::Fate World::fate_of_commit(const Member& member) {
  Fate fate{.applied_in = some(30), .reported_in = {}};
  const bool refused = fails_here(Port::commit_refused);
  const bool unheard = fails_here(Port::commit_unheard);
  fate.partial = fails_here(Port::commit_partial);
  const bool late = fails_here(Port::commit_late) || happens(options_.late_commit);
  if (member.thrown_out || refused) {
    fate.applied = fate.reported = false;
  } else if (unheard) {
    fate.reported = false;
  } else if (late) {
    fate.applied_in = 300ms + some(8000);
  } else if (happens(options_.commit_failure)) {
    const auto kind = random_.below(4);
    fate.reported = kind == 2;
    fate.applied = kind != 0;
    fate.partial = kind == 2;
    if (kind == 3) fate.applied_in = some(5000);  // the client has given up on it, the network has not
  }
  fate.reported_in = fate.reported ? fate.applied_in + some(20) : some(50);
  return fate;
}

/// Commits are applied late, and the broker takes them from former owners, too.
void World::commit(Member& member, engine::CommitRequest request) {
  const Fate fate = fate_of_commit(member);
  auto report = std::make_shared<kafka::CommitReport>(
      kafka::CommitReport{.token = request.token, .error = {}, .partitions = {}});
  if (!fate.reported) report->error = refusal("simulated");
  for (const auto& entry : request.entries) {
    std::optional<core::Error> error;
    if (fate.partial && (report->partitions.empty() || random_.chance(0.5))) error = refusal("simulated");
    report->partitions.emplace_back(entry.partition, error);
  }
  if (fate.applied) {
    const auto shared = std::make_shared<engine::CommitRequest>(std::move(request));
    const bool in_order = fate.applied_in <= fate.reported_in;
    schedule(fate.applied_in, [this, serial = member.serial, shared, report, in_order] {
      for (std::size_t i = 0; i < shared->entries.size(); ++i) {
        if (report->partitions[i].second) continue;
        if (!apply(shared->entries[i], serial, in_order)) report->partitions[i].second = refusal("of an old generation");
      }
    });
  }
  in_this_life(member, fate.reported_in + 1ms, [this, &member, report] {
    member.inputs.commits.push_back(*report);
    request_step(member);
  });
}

/// False: refused, because somebody else owns the partition. Often it is taken all the same.
bool World::apply(const kafka::CommitEntry& entry, Serial serial, bool in_order) {
  if (Tier* tier = tier_of(entry.partition.topic, entry.partition.partition)) {
    if (tier->owner != serial && random_.chance(0.3)) return false;
    if (tier->owner != serial || !in_order) disturbed_ = true;
    apply_to_tier(*tier, entry);
    return true;
  }
  Log& log = logs_[static_cast<std::size_t>(entry.partition.partition)];
  const bool by_owner = log.owner == serial && in_order;
  if (log.owner != serial && random_.chance(0.3)) return false;
  if (!by_owner) log.disturbed = disturbed_ = true;
  const auto before = log.committed;
  log.committed = entry.offset;
  log.metadata = entry.metadata;
  update_claims(log, std::min(before, entry.offset), by_owner);
  return true;
}

/// Every member gives back what it has, or is thrown out.
void World::begin_rebalance() {
  const auto generation = ++generation_;
  rebalancing_ = true;
  for (auto& member : members_) {
    if (!member->alive || member->thrown_out) continue;
    if (member->inputs.assigned) {  // it had not begun
      end_assignment(*member, Ending::torn);
      member->inputs.assigned.reset();
      member->owns_nothing();
    }
    if (member->owns_any() && !member->owes_answer) {
      member->inputs.revocation = engine::Inputs::Revocation::revoked;
      member->owes_answer = true;
    }
    request_step(*member);
  }
  schedule(rebalance_timeout, [this, generation] {
    if (generation == generation_) finish_rebalance_if_answered(true);
  });
  finish_rebalance_if_answered(false);
}

void World::finish_rebalance_if_answered(bool force) {
  if (!rebalancing_) return;
  for (auto& member : members_) {
    if (!member->alive || !member->owes_answer) continue;
    if (!force) return;
    throw_out(*member);
    if (!member->stalled) hear_of_loss(*member);
  }
  rebalancing_ = false;
  schedule(some(50), [this, generation = generation_] {
    if (generation == generation_) assign();
  });
}

void World::assign() {
  std::vector<Member*> present;
  for (auto& m : members_) {
    if (m->alive && !m->stalled && !m->stopping && !m->thrown_out) present.push_back(m.get());
  }
  if (present.empty()) return;
  for (Member* member : present) {
    member->serial = ++last_serial_;
    member->owns_nothing();
    member->inputs.assigned.emplace();
    member->inputs.correlations.clear();
    member->inputs.correlations_complete.clear();
    fetch_later(*member, happens(options_.slow_fetch) ? some(4000) : 0ms);
    member->sips = happens(options_.slow_fetch);
  }
  hand_over_tiers(present);
  for (std::size_t i = 0; i < logs_.size(); ++i) hand_over(i, *present[(i + generation_) % present.size()]);
  for (Member* member : present) {
    request_step(*member);
    begin_feeds(*member);
    // Before it has read again what its predecessor left open.
    if (options_.crashes > 0 && happens(0.05)) in_this_life(*member, some(1500), [this, member] { crash(*member); });
  }
}

/// A new owner reads where it begins.
void World::hand_over(std::size_t index, Member& to) {
  Log& log = logs_[index];
  log.owner = to.serial;
  log.disturbed = false;
  to.inputs.assigned->push_back({{log.topic, log.number}, event::Kind::incident, engine::Role::source, std::nullopt, log.committed, log.metadata});
  const std::size_t next = first_from(log, log.committed);
  for (std::size_t i = next; i < log.records.size(); ++i) {
    Record& record = log.records[i];
    record.heard = 0;
    record.taken_under = 0;
    if (record.put_back && !record.claimed) record.excused = static_cast<Targets>(~0);
  }
  const auto map = settle::decode(log.metadata, log.committed, log.name);
  // Before what the map leaves open was read again.
  if (options_.retentions > 0 && !map.empty() && happens(0.3)) schedule(some(500), [this, &log] { retain(log); });
  const auto restored_to = map.empty() ? log.committed : map.finished.back().second;
  to.fetches.push_back({.log = index, .next = next, .offset = log.committed, .restored_to = restored_to});
}

}  // namespace hookline::test
