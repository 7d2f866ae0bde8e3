#include "world.h"

#include <fmt/format.h>

#include "hookline/config/load.h"
#include "hookline/json/tree.h"

namespace hookline::test {
namespace {

using namespace std::chrono_literals;

constexpr auto webhooks_yaml = R"(
name: all
events: [incident]
endpoints: [{url: "https://all.example.com/hook"}]
retry: {schedule: [100ms, 1s, 3s], on: any_failure}
payload: '{"place": "$place"}'
---
name: pay
events: [incident_triggered]
filter: service == "pay"
concurrency: 2
endpoints:
  - {name: a, url: "https://a.example.com/hook"}
  - {name: b, url: "https://b.example.com/hook"}
retry: {schedule: [50ms, 50ms], on: transient}
payload: '{"place": "$place"}'
)";

std::shared_ptr<const engine::Definitions> definitions() {
  config::Configuration configuration;
  configuration.webhooks = config::parse_webhooks(webhooks_yaml, "simulation.yaml", {}, configuration.problems);
  auto made = engine::Definitions::compile(configuration, configuration.problems);
  if (config::has_errors(configuration.problems)) {
    for (const auto& p : configuration.problems) fmt::print(stderr, "{}\n", config::format(p));
    std::abort();
  }
  return made;
}

/// Where a delivery comes from and goes to, told by the receiver and by the dead letter alike.
std::string place_of(const std::string& topic, std::int32_t partition, std::int64_t offset, const std::string& target) {
  return fmt::format("{}[{}]@{} {}", topic, partition, offset, target);
}

}  // namespace

World::World(WorldOptions options) : options_(options), random_(options.seed), definitions_(definitions()) {
  fill_logs();
  for (int i = 0; i < options_.members; ++i) {
    members_.push_back(std::make_unique<Member>());
    members_.back()->id = i;
  }
}

World::~World() = default;

core::Now World::now() const {
  return {core::MonoTime(time_ + 1h), core::WallTime(std::chrono::milliseconds(1'772'445'846'000)) +
                                          std::chrono::duration_cast<std::chrono::milliseconds>(time_)};
}

void World::schedule(core::Duration in, Action action) {
  agenda_.push({time_ + in, order_++, std::make_shared<Action>(std::move(action))});
}

void World::wrong(std::string what) {
  if (failure_.empty()) failure_ = fmt::format("seed {} at {} ms: {}", options_.seed, time_ / 1ms, what);
}

std::size_t World::log_index(const std::string& topic, std::int32_t partition) const {
  for (std::size_t i = 0; i < logs_.size(); ++i) {
    if (logs_[i].topic == topic && logs_[i].number == partition) return i;
  }
  std::abort();
}

void World::fill_logs() {
  for (int p = 0; p < options_.partitions; ++p) logs_.push_back({.topic = "ops.incidents", .number = p});
  for (int i = 0; i < options_.events; ++i) {
    Log& log = logs_[random_.below(logs_.size())];
    while (random_.chance(options_.gap)) log.end += static_cast<std::int64_t>(random_.below(20)) + 1;
    Record record{.offset = log.end++, .timestamp = now().wall, .key = fmt::format("k{}", i % 7)};
    const auto place = fmt::format("{}[{}]@{}", log.topic, log.number, record.offset);
    if (random_.chance(options_.poison)) {
      record.poison = true;
      record.value = random_.chance(0.5) ? "{\"event_type\": \"incident_tr" : "no json at all";
      record.expected.insert("");
    } else {
      const bool triggered = random_.chance(0.5);
      const bool pay = random_.chance(0.5);
      record.value = fmt::format(R"({{"event_type":"{}","service":"{}","place":"{}"}})",
                                 triggered ? "incident_triggered" : "incident_resolved", pay ? "pay" : "ship", place);
      record.expected.insert("all/0");
      if (triggered && pay) record.expected.insert({"pay/a", "pay/b"});
    }
    log.records.push_back(std::move(record));
  }
}

