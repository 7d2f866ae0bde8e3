// PathSet's trie: one node per segment, so that a document is compared with all paths at once. A
// node finds the child of a key with one probe of a hash table, mostly without comparing text.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/json/scan.h"

namespace hookline::json {

/// Keys of one object differ mostly in length or in these bytes.
inline std::size_t key_hash(std::string_view key) {
  if (key.empty()) return 0;
  const auto byte = [&](std::size_t at) {
    return static_cast<std::size_t>(static_cast<unsigned char>(key[at]));
  };
  return key.size() * 7 + byte(0) * 3 + byte(key.size() / 2) * 31 + byte(key.size() - 1) * 17;
}

/// Equality without the call to memcmp that costs more than comparing the few bytes of a key.
inline bool same_key(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  std::size_t at = 0;
  for (std::uint64_t x = 0, y = 0; at + sizeof(x) <= a.size(); at += sizeof(x)) {
    std::memcpy(&x, a.data() + at, sizeof(x));
    std::memcpy(&y, b.data() + at, sizeof(y));
    if (x != y) return false;
  }
  for (; at < a.size(); ++at) {
    if (a[at] != b[at]) return false;
  }
  return true;
}

struct PathSet::Node {
  static constexpr SlotId no_slot = std::numeric_limits<SlotId>::max();
  static constexpr std::uint32_t no_index = std::numeric_limits<std::uint32_t>::max();

  std::uint32_t id = 0;   ///< numbered through the trie, so that a scan can mark nodes as seen
  SlotId slot = no_slot;  ///< where the value goes, if it is wanted
  std::string key;
  std::uint32_t index = no_index;       ///< the key as an array index, if it is spelled as one
  std::uint32_t last_index = no_index;  ///< largest index among the children
  std::vector<std::unique_ptr<Node>> children;
  std::vector<const Node*> table;  ///< children by key_hash; a power of two, at most a quarter full

  /// The child of this unescaped key, or nullptr. Only for a node with children.
  const Node* find(std::string_view name) const {
    const std::size_t mask = table.size() - 1;
    for (std::size_t at = key_hash(name) & mask; table[at] != nullptr; at = (at + 1) & mask) {
      if (same_key(table[at]->key, name)) return table[at];
    }
    return nullptr;
  }

  const Node* find(std::uint32_t element) const;
  Node& add(std::string_view name, std::uint32_t new_id);

 private:
  void rehash();
};

}  // namespace hookline::json
