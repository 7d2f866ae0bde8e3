#include "replay_plan.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace hookline::engine {
namespace {

template <class Map>
void raise(Map& map, const typename Map::key_type& id, std::int64_t generation) {
  auto& value = map.try_emplace(id, generation).first->second;
  value = std::max(value, generation);
}

}  // namespace

ReplayPlan::Id ReplayPlan::id_of(const Letter& letter) {
  const auto& p = letter.parsed;
  hasher_.start();
  if (p.delivery_id.empty() || rules_.by_origin) {
    hasher_.update(fmt::format("{}/{}/{}/{}", p.origin_topic, p.origin_partition, p.origin_offset, p.origin_timestamp_ms));
  } else {
    hasher_.update(p.delivery_id);
  }
  const auto digest = hasher_.finish();
  Id id{};
  std::memcpy(id.data(), digest.data(), sizeof(id));
  return id;
}

std::size_t ReplayPlan::group_of(const Letter& letter) {
  const auto& p = letter.parsed;
  const auto [place, fresh] = group_at_.try_emplace({p.reason, p.webhook, p.endpoint, p.http_status.value_or(0)}, groups_.size());
  if (fresh) groups_.push_back({p.reason, p.webhook, p.endpoint, p.http_status, 0, engine::id_of(letter), p.error});
  return place->second;
}

void ReplayPlan::add(const Letter& letter, bool selected) {
  const state::LetterPlace place{letter.record.partition, letter.record.offset};
  const auto* mark = log_.find(place, letter.parsed.failed_at_ms);
  if (!mark && !selected) return;
  const Id id = id_of(letter);
  const bool ours = mark && !rules_.job.empty() && mark->job == rules_.job;
  const bool counts = mark && (ours || !(rules_.again_before && mark->at < *rules_.again_before));
  if (mark) raise(marked_, id, mark->generation);
  if (counts) raise(counting_, id, mark->generation);
  if (!selected) return;
  if (counts) {
    ours ? void(done_.insert(id)) : void(++replayed_);
    return;
  }
  const auto& p = letter.parsed;
  const auto [found, fresh] = chosen_.try_emplace(id);
  Chosen& chosen = found->second;
  const auto is_newer = [&] {
    return std::tuple(p.past.generation, p.failed_at_ms, place) > std::tuple(chosen.generation, chosen.failed_at, chosen.place);
  };
  if (!fresh && !is_newer()) return chosen.copies.push_back(place);
  if (!fresh) chosen.copies.push_back(chosen.place);
  chosen.place = place;
  chosen.generation = p.past.generation;
  chosen.failed_at = p.failed_at_ms;
  chosen.group = group_of(letter);
}

std::vector<ReplayPlan::Entry> ReplayPlan::finish(std::optional<std::uint64_t> limit, Survey& survey) {
  struct Candidate {
    std::int64_t failed_at;
    std::size_t group;
    Entry entry;
  };
  std::vector<Candidate> candidates;
  for (auto& [id, chosen] : chosen_) {
    // A copy of a dead letter whose delivery was taken up again after this life of it. Other dead letters of an
    // event say nothing of whether it went elsewhere.
    if (const auto counted = counting_.find(id); !rules_.by_origin && counted != counting_.end() && counted->second > chosen.generation) {
      replayed_ += 1 + chosen.copies.size();
      continue;
    }
    survey.copies += chosen.copies.size();
    Entry entry{chosen.place, std::move(chosen.copies), std::nullopt};
    if (const auto marked = marked_.find(id); marked != marked_.end()) entry.marked = marked->second;
    candidates.push_back({chosen.failed_at, chosen.group, std::move(entry)});
  }
  chosen_.clear();
  const auto older = [](const Candidate& a, const Candidate& b) {
    return std::tie(a.failed_at, a.entry.place) < std::tie(b.failed_at, b.entry.place);
  };
  survey.done_before = done_.size();
  const auto left = limit ? *limit - std::min<std::uint64_t>(*limit, done_.size()) : candidates.size();
  if (candidates.size() > left) {
    std::sort(candidates.begin(), candidates.end(), older);
    candidates.resize(left);
  }
  std::sort(candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) { return a.entry.place < b.entry.place; });
  std::vector<Entry> entries;
  for (auto& candidate : candidates) {
    ++groups_[candidate.group].count;
    entries.push_back(std::move(candidate.entry));
  }
  std::copy_if(groups_.begin(), groups_.end(), std::back_inserter(survey.groups), [](const Survey::Group& g) { return g.count > 0; });
  survey.chosen = entries.size();
  survey.replayed = replayed_;
  return entries;
}

}  // namespace hookline::engine
