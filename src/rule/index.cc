#include "hookline/rule/index.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <span>
#include <utility>

#include "evaluate.h"
#include "guard_table.h"
#include "hookline/event/catalogue.h"
#include "program.h"

namespace hookline::rule {
namespace {

using Positions = std::vector<std::uint32_t>;

/// The webhooks that name one pattern among their events.
struct Group {
  std::string pattern;
  Positions always;                // no guard: their filter runs for every such event
  std::vector<GuardTable> tables;  // one per guarding variable
};

/// A pattern that only one type can equal, so that hashing finds it.
bool is_plain_type(std::string_view pattern) {
  const bool plain = std::all_of(pattern.begin(), pattern.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  return plain && !event::parse_kind(pattern);
}

/// How many webhooks hang on each text of each variable.
using Crowd = std::map<std::pair<event::VariableId, std::string>, std::size_t>;

/// The guard under which the fewest webhooks share a text: `service` rather than `severity`.
const Expression::Guard* choose(const std::vector<Expression::Guard>& guards, const Crowd& crowd,
                                const event::Variables& variables) {
  const Expression::Guard* best = nullptr;
  std::pair<std::size_t, bool> best_cost;
  for (const auto& guard : guards) {
    std::size_t most = 0;
    for (const std::string& text : guard.any_of)
      most = std::max(most, crowd.at({guard.variable, text}));
    // What is absent there is an error that each filter has to tell: attributes first where all else is
    // equal.
    const auto source = variables[guard.variable].source;
    const bool can_fail =
        source == event::Variable::Source::path || source == event::Variable::Source::header;
    const std::pair cost(most, can_fail);
    if (best == nullptr || cost < best_cost) {
      best = &guard;
      best_cost = cost;
    }
  }
  return best;
}

std::uint64_t next_id() {
  static std::atomic<std::uint64_t> last{0};
  return ++last;
}

}  // namespace

struct Index::Tables {
  Tables(std::vector<Subscription> list, std::vector<Notification> rules, event::Variables names)
      : subscriptions(std::move(list)), policies(std::move(rules)), variables(std::move(names)), reader(variables) {
    build();
  }

  void build();
  Group& group(const std::string& pattern, std::map<std::string, std::uint32_t>& known);

