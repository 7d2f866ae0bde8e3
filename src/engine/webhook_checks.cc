#include "webhook_checks.h"

#include <algorithm>

#include <fmt/format.h>

#include "hookline/config/load.h"
#include "hookline/config/spelling.h"
#include "hookline/deliver/egress.h"
#include "hookline/event/catalogue.h"

namespace hookline::engine {
namespace {

void warn(config::Problems& problems, const config::Place& place, std::string what, std::string remedy) {
  problems.push_back({place, std::move(what), std::move(remedy), true});
}

void refuse(config::Problems& problems, const config::Place& place, std::string what, std::string remedy) {
  problems.push_back({place, std::move(what), std::move(remedy), false});
}

/// Scheme, host and port of a URL text: the part that never holds placeholders.
std::string authority_of(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::string(url);
  return std::string(url.substr(0, std::min(url.size(), url.find_first_of("/?#", scheme + 3))));
}

void check_egress(const config::Webhook& webhook, const config::Settings& settings, config::Problems& problems) {
  const deliver::EgressPolicy policy(settings.egress);
  const auto check = [&](const config::Text& url) {
    if (authority_of(url.value).find('$') != std::string::npos) return;  // no URL: told elsewhere
    if (auto objection = policy.objection(authority_of(url.value))) {
      warn(problems, url.place, fmt::format("egress.allow refuses this URL: {}", *objection),
           "add its address to egress.allow in the service's configuration, e.g. 127.0.0.1/32:9000");
    }
  };
  for (const auto& endpoint : webhook.endpoints) check(endpoint.url);
  if (const auto* oauth2 = std::get_if<config::OAuth2>(&webhook.auth)) check(oauth2->token_url);
}

/// Updates of one incident that overtake each other confuse a receiver that keeps state.
void check_order(const config::Webhook& webhook, config::Problems& problems) {
  if (webhook.ordering == config::Ordering::key && webhook.batch.max_events > 1) {
    warn(problems, webhook.place, "`batch` has no effect with `ordering: key`: each event goes out by itself", "remove one of the two");
  }
  if (webhook.ordering == config::Ordering::key || webhook.correlation) return;
  std::size_t types = 0;
  for (const auto& type : event::catalogue()) {
    if (type.kind != event::Kind::incident) continue;
    types += std::any_of(webhook.events.begin(), webhook.events.end(), [&](const config::Text& pattern) {
      return event::pattern_matches(pattern.value, type.kind, type.name);
    });
  }
  if (types > 1) {
    warn(problems, webhook.events.front().place,
         "several incident types without `ordering: key`: a retried `triggered` may arrive after its `resolved`",
         "set `ordering: key` if the receiver keeps the incident's state");
  }
}

/// Any type is accepted, but one that nearly is one of the catalogue was probably meant to be it.
void check_types(const std::vector<config::Text>& patterns, config::Problems& problems) {
  static const auto names = [] {
    std::vector<std::string_view> known;
    for (const auto kind : event::kinds) known.push_back(event::name(kind));
    for (const auto& type : event::catalogue()) known.push_back(type.name);
    return known;
  }();
  for (const auto& pattern : patterns) {
    if (pattern.value.find('*') != std::string::npos) continue;
    const auto near = config::closest(pattern.value, names);
    // Types of one family are alike: only a slip of the finger counts.
    if (near.empty() || near == pattern.value || config::edit_distance(near, pattern.value) > 2) continue;
    warn(problems, pattern.place, fmt::format("no type of the catalogue is called '{}'", pattern.value),
         fmt::format("did you mean '{}'? If events of your own are called so, all is well", near));
  }
}

/// A text that wants a correlation id, in a webhook that never gets one.
void warn_of_missing_id(const config::Webhook& webhook, const render::Template& text, const config::Place& place,
                        std::string_view where, config::Problems& problems) {
  if (!text.uses("correlationId") || (webhook.correlation && !webhook.correlation->from.empty())) return;
  warn(problems, place, fmt::format("the {} uses correlationId, but this webhook has no `correlation.from`: its default, or NA, always stands there", where),
       "name the webhook that creates the item: correlation: {key: story_id, from: NAME}");
}

}  // namespace

void check_webhook(const config::Webhook& webhook, const config::Settings& settings, config::Problems& problems) {
  check_egress(webhook, settings, problems);
  check_types(webhook.events, problems);
  check_order(webhook, problems);
}

void check_policy(const config::Policy& policy, const std::vector<config::Webhook>& webhooks, config::Problems& problems) {
  check_types(policy.on, problems);
  for (const auto& webhook : webhooks) {
    if (!policy.enabled || webhook.enabled || webhook.trigger != config::Trigger::policy || !config::notifies(policy, webhook.name)) continue;
    warn(problems, policy.place, fmt::format("the policy notifies '{}', which is disabled", webhook.name), "enable the webhook, or leave it out of `notify`");
  }
}

void check_payload(const config::Webhook& webhook, const render::Template& payload, config::Problems& problems) {
  warn_of_missing_id(webhook, payload, webhook.payload->place, "payload", problems);
  if (webhook.event_formatting == config::EventFormatting::none) return;
  for (const std::string_view name : {"Title", "Event"}) {
    if (payload.uses_as_value(name)) continue;
    refuse(problems, webhook.payload->place, fmt::format("event_formatting is set, but the payload does not use ${} as a value", name),
           R"(use both in a JSON object, e.g. {"title": "$Title", "text": "$Event"})");
  }
}

void check_correlation_id(const config::Webhook& webhook, const config::EndpointSetting& endpoint,
                          const render::Template& url, config::Problems& problems) {
  warn_of_missing_id(webhook, url, endpoint.url.place, "URL", problems);
}

void check_fixed_url(const config::EndpointSetting& endpoint, config::Problems& problems) {
  if (endpoint.method == config::Method::post || endpoint.url.place.line == 0) return;
  warn(problems, endpoint.url.place,
       fmt::format("{} to a URL without placeholders: every event changes the same item",
                   endpoint.method == config::Method::put ? "PUT" : "PATCH"),
       "put the item's id into the URL, e.g. $correlationId with correlation: {key: story_id, from: NAME}");
}

}  // namespace hookline::engine
