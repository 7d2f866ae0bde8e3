// A compiled expression as it is evaluated: its nodes, and what they point to, in one block in the
// order in which evaluation walks it. What a fused node makes needless stands at the end.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "node.h"
#include "tree.h"

namespace hookline::rule {

class Code {
 public:
  /// `tree` is checked and bound; constant lists in it must outlive the Code.
  explicit Code(Tree tree);

  const Node& root() const { return *root_; }

 private:
  class Packer;
  struct Release {
    void operator()(std::byte* block) const;
  };

  std::unique_ptr<std::byte[], Release> block_;
  std::vector<std::unique_ptr<const re2::RE2>> patterns_;
  const Node* root_ = nullptr;
};

}  // namespace hookline::rule
