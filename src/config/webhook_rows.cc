// A webhook, key by key: the one place where its settings are declared.
#include <algorithm>

#include <fmt/format.h>

#include "definitions.h"
#include "headers.h"
#include "hookline/config/presets.h"
#include "network.h"
#include "types.h"
#include "utf8.h"

namespace hookline::config {
namespace {

void check_events(Reader& reader, const Node& node, const Webhook& webhook) {
  const auto* events = node.find("events");
  if (webhook.trigger == Trigger::policy) {
    if (events)
      reader.warn(*events, "is not used: with `trigger: policy` only policies reach this webhook",
                  "remove it");
  } else if (!events && node.kind == Node::Kind::map) {
    reader.error(node.place(), "the key 'events' is missing",
                 "add e.g. events: [incident_triggered], or trigger: policy");
  } else if (events && events->items.empty() &&
             (events->kind == Node::Kind::list || events->kind == Node::Kind::null)) {
    reader.error(*events, "is empty", "name at least one type, glob or kind");
  }
}

void check_formatting(Reader& reader, const Node& node, const Webhook& webhook) {
  const auto* formatting = node.find("event_formatting");
  if (!formatting) return;
  if (!node.find("payload")) {
    reader.error(*formatting, "needs a payload",
                 "write a payload that uses $Title and $Event, or remove event_formatting");
  }
  if (webhook.event_formatting != EventFormatting::jira || webhook.trigger == Trigger::policy) return;
  for (const auto& pattern : webhook.events) {
    if (detections_only(pattern.value)) continue;
    reader.error(pattern.place,
                 fmt::format("{} can match events that `event_formatting: jira` has no form for",
                             in_quotes(masked(pattern))),
                 "with jira all of `events` begin with detection_");
  }
}

void check_batch(Reader& reader, const Node& node, const Webhook& webhook) {
  if (webhook.batch.max_events <= 1) return;
  const auto* batch_node = node.find("batch");
  const auto* max_events = batch_node ? batch_node->find("max_events") : nullptr;
  if (!max_events) return;
  if (webhook.format == BodyFormat::object) {
    const auto* format_node = node.find("format");
    reader.error(
        *max_events, fmt::format("is {}, but `format: object` holds one event", webhook.batch.max_events),
        format_node ? fmt::format("set format in line {} to array or ndjson", format_node->place().line)
                    : "add format: array or format: ndjson");
  }
  if (webhook.correlation) {
    reader.error(*max_events, "is more than 1, but a correlated webhook sends one event at a time",
                 "remove batch or correlation");
  }
}

void check_correlation(Reader& reader, const Node& node, const Webhook& webhook) {
  const auto* endpoints_node = node.find("endpoints");
  if (!webhook.correlation || !endpoints_node || endpoints_node->items.size() <= 1) return;
  reader.error(
      *endpoints_node,
      fmt::format("has {} endpoints, but a correlated webhook has one", endpoints_node->items.size()),
      fmt::format("keep one, or remove the correlation in line {}", node.find("correlation")->place().line));
}

/// A header that two settings set.
void check_headers(Reader& reader, const Node& node, const Webhook& webhook) {
  const auto* written = node.find("headers");
  const auto* auth_node = node.find("auth");
  if (!written || !auth_node) return;
  std::vector<std::string> by_auth;
  if (const auto* own = std::get_if<HeaderAuth>(&webhook.auth)) {
    for (const auto& header : own->headers)
      by_auth.push_back(header.name);
  } else if (!std::holds_alternative<std::monostate>(webhook.auth)) {
    by_auth.emplace_back("Authorization");
  }
  for (const auto& member : written->members) {
    for (const auto& name : by_auth) {
      if (!equal_ignoring_case(name, member.key)) continue;
      reader.error(member.key_place(),
                   fmt::format("the header {} is set by `auth` in line {} too", in_quotes(member.key),
                               auth_node->place().line),
                   "keep one of them");
    }
  }
}

void check_tls(Reader& reader, const Node& node, const Webhook& webhook) {
  const auto* written = node.find("tls");
  const bool https =
      std::any_of(webhook.endpoints.begin(), webhook.endpoints.end(),
                  [](const EndpointSetting& e) { return e.url.value.starts_with("https://"); });
  if (written && !webhook.endpoints.empty() && !https)
    reader.warn(*written, "has no effect: no endpoint is https", "use https");
}

/// References are not for payloads: there they read as placeholders.
void check_payload(Reader& reader, const Node& node) {
  const auto* payload = node.find("payload");
  if (!payload || payload->kind != Node::Kind::scalar || !has_reference(payload->value)) return;
  reader.warn(
      *payload,
      "holds ${env:…} or ${file:…}, which is no secret reference here but a placeholder with a default",
      "put secrets into headers, auth or url");
}

void check_webhook(Reader& reader, const Node& node, Webhook& webhook) {
  check_events(reader, node, webhook);
  check_formatting(reader, node, webhook);
  check_batch(reader, node, webhook);
  check_correlation(reader, node, webhook);
  check_headers(reader, node, webhook);
  check_tls(reader, node, webhook);
  check_payload(reader, node);
}

Section<Webhook> declare() {
  using W = Webhook;
  Section<W> s;
  s.initial.retry = standard_retry();
  s.check = check_webhook;
  s.rows = {
      row<W>("name", &W::name, name_text(),
             "What the webhook is called everywhere: in metrics, logs, the API and dead letters. Unique.",
             "payments-tickets", Need::required),
      row<W>("description", &W::description, free_text(), "For people.", "Tickets for payment incidents"),
      row<W>("enabled", &W::enabled, boolean(), "false: events are not matched.", false),
      row<W>("events", &W::events, list_of(event_pattern()),
             "Event types, globs (`story_*`) or kinds (`incident`). Required unless `trigger: policy`.",
             json::Tree::array({"incident_triggered", "story_*"})),
      row<W>("trigger", &W::trigger,
             one_of<Trigger>({{"event", Trigger::event}, {"policy", Trigger::policy}}),
             "What reaches the webhook: `events`, or only policies that notify it.", "policy"),
      row<W>("filter", &W::filter, maybe(expression("expression")),
             "Only events for which this is true. The language is that of docs/filters.md.",
             R"(service in ["payments", "checkout"] && severity != "low")"),
      row<W>("endpoints", &W::endpoints, endpoints(),
             "Where events go: each endpoint gets its own delivery of every event.",
             json::Tree::array({{{"url", "https://tickets.example.com/api"}}}), Need::required),
      row<W>("headers", &W::headers, headers(false), "Headers of the requests; values may hold placeholders.",
             json::Tree{{"X-Team", "sre"}}),
      row<W>("auth", &W::auth, auth(), "Credentials of the requests: one of the forms below.",
             json::Tree{{"bearer", "${env:TICKETS_TOKEN}"}}),
      row<W>("template", &W::template_name,
             patterned("name", {"[A-Za-z0-9][A-Za-z0-9._-]*", "write the name of a template", 100}),
             "The template to start from: its keys hold unless they stand here.", "servicenow-create"),
      row<W>("fields", &W::fields, fields(), "Computed names for payload, URLs and headers, as expressions.",
             json::Tree{{"action", R"(type == "incident_resolved" ? "resolve" : "trigger")"}}),
      row<W>("payload", &W::payload, maybe(expression("text")),
             "The body: JSON text with placeholders (docs/templates.md). Without it the event's own bytes "
             "are the body.",
             R"({"title": "$Title", "level": "${severity:medium}", "raw": ${document}})"),
      row<W>("event_formatting", &W::event_formatting,
             one_of<EventFormatting>({{"default", EventFormatting::standard},
                                      {"slack", EventFormatting::slack},
                                      {"jira", EventFormatting::jira}}),
             "What `$Event` holds. When set, the payload must use both `$Title` and `$Event` as values.",
             "slack"),
      row<W>(
          "escape", &W::escape,
          one_of<TextEscape>({{"none", TextEscape::none},
                              {"slack", TextEscape::slack},
                              {"html", TextEscape::html},
                              {"markdown", TextEscape::markdown}}),
          "What the receiver reads texts as: values inserted into texts of the payload are escaped for it.",
          "slack"),
      row<W>("max_text", &W::max_text, integer(0, 1'000'000),
             "Characters of an inserted text, the rest is cut; 0: no limit.", 3000),
      row<W>(
          "format", &W::format,
          one_of<BodyFormat>(
              {{"object", BodyFormat::object}, {"array", BodyFormat::array}, {"ndjson", BodyFormat::ndjson}}),
          "The body's shape: the payload itself, a JSON array of payloads, or one payload per line.",
          "array"),
      row<W>("batch", &W::batch, batch(), "Several events in one request."),
      row<W>("correlation", &W::correlation, maybe(correlation()),
             "Remembers the id of an item that one webhook creates, for another that updates it. Such a "
             "webhook has one endpoint."),
      row<W>("ordering", &W::ordering, one_of<Ordering>({{"none", Ordering::none}, {"key", Ordering::key}}),
             "`key`: deliveries of one record key one after another, in order.", "key"),
      row<W>("retry", &W::retry, retry(), "When a failed delivery is tried again."),
      row<W>("timeout", &W::timeout, timeout(), "How long one attempt may take."),
      row<W>("tls", &W::tls, tls(), "Certificates."),
      row<W>("proxy", &W::proxy, proxy(),
             "`none`, or the URL of a proxy; the environment's proxies are not used.",
             "http://proxy.example.com:3128"),
      row<W>("http2", &W::http2, boolean(), "Offer HTTP/2; otherwise HTTP/1.1 is spoken.", true),
      row<W>("secret_url", &W::secret_url, boolean(),
             "The URL itself is a secret (Slack, Teams, Discord): only scheme and host are shown. So it is, "
             "too, when it came from a secret reference.",
             true),
      row<W>("signing", &W::signing_secrets, signing(), "Signs requests as Standard Webhooks do."),
      row<W>("concurrency", &W::concurrency, integer(1, 10'000),
             "Requests in flight per endpoint and worker.", 8),
      row<W>("rate_limit", &W::rate_limit, word_or("none", rate()),
             "Requests per time, per endpoint and process.", "100/s"),
      row<W>("disable_after", &W::disable_after, word_or("none", disable_after()),
             "Disables the webhook when too much of it fails."),
      row<W>("failure_email", &W::failure_email,
             list_of(patterned("mail address",
                               {"[^@\\s,;<>]+@[^@\\s,;<>]+", "write e.g. oncall@example.com", 254})),
             "Who is told by mail when deliveries fail; needs `smtp` in the settings.",
             json::Tree::array({"oncall@example.com"})),
  };
  return finished(std::move(s));
}

/// The document with the keys of its template where it has none of its own.
struct Merged {
  Node node;
  std::vector<std::string> inherited;
};

const TemplateSource* find_template(Reader& reader, const Node& name,
                                    const std::vector<TemplateSource>& templates) {
  const auto scalar = reader.scalar(name, "the name of a template");
  if (!scalar) return nullptr;
  std::vector<std::string_view> known;
  for (const auto& source : templates) {
    if (source.name == scalar->value) return &source;
    known.push_back(source.name);
  }
  reader.error(name, fmt::format("names a template that does not exist: {}", scalar->shown()),
               scalar->referenced
                   ? ""
                   : suggestion(scalar->value, known,
                                known.empty() ? "there are none" : fmt::format("known: {}", any_of(known))));
  return nullptr;
}

Merged merge(Reader& reader, const Node& document, const std::vector<TemplateSource>& templates) {
  Merged merged{document, {}};
  const auto* name = document.find("template");
  const auto* source = name ? find_template(reader, *name, templates) : nullptr;
  if (!source) return merged;
  std::shared_ptr<const Node> keys = source->source;
  if (!keys)
    keys = std::make_shared<const Node>(
        from_tree(source->keys, std::make_shared<const Source>(source->place.file, ""), ""));
  for (const auto& member : keys->members) {
    if (document.find(member.key)) continue;
    merged.node.members.push_back(member);
    merged.inherited.push_back(member.key);
  }
  return merged;
}

}  // namespace

const Section<Webhook>& webhook_section() {
  static const Section<Webhook> section = declare();
  return section;
}

std::optional<Webhook> read_webhook(Reader& reader, const Node& document,
                                    const std::vector<TemplateSource>& templates, Webhook* faulty) {
  const auto before = reader.errors();
  reader.take_referenced();
  auto merged = merge(reader, document, templates);
  Webhook webhook = webhook_section().initial;
  read_section(reader, merged.node, webhook_section(), webhook);
  if (const auto* name = document.find("name"); name && !webhook.name.empty())
    reader.claim("webhook", webhook.name, name->place());
  webhook.place = document.place();
  webhook.inherited = std::move(merged.inherited);
  webhook.referenced = reader.take_referenced();
  // A name is shown wherever the webhook is.
  std::erase(webhook.referenced, "/name");
  if (reader.errors() == before) return webhook;
  if (faulty) *faulty = std::move(webhook);
  return std::nullopt;
}

}  // namespace hookline::config
