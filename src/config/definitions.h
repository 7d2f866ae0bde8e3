// The declarations of what stands in definition files: webhooks, policies, templates. One table each,
// in webhook_rows.cc, policy_rows.cc and template_rows.cc; their parts in webhook_parts.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "declare.h"
#include "hookline/config/load.h"
#include "hookline/config/webhook.h"

namespace hookline::config {

const Section<Webhook>& webhook_section();
const Section<Policy>& policy_section();

/// A pattern of event types: a type, a glob, or a kind.
Type<Text> event_pattern();

Type<std::vector<EndpointSetting>> endpoints();
Type<Auth> auth();
Type<Batch> batch();
Type<Correlation> correlation();
Type<Retry> retry();
Type<Timeout> timeout();
Type<Tls> tls();
Type<DisableAfter> disable_after();
Type<std::vector<Secret>> signing();
Type<Secret> proxy();
Type<std::vector<std::pair<std::string, Text>>> fields();
Type<Text> url();

/// Does every event that `pattern` takes have a type `detection_…`?
bool detections_only(std::string_view pattern);

/// One document of a file each; nullopt, and problems reported, if it is not right.
std::optional<Webhook> read_webhook(Reader& reader, const Node& document,
                                    const std::vector<TemplateSource>& templates, Webhook* faulty = nullptr);
std::optional<Policy> read_policy(Reader& reader, const Node& document);
std::optional<TemplateSource> read_template(Reader& reader, const Node& document);

}  // namespace hookline::config
