// What policies make of one event, told in words: `render --explain` and the preview.
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "hookline/core/units.h"
#include "hookline/engine/trial.h"
#include "hookline/event/catalogue.h"

namespace hookline::engine {
namespace {

std::string_view name_of(config::SourceMatch::Of of) {
  using Of = config::SourceMatch::Of;
  switch (of) {
    case Of::any: return "any";
    case Of::host: return "host";
    case Of::ip: return "ip";
    case Of::ip_range: return "ip_range";
    case Of::site: return "site";
  }
  return "any";
}

/// "source: host [web-3]; the event's is web-4"
std::string wrong_source(const Policy& policy, const rule::Source& source, const event::Event& event) {
  const json::Value seen = event.get(*source.variable());
  std::string buffer;
  const std::string_view text = seen.is_text() ? json::unescape(seen.raw, buffer) : seen ? seen.raw : "absent";
  return fmt::format("`source` {} [{}] does not hold: the event's is {}", name_of(policy.source.of),
                     fmt::join(policy.source.values, ", "), text);
}

std::string why_it_takes(const Policy& policy) {
  const std::string_view why = policy.criteria.empty() ? "every such event" : "the criteria are true";
  if (!policy.threshold) return std::string(why);
  return fmt::format("{}; it counts, and notifies on the event that makes {} within {}{}", why, policy.threshold->count,
                     core::format_duration(policy.threshold->within),
                     policy.threshold->per.empty() ? "" : fmt::format(" for the same {}", policy.threshold->per));
}

}  // namespace

settle::PolicyNote note_of(const Policy& policy) {
  settle::PolicyNote note = *policy.note;
  if (policy.threshold) {
    note.count = policy.threshold->count;
    note.window = policy.threshold->within;
  }
  return note;
}

const Policy* Match::policy() const {
  const auto found = std::find_if(policies.begin(), policies.end(), [](const PolicyMatch& p) { return p.takes; });
  return found == policies.end() ? nullptr : found->policy;
}

core::Result<std::vector<PolicyMatch>> try_policies(const Definitions& definitions, const Webhook& webhook,
                                                    const event::RecordView& record, event::Kind kind) {
  std::vector<PolicyMatch> matches;
  for (const Policy& policy : definitions.policies()) {
    const bool named = std::any_of(policy.notify.begin(), policy.notify.end(),
                                   [&](std::uint32_t position) { return definitions.matched(position).name == webhook.name; });
    if (!named) continue;
    event::Variables variables(definitions.attributes());
    const rule::Source source(policy.source, variables);
    std::optional<rule::Expression> criteria;
    if (!policy.criteria.empty()) {
      auto compiled = rule::Expression::compile_filter(policy.criteria, variables);
      if (!compiled) return core::fail(core::ErrorCode::invalid, compiled.error().what);  // cannot be: it compiled before
      criteria = std::move(*compiled);
    }
    const event::Reader reader(variables);
    event::Scratch scratch;
    const auto event = reader.read(record, kind, scratch);
    if (!event) return tl::unexpected(event.error());
    PolicyMatch& match = matches.emplace_back(PolicyMatch{.policy = &policy});
    rule::Arena arena;
    std::optional<rule::EvalError> error;
    const bool triggered = std::any_of(policy.on.begin(), policy.on.end(), [&](const std::string& pattern) {
      return event::pattern_matches(pattern, kind, event->type());
    });
    if (criteria) match.terms = criteria->explain(*event);
    if (!triggered) {
      match.note = fmt::format("`on` [{}] does not take {} ({})", fmt::join(policy.on, ", "), event->type(), name(kind));
    } else if (!source.holds(*event, arena)) {
      match.note = wrong_source(policy, source, *event);
    } else if (criteria && !criteria->matches(*event, arena, &error)) {
      match.note = error ? fmt::format("the criteria have no answer: {}", error->what) : "the criteria are false";
    } else {
      match.takes = true;
      match.note = why_it_takes(policy);
    }
  }
  return matches;
}

}  // namespace hookline::engine
