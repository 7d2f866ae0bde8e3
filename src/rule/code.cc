#include "code.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>

namespace hookline::rule {
namespace {

constexpr std::align_val_t cache_line{64};

static_assert(std::is_trivially_destructible_v<Node> && std::is_trivially_destructible_v<Cidr>);

bool is_fused(const Tree& tree) {
  switch (tree.op) {
    case Op::equal:
    case Op::not_equal:
    case Op::less:
    case Op::less_equal:
    case Op::greater:
    case Op::greater_equal:
    case Op::in:
    case Op::starts_with:
    case Op::ends_with:
    case Op::contains:
    case Op::matches:
      return tree[0].op == Op::variable && tree[1].op == Op::constant;
    default:
      return false;
  }
}

const List& list_of(const Tree& in) {
  return *std::get<const List*>(in[1].constant.data);
}

/// Bytes of each region of the block.
struct Sizes {
  std::size_t hot_nodes = 0;
  std::size_t cold_nodes = 0;
  std::size_t views = 0;
  std::size_t networks = 0;
  std::size_t text_bytes = 0;

  void add(const Tree& tree, bool hot) {
    ++(hot ? hot_nodes : cold_nodes);
    if (tree.is_text()) text_bytes += tree.text().size();
    if (tree.op == Op::select) text_bytes += tree.path.segments[0].size();
    if (tree.network) ++networks;
    if (tree.texts_only) {
      views += list_of(tree).size();
      for (const Value& text : list_of(tree))
        text_bytes += std::get<std::string_view>(text.data).size();
    }
    for (const Tree& child : tree.children)
      add(child, hot && !is_fused(tree));
  }
};

}  // namespace

void Code::Release::operator()(std::byte* block) const {
  ::operator delete[](block, cache_line);
}

class Code::Packer {
 public:
  Packer(Code& code, const Tree& tree) : code_(code) {
    Sizes sizes;
    sizes.add(tree, true);
    const std::size_t nodes = (sizes.hot_nodes + sizes.cold_nodes) * sizeof(Node);
    const std::size_t small = sizes.views * sizeof(std::string_view) + sizes.networks * sizeof(Cidr);
    // Between hot and cold nodes stand views, networks and texts, rounded up to whole lines.
    const std::size_t between = (small + sizes.text_bytes + 63) / 64 * 64;
    code_.block_.reset(static_cast<std::byte*>(::operator new[](nodes + between, cache_line)));
    std::byte* place = code_.block_.get();
    const auto take = [&](std::size_t bytes) { return std::exchange(place, place + bytes); };
    hot_ = reinterpret_cast<Node*>(take(sizes.hot_nodes * sizeof(Node)));
    cold_ = reinterpret_cast<Node*>(place + between);
    views_ = reinterpret_cast<std::string_view*>(take(sizes.views * sizeof(std::string_view)));
    networks_ = reinterpret_cast<Cidr*>(take(sizes.networks * sizeof(Cidr)));
    texts_ = reinterpret_cast<char*>(place);
  }

  /// The node of `tree`, made at `place`.
  void pack(Tree& tree, Node* place, bool hot) {
    Node& node = *new (place) Node;
    node.op = tree.op;
    node.source = tree.source;
    node.reserved = tree.reserved;
    node.slot = tree.slot;
    node.at = static_cast<std::uint16_t>(tree.at);
    node.length = static_cast<std::uint16_t>(tree.length);
    node.child_count = static_cast<std::uint16_t>(tree.children.size());
    node.constant = tree.constant;
    if (tree.is_text()) node.constant.data = keep(tree.text());
    if (tree.op == Op::select) node.constant.data = keep(tree.path.segments[0]);
    prepare(tree, node);

    const bool fused = is_fused(tree);
    Node* const children = nodes(tree.children.size(), hot && !fused);
    node.children = children;
    for (std::size_t i = 0; i < tree.children.size(); ++i)
      pack(tree.children[i], children + i, hot && !fused);
    if (!fused) return;
    node.fused = true;
    node.source = children[0].source;
    node.reserved = children[0].reserved;
    node.slot = children[0].slot;
    node.constant = children[1].constant;
  }

  Node* nodes(std::size_t count, bool hot) {
    Node*& region = hot ? hot_ : cold_;
    return std::exchange(region, region + count);
  }

 private:
  void prepare(Tree& tree, Node& node) {
    if (tree.pattern) {
      node.pattern = tree.pattern.get();
      code_.patterns_.push_back(std::move(tree.pattern));
    } else if (tree.network) {
      node.network = new (networks_++) Cidr(*tree.network);
    } else if (tree.texts_only) {
      std::string_view* const begin = views_;
      for (const Value& text : list_of(tree))
        new (views_++) std::string_view(keep(std::get<std::string_view>(text.data)));
      std::sort(begin, views_);
      node.texts = begin;
      node.text_count = static_cast<std::uint16_t>(views_ - begin);
    }
  }

  std::string_view keep(std::string_view text) {
    if (!text.empty()) std::memcpy(texts_, text.data(), text.size());
    return {std::exchange(texts_, texts_ + text.size()), text.size()};
  }

  Code& code_;
  Node* hot_ = nullptr;
  Node* cold_ = nullptr;
  std::string_view* views_ = nullptr;
  Cidr* networks_ = nullptr;
  char* texts_ = nullptr;
};

Code::Code(Tree tree) {
  static_assert(max_text <= UINT16_MAX, "positions, lengths and counts of nodes are 16 bits wide");
  Packer packer(*this, tree);
  Node* const root = packer.nodes(1, true);
  packer.pack(tree, root, true);
  root_ = root;
}

}  // namespace hookline::rule
