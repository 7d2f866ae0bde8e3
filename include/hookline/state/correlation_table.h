// What is known of one partition of PREFIX.correlations: the ids of items, by key, and how far deliveries
// had got that the owner before left waiting. Filled from the log, which is read to its end before the ordered
// partition of the same number is worked on and followed from then on, and from what the broker has acknowledged
// of one's own writes. Of two answers the first counts.
//
// One thread; no I/O, no clock. Holds every id until it expires, about 200 bytes each.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/core/time.h"
#include "hookline/state/correlation.h"

namespace hookline::state {

/// A record of the topic, as it is read.
struct CorrelationRecord {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::string key;
  std::optional<std::string> value;
};

class CorrelationTable {
 public:
  enum class News : std::uint8_t {
    none,
    id,      ///< the key has another id now, or one at last
    behind,  ///< a later answer came after the first: the log would forget the first, it has to be written again.
             ///< Not told while the log is read to its end, where the mending may follow: see for_each_overtaken()
  };
  /// The next record of the log. What is not understood is passed over.
  News apply(const CorrelationRecord& record);
  /// The broker has taken this worker's own record at `offset`.
  void acknowledged(const std::string& key, Correlation correlation, std::int64_t offset);

  /// nullptr: none, or it has expired.
  const Correlation* find(const std::string& key, core::WallTime now) const;
  /// What the owner before wrote down of a delivery; taken out.
  std::optional<Progress> take_progress(std::string_view delivery_id);

  bool complete() const { return complete_; }
  /// The log was read to its end: from now on what is read of deliveries is this worker's own.
  void set_complete() { complete_ = true; }

  /// Calls visit(key, correlation) for each id after which the log holds another one that does not count.
  template <class Visit>
  void for_each_overtaken(Visit&& visit) const {
    for (const auto& [key, entry] : entries_) {
      if (entry.overtaken) visit(key, entry.correlation);
    }
  }

  /// Looks through the next `count` entries: keys of those that are over are taken out, unless they are `in_use`: a new
  /// id may be on its way to the log, and what deletes the old one would come after it.
  std::vector<std::string> forget_expired(core::WallTime now, std::size_t count,
                                          const std::function<bool(const std::string&)>& in_use = [](const auto&) { return false; });
  std::size_t size() const { return entries_.size(); }
  /// Calls visit(key, correlation) for each id that has not expired, in the order of the keys after `after`, until it
  /// returns false.
  template <class Visit>
  void for_each(std::string_view after, core::WallTime now, Visit&& visit) const {
    for (auto entry = entries_.upper_bound(after); entry != entries_.end(); ++entry) {
      const auto& correlation = entry->second.correlation;
      if (correlation.expires && *correlation.expires <= now) continue;
      if (!visit(entry->first, correlation)) return;
    }
  }

 private:
  struct Entry {
    Correlation correlation;
    std::int64_t offset;
    bool overtaken = false;  ///< the last record of the key is another one
  };
  std::map<std::string, Entry, std::less<>> entries_;
  std::map<std::string, Progress, std::less<>> progress_;  ///< by delivery id
  std::string looked_at_;     ///< where forget_expired() goes on
  std::int64_t read_to_ = 0;  ///< one past the last record of the log
  bool complete_ = false;
};

}  // namespace hookline::state
