// What `validate` says of a webhook beyond grammar: rules that join several settings, and what is
// legal but probably not meant. Each check is one function; problems go to the place they are about.
#pragma once

#include "hookline/config/settings.h"
#include "hookline/config/webhook.h"
#include "hookline/render/template.h"

namespace hookline::engine {

/// Checks that need no compiled template.
void check_webhook(const config::Webhook& webhook, const config::Settings& settings, config::Problems& problems);

/// What a policy counts or waits for that can never come, and types that are nearly one of the catalogue.
void check_policy(const config::Policy& policy, const std::vector<config::Webhook>& webhooks, config::Problems& problems);

/// `event_formatting` asks for both `$Title` and `$Event` as values of a JSON object; and a payload that wants a
/// correlation id wants somebody who gives it one.
void check_payload(const config::Webhook& webhook, const render::Template& payload, config::Problems& problems);

/// A URL that wants a correlation id, in a webhook that never gets one.
void check_correlation_id(const config::Webhook& webhook, const config::EndpointSetting& endpoint,
                          const render::Template& url, config::Problems& problems);

/// PUT and PATCH change one item: a URL (and a payload) that always names the same one is probably a mistake.
void check_fixed_url(const config::EndpointSetting& endpoint, config::Problems& problems);

}  // namespace hookline::engine
