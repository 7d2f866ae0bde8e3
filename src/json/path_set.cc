#include "path_set.h"

#include <bit>
#include <charconv>

namespace hookline::json {
namespace {

/// The index that a key spells: digits without leading zeros.
std::uint32_t parse_index(std::string_view key) {
  std::uint32_t index = 0;
  const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), index);
  const bool canonical = key == "0" || (!key.empty() && key[0] >= '1' && key[0] <= '9');
  return canonical && error == std::errc() && end == key.data() + key.size() ? index
                                                                             : PathSet::Node::no_index;
}

}  // namespace

const PathSet::Node* PathSet::Node::find(std::uint32_t element) const {
  for (const auto& child : children) {
    if (child->index == element) return child.get();
  }
  return nullptr;
}

PathSet::Node& PathSet::Node::add(std::string_view name, std::uint32_t new_id) {
  if (!children.empty()) {
    if (const Node* known = find(name)) return const_cast<Node&>(*known);
  }
  auto& child = *children.emplace_back(std::make_unique<Node>());
  child.id = new_id;
  child.key = name;
  child.index = parse_index(name);
  if (child.index != no_index && (last_index == no_index || child.index > last_index))
    last_index = child.index;
  rehash();
  return child;
}

void PathSet::Node::rehash() {
  table.assign(std::bit_ceil(children.size() * 4), nullptr);
  const std::size_t mask = table.size() - 1;
  for (const auto& child : children) {
    std::size_t at = key_hash(child->key) & mask;
    while (table[at] != nullptr)
      at = (at + 1) & mask;
    table[at] = child.get();
  }
}

PathSet::PathSet() : root_(std::make_unique<Node>()) {}
PathSet::~PathSet() = default;
PathSet::PathSet(PathSet&&) noexcept = default;
PathSet& PathSet::operator=(PathSet&&) noexcept = default;

SlotId PathSet::want(const Path& path) {
  Node* node = root_.get();
  for (const auto& segment : path.segments) {
    Node& next = node->add(segment, nodes_);
    if (next.id == nodes_) ++nodes_;
    node = &next;
  }
  if (node->slot == Node::no_slot) node->slot = static_cast<SlotId>(size_++);
  return node->slot;
}

}  // namespace hookline::json