void World::start_member(Member& member) {
  engine::CoreOptions options;
  options.cluster_id = "simulated";
  options.dead_letter_topic = "hookline.dead-letters";
  options.max_deliveries = options_.max_deliveries;
  options.max_bytes = options_.max_bytes;
  options.seed = random_.next();
  options.revoke_drain = 2s;
  options.stop_drain = 3s;
  member.core = std::make_unique<engine::WorkerCore>(options, metrics_);
  member.inputs = {};
  member.inputs.definitions = definitions_;
  member.position.clear();
  member.paused.clear();
  member.alive = true;
  member.stalled = member.stopping = member.owes_answer = member.step_scheduled = false;
  ++member.incarnation;
  request_step(member);
  begin_rebalance();
}

void World::crash(Member& member) {
  if (!member.alive) return;
  member.alive = false;
  member.core.reset();
  schedule(some(2000), [this, &member] { start_member(member); });
  begin_rebalance();
}

/// The member falls silent; when it comes to itself, the group has long gone on without it.
void World::stall(Member& member) {
  member.stalled = true;
  const auto incarnation = member.incarnation;
  schedule(10s + some(5000), [this, &member, incarnation] {
    if (!member.alive || member.incarnation != incarnation) return;
    member.stalled = member.owes_answer = false;
    member.inputs.revocation = engine::Inputs::Revocation::lost;
    member.inputs.assigned.reset();
    member.position.clear();
    member.paused.clear();
    request_step(member);
    schedule(100ms, [this] { begin_rebalance(); });
  });
}

void World::request_step(Member& member) {
  if (member.step_scheduled || !member.alive) return;
  member.step_scheduled = true;
  const auto incarnation = member.incarnation;
  schedule(some(3), [this, &member, incarnation] {
    if (!member.alive || member.incarnation != incarnation) return;
    member.step_scheduled = false;
    step(member);
  });
}

void World::step(Member& member) {
  if (member.stalled) return;
  std::vector<event::RecordView> views;
  for (auto& [index, position] : member.position) {
    const Log& log = logs_[index];
    if (member.paused.contains(index) || random_.chance(0.3)) continue;
    auto room = random_.below(20);
    for (const auto& record : log.records) {
      if (record.offset < position) continue;
      if (room-- == 0) break;
      views.push_back({.topic = log.topic, .partition = log.number, .offset = record.offset, .timestamp = record.timestamp,
                       .key = record.key, .value = record.value, .headers = {}, .padded = false});
      position = record.offset + 1;
    }
  }
  member.inputs.records = views;
  const bool more = !views.empty();
  member.core->step(now(), member.inputs, member.outputs);
  carry_out(member);
  if (!member.alive) return;
  if (more || !member.position.empty()) request_step(member);
  if (member.outputs.wake_at) {
    const auto incarnation = member.incarnation;
    const auto in = std::max<core::Duration>(*member.outputs.wake_at - now().mono, 0ms);
    schedule(in, [this, &member, incarnation] {
      if (member.alive && member.incarnation == incarnation) request_step(member);
    });
  }
}

void World::carry_out(Member& member) {
  auto& out = member.outputs;
  for (auto& request : out.attempts) answer(member, std::move(request));
  for (auto& produce : out.produces) this->produce(member, std::move(produce));
  for (auto& request : out.commits) commit(member, std::move(request));
  for (const auto& tp : out.pause) {
    if (!member.paused.insert(log_index(tp.topic, tp.partition)).second) wrong("paused what was paused");
  }
  for (const auto& tp : out.resume) {
    if (member.paused.erase(log_index(tp.topic, tp.partition)) == 0) wrong("resumed what was not paused");
  }
  if (out.answer_revocation || out.stopped) {
    member.position.clear();
    member.paused.clear();
    member.owes_answer = false;
    finish_rebalance_if_answered(false);
  }
  if (out.stopped) {
    member.alive = false;
    member.core.reset();
    schedule(some(500), [this, &member] { start_member(member); });
    begin_rebalance();
  }
}

