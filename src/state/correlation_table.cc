#include "hookline/state/correlation_table.h"

#include <utility>

namespace hookline::state {
namespace {

/// Of two ids the first counts, unless it has expired or the other one is to replace it.
bool counts_before(const Correlation& first, const Correlation& other) {
  const bool over = first.expires && *first.expires <= other.at;
  return !other.replaces && !over && other.id != first.id;
}

}  // namespace

CorrelationTable::News CorrelationTable::apply(const CorrelationRecord& record) {
  if (complete_ && record.offset < read_to_) return News::none;  // read again from the beginning: what was deleted stays so
  read_to_ = record.offset + 1;
  if (record.key.starts_with(progress_prefix)) {
    if (complete_) return News::none;
    const std::string id = record.key.substr(progress_prefix.size());
    if (!record.value) return progress_.erase(id), News::none;
    if (auto progress = parse_progress(*record.value)) progress_.insert_or_assign(id, std::move(*progress));
    return News::none;
  }
  const auto known = entries_.find(record.key);
  if (known != entries_.end() && record.offset <= known->second.offset) return News::none;  // older than what was acknowledged
  if (!record.value) {
    if (known != entries_.end()) entries_.erase(known);
    return News::none;
  }
  auto correlation = parse_correlation(*record.value);
  if (!correlation) return News::none;
  if (known == entries_.end()) {
    entries_.emplace(record.key, Entry{std::move(*correlation), record.offset});
    return News::id;
  }
  Entry& entry = known->second;
  if (counts_before(entry.correlation, *correlation)) {
    entry.overtaken = true;
    return complete_ ? News::behind : News::none;
  }
  entry = {std::move(*correlation), record.offset};
  return News::id;
}

void CorrelationTable::acknowledged(const std::string& key, Correlation correlation, std::int64_t offset) {
  if (offset >= 0 && offset < read_to_) return;  // read already, and what followed it
  const auto known = entries_.find(key);
  if (known != entries_.end() && counts_before(known->second.correlation, correlation)) return;  // set by hand meanwhile
  entries_.insert_or_assign(key, Entry{std::move(correlation), offset});
}

const Correlation* CorrelationTable::find(const std::string& key, core::WallTime now) const {
  const auto entry = entries_.find(key);
  if (entry == entries_.end()) return nullptr;
  const auto& correlation = entry->second.correlation;
  return correlation.expires && *correlation.expires <= now ? nullptr : &correlation;
}

std::optional<Progress> CorrelationTable::take_progress(std::string_view delivery_id) {
  const auto found = progress_.find(delivery_id);
  if (found == progress_.end()) return std::nullopt;
  auto progress = std::move(found->second);
  progress_.erase(found);
  return progress;
}

std::vector<std::string> CorrelationTable::forget_expired(core::WallTime now, std::size_t count,
                                                          const std::function<bool(const std::string&)>& in_use) {
  std::vector<std::string> keys;
  auto entry = entries_.upper_bound(looked_at_);
  for (; count > 0 && entry != entries_.end(); --count) {
    looked_at_ = entry->first;
    const auto& expires = entry->second.correlation.expires;
    if (!expires || *expires > now || in_use(entry->first)) {
      ++entry;
      continue;
    }
    keys.push_back(entry->first);
    entry = entries_.erase(entry);
  }
  if (entry != entries_.end()) return keys;
  looked_at_.clear();  // round again
  for (auto left = progress_.begin(); left != progress_.end();) {
    if (left->second.expires > now) {
      ++left;
      continue;
    }
    keys.push_back(progress_key(left->first));
    left = progress_.erase(left);
  }
  return keys;
}

}  // namespace hookline::state
