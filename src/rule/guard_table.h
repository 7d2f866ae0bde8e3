// Webhooks by the text that a variable must hold for their filter to be true. Built with the index,
// then immutable. A look-up touches one slot of 16 bytes in the usual case, so that the number of
// webhooks costs a cache miss and not more.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
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
  /// After the last one; find() needs it.
  void finish();

  /// The webhooks whose filter may be true (or end in an error) for this event, ascending. Now and
  /// then one whose text only has the same hash: filters are evaluated anyhow.
  std::span<const std::uint32_t> find(const event::Event& event, Arena& arena) const;

 private:
  /// One hash and where its webhooks stand in webhooks_; of a single one the number itself.
  struct Slot {
    std::uint64_t hash = 0;
    std::uint32_t first = 0;
    std::uint32_t count = 0;
  };
  std::span<const std::uint32_t> find(std::string_view text) const;

  event::VariableId id_;
  bool direct_;             // known without JSON
  bool fails_when_absent_;  // a path that is not there is an error, which has to be told
  event::Reserved reserved_;
  std::size_t longest_ = 0;
  std::map<std::uint64_t, std::vector<std::uint32_t>> collected_;  // until finish()
  std::vector<Slot> slots_;                                        // open addressing, a power of two
  std::vector<std::uint32_t> webhooks_;
  std::vector<std::uint32_t> all_;
};

}  // namespace hookline::rule