/// The receiver's side of one attempt: it may get the request and then fail to say so.
void World::answer(Member& member, deliver::Request request) {
  const auto incarnation = member.incarnation;
  deliver::Answer answer{.id = request.id};
  const bool fails = faults_ && random_.chance(options_.http_failure);
  const auto kind = random_.below(4);
  const bool arrives = !fails || kind == 0;  // a 2xx that is lost on its way back
  if (!fails) {
    answer.outcome = deliver::Outcome::answered;
    answer.status = 200;
  } else if (kind == 1) {
    answer.outcome = deliver::Outcome::answered;
    answer.status = random_.chance(0.5) ? 503 : 404;
    if (random_.chance(0.3)) answer.retry_after = "1";
  } else {
    answer.outcome = kind == 0 ? deliver::Outcome::reset : deliver::Outcome::request_timeout;
  }
  const auto shared = std::make_shared<deliver::Request>(std::move(request));
  schedule(some(200), [this, &member, incarnation, answer, shared, arrives]() mutable {
    if (arrives) receive(*shared);
    schedule(some(20), [this, &member, incarnation, answer] {
      if (!member.alive || member.incarnation != incarnation) return;
      member.inputs.answers.push_back(answer);
      request_step(member);
    });
  });
}

void World::receive(const deliver::Request& request) {
  const auto body = json::parse_tree(request.body);
  if (!body) return wrong("a body is not JSON: " + request.body);
  const std::string target = request.url.find("//all.") != std::string::npos ? "all/0"
                             : request.url.find("//a.") != std::string::npos ? "pay/a"
                                                                             : "pay/b";
  const auto place = (*body)["place"].get<std::string>() + " " + target;
  std::string id;
  for (const auto& header : request.headers) {
    if (header.name == "webhook-id") id = header.value;
  }
  const auto [known, fresh] = ids_.try_emplace(place, id);
  if (!fresh && known->second != id) wrong(fmt::format("{} has two ids, {} and {}", place, known->second, id));
  if (delivered_[place]++ > 0) ++duplicates_;
}

void World::produce(Member& member, engine::Produce produce) {
  const auto incarnation = member.incarnation;
  const bool fails = faults_ && random_.chance(options_.produce_failure);
  const auto record = std::make_shared<kafka::OwnedRecord>(std::move(produce.record));
  schedule(some(50), [this, &member, incarnation, record, fails, token = produce.token] {
    kafka::ProduceReport report{.token = token};
    if (fails) {
      report.error = core::Error{core::ErrorCode::unavailable, "simulated"};
    } else {
      const auto letter = settle::parse_dead_letter(record->headers);
      if (!letter) return wrong("a dead letter without its headers");
      const auto target = letter->webhook.empty() ? "" : letter->webhook + "/" + letter->endpoint;
      dead_.insert(place_of(letter->origin_topic, letter->origin_partition, letter->origin_offset, target));
    }
    schedule(some(20), [this, &member, incarnation, report] {
      if (!member.alive || member.incarnation != incarnation) return;
      member.inputs.produced.push_back(report);
      request_step(member);
    });
  });
}

/// Commits are applied late, and the broker takes them from former owners too.
void World::commit(Member& member, engine::CommitRequest request) {
  const auto incarnation = member.incarnation;
  const bool fails = faults_ && random_.chance(options_.commit_failure);
  const bool late = faults_ && random_.chance(options_.late_commit);
  const auto shared = std::make_shared<engine::CommitRequest>(std::move(request));
  schedule(late ? some(8000) : some(30), [this, &member, incarnation, shared, fails] {
    kafka::CommitReport report{.token = shared->token, .error = {}, .partitions = {}};
    if (fails) report.error = core::Error{core::ErrorCode::unavailable, "simulated"};
    for (const auto& entry : shared->entries) {
      if (!fails) {  // what is finished stays finished, so a claim is checked when it is made
        Log& log = logs_[log_index(entry.partition.topic, entry.partition.partition)];
        log.committed = entry.offset;
        log.metadata = entry.metadata;
        if (entry.metadata.size() > settle::max_metadata) wrong("a map that the broker refuses");
      }
      report.partitions.emplace_back(entry.partition, std::nullopt);
    }
    check_commits();
    schedule(some(20), [this, &member, incarnation, report] {
      if (!member.alive || member.incarnation != incarnation) return;
      member.inputs.commits.push_back(report);
      request_step(member);
    });
  });
}

void World::begin_rebalance() {
  const auto generation = ++generation_;
  rebalancing_ = true;
  for (auto& member : members_) {
    if (!member->alive) continue;
    if (!member->position.empty() || member->owes_answer) {
      if (!member->owes_answer) member->inputs.revocation = engine::Inputs::Revocation::revoked;
      member->owes_answer = true;
    }
    request_step(*member);
  }
  schedule(10s, [this, generation] {
    if (generation == generation_) finish_rebalance_if_answered(true);
  });
  finish_rebalance_if_answered(false);
}

