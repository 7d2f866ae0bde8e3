// Which webhooks an event goes to. Built once per revision of the definitions, immutable, shared by
// all workers. Cost per event follows the webhooks that could match, not all there are: by type
// (or glob, or kind), then by an equality that their filter starts from, then the filter itself.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hookline/event/reader.h"
#include "hookline/rule/expression.h"

namespace hookline::rule {

/// What the index needs to know of one webhook.
struct Subscription {
  std::vector<std::string> events;       ///< types, globs, kinds
  std::optional<Expression> filter;      ///< compiled with the Variables given to the index
};

class Index {
 public:
  /// `variables` must be those that the filters were compiled with; the index may add its own.
  /// Positions in `subscriptions` are what match() answers with.
  Index(std::vector<Subscription> subscriptions, event::Variables variables);
  ~Index();
  Index(Index&&) noexcept;
  Index& operator=(Index&&) noexcept;

  /// The Reader whose Events match() takes.
  const event::Reader& reader() const;

  /// Working memory of one thread.
  struct Scratch {
    Arena arena;
    std::vector<std::uint32_t> matched;  ///< the answer: positions in ascending order
    std::vector<std::uint32_t> failed;   ///< positions whose filter ended in an error
    std::vector<std::uint32_t> candidates;
  };

  /// Fills scratch.matched (and failed) for one event.
  void match(const event::Event& event, Scratch& scratch) const;

  /// Could any event of this kind match at all? False lets a worker skip the decoding of a topic… but
  /// not the checks that every record gets.
  bool concerns(event::Kind kind) const;

 private:
  struct Tables;
  std::unique_ptr<const Tables> tables_;
};

}  // namespace hookline::rule
