// World: the retry topics. A waiting delivery has to live on until it is delivered or buried: what is
// committed of a retry topic is checked against that.
#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "hookline/settle/waiting.h"
#include "tiers.h"
#include "world.h"

namespace hookline::test {

using namespace std::chrono_literals;

void World::make_tiers() {
  if (!options_.retry_topics) return;
  for (std::size_t i = 0; i < tier_delays.size(); ++i) {
    const auto topic = fmt::format("hookline.retry.{}", i);
    tiers_.push_back({.topic = topic, .name = fmt::format("simulated/{}/0", topic), .records = {}, .metadata = {}});
  }
  const auto keyed = [this](const char* topic, engine::Role role) {
    for (std::int32_t p = 0; p < 2; ++p) {
      tiers_.push_back({.topic = topic, .name = fmt::format("simulated/{}/{}", topic, p), .number = p, .role = role, .records = {}, .metadata = {}});
    }
  };
  if (options_.ordered) keyed("hookline.ordered", engine::Role::ordered);
  if (options_.counting) keyed("hookline.thresholds", engine::Role::thresholds);
}

World::Tier* World::tier_of(const std::string& topic, std::int32_t number) {
  const auto tier = std::find_if(tiers_.begin(), tiers_.end(), [&](const Tier& t) { return t.topic == topic && t.number == number; });
  return tier == tiers_.end() ? nullptr : &*tier;
}

World::TierFetch* World::tier_fetch_of(Member& member, std::size_t tier) {
  for (auto& fetch : member.tiers) {
    if (fetch.tier == tier) return &fetch;
  }
  return nullptr;
}

bool World::may_fetch_tiers(const Member& member) const {
  return member.alive && !member.stalled && time_ >= member.fetch_from &&
         std::any_of(member.tiers.begin(), member.tiers.end(),
                     [this](const TierFetch& f) { return !f.paused && f.next < tiers_[f.tier].records.size(); });
}

void World::fetch_tiers(Member& member) {
  if (!may_fetch_tiers(member)) return;
  for (auto& fetch : member.tiers) {
    const Tier& tier = tiers_[fetch.tier];
    if (fetch.paused || random_.chance(0.2)) continue;
    const std::size_t to = std::min(tier.records.size(), fetch.next + 1 + random_.below(20));
    for (; fetch.next < to; ++fetch.next) {
      const auto& record = tier.records[fetch.next].record;
      auto& headers = headers_.emplace_back();
      for (const auto& [name, value] : record.headers) {
        headers.push_back({name, value ? std::optional<std::string_view>(*value) : std::nullopt});
      }
      views_.push_back({.topic = tier.topic, .partition = tier.number, .offset = record.offset, .timestamp = record.timestamp,
                        .key = record.key, .value = record.value, .headers = headers, .padded = false});
    }
  }
}

void World::hand_over_tiers(const std::vector<Member*>& present) {
  for (std::size_t i = 0; i < tiers_.size(); ++i) {
    Tier& tier = tiers_[i];
    Member& to = *present[(i + 1 + generation_) % present.size()];
    tier.owner = to.serial;
    const auto number = tier.role == engine::Role::retry ? std::optional(static_cast<std::uint8_t>(i)) : std::nullopt;
    engine::AssignedPartition assigned{{tier.topic, tier.number}, event::Kind::alarm, tier.role, number, tier.committed, tier.metadata};
    auto next = static_cast<std::size_t>(tier.committed);
    if (tier.role == engine::Role::thresholds && tier.committed > 0) {
      assigned.reread = engine::Reread{0, static_cast<std::int64_t>(tier.records.size())};
      next = 0;
    }
    to.tiers.push_back({.tier = i, .next = next});
    to.inputs.assigned->push_back(std::move(assigned));
    if (tier.role == engine::Role::ordered) to.feeds.push_back({.partition = static_cast<std::size_t>(tier.number)});
  }
}

/// The broker takes a waiting delivery, and stamps it with its own time.
void World::append(const kafka::OwnedRecord& record) {
  const bool ordered = record.topic == "hookline.ordered";
  Tier& tier = *tier_of(record.topic, ordered ? static_cast<std::int32_t>(std::hash<std::string>()(*record.key) % 2) : 0);
  const auto waiting = settle::parse_waiting(record.headers);
  Waiting kept{.record = record,
               .log = static_cast<std::size_t>(waiting->origin_partition),
               .target = target_of_letter(waiting->webhook, waiting->endpoint)};
  kept.index = first_from(logs_[kept.log], waiting->origin_offset);
  Record& source = logs_[kept.log].records[kept.index];
  if (*record.value != source.value || waiting->key != source.key) wrong("a waiting delivery is not of its record");
  source.handed |= kept.target;
  note_done(source);
  keep(tier, std::move(kept));
}

void World::keep(Tier& tier, Waiting waiting) {
  waiting.record.timestamp = now().wall;
  waiting.record.offset = static_cast<std::int64_t>(tier.records.size());
  tier.records.push_back(std::move(waiting));
  for (auto& member : members_) {
    if (may_fetch_tiers(*member)) request_step(*member);
  }
}

/// Is it delivered or buried, or does it wait elsewhere?
bool World::lives_on(std::size_t log, std::size_t index, Targets target) const {
  if (ended(logs_[log].records[index]) & target) return true;
  for (const auto& tier : tiers_) {
    for (const auto& other : tier.records) {
      if (!other.claimed && other.log == log && other.index == index && other.target == target) return true;
    }
  }
  return false;
}

void World::apply_to_tier(Tier& tier, const kafka::CommitEntry& entry) {
  if (entry.metadata.size() > settle::max_metadata) return wrong("a map that the broker refuses");
  const auto map = settle::decode(entry.metadata, entry.offset, tier.name);
  if (!entry.metadata.empty() && map.empty()) return wrong("base and map are not of one moment");
  tier.committed = entry.offset;
  tier.metadata = entry.metadata;
  std::vector<Waiting*> fresh;
  for (auto& waiting : tier.records) {
    const auto offset = waiting.record.offset;
    const bool claimed = offset < entry.offset || map.contains(offset);
    if (claimed && !waiting.claimed) fresh.push_back(&waiting);
    waiting.claimed = claimed;
  }
  for (const Waiting* waiting : fresh) {
    if (tier.role == engine::Role::thresholds ? is_accounted_for(tier, *waiting) : lives_on(waiting->log, waiting->index, waiting->target)) continue;
    const Log& log = logs_[waiting->log];
    return wrong(fmt::format("the delivery of {} that waited at {}@{} is committed and lives nowhere",
                             place(log, log.records[waiting->index]), tier.topic, waiting->record.offset));
  }
}

void World::toggle_tier(Member& member, const Tier& tier, bool paused) {
  TierFetch* fetch = tier_fetch_of(member, static_cast<std::size_t>(&tier - tiers_.data()));
  if (!fetch) return wrong("paused or resumed a retry topic that it does not own");
  if (fetch->paused == paused) wrong(paused ? "paused a retry topic that was paused" : "resumed a retry topic that was not paused");
  fetch->paused = paused;
}

void World::resume_tier(Member& member, const kafka::Assignment& from) {
  const Tier* tier = tier_of(from.partition.topic, from.partition.partition);
  if (!tier) return wrong("rewound what is no retry topic");
  if (happens(0.05)) {  // the client cannot seek now
    member.inputs.not_resumed.push_back(from.partition);
    return request_step(member);
  }
  toggle_tier(member, *tier, false);
  if (TierFetch* fetch = tier_fetch_of(member, static_cast<std::size_t>(tier - tiers_.data()))) {
    fetch->next = static_cast<std::size_t>(from.offset);
  }
  request_step(member);
}

bool World::tiers_at_rest() const {
  return std::all_of(tiers_.begin(), tiers_.end(),
                     [](const Tier& t) { return t.committed == static_cast<std::int64_t>(t.records.size()); });
}

}  // namespace hookline::test