void World::finish_rebalance_if_answered(bool force) {
  if (!rebalancing_) return;
  for (auto& member : members_) {
    if (!member->alive || !member->owes_answer) continue;
    if (!force) return;
    // The group goes on without this member, which hears of it when it comes to itself.
    member->owes_answer = false;
    member->position.clear();
    member->paused.clear();
    stall(*member);
  }
  rebalancing_ = false;
  schedule(some(50), [this, generation = generation_] {
    if (generation == generation_) assign();
  });
}

void World::assign() {
  std::vector<Member*> present;
  for (auto& member : members_) {
    if (member->alive && !member->stalled && !member->stopping) present.push_back(member.get());
  }
  if (present.empty()) return;
  std::vector<std::vector<engine::AssignedPartition>> shares(present.size());
  for (std::size_t i = 0; i < logs_.size(); ++i) {
    const std::size_t to = (i + generation_) % present.size();
    const Log& log = logs_[i];
    shares[to].push_back({{log.topic, log.number}, event::Kind::incident, log.committed, log.metadata});
    present[to]->position[i] = log.committed;
  }
  for (std::size_t i = 0; i < present.size(); ++i) {
    present[i]->inputs.assigned = std::move(shares[i]);
    request_step(*present[i]);
  }
}

bool World::is_done(const Log& log, const Record& record) const {
  for (const auto& target : record.expected) {
    const auto place = place_of(log.topic, log.number, record.offset, target);
    if (!delivered_.contains(place) && !dead_.contains(place)) return false;
  }
  return true;
}

/// Nothing that is committed, by offset or by map, may be unfinished.
void World::check_commits() {
  for (const auto& log : logs_) {
    const auto map = settle::decode(log.metadata, log.committed, fmt::format("simulated/{}/{}", log.topic, log.number));
    for (const auto& record : log.records) {
      const bool claimed = record.offset < log.committed || map.contains(record.offset);
      if (claimed && !is_done(log, record)) {
        return wrong(fmt::format("{}[{}]@{} is committed ({} at {}) and not finished", log.topic, log.number,
                                 record.offset, record.offset < log.committed ? "offset" : "map", log.committed));
      }
    }
  }
}

bool World::everything_done() const {
  for (const auto& log : logs_) {
    if (!log.records.empty() && log.committed <= log.records.back().offset) return false;
    for (const auto& record : log.records) {
      if (!is_done(log, record)) return false;
    }
  }
  return true;
}

std::string World::run() {
  for (auto& member : members_) start_member(*member);
  const auto at_random = [&](int count, const std::function<void(Member&)>& what) {
    for (int i = 0; i < count; ++i) {
      schedule(some(6000), [this, what] { what(*members_[random_.below(members_.size())]); });
    }
  };
  at_random(options_.crashes, [this](Member& m) { crash(m); });
  at_random(options_.rebalances, [this](Member&) { begin_rebalance(); });
  at_random(options_.stalls, [this](Member& m) {
    if (!m.alive || m.stopping) return;
    stall(m);
    begin_rebalance();
  });
  at_random(options_.stops, [this](Member& m) {
    if (!m.alive || m.stalled) return;
    m.stopping = true;
    m.inputs.stop = true;
    request_step(m);
  });
  schedule(30s, [this] { faults_ = false; });
  constexpr auto give_up = 30min;
  while (failure_.empty() && !agenda_.empty() && time_ < give_up) {
    const Due due = agenda_.top();
    agenda_.pop();
    time_ = due.at;
    (*due.action)();
    if (!faults_ && everything_done()) return failure_;
  }
  if (failure_.empty()) check_end();
  return failure_;
}

void World::check_end() {
  for (const auto& log : logs_) {
    for (const auto& record : log.records) {
      if (!is_done(log, record)) return wrong(fmt::format("lost: {}[{}]@{}", log.topic, log.number, record.offset));
    }
    if (!log.records.empty() && log.committed <= log.records.back().offset) {
      return wrong(fmt::format("{}[{}] came to rest at {} of {}", log.topic, log.number, log.committed, log.end));
    }
  }
}

}  // namespace hookline::test
