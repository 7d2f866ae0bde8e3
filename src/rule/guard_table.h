// Webhooks by the text that a variable must hold for their filter to be true. Built with the index,
// then immutable.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hookline/event/reader.h"
#include "hookline/rule/expression.h"

namespace hookline::rule {

class GuardTable {
 public:
  GuardTable(event::VariableId id, const event::Variable& variable);

  event::VariableId variable() const { return id_; }

  /// Webhooks are added in ascending order.
  void add(std::uint32_t webhook, const std::vector<std::string>& any_of);

  /// The webhooks whose filter may be true (or end in an error) for this event, ascending; nullptr:
  /// none.
  const std::vector<std::uint32_t>* find(const event::Event& event, Arena& arena) const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  event::VariableId id_;
  bool direct_;             // known without JSON
  bool fails_when_absent_;  // a path that is not there is an error, which has to be told
  event::Reserved reserved_;
  std::size_t longest_ = 0;
  std::unordered_map<std::string, std::vector<std::uint32_t>, Hash, std::equal_to<>> by_text_;
  std::vector<std::uint32_t> all_;
};

}  // namespace hookline::rule
