// World: the life of a member's process.
#include <algorithm>
#include <utility>

#include "metrics.h"
#include "tiers.h"
#include "world.h"

namespace hookline::test {

using namespace std::chrono_literals;

namespace {
constexpr core::Duration session_timeout = 9s;  // shorter than the group's patience (world_kafka.cc)
}

void World::start_member(Member& member) {
  engine::CoreOptions options;
  options.cluster_id = "simulated";
  options.dead_letter_topic = "hookline.dead-letters";
  options.max_deliveries = options_.max_deliveries;
  options.max_bytes = options_.max_bytes;
  options.seed = random_.next();
  options.revoke_drain = shortest_deadline;
  options.stop_drain = 3s;
  options.commit_heal = options_.commit_heal;
  options.session_timeout = session_timeout;
  options.storm = options_.guard;
  if (options_.siblings) options.workers = members_.size();
  for (const auto& tier : tiers_) {
    if (tier.role == engine::Role::retry) options.tiers.push_back({tier.topic, tier_delays[options.tiers.size()]});
  }
  if (options_.ordered) {
    options.ordered_topic = "hookline.ordered";
    options.correlations_topic = "hookline.correlations";
  }
  if (options_.counting) options.thresholds_topic = "hookline.thresholds";
  const auto id = member.id;
  const auto incarnation = member.incarnation + 1;
  const auto crash_after_steps = member.crash_after_steps;
  member = Member{};
  member.id = id;
  member.incarnation = incarnation;
  member.crash_after_steps = crash_after_steps;
  member.core = std::make_unique<engine::WorkerCore>(options, shared_metrics());
  member.serial = ++last_serial_;
  member.next_revision = revision_;
  member.inputs.definitions = definitions_of(revision_, extras());
  member.alive = true;
  request_step(member);
  begin_rebalance();
}

void World::crash(Member& member) {
  if (!member.alive) return;
  disturbed_ = true;
  end_assignment(member, Ending::torn);
  member.alive = false;
  member.core.reset();
  schedule(some(2000), [this, &member] { start_member(member); });
  begin_rebalance();
}

/// Schedules what a crash or a stop of the member takes away.
void World::in_this_life(Member& member, core::Duration in, Action action) {
  schedule(in, [&member, incarnation = member.incarnation, action = std::move(action)] {
    if (member.alive && member.incarnation == incarnation) action();
  });
}

/// The member falls silent, or only its heartbeats do. Mostly the group goes on without it.
void World::stall(Member& member) {
  if (!member.alive || member.stalled || member.stopping || member.thrown_out) return;
  if (random_.chance(0.3)) {
    throw_out(member);
    hear_of_loss(member);
    return begin_rebalance();
  }
  member.stalled = true;
  if (random_.chance(0.7)) schedule(some(3000), [this] { begin_rebalance(); });
  in_this_life(member, 6s + some(14'000), [this, &member] {
    member.stalled = false;
    request_step(member);
    if (member.thrown_out) return hear_of_loss(member);
    if (!member.owns_any()) begin_rebalance();
  });
}

/// The group takes the member's partitions away without asking it. From now on its commits are refused.
void World::throw_out(Member& member) {
  disturbed_ = true;
  end_assignment(member, Ending::torn);
  member.thrown_out = true;
  member.owes_answer = false;
  if (member.inputs.assigned) member.owns_nothing();
  member.inputs.assigned.reset();
  member.inputs.revocation = engine::Inputs::Revocation::none;
}

/// It hears of it only after a while, and may have made some steps until then.
void World::hear_of_loss(Member& member) {
  in_this_life(member, some(400), [this, &member] {
    end_assignment(member, Ending::torn);
    member.inputs.revocation = engine::Inputs::Revocation::lost;
    request_step(member);
    in_this_life(member, 100ms, [this, &member] {  // and joins again
      member.thrown_out = false;
      begin_rebalance();
    });
  });
}

void World::stop(Member& member) {
  if (!member.alive || member.stalled || member.stopping || member.thrown_out) return;
  member.stopping = true;
  member.inputs.stop = true;
  request_step(member);
}

/// New definitions, which every member hears of in its own time.
void World::revise() {
  revision_ = static_cast<int>(random_.below(revision_count));
  for (auto& m : members_) {
    if (!m->alive) continue;
    in_this_life(*m, some(300), [this, &member = *m, revision = revision_] {
      member.next_revision = revision;
      member.inputs.definitions = definitions_of(revision, extras());
      request_step(member);
    });
  }
}

void World::request_step(Member& member) {
  if (member.step_scheduled || !member.alive) return;
  member.step_scheduled = true;
  in_this_life(member, some(3), [this, &member] {
    member.step_scheduled = false;
    step(member);
  });
}

void World::wake_at(Member& member, core::Duration time) {
  if (member.wake && *member.wake <= time) return;
  member.wake = time;
  in_this_life(member, std::max<core::Duration>(time - time_, 0ms), [this, &member, time] {
    if (member.wake == time) member.wake.reset();
    request_step(member);
  });
}

void World::step(Member& member) {
  if (member.stalled) return;
  using Revocation = engine::Inputs::Revocation;
  const bool owned = member.owns_any() && !member.inputs.assigned;
  if (owned && member.last_step && time_ - *member.last_step > session_timeout) member.doubted_since = member.last_commit;
  member.last_step = time_;
  if ((member.inputs.revocation == Revocation::revoked || member.inputs.stop) && !std::exchange(member.draining, true)) {
    member.drain_began = time_;
  }
  note_inputs(member);
  if (member.inputs.revocation == Revocation::lost || member.inputs.assigned) {
    member.doubted_since.reset();
    member.knows_loss = !member.inputs.assigned;
  }

  views_.clear();
  headers_.clear();
  fetch(member);
  fetch_tiers(member);
  member.inputs.records = views_;
  member.core->step(now(), member.inputs, member.outputs);
  check_limits(member);
  carry_out(member);
  if (!member.alive) return;
  const bool planned = member.crash_after_steps > 0 && --member.crash_after_steps == 0;
  if (fails_here(Port::crash_after_step)) {
    member.crash_after_steps = options_.again;
    return crash(member);
  }
  if (planned) return crash(member);
  if (may_fetch(member) || may_fetch_tiers(member)) request_step(member);
  if (member.outputs.wake_at) wake_at(member, *member.outputs.wake_at - now().mono + time_);
}

/// What the core is told with this step: the world draws its own conclusions.
void World::note_inputs(Member& member) {
  const bool gave_up = member.draining && time_ - member.drain_began >= shortest_deadline;  // it may have; nothing is settled then
  const auto heard_of = [&](const Errand& errand) {
    if (gave_up || errand.target == 0) return;
    Log& log = logs_[errand.log];
    if (errand.serial == member.serial && log.owner == member.serial) log.records[errand.record].heard |= errand.target;
  };
  const auto heard = [&](const Errand& errand) {
    for (const auto& one : each(errand)) heard_of(one);
  };
  for (const auto& answer : member.inputs.answers) {
    const auto flight = member.flights.find(answer.id);
    if (answer.outcome == deliver::Outcome::answered && answer.status == 200) heard(*flight->second);
    member.flights.erase(flight);
  }
  note_correlations(member);
  for (const auto& report : member.inputs.produced) {
    const auto letter = member.letters.find(report.token);
    if (!report.error) heard(*letter->second);
    member.letters.erase(letter);
  }
  for (const auto& report : member.inputs.commits) {
    const bool failed = report.error || std::any_of(report.partitions.begin(), report.partitions.end(),
                                                    [](const auto& p) { return p.second.has_value(); });
    if (!failed && member.doubted_since && report.token > *member.doubted_since) member.doubted_since.reset();
  }
  if (member.inputs.definitions) note_adoption(member);
}

/// A record is matched when it is taken: what was polled and still waits for room goes by the new revision.
/// Below the end of a restored map it cannot be told whether it waits.
void World::note_adoption(Member& member) {
  member.revision = member.next_revision;
  const auto status = member.core->status(now());
  for (const auto& partition : status.partitions) {
    if (tier_of(partition.topic, partition.partition)) continue;
    const Fetch* fetch = fetch_of(member, partition.partition);
    if (!fetch) continue;
    Log& log = logs_[fetch->log];
    for (std::size_t i = first_from(log, partition.committed); i < fetch->next; ++i) {
      Record& record = log.records[i];
      if (record.offset < fetch->restored_to || record.offset >= partition.position) take(member, log, record);
    }
  }
}

/// A crash may come between any two operations: those before it take effect.
bool World::still_works(Member& member) {
  if (fails_here(Port::crash_in_step)) {
    member.crash_after_steps = options_.again;
    crash(member);
  } else if (member.crash_in && (*member.crash_in)-- == 0) {
    crash(member);
  }
  return member.alive;
}

void World::carry_out(Member& member) {
  auto& out = member.outputs;
  for (auto& request : out.attempts) {
    if (!still_works(member)) return;
    attempt(member, std::move(request));
  }
  for (const auto id : out.aborts) abort(member, id);
  if (options_.siblings && !out.news.empty()) tell(member, out.news);
  for (auto& produce : out.produces) {
    if (!still_works(member)) return;
    this->produce(member, std::move(produce));
  }
  for (auto& request : out.commits) {
    member.last_commit = request.token;
    if (member.knows_loss) return wrong("a commit of partitions that it knows to be lost");
    for (const auto& entry : request.entries) {
      if (!tier_of(entry.partition.topic, entry.partition.partition)) check_commit(member, entry);
    }
    if (!still_works(member)) return;
    commit(member, std::move(request));
  }
  const auto toggle = [&](const kafka::TopicPartition& name, bool paused) {
    if (const Tier* tier = tier_of(name.topic, name.partition)) return toggle_tier(member, *tier, paused);
    Fetch* fetch = fetch_of(member, name.partition);
    // The core of a member that was told of its loss, or that drains, may speak of what it lets go.
    if (!fetch) return wrong("paused or resumed what it does not own");
    if (fetch->paused == paused) wrong(paused ? "paused what was paused" : "resumed what was not paused");
    fetch->paused = paused;
    fetch->told.reset();
  };
  for (const auto& name : out.pause) toggle(name, true);
  for (const auto& name : out.resume) toggle(name, false);
  for (const auto& from : out.resume_from) resume_tier(member, from);
  if (out.answer_revocation || out.stopped) let_go(member);
}

/// A post to the others; it may come late, and after a crash of its sender.
void World::tell(const Member& member, const std::vector<engine::News>& news) {
  for (auto& m : members_) {
    if (m->id == member.id || !m->alive) continue;
    in_this_life(*m, some(5), [this, &other = *m, news] {
      other.inputs.news.insert(other.inputs.news.end(), news.begin(), news.end());
      request_step(other);
    });
  }
}

void World::let_go(Member& member) {
  end_assignment(member, Ending::graceful);
  member.owns_nothing();
  member.owes_answer = member.draining = false;
  if (member.outputs.stopped) {
    member.alive = false;
    member.core.reset();
    schedule(some(500), [this, &member] { start_member(member); });
    return begin_rebalance();
  }
  finish_rebalance_if_answered(false);
}

}  // namespace hookline::test
