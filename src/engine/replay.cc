// Replay: the run. Re-entries first, marks second.
#include "hookline/engine/replay.h"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "hookline/state/replay_log.h"
#include "replay_state.h"

namespace hookline::engine {
namespace {

using namespace std::chrono_literals;
using config::OwnTopic;

constexpr core::Duration watch_every = 100ms;
constexpr core::Duration last_acknowledgements = 10s;
constexpr std::size_t window = 256;  ///< re-entries whose mark is not acknowledged: what a crash may repeat

core::MonoTime now() { return core::read_clock().mono; }

}  // namespace

core::Result<void> Replay::State::open_gate() {
  if (!ground.producer) return {};
  auto opened = kafka::GroupLook::open(properties);
  if (!opened) return tl::unexpected(opened.error());
  look = std::move(*opened);
  gate = std::make_unique<ReplayGate>(*look, topic(OwnTopic::retry_10s), ground.settings.group_id(), request.backlog);
  sender = std::make_unique<ReplaySender>(*ground.producer);
  return {};
}

/// Asks its watcher, and looks after the bound. False: stop.
bool Replay::State::keep_going(const Control& control) {
  const auto time = now();
  if (gate) {
    if (const auto news = gate->look(time); news && control.say) control.say(*news);
    counts.open = gate->open().count();
  }
  if (time < next_watch) return true;
  next_watch = time + watch_every;
  return !control.watch || control.watch(counts) == Order::go;
}

/// What has been acknowledged meanwhile.
void Replay::State::collect(core::Duration wait, std::optional<core::Error>& failure) {
  if (!sender) return;
  for (const auto& done : sender->take(wait)) {
    for (const auto& [partition, offset] : done.reentered) gate->open().add(partition, offset);
    const bool over = !done.error || done.error->code == core::ErrorCode::too_large;
    if (const auto tag = tags.find(done.tag); over && tag != tags.end()) {
      open[tag->second.first].erase(tag->second.second);
      tags.erase(tag);
    }
    if (!done.error) {
      ++counts.done;
      counts.sent += done.reentered.size();
    } else if (done.error->code == core::ErrorCode::too_large) {
      skip("it is too large for the retry topic");
    } else {
      failure = done.error;
    }
  }
}

std::vector<kafka::Span> Replay::State::spans_of_entries() const {
  std::vector<kafka::Span> result;
  for (const auto& entry : entries) {
    const auto [partition, offset] = entry.place;
    if (result.empty() || result.back().partition.partition != partition) {
      result.push_back({{topic(OwnTopic::dead_letters), partition}, offset, offset + 1});
    }
    result.back().to = offset + 1;
  }
  return result;
}

core::Result<void> Replay::State::take_up(kafka::OwnedRecord&& record, const Control& control) {
  if (of_events()) return take_up_event(std::move(record), control);
  const state::LetterPlace place{record.partition, record.offset};
  const auto entry = std::lower_bound(entries.begin(), entries.end(), place, [](const auto& e, const auto& p) { return e.place < p; });
  if (entry == entries.end() || entry->place != place) return {};
  ++met;
  auto parsed = settle::parse_dead_letter(record.headers);
  return parsed ? take_up_letter({std::move(*parsed), std::move(record)}, *entry, control) : core::Result<void>();
}

/// Takes those out that would create what exists. Gives whether there were any.
core::Result<bool> Replay::State::take_out_creates(std::vector<Reentry>& reentries, const kafka::OwnedRecord& original) {
  bool any = false;
  for (auto reentry = reentries.begin(); reentry != reentries.end();) {
    auto item = items.item_of(*reentry, original);
    if (!item) return tl::unexpected(item.error());
    if (*item) counts.creates.add(std::move(**item));
    any = any || *item;
    reentry = *item ? reentries.erase(reentry) : reentry + 1;
  }
  return any;
}

core::Result<void> Replay::State::take_up_letter(Letter&& letter, const ReplayPlan::Entry& entry, const Control& control) {
  const auto original = read_original(letter, properties);
  if (!original && original.error().code != core::ErrorCode::not_found) return tl::unexpected(original.error());
  if (!original) return left_out(original.error().message);
  if (!original->value) return left_out("its original has no value");
  auto reentries = targets.of_letter(letter.parsed, *original, request.to, entry.marked);
  if (!reentries) return left_out(reentries.error().message);
  if (reentries->empty()) {
    const auto& webhooks = ground.definitions->webhooks();
    const bool all_on = std::all_of(webhooks.begin(), webhooks.end(), [](const Webhook& w) { return w.position == Switch::on; });
    if (!all_on) return left_out("it matches no webhook that is on");
    counts.skip(matches_nothing);
  }
  const auto taken_out = take_out_creates(*reentries, *original);
  if (!taken_out) return tl::unexpected(taken_out.error());
  if (*taken_out && reentries->empty() && !request.to.empty()) return left_out("what it would create there exists");  // its own webhook never got it
  const state::Mark mark{past_of(letter.parsed, entry.marked).generation, core::read_clock().wall, ground.job};
  std::vector<kafka::OwnedRecord> marks;
  auto places = entry.copies;
  places.push_back(entry.place);
  for (const auto& place : places) {
    kafka::OwnedRecord record{.topic = topic(OwnTopic::replays)};
    record.key = state::mark_key(topic(OwnTopic::dead_letters), place);
    record.value = state::mark_value(mark);
    marks.push_back(std::move(record));
  }
  send(*reentries, *original, std::move(marks), next_tag++, control);
  return {};
}

core::Result<void> Replay::State::take_up_event(kafka::OwnedRecord&& record, const Control& control) {
  std::erase_if(record.headers, [](const kafka::OwnedHeader& header) { return settle::is_own_header(header.first); });
  const kafka::TopicPartition from{record.topic, record.partition};
  next[from] = record.offset + 1;
  const bool in_time = (!request.since || record.timestamp >= *request.since) && (!request.until || record.timestamp < *request.until);
  if (!in_time || (where && !where->takes(record, request.kind))) return left_out("not selected");
  const settle::Past past{.generation = core::to_unix_ms(ground.asked_at), .replays = 1, .attempts = 0};
  auto reentries = targets.of_event(record, request.kind, request.webhook, past);
  if (!reentries) return left_out("it is not an event");
  if (reentries->empty()) return left_out("it matches no webhook");
  const auto taken_out = take_out_creates(*reentries, record);
  if (!taken_out) {
    next[from] = record.offset;  // not taken up
    return tl::unexpected(taken_out.error());
  }
  if (reentries->empty()) return ++counts.done, core::Result<void>();
  const auto tag = next_tag++;
  if (!control.dry) {
    open[from].insert(record.offset);
    tags[tag] = {from, record.offset};
  }
  send(*reentries, record, {}, tag, control);
  return {};
}

void Replay::State::send(const std::vector<Reentry>& reentries, const kafka::OwnedRecord& original, std::vector<kafka::OwnedRecord> marks,
                         std::uint64_t tag, const Control& control) {
  taken += reentries.size();
  if (control.dry) {
    for (const auto& reentry : reentries) control.dry(reentry, original);
    ++counts.done;
    counts.sent += reentries.size();
    return;
  }
  ReplaySender::Work work{.reentries = {}, .marks = std::move(marks), .tag = tag};
  for (const auto& reentry : reentries) {
    work.reentries.push_back(reentry_record(reentry, original, ground.settings.topics, core::read_clock().wall));
    if (!of_events()) sent_ids.insert(std::hash<std::string>()(reentry.delivery_id));
  }
  pacer.sent(reentries.size(), now());
  sender->send(std::move(work));
}

/// So that the topic does not keep what nobody asks for any more. Best effort: the next run looks again.
void Replay::State::take_back_expired_marks() {
  static const auto nobody = std::make_shared<const kafka::ReportSink>([](std::vector<kafka::ProduceReport>&&) {});
  for (const auto& place : expired_marks) {
    kafka::OwnedRecord record{.topic = topic(OwnTopic::replays)};
    record.key = state::mark_key(topic(OwnTopic::dead_letters), place);
    ground.producer->produce(std::move(record), 0, nobody);
  }
  expired_marks.clear();
}

Replay::Replay(ReplayRequest request, ReplayGround ground) : state_(std::make_unique<State>(std::move(request), std::move(ground))) {}
Replay::~Replay() = default;

core::Result<Survey> Replay::survey(const std::optional<Ends>& ends) {
  return state_->of_events() ? state_->survey_events() : state_->survey_letters(ends);
}
const Replay::Ends& Replay::ends() const { return state_->ends; }
const ReplayCounts& Replay::counts() const { return state_->counts; }

void Replay::begin_at(const std::map<kafka::TopicPartition, std::int64_t>& position) {
  for (auto& span : state_->spans) {
    const auto known = position.find(span.partition);
    if (known == position.end() || known->second <= span.from) continue;
    state_->counts.done += static_cast<std::uint64_t>(std::min(known->second, span.to) - span.from);
    span.from = std::min(known->second, span.to);
    state_->next[span.partition] = span.from;
  }
}

std::map<kafka::TopicPartition, std::int64_t> Replay::position() const {
  auto position = state_->next;
  for (const auto& [partition, open] : state_->open) {
    if (!open.empty()) position[partition] = *open.begin();
  }
  return position;
}

core::Result<Replay::Outcome> Replay::run(const Control& control) {
  State& s = *state_;
  if (auto opened = s.open_gate(); !opened) return tl::unexpected(opened.error());
  auto reader = kafka::SpanReader::open(s.properties, s.of_events() ? s.spans : s.spans_of_entries());
  if (!reader) return tl::unexpected(reader.error());
  std::optional<core::Error> failure;
  bool stopped = false;
  auto last = now();
  while (!failure && !(*reader)->done()) {
    stopped = !s.keep_going(control);
    if (stopped || (s.of_events() && s.request.limit && s.taken >= *s.request.limit)) break;
    const auto wait = s.pacer.wait(now());
    const bool held = s.sender && (wait > core::Duration{} || !s.gate->has_room(s.sender->in_flight()) || s.sender->in_flight() >= window);
    s.collect(held ? std::clamp<core::Duration>(wait, 1ms, 20ms) : core::Duration{}, failure);
    if (held) {
      last = now();
      continue;
    }
    auto record = (*reader)->next(50ms);
    if (!record) failure = record.error();
    if (record && *record) {
      if (auto taken = s.take_up(std::move(**record), control); !taken) failure = taken.error();
      last = now();
    } else if (now() - last > replay_idle_timeout) {
      failure = core::Error{core::ErrorCode::timeout, "nothing comes from Kafka any more; is it up?"};
    }
  }
  const auto deadline = now() + last_acknowledgements;
  while (s.sender && s.sender->in_flight() > 0 && now() < deadline) s.collect(50ms, failure);
  if (!stopped && !failure && s.sender && s.sender->in_flight() > 0) {
    failure = core::Error{core::ErrorCode::timeout, "Kafka has not acknowledged what was sent last"};
  }
  if (!stopped && !failure && !s.of_events()) {
    for (; s.met < s.entries.size(); ++s.met) s.skip("it is gone from the dead-letter topic");
    if (s.sender) s.take_back_expired_marks();
  }
  if (!stopped && !failure && s.of_events() && !s.request.limit) s.counts.done = s.counts.total;  // offsets that do not exist
  if (s.gate) s.counts.open = s.gate->open().count();
  if (failure) return tl::unexpected(*failure);
  return Outcome{s.counts, stopped};
}

core::Result<std::optional<std::uint64_t>> Replay::wait_for_outcome(const Control& control) {
  State& s = *state_;
  while (s.gate && s.gate->open().count() > 0) {
    if (!s.keep_going(control)) return std::optional<std::uint64_t>();
    std::this_thread::sleep_for(20ms);
  }
  auto spans = kafka::look_up_spans(s.properties, s.topic(OwnTopic::dead_letters), std::nullopt, std::nullopt);
  if (!spans) return tl::unexpected(spans.error());
  for (auto& span : *spans) {
    const auto end = s.ends.find(span.partition.partition);
    if (end != s.ends.end()) span.from = std::max(span.from, end->second);
  }
  std::uint64_t failed_again = 0;
  const auto generation = core::to_unix_ms(s.ground.asked_at);
  const auto done = read_all(s.properties, std::move(*spans), [&](kafka::OwnedRecord&& record) -> core::Result<void> {
    const auto letter = settle::parse_dead_letter(record.headers);
    if (!letter || letter->past.replays == 0) return {};
    const bool ours = s.of_events() ? letter->past.generation == generation
                                    : s.sent_ids.contains(std::hash<std::string>()(letter->delivery_id));
    failed_again += ours ? 1 : 0;
    return {};
  });
  if (!done) return tl::unexpected(done.error());
  return std::optional(failed_again);
}

}  // namespace hookline::engine
