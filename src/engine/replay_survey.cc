// Replay: what there is to be replayed, before anything is sent.
#include <algorithm>

#include <fmt/format.h>

#include "hookline/kafka/admin.h"
#include "hookline/state/replay_log.h"
#include "replay_state.h"

namespace hookline::engine {
namespace {

using config::OwnTopic;

constexpr std::size_t most_expired = 10'000;  ///< marks that one run takes back
constexpr auto ahead_of_neighbours = std::chrono::minutes(10);

core::MonoTime now() { return core::read_clock().mono; }

}  // namespace

/// Reads all spans to their ends. `take` may end it with an error.
core::Result<void> read_all(const kafka::Properties& properties, std::vector<kafka::Span> spans,
                            const std::function<core::Result<void>(kafka::OwnedRecord&&)>& take) {
  auto reader = kafka::SpanReader::open(properties, std::move(spans));
  if (!reader) return tl::unexpected(reader.error());
  auto last = now();
  while (!(*reader)->done()) {
    auto record = (*reader)->next(std::chrono::milliseconds(100));
    if (!record) return tl::unexpected(record.error());
    if (*record) {
      if (auto taken = take(std::move(**record)); !taken) return taken;
      last = now();
    } else if (now() - last > replay_idle_timeout) {
      return core::fail(core::ErrorCode::timeout, "nothing comes from Kafka any more; is it up?");
    }
  }
  return {};
}

core::Result<Survey> Replay::State::survey_letters(const std::optional<Ends>& given) {
  auto filter = LetterFilter::compile(request.letters, ground.settings.topics, ground.definitions->attributes());
  if (!filter) return tl::unexpected(filter.error());
  if (!request.to.empty()) {
    if (const auto objection = targets.objection_to(request.to)) return core::fail(core::ErrorCode::invalid, *objection, "/to");
  }
  state::ReplayLog log(topic(OwnTopic::dead_letters));
  const auto read = kafka::read_topic(properties, topic(OwnTopic::replays), std::nullopt, replay_idle_timeout, [&](kafka::OwnedRecord&& record) {
    log.apply(record.key, record.value);
    return true;
  });
  if (!read) {
    return core::fail(read.error().code, fmt::format("the marks of earlier replays cannot be read: {}; `hookline topics create` makes what is missing",
                                                     read.error().message));
  }
  auto all = kafka::look_up_spans(properties, topic(OwnTopic::dead_letters), std::nullopt, std::nullopt);
  if (!all) return tl::unexpected(all.error());
  std::map<std::int32_t, std::int64_t> beginnings;
  for (auto& span : *all) {
    beginnings[span.partition.partition] = span.from;
    if (given) span.to = std::min(span.to, given->count(span.partition.partition) ? given->at(span.partition.partition) : span.from);
    ends[span.partition.partition] = span.to;
  }
  if (given) ends = *given;
  expired_marks = log.expired(beginnings, most_expired);
  ReplayPlan plan(log, {.again_before = request.again_before, .by_origin = !request.to.empty(), .job = ground.job});
  std::map<state::LetterPlace, ExistingItem> existing;
  const auto done = read_all(properties, std::move(*all), [&](kafka::OwnedRecord&& record) -> core::Result<void> {
    auto parsed = settle::parse_dead_letter(record.headers);
    if (!parsed) return {};  // somebody else's record
    const Letter letter{std::move(*parsed), std::move(record)};
    const auto selected = filter->takes(letter, properties);
    if (!selected) return tl::unexpected(selected.error());
    plan.add(letter, *selected);
    if (!*selected || !items.creates(request.to.empty() ? letter.parsed.webhook : request.to)) return {};
    auto item = item_of_letter(letter);
    if (!item) return tl::unexpected(item.error());
    if (*item) existing.emplace(state::LetterPlace(letter.record.partition, letter.record.offset), std::move(**item));
    return {};
  });
  if (!done) return tl::unexpected(done.error());
  Survey survey;
  survey.gone = filter->gone();
  entries = plan.finish(request.limit, survey);
  for (const auto& entry : entries) {
    if (const auto item = existing.find(entry.place); item != existing.end()) survey.creates.add(std::move(item->second));
  }
  counts.done = survey.done_before;
  counts.total = survey.chosen + survey.done_before;
  return survey;
}

/// The item, if the letter would be a create of one that exists. What cannot be sent for other reasons is told when its turn comes.
core::Result<std::optional<ExistingItem>> Replay::State::item_of_letter(const Letter& letter) {
  const auto original = read_original(letter, properties);
  if (!original && original.error().code != core::ErrorCode::not_found) return tl::unexpected(original.error());
  const auto reentries = original ? targets.of_letter(letter.parsed, *original, request.to, std::nullopt) : tl::unexpected(original.error());
  if (!reentries) return std::optional<ExistingItem>();
  for (const auto& reentry : *reentries) {
    auto item = items.item_of(reentry, *original);
    if (!item || *item) return item;
  }
  return std::optional<ExistingItem>();
}

core::Result<Survey> Replay::State::survey_events() {
  if (!request.webhook.empty()) {
    if (const auto objection = targets.objection_to(request.webhook)) return core::fail(core::ErrorCode::invalid, *objection, "/webhook");
  }
  if (!request.where.empty()) {
    auto compiled = Where::compile(request.where, ground.definitions->attributes());
    if (!compiled) return tl::unexpected(compiled.error());
    where = std::move(*compiled);
  }
  const auto& topics = ground.settings.topics.sources[static_cast<std::size_t>(request.kind)];
  if (topics.empty()) return core::fail(core::ErrorCode::invalid, fmt::format("topics.{} names no topic", event::name(request.kind)), "/kind");
  if (!request.topic.empty() && std::find(topics.begin(), topics.end(), request.topic) == topics.end()) {
    return core::fail(core::ErrorCode::invalid, fmt::format("topics.{} does not name {}", event::name(request.kind), request.topic), "/topic");
  }
  if (request.partition && request.topic.empty() && topics.size() > 1) {
    return core::fail(core::ErrorCode::invalid, "say `topic`: there are several of this kind, and a partition belongs to one", "/topic");
  }
  spans.clear();
  // Kafka finds the first record that is not older: one that runs ahead of its neighbours would end the range. Each
  // record's own time decides.
  auto until = request.until;
  if (until) *until += ahead_of_neighbours;
  if (until && *until >= core::read_clock().wall) until.reset();
  for (const auto& name : topics) {
    if (!request.topic.empty() && name != request.topic) continue;
    auto found = kafka::look_up_spans(properties, name, request.since, until);
    if (!found) return tl::unexpected(found.error());
    for (auto& span : *found) {
      if (request.partition && span.partition.partition != *request.partition) continue;
      span.from = std::max(span.from, request.from_offset.value_or(0));
      span.to = std::min(span.to, request.to_offset.value_or(INT64_MAX));
      if (span.from < span.to) spans.push_back(span);
    }
  }
  for (const auto& span : spans) counts.total += static_cast<std::uint64_t>(span.to - span.from);
  Survey survey;
  survey.chosen = counts.total;
  return survey;
}

}  // namespace hookline::engine
