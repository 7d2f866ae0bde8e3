// World: the receivers, and what becomes of answers on their way back.
#include <bit>
#include <charconv>
#include <functional>
#include <tuple>

#include <fmt/format.h>

#include "world.h"

namespace hookline::test {

using namespace std::chrono_literals;

/// The records that a request speaks of: its body is {"place": "LOG@INDEX"}, or several of these. nullptr: none.
std::shared_ptr<World::Errand> World::identify(const Member& member, const deliver::Request& request) {
  Errand errand{.target = target_of_url(request.url), .serial = member.serial};
  std::string_view body = request.body;
  std::vector<std::pair<std::size_t, std::size_t>> places;
  for (auto at = body.find('@'); at != std::string_view::npos; at = body.find('@')) {
    const auto digits = body.find_first_of("0123456789");
    auto& [log, record] = places.emplace_back();
    const auto first = std::from_chars(body.data() + digits, body.data() + at, log);
    const auto second = std::from_chars(body.data() + at + 1, body.data() + body.size(), record);
    if (first.ec != std::errc() || second.ec != std::errc()) return nullptr;
    if (log >= logs_.size() || record >= logs_[log].records.size()) return nullptr;
    body.remove_prefix(static_cast<std::size_t>(second.ptr - body.data()));
  }
  if (errand.target == 0 || places.empty()) return nullptr;
  std::tie(errand.log, errand.record) = places.front();
  errand.others.assign(places.begin() + 1, places.end());
  errand.target = as_meant(errand.target, logs_[errand.log].records[errand.record]);
  return std::make_shared<Errand>(errand);
}

/// One for each record that it speaks of.
std::vector<World::Errand> World::each(const Errand& errand) {
  std::vector<Errand> all{errand};
  all.front().others.clear();
  for (const auto& [log, record] : errand.others) {
    all.push_back(all.front());
    all.back().log = log;
    all.back().record = record;
  }
  return all;
}

/// One attempt: it may arrive although nobody hears of it.
void World::attempt(Member& member, deliver::Request request) {
  const auto errand = identify(member, request);
  if (!errand) return wrong(fmt::format("a request that is of no record: {} {}", request.url, request.body));
  for (const auto& one : each(*errand)) check_errand(member, one);
  if (member.doubted_since) wrong("an attempt after a long silence, before the group confirmed the assignment");
  check_ordered_attempt(member, *errand, request);
  const bool anew = errand->target == mend_main && target_of_url(request.url) == make_main;  // under another id
  for (const auto& header : request.headers) {
    if (header.name != "webhook-id" || anew || !errand->others.empty()) continue;  // that of several is of its own
    std::size_t& known = logs_[errand->log].records[errand->record].ids[static_cast<std::size_t>(std::countr_zero(errand->target))];
    const auto id = std::hash<std::string>()(header.value);
    if (known != 0 && known != id) wrong(fmt::format("a delivery has two ids, now {}", header.value));
    known = id;
  }
  member.flights[request.id] = errand;

  deliver::Answer answer{.id = request.id, .outcome = deliver::Outcome::answered, .status = 200};
  answer.body = answer_to(*errand, request);
  bool arrives = true;
  core::Duration there = happens(options_.http_failure / 10) ? some(4000) : some(200);
  const bool refused = fails_here(Port::attempt_refused);
  const bool unheard = fails_here(Port::attempt_unheard);
  const bool cut = faults_ && time_ < options_.cut;
  const bool sick = cut || (faults_ && (options_.sick & errand->target) != 0);
  if (refused || unheard || sick || happens(options_.http_failure)) {
    const auto kind = unheard ? 0 : refused ? 1 : sick ? 3 : random_.below(4);
    arrives = kind == 0;
    if (kind == 1) {
      answer.status = refused || random_.chance(0.5) ? 503 : 404;
      if (random_.chance(0.3)) answer.retry_after = options_.left_alone && random_.chance(0.2) ? "3600" : "1";
    } else {
      errand->unheard = true;
      answer.status = 0;
      answer.outcome = kind == 2 ? deliver::Outcome::request_timeout : deliver::Outcome::reset;
      if (kind == 2) there += some(5000);
    }
  }
  const auto incarnation = member.incarnation;
  schedule(there, [this, &member, incarnation, answer, errand, arrives] {
    if (arrives) {
      for (const auto& one : each(*errand)) receive(member, one);
    }
    if (member.alive && member.incarnation == incarnation) this->answer(member, errand, answer);
  });
}

void World::answer(Member& member, const std::shared_ptr<Errand>& errand, const deliver::Answer& answer) {
  in_this_life(member, some(20), [this, &member, errand, answer] {
    const auto flight = member.flights.find(answer.id);
    if (flight == member.flights.end() || flight->second != errand) return;  // aborted meanwhile
    member.inputs.answers.push_back(answer);
    request_step(member);
  });
}

/// The transport answers an abort at once; whether the request had arrived, nobody knows.
void World::abort(Member& member, deliver::AttemptId id) {
  const auto flight = member.flights.find(id);
  if (flight == member.flights.end()) return wrong("an abort of what is not in flight");
  // What comes back of the old errand meets another one and is dropped.
  flight->second->unheard = true;
  flight->second = std::make_shared<Errand>(*flight->second);
  answer(member, flight->second, {.id = id, .outcome = deliver::Outcome::aborted});
}

/// A 2xx. One that is not the first needs a reason.
void World::receive(const Member& member, const Errand& errand) {
  Log& log = logs_[errand.log];
  Record& record = log.records[errand.record];
  const bool sender_gone = !member.alive || member.serial != errand.serial || log.owner != errand.serial;
  if (record.delivered & errand.target) {
    ++duplicates_;
    const bool excused = (record.excused & errand.target) || sender_gone || (options_.retry_topics && disturbed_);
    if (!excused) wrong(fmt::format("{} was sent twice without a reason", place(log, record)));
  }
  check_order(errand);
  record.delivered |= errand.target;
  record.excused &= static_cast<Targets>(~errand.target);
  if (errand.unheard || sender_gone) record.excused |= errand.target;
  if (errand.unheard) disturbed_ = true;
  note_done(record);
}

}  // namespace hookline::test
