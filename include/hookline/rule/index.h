// Which webhooks an event goes to, by their own events and filter or because a policy notifies them. Built once per revision of the definitions, immutable, shared by
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
#include "hookline/rule/source.h"

namespace hookline::rule {

/// What the index needs to know of one webhook.
struct Subscription {
  std::vector<std::string> events;   ///< types, globs, kinds; none: only policies reach it
  std::optional<Expression> filter;  ///< compiled with the Variables given to the index
};

/// What the index needs to know of one policy.
struct Notification {
  std::vector<std::string> on;         ///< types, globs, kinds
  Source source;                       ///< compiled with the Variables given to the index, as is `criteria`
  std::optional<Expression> criteria;
  std::vector<std::uint32_t> notify;   ///< positions of subscriptions
  bool counts = false;                 ///< it has a threshold: an event alone notifies nobody
};

class Index {
 public:
  /// `variables` must be those that the filters were compiled with; the index may add its own.
  /// Positions in `subscriptions` are what match() answers with. Of policies that notify the same webhook
  /// the first one counts.
  Index(std::vector<Subscription> subscriptions, event::Variables variables)
      : Index(std::move(subscriptions), {}, std::move(variables)) {}
  Index(std::vector<Subscription> subscriptions, std::vector<Notification> policies, event::Variables variables);
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

  /// A webhook that an event reaches.
  struct Reached {
    static constexpr std::uint32_t by_itself = UINT32_MAX;
    std::uint32_t webhook = 0;          ///< position of its subscription
    std::uint32_t policy = by_itself;   ///< the first policy that notifies it of this event
    bool operator==(const Reached&) const = default;
  };

  /// Working memory of one thread, good for any Index.
  struct Scratch {
    Arena arena;
    std::vector<std::uint32_t> matched;   ///< the answer: positions of subscriptions in ascending order
    std::vector<Reached> reached;         ///< the same, with the policies
    std::vector<std::uint32_t> counting;  ///< policies with a threshold that count the event, ascending
    std::vector<std::uint32_t> failed;    ///< positions whose filter ended in an error, and webhooks of a policy whose criteria did, ascending
    std::vector<std::uint32_t> candidates, policies, refused;
    TypeCache types;
  };

  /// Fills scratch.matched and scratch.failed for one event; clears the arena first.
  void match(const event::Event& event, Scratch& scratch) const;

  /// For an event on which the policy with a threshold fires: fills scratch.reached with the webhooks that it notifies and
  /// that match() does not find, which the event reaches anyway.
  void fire(std::uint32_t policy, const event::Event& event, Scratch& scratch) const;

 private:
  struct Tables;
  void follow_policies(const event::Event& event, Scratch& scratch) const;
  void notify(std::uint32_t policy, const event::Event& event, Scratch& scratch) const;
  const std::vector<std::uint32_t>& groups_of(const event::Event& event, TypeCache& cache) const;

  std::unique_ptr<const Tables> tables_;
};

}  // namespace hookline::rule
