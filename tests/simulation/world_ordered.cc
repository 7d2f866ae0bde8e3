// World: the ordered topic and the correlations. `line` keeps the order of record keys, `make` creates an item for
// a story, `mend` updates it; an update whose item is gone goes through `make`, and counts as an update here. Under
// one revision `line` and `mend` have no order, under another `mend` has that of record keys.
#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "hookline/state/correlation.h"
#include "world.h"

namespace hookline::test {

using namespace std::chrono_literals;

Targets World::as_meant(Targets target, const Record& record) const {
  return target == make_main && !record.nature.triggered ? Targets{mend_main} : target;
}

std::string World::order_of(const Errand& errand) const {
  const Record& record = logs_[errand.log].records[errand.record];
  if (errand.target == line_main) return "line/" + record.key;
  return errand.target & (make_main | mend_main) ? "story/" + record.story : std::string();
}

bool World::is_known(const std::string& story) const {
  return std::any_of(correlations_.begin(), correlations_.end(), [&](const auto& log) {
    const auto last = std::find_if(log.rbegin(), log.rend(), [&](const auto& r) { return r.key == "make/" + story; });
    return last != log.rend() && last->value;
  });
}

/// The first time that a receiver, or the dead letters, get it: all before it of its key and partition were there.
/// (A create may come before updates that wait for it, and may not be needed any more.) What was seen while its
/// webhook had no order stands in none.
void World::check_order(const Errand& errand) {
  if (!(errand.target & (line_main | mend_main))) return;
  const Log& log = logs_[errand.log];
  const Record& record = log.records[errand.record];
  const auto stands_in_order = [&](const Record& r) {
    for (int revision = 0; revision < revision_count; ++revision) {
      if ((r.seen_under >> revision & 1) && !(in_order_under(revision) & errand.target)) return false;
    }
    return true;
  };
  if (((record.delivered | record.dead) & errand.target) || !stands_in_order(record)) return;
  for (std::size_t i = 0; i < errand.record; ++i) {
    const Record& before = log.records[i];
    const bool same = errand.target == line_main ? before.key == record.key : !before.nature.triggered && before.story == record.story;
    if (!same || before.gone || before.nature.poison || before.nature.tombstone || !stands_in_order(before)) continue;
    if ((before.delivered | before.dead) & errand.target) continue;
    return wrong(fmt::format("{} overtook {} of the same key", place(log, record), place(log, before)));
  }
}

void World::check_ordered_attempt(const Member& member, Errand& errand, const deliver::Request& request) {
  if ((in_order_under(member.revision) & errand.target) == 0) return;
  errand.order = order_of(errand);
  if (errand.order.empty()) return;
  const Log& log = logs_[errand.log];
  const Record& record = log.records[errand.record];
  for (const auto& [id, other] : member.flights) {
    if (other->order == errand.order) return wrong(fmt::format("{} is sent while another of its key is in flight", place(log, record)));
  }
  const auto known = member.items.find(record.story);
  const bool calm = !disturbed_ && options_.hands == 0;
  if (errand.target == make_main && (known != member.items.end() || (calm && is_known(record.story)))) {
    return wrong(fmt::format("{} is created again although the id is known", place(log, record)));
  }
  if (target_of_url(request.url) != mend_main) return;
  const std::string_view body = request.body;
  const auto from = body.find("\"item\": \"") + 9;
  const auto item = body.substr(from, body.find('"', from) - from);
  const auto& given = given_[record.story];
  if (std::find(given.begin(), given.end(), item) == given.end()) return wrong(fmt::format("an update of '{}', which nobody created", item));
  if (known == member.items.end() || known->second.id != item) return wrong(fmt::format("an update of '{}', which is not the item that its owner knows", item));
}

/// The receiver of creates answers with a new id; now and then it forgets to.
std::string World::answer_to(const Errand& errand, const deliver::Request& request) {
  if (target_of_url(request.url) != make_main) return {};
  if (happens(0.05)) return "{}";
  const auto id = fmt::format("item-{}", ++last_item_);
  given_[logs_[errand.log].records[errand.record].story].push_back(id);
  return fmt::format(R"({{"result":{{"id":"{}"}}}})", id);
}

void World::produce_correlation(Member& member, engine::Produce produce) {
  const auto shared = std::make_shared<Errand>(Errand{.serial = member.serial});
  const std::string key = *produce.record.key;
  if (produce.record.value && !key.starts_with(state::progress_prefix)) {
    const auto correlation = state::parse_correlation(*produce.record.value);
    if (!correlation || key != "make/" + correlation->key) return wrong("a correlation that cannot be read");
    const auto known = member.items.find(correlation->key);
    const bool again = known != member.items.end() && known->second.id == correlation->id;  // its place in the log is read, not heard
    if (!again) shared->story = correlation->key;
    shared->id = correlation->id;
    shared->replaces = correlation->replaces;
    shared->life = member.life;
  }
  member.letters[produce.token] = shared;
  send_to_broker(member, produce, false, [this, key, partition = static_cast<std::size_t>(produce.record.partition), value = produce.record.value] {
    return append_correlation(partition, key, value);
  });
}

std::int64_t World::append_correlation(std::size_t partition, const std::string& key, const std::optional<std::string>& value) {
  auto& log = correlations_[partition];
  const auto offset = static_cast<std::int64_t>(log.size());
  log.push_back({static_cast<std::int32_t>(partition), offset, key, value});
  for (auto& member : members_) {
    if (member->alive) in_this_life(*member, some(100), [this, m = member.get(), partition] { feed(*m, partition); });
  }
  return offset;
}

/// A new owner reads them from the beginning, in its own time.
void World::begin_feeds(Member& member) {
  for (const auto& feed : member.feeds) {
    in_this_life(member, some(400), [this, &member, partition = feed.partition, serial = member.serial] {
      if (member.serial != serial) return;
      for (auto& f : member.feeds) {
        if (f.partition == partition) f.told = true;
      }
      this->feed(member, partition);
      member.inputs.correlations_complete.push_back(static_cast<std::int32_t>(partition));
      request_step(member);
    });
  }
}

void World::feed(Member& member, std::size_t partition) {
  for (auto& feed : member.feeds) {
    if (feed.partition != partition || !feed.told) continue;
    for (; feed.next < correlations_[partition].size(); ++feed.next) member.inputs.correlations.push_back(correlations_[partition][feed.next]);
    request_step(member);
  }
}

/// A person knows better.
void World::set_by_hand() {
  if (!options_.ordered) return;
  const auto story = fmt::format("s{}", random_.below(5));
  const auto key = "make/" + story;
  const state::Correlation item{.webhook = "make", .key = story, .id = fmt::format("item-{}", ++last_item_), .text = {}, .at = now().wall,
                                .expires = {}, .replaces = true, .by = "somebody"};
  given_[story].push_back(item.id);
  append_correlation(std::hash<std::string>()(key) % 2, key, state::value_of(item));
}

/// What the member knows after this step's inputs.
void World::note_correlations(Member& member) {
  for (const auto& report : member.inputs.produced) {
    const Errand& errand = *member.letters.find(report.token)->second;
    if (report.error || errand.story.empty() || errand.life != member.life) continue;
    const auto partition = static_cast<std::size_t>(report.partition);
    if (report.offset < member.read_to[partition]) continue;
    learn(member, errand.story, errand.id, report.offset, errand.replaces);
  }
  if (member.inputs.revocation == engine::Inputs::Revocation::lost || member.inputs.assigned) {
    member.items.clear();
    member.read_to = {};
    ++member.life;
  }
  for (const auto& record : member.inputs.correlations) {
    member.read_to[static_cast<std::size_t>(record.partition)] = record.offset + 1;
    if (record.key.starts_with(state::progress_prefix) || !record.value) continue;
    const auto item = state::parse_correlation(*record.value);
    learn(member, item->key, item->id, record.offset, item->replaces);
  }
}

void World::learn(Member& member, const std::string& story, const std::string& id, std::int64_t offset, bool replaces) {
  const auto known = member.items.find(story);
  if (known == member.items.end()) {
    member.items[story] = {id, offset, now().wall};
  } else if (known->second.offset < offset && (replaces || known->second.id == id)) {
    known->second.id = id;
    known->second.offset = offset;
  }
}

}  // namespace hookline::test
