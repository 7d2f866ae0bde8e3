#include "hookline/engine/replay_journal.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "hookline/core/random.h"
#include "hookline/state/replay_log.h"

namespace hookline::engine {
namespace {

void forget(std::vector<kafka::ProduceReport>&&) {}

SkippedCreates creates_of(const json::Tree& counts) {
  SkippedCreates creates;
  const auto found = counts.find("skipped_creates");
  if (found == counts.end() || !found->is_object()) return creates;
  if (const auto count = found->find("count"); count != found->end() && count->is_number_integer()) creates.count = count->get<std::uint64_t>();
  const auto items = found->find("items");
  if (items == found->end() || !items->is_array()) return creates;
  for (const auto& item : *items) {
    const auto text = [&](const char* name) { return item.is_object() && item.contains(name) && item[name].is_string() ? item[name].get<std::string>() : std::string(); };
    creates.items.push_back({text("webhook"), text("key"), text("id")});
  }
  return creates;
}

std::string dump(const json::Tree& tree) { return tree.dump(-1, ' ', false, json::Tree::error_handler_t::replace); }

}  // namespace

std::string new_replay_id() { return fmt::format("rpl_{:016x}", core::Random::from_system().next()); }

ReplayJournal::ReplayJournal(kafka::Producer& producer, const config::Topics& topics, std::string id)
    : producer_(producer), topic_(topics[config::OwnTopic::replays]), id_(std::move(id)) {}

void ReplayJournal::write(std::string key, std::string value) {
  static const auto nobody = std::make_shared<const kafka::ReportSink>(forget);
  kafka::OwnedRecord record{.topic = topic_};
  record.key = std::move(key);
  record.value = std::move(value);
  producer_.produce(std::move(record), 0, nobody);
}

void ReplayJournal::asked(const ReplayRequest& request, std::string_view executor, std::string_view by, core::WallTime at) {
  write(state::job_key(id_), dump({{"by", by}, {"at", core::format_rfc3339(at)}, {"executor", executor}, {"request", to_json(request)}}));
}

void ReplayJournal::progress(std::string_view state, const ReplayCounts& counts, const Replay& replay, std::string_view error) {
  json::Tree ends = json::Tree::object(), position = json::Tree::array();
  for (const auto& [partition, offset] : replay.ends()) ends[std::to_string(partition)] = offset;
  for (const auto& [partition, offset] : replay.position()) {
    position.push_back({{"topic", partition.topic}, {"partition", partition.partition}, {"offset", offset}});
  }
  json::Tree out{{"state", state}, {"at", core::format_rfc3339(core::read_clock().wall)}, {"counts", to_json(counts)}, {"ends", ends},
                 {"position", position}};
  if (!error.empty()) out["error"] = error;
  const bool last = state == "done" || state == "cancelled";
  write(last ? state::replay_end_key(id_) : state::replay_progress_key(id_), dump(out));
}

ReplayStand stand_of(const json::Tree& progress) {
  ReplayStand stand;
  if (!progress.is_object()) return stand;
  if (const auto ends = progress.find("ends"); ends != progress.end() && ends->is_object() && !ends->empty()) {
    stand.ends.emplace();
    for (const auto& [partition, offset] : ends->items()) {
      if (offset.is_number_integer()) (*stand.ends)[std::atoi(partition.c_str())] = offset.get<std::int64_t>();
    }
  }
  if (const auto position = progress.find("position"); position != progress.end() && position->is_array()) {
    for (const auto& at : *position) {
      const auto is = [&](const char* name, auto right) { return at.is_object() && at.contains(name) && (at[name].*right)(); };
      if (!is("topic", &json::Tree::is_string) || !is("partition", &json::Tree::is_number_integer) || !is("offset", &json::Tree::is_number_integer)) continue;
      stand.position[{at["topic"].get<std::string>(), at["partition"].get<std::int32_t>()}] = at["offset"].get<std::int64_t>();
    }
  }
  if (const auto counts = progress.find("counts"); counts != progress.end() && counts->is_object()) {
    const auto number = [&](const char* name) {
      const auto found = counts->find(name);
      return found != counts->end() && found->is_number_integer() ? found->get<std::uint64_t>() : std::uint64_t{0};
    };
    stand.counts.total = number("total");
    stand.counts.done = number("done");
    stand.counts.sent = number("sent");
    if (const auto skipped = counts->find("skipped"); skipped != counts->end() && skipped->is_object()) {
      for (const auto& [why, count] : skipped->items()) {
        if (count.is_number_integer()) stand.counts.skipped[why] = count.get<std::uint64_t>();
      }
    }
    stand.counts.creates = creates_of(*counts);
  }
  return stand;
}

std::optional<ReplayRequest> rest_of(ReplayRequest request, const ReplayStand& stand) {
  if (!request.limit || request.what != ReplayRequest::What::events) return request;  // dead letters have marks
  if (*request.limit <= stand.counts.sent) return std::nullopt;
  *request.limit -= stand.counts.sent;
  return request;
}

ReplayCounts sum_of(const ReplayStand& stand, const ReplayCounts& counts, const ReplayRequest& request) {
  auto sum = counts;
  sum.sent += stand.counts.sent;
  sum.creates.count += stand.counts.creates.count;  // marked, or before the position
  sum.creates.items.insert(sum.creates.items.begin(), stand.counts.creates.items.begin(), stand.counts.creates.items.end());
  sum.creates.items.resize(std::min(sum.creates.items.size(), SkippedCreates::shown));
  // Events go on from a position, dead letters from their marks: what is behind counts as done there already. Of dead
  // letters, what was skipped has no mark, with one exception, and is looked at again.
  const bool events = request.what == ReplayRequest::What::events;
  for (const auto& [why, count] : stand.counts.skipped) {
    if (events || why == matches_nothing) sum.skip(why, count);
  }
  return sum;
}

}  // namespace hookline::engine
