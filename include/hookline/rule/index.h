// Which webhooks an event goes to. Built once per revision of the definitions, immutable, shared by
// all workers. Cost per event follows the webhooks that could match, not all there are: by type
// (or glob, or kind), then by an equality that their filter demands, then the filter itself.
// docs/filters.md tells users what that costs them.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hookline/event/reader.h"
#include "hookline/rule/expression.h"

namespace hookline::rule {

/// What the index needs to know of one webhook.
struct Subscription {
  std::vector<std::string> events;   ///< types, globs, kinds
  std::optional<Expression> filter;  ///< compiled with the Variables given to the index
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

  /// Which groups of webhooks a type belongs to, as one thread has found out. Bounded in types and in
  /// their length: publishers choose them.
  class TypeCache {
   public:
    static constexpr std::size_t max_types = 256;  ///< of each kind; then it starts anew
    static constexpr std::size_t max_type_size = 128;

   private:
    friend class Index;
    struct Hash {
      using is_transparent = void;
      std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
    };
    std::uint64_t index_ = 0;  // whose groups these are
    std::array<std::unordered_map<std::string, std::vector<std::uint32_t>, Hash, std::equal_to<>>, 4> groups_;
    std::vector<std::uint32_t> uncached_;
  };

  /// Working memory of one thread, good for any Index.
  struct Scratch {
    Arena arena;
    std::vector<std::uint32_t> matched;  ///< the answer: positions in ascending order
    std::vector<std::uint32_t> failed;   ///< positions whose filter ended in an error, likewise
    std::vector<std::uint32_t> candidates;
    TypeCache types;
  };

  /// Fills scratch.matched and scratch.failed for one event; clears the arena first.
  void match(const event::Event& event, Scratch& scratch) const;

 private:
  struct Tables;
  const std::vector<std::uint32_t>& groups_of(const event::Event& event, TypeCache& cache) const;

  std::unique_ptr<const Tables> tables_;
};

}  // namespace hookline::rule