  std::uint64_t id = next_id();
  // Where positions of both are meant, those of policies come after those of subscriptions.
  std::vector<Subscription> subscriptions;
  std::vector<Notification> policies;
  std::vector<const Node*> filters;  // of each subscription, or null; then the policies' criteria
  event::Variables variables;
  event::Reader reader;
  std::vector<Group> groups;
  std::unordered_map<std::string, std::uint32_t, TypeCache::Hash, std::equal_to<>> plain;  // type -> group
  Positions others;  // groups of kinds and globs
};

Group& Index::Tables::group(const std::string& pattern, std::map<std::string, std::uint32_t>& known) {
  const auto [place, made] = known.try_emplace(pattern, static_cast<std::uint32_t>(groups.size()));
  if (made) {
    groups.push_back(Group{pattern, {}, {}});
    if (is_plain_type(pattern)) {
      plain.emplace(pattern, place->second);
    } else {
      others.push_back(place->second);
    }
  }
  return groups[place->second];
}

void Index::Tables::build() {
  const std::size_t rules = subscriptions.size() + policies.size();
  std::vector<std::vector<Expression::Guard>> guards(rules);
  Crowd crowd;
  for (std::size_t i = 0; i < rules; ++i) {
    const Notification* policy = i < subscriptions.size() ? nullptr : &policies[i - subscriptions.size()];
    const auto& filter = policy ? policy->criteria : subscriptions[i].filter;
    filters.push_back(filter ? &filter->program_->root() : nullptr);
    if (filter) guards[i] = filter->guards();
    if (policy && policy->source.guard()) guards[i].push_back(*policy->source.guard());
    for (const auto& guard : guards[i]) {
      for (const std::string& text : guard.any_of)
        ++crowd[{guard.variable, text}];
    }
  }
  std::map<std::string, std::uint32_t> known;
  for (std::uint32_t i = 0; i < rules; ++i) {
    const Expression::Guard* guard = choose(guards[i], crowd, variables);
    std::vector<std::string> patterns = i < subscriptions.size() ? subscriptions[i].events : policies[i - subscriptions.size()].on;
    std::sort(patterns.begin(), patterns.end());
    patterns.erase(std::unique(patterns.begin(), patterns.end()), patterns.end());
    for (const std::string& pattern : patterns) {
      Group& members = group(pattern, known);
      if (guard == nullptr) {
        members.always.push_back(i);
        continue;
      }
      auto table = std::find_if(members.tables.begin(), members.tables.end(),
                                [&](const GuardTable& t) { return t.variable() == guard->variable; });
      if (table == members.tables.end()) {
        members.tables.emplace_back(guard->variable, variables[guard->variable]);
        table = members.tables.end() - 1;
      }
      table->add(i, guard->any_of);
    }
  }
  for (Group& members : groups) {
    for (GuardTable& table : members.tables)
      table.finish();
  }
}

Index::Index(std::vector<Subscription> subscriptions, std::vector<Notification> policies, event::Variables variables)
    : tables_(std::make_unique<const Tables>(std::move(subscriptions), std::move(policies), std::move(variables))) {}
Index::~Index() = default;
Index::Index(Index&&) noexcept = default;
Index& Index::operator=(Index&&) noexcept = default;

const event::Reader& Index::reader() const {
  return tables_->reader;
}

const std::vector<std::uint32_t>& Index::groups_of(const event::Event& event, TypeCache& cache) const {
  if (cache.index_ != tables_->id) {
    cache = TypeCache();
    cache.index_ = tables_->id;
  }
  auto& known = cache.groups_[static_cast<std::size_t>(event.kind())];
  const auto found = known.find(event.type());
  if (found != known.end()) return found->second;

  Positions& groups = cache.uncached_;
  groups.clear();
  const auto concerned = [&](std::uint32_t group) {
    return event::pattern_matches(tables_->groups[group].pattern, event.kind(), event.type());
  };
  const auto plain = tables_->plain.find(event.type());
  if (plain != tables_->plain.end() && concerned(plain->second)) groups.push_back(plain->second);
  std::copy_if(tables_->others.begin(), tables_->others.end(), std::back_inserter(groups), concerned);
  if (event.type().size() > TypeCache::max_type_size) return groups;
  if (known.size() >= TypeCache::max_types) known.clear();
  return known.emplace(event.type(), groups).first->second;
}

void Index::match(const event::Event& event, Scratch& scratch) const {
  scratch.arena.clear();
  scratch.matched.clear();
  scratch.reached.clear();
  scratch.counting.clear();
  scratch.failed.clear();
  scratch.policies.clear();
  Positions& candidates = scratch.candidates;
  candidates.clear();
  std::size_t sources = 0;
  const auto take = [&](std::span<const std::uint32_t> positions) {
    if (positions.empty()) return;
    candidates.insert(candidates.end(), positions.begin(), positions.end());
    ++sources;
  };
  for (const std::uint32_t group : groups_of(event, scratch.types)) {
    take(tables_->groups[group].always);
    for (const GuardTable& table : tables_->groups[group].tables) {
      take(table.find(event, scratch.arena));
    }
  }
  if (sources > 1) {  // a webhook may stand in several groups
    std::sort(candidates.begin(), candidates.end());
    candidates.erase(std::unique(candidates.begin(), candidates.end()), candidates.end());
  }

  const auto webhooks = static_cast<std::uint32_t>(tables_->subscriptions.size());
  const Arena::Mark mark = scratch.arena.mark();
  for (const std::uint32_t position : candidates) {
    const Notification* policy = position < webhooks ? nullptr : &tables_->policies[position - webhooks];
    if (policy && !policy->source.holds(event, scratch.arena)) continue;
    const Node* const filter = tables_->filters[position];
    Evaluation evaluation(&event, scratch.arena);
    const Truth answer = filter == nullptr ? Truth::yes : evaluation.truth(*filter);
    scratch.arena.release(mark);
    if (answer == Truth::yes) {
      policy ? scratch.policies.push_back(position - webhooks) : scratch.reached.push_back({position});
    } else if (answer == Truth::error) {
      if (!policy) scratch.failed.push_back(position);
      if (policy) scratch.failed.insert(scratch.failed.end(), policy->notify.begin(), policy->notify.end());
    }
  }
  if (!scratch.policies.empty() || scratch.failed.size() > 1) follow_policies(event, scratch);
  for (const Reached& reached : scratch.reached) scratch.matched.push_back(reached.webhook);
}

/// Adds the webhooks that the policies found by match() notify.
void Index::follow_policies(const event::Event& event, Scratch& scratch) const {
  scratch.refused.clear();
  for (const std::uint32_t policy : scratch.policies) {
    tables_->policies[policy].counts ? scratch.counting.push_back(policy) : notify(policy, event, scratch);
  }
  std::sort(scratch.reached.begin(), scratch.reached.end(),
            [](const Reached& a, const Reached& b) { return a.webhook < b.webhook; });
  std::sort(scratch.failed.begin(), scratch.failed.end());
  scratch.failed.erase(std::unique(scratch.failed.begin(), scratch.failed.end()), scratch.failed.end());
}

void Index::notify(std::uint32_t policy, const event::Event& event, Scratch& scratch) const {
  const Arena::Mark mark = scratch.arena.mark();
  for (const std::uint32_t webhook : tables_->policies[policy].notify) {
    const auto there = std::ranges::find(scratch.reached, webhook, &Reached::webhook);
    if (there != scratch.reached.end()) {
      if (there->policy == Reached::by_itself) there->policy = policy;
      continue;
    }
    if (std::ranges::find(scratch.refused, webhook) != scratch.refused.end()) continue;
    const Node* const filter = tables_->filters[webhook];
    Evaluation evaluation(&event, scratch.arena);
    const Truth answer = filter == nullptr ? Truth::yes : evaluation.truth(*filter);
    scratch.arena.release(mark);
    if (answer == Truth::error) scratch.failed.push_back(webhook);
    if (answer == Truth::yes) {
      scratch.reached.push_back({webhook, policy});
    } else {
      scratch.refused.push_back(webhook);
    }
  }
}

void Index::fire(std::uint32_t policy, const event::Event& event, Scratch& scratch) const {
  match(event, scratch);
  scratch.refused = scratch.matched;
  scratch.reached.clear();
  scratch.matched.clear();
  notify(policy, event, scratch);
}

}  // namespace hookline::rule
