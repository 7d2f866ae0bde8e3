// PathSet's trie: one node per segment, so that a document is compared with all paths at once. A
// node finds the child of a key with one probe of a hash table, mostly without comparing text.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/json/scan.h"

namespace hookline::json {

struct PathSet::Node {
  static constexpr SlotId no_slot = std::numeric_limits<SlotId>::max();
  static constexpr std::uint32_t no_index = std::numeric_limits<std::uint32_t>::max();

  std::uint32_t id = 0;   ///< numbered through the trie, so that a scan can mark nodes as seen
  SlotId slot = no_slot;  ///< where the value goes, if it is wanted
  std::string key;
  std::uint32_t index = no_index;       ///< the key as an array index, if it is spelled as one
  std::uint32_t last_index = no_index;  ///< largest index among the children
  std::vector<std::unique_ptr<Node>> children;
  std::vector<std::uint16_t> table;  ///< key_hash -> position in children + 1; a power of two, half empty

  /// The child of this unescaped key, or nullptr.
  const Node* find(std::string_view name) const;
  const Node* find(std::uint32_t element) const;
  Node& add(std::string_view name, std::uint32_t new_id);

 private:
  void rehash();
};

}  // namespace hookline::json
