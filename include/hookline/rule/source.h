// Where the events of a policy come from (`source:`), compiled. Addresses are compared as addresses, whatever
// their spelling; a mapped one (::ffff:10.0.0.1) is the IPv4 address that it maps. Immutable; any thread.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "hookline/config/webhook.h"
#include "hookline/event/reader.h"
#include "hookline/rule/cidr.h"
#include "hookline/rule/expression.h"

namespace hookline::rule {

class Source {
 public:
  /// Adds what it reads to `variables`. `match` has passed the configuration's checks: what is no address
  /// there holds for nothing.
  Source(const config::SourceMatch& match, event::Variables& variables);

  /// The texts one of which must be there: what the matching index hashes on. nullopt: addresses, or any source.
  const std::optional<Expression::Guard>& guard() const { return guard_; }
  /// The attribute that it looks at; nullopt: any source.
  std::optional<event::VariableId> variable() const { return variable_; }

  /// An event without the attribute comes from nowhere: false, but for any source.
  bool holds(const event::Event& event, Arena& arena) const;

 private:
  std::optional<event::VariableId> variable_;
  std::optional<Expression::Guard> guard_;
  std::set<std::string, std::less<>> texts_;
  std::set<Address> addresses_;
  std::vector<Cidr> networks_;
};

}  // namespace hookline::rule
