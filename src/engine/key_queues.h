// The deliveries of one ordering key, in the order of the topic: one is under way (from the choice of the next
// one to its 2xx or its acknowledged dead letter), the others wait for it. A key that has none has no entry; one
// whose attempt nobody waits for any more (its partition was taken away) keeps its entry until the answer, so
// that no other attempt of that key starts before. One worker's thread; bounded by what the worker holds.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include "slab.h"

namespace hookline::engine {

struct OrderedKey {
  std::int32_t partition = 0;
  std::string name;             ///< the key of its records: what correlations are found by
  std::deque<Handle> waiting;   ///< deliveries, in order, without the one under way
  bool busy = false;            ///< one is under way
};

class KeyQueues {
 public:
  /// The key's entry, made if there is none.
  OrderedKey& at(std::int32_t partition, std::string_view name) {
    auto& key = keys_[full_name(partition, name)];
    if (key.name.empty()) {
      key.partition = partition;
      key.name = name;
    }
    return key;
  }
  /// nullptr: nothing of that key is here.
  OrderedKey* find(std::int32_t partition, std::string_view name) {
    const auto found = keys_.find(full_name(partition, name));
    return found == keys_.end() ? nullptr : &found->second;
  }
  /// To be called when one may have become empty: `key` is gone then.
  void tidy(const OrderedKey& key) {
    if (!key.busy && key.waiting.empty()) keys_.erase(full_name(key.partition, std::string(key.name)));
  }
  std::size_t size() const { return keys_.size(); }

 private:
  static std::string full_name(std::int32_t partition, std::string_view name) { return fmt::format("{}/{}", partition, name); }
  std::unordered_map<std::string, OrderedKey> keys_;  // nodes stay where they are
};

}  // namespace hookline::engine
