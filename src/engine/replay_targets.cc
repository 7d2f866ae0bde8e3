#include "replay_targets.h"

#include <algorithm>

#include <fmt/format.h>

#include "hookline/settle/delivery_id.h"

namespace hookline::engine {

std::string ReplayTargets::delivery_id(const kafka::OwnedRecord& original, const std::string& webhook, const std::string& endpoint) {
  const settle::Origin origin{original.topic, original.partition, original.offset, original.timestamp};
  return settle::delivery_id(hasher_, ground_.cluster_id, origin, webhook, endpoint);
}

std::optional<std::string> ReplayTargets::objection_to(const std::string& name) const {
  const auto* webhook = ground_.definitions->find(name);
  if (!webhook) return fmt::format("there is no webhook {} (any more)", name);
  if (webhook->position == Switch::off) return fmt::format("webhook {} is switched off: `hookline webhooks enable {}`", name, name);
  if (webhook->position == Switch::tripped) {
    return fmt::format("disable_after has disabled webhook {}: `hookline webhooks enable {}`", name, name);
  }
  return std::nullopt;
}

core::Result<std::vector<Reentry>> ReplayTargets::of_letter(const settle::ParsedDeadLetter& letter, const kafka::OwnedRecord& original,
                                                            const std::string& to, std::optional<std::int64_t> marked) {
  const auto kind = kind_of_topic(ground_.settings.topics, original.topic);
  if (!kind) {
    return core::fail(core::ErrorCode::not_found, fmt::format("topic {} is not configured, so the kind of its events is not known", original.topic));
  }
  auto past = past_of(letter, marked);
  if (letter.webhook.empty() && to.empty()) return of_event(original, *kind, {}, past);
  const auto& name = to.empty() ? letter.webhook : to;
  if (auto objection = objection_to(name)) return core::fail(core::ErrorCode::refused, std::move(*objection));
  const auto* webhook = ground_.definitions->find(name);
  std::vector<Reentry> reentries;
  if (!to.empty()) past.attempts = 0;  // those were of another delivery
  for (const auto& endpoint : webhook->endpoints) {
    if (to.empty() && endpoint.name != letter.endpoint) continue;
    const auto id = to.empty() ? letter.delivery_id : delivery_id(original, name, endpoint.name);
    reentries.push_back({.webhook = name, .endpoint = endpoint.name, .delivery_id = id, .kind = *kind, .past = past,
                         .policy = to.empty() ? letter.policy : settle::PolicyNote{}});
  }
  if (reentries.empty()) {
    return core::fail(core::ErrorCode::not_found, fmt::format("webhook {} has no endpoint {} (any more)", name, letter.endpoint));
  }
  return reentries;
}

core::Result<std::vector<Reentry>> ReplayTargets::of_event(const kafka::OwnedRecord& original, event::Kind kind, const std::string& only,
                                                           const settle::Past& past) {
  std::vector<Reentry> reentries;
  if (!original.value) return reentries;
  const auto most = ground_.settings.limits.event_size;
  if (original.value->size() > most) {
    return core::fail(core::ErrorCode::too_large, fmt::format("it has more than limits.event_size ({} bytes)", most));
  }
  std::vector<event::Header> headers;
  const auto view = view_of(original, headers);
  const auto& definitions = *ground_.definitions;
  const auto event = definitions.index().reader().read(view, kind, scratch_);
  if (!event) return tl::unexpected(event.error());
  definitions.index().match(*event, match_);
  if (match_.matched.empty()) return reentries;
  if (const auto valid = event::validate(*event, scratch_); !valid) return tl::unexpected(valid.error());
  for (const auto& reached : match_.reached) {
    const Webhook& webhook = definitions.matched(reached.webhook);
    const bool alone = reached.policy == rule::Index::Reached::by_itself;
    const auto note = alone ? settle::PolicyNote{} : *definitions.policies()[reached.policy].note;
    if (!only.empty() && webhook.name != only) continue;
    for (const auto& endpoint : webhook.endpoints) {
      reentries.push_back({.webhook = webhook.name, .endpoint = endpoint.name,
                           .delivery_id = delivery_id(original, webhook.name, endpoint.name), .kind = kind, .past = past, .policy = note});
    }
  }
  return reentries;
}

}  // namespace hookline::engine
