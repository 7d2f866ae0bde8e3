// A policy, key by key.
#include <algorithm>

#include <fmt/format.h>

#include "definitions.h"
#include "hookline/config/spelling.h"
#include "network.h"
#include "types.h"

namespace hookline::config {
namespace {

using std::chrono::days;
using std::chrono::seconds;

struct SourceDraft {
  std::vector<std::string> host, ip, ip_range, site;
};

Type<std::string> network() {
  auto type = checked(text(), [](const std::string& value) -> std::optional<Objection> {
    if (const auto parsed = parse_network(value); !parsed)
      return Objection{"is not a network", parsed.error().message, true};
    return std::nullopt;
  });
  type.shape.words = "network";
  return type;
}

Type<std::string> address() {
  auto type = checked(text(), [](const std::string& value) -> std::optional<Objection> {
    if (!parse_address(value))
      return Objection{"is not an address in numbers",
                       "write e.g. 10.1.2.3 or 2001:db8::1, or use ip_range or host"};
    return std::nullopt;
  });
  type.shape.words = "address";
  return type;
}

bool make_source(Reader& reader, const Node& node, SourceDraft draft, SourceMatch& out) {
  using Of = SourceMatch::Of;
  const std::pair<Of, std::vector<std::string>*> forms[] = {
      {Of::host, &draft.host}, {Of::ip, &draft.ip}, {Of::ip_range, &draft.ip_range}, {Of::site, &draft.site}};
  for (const auto& [of, values] : forms) {
    if (values->empty()) continue;
    out = {of, std::move(*values)};
    return true;
  }
  reader.error(node, "is empty", "write any, or one of host, ip, ip_range or site");
  return false;
}

SourceDraft draft_of(const SourceMatch& source) {
  using Of = SourceMatch::Of;
  SourceDraft draft;
  if (source.of == Of::host) draft.host = source.values;
  if (source.of == Of::ip) draft.ip = source.values;
  if (source.of == Of::ip_range) draft.ip_range = source.values;
  if (source.of == Of::site) draft.site = source.values;
  return draft;
}

Type<SourceMatch> source() {
  Section<SourceDraft> section;
  section.rows = {
      row<SourceDraft>("host", &SourceDraft::host, list_of(text(), 1), "The event's `host` is one of these.",
                       json::Tree::array({"web-3"})),
      row<SourceDraft>("ip", &SourceDraft::ip, list_of(address(), 1),
                       "The event's `source_ip` is one of these.", json::Tree::array({"10.1.2.3"})),
      row<SourceDraft>("ip_range", &SourceDraft::ip_range, list_of(network(), 1),
                       "The event's `source_ip` is in one of these networks.",
                       json::Tree::array({"10.0.0.0/8"})),
      row<SourceDraft>("site", &SourceDraft::site, list_of(text(), 1), "The event's `site` is one of these.",
                       json::Tree::array({"Berlin"})),
  };
  section.check = [](Reader& reader, const Node& node, SourceDraft&) {
    at_most_one(reader, node, {"host", "ip", "ip_range", "site"});
  };
  section.rules = {{"minProperties", 1}, {"maxProperties", 1}};
  const auto listed = by_way_of<SourceMatch>(mapping(std::move(section)), make_source, draft_of);
  auto type = listed;
  type.shape = word_or("any", listed.shape);
  type.read = [read = listed.read](Reader& reader, const Node& node, SourceMatch& out) {
    if (node.kind == Node::Kind::scalar && node.value == "any") {
      out = {};
      return true;
    }
    return read(reader, node, out);
  };
  type.print = [print = listed.print](const SourceMatch& value) -> json::Tree {
    return value.of == SourceMatch::Of::any ? json::Tree("any") : print(value);
  };
  return type;
}

Type<Threshold> threshold() {
  Section<Threshold> section;
  section.rows = {
      row<Threshold>("count", &Threshold::count, integer(1, 1'000'000), "Fires on this many events.", 100,
                     Need::required),
      row<Threshold>("within", &Threshold::within, duration(seconds(1), days(7)),
                     "The window in which they come, by record time.", "10m", Need::required),
      row<Threshold>("per", &Threshold::per, json_path_string(),
                     "Counts each value of this attribute or path by itself.", "source_ip"),
  };
  return mapping(std::move(section));
}

Section<Policy> declare() {
  using P = Policy;
  Section<P> s;
  s.rows = {
      row<P>("name", &P::name, name_text(), "What the policy is called. Unique.", "critical-hosts",
             Need::required),
      row<P>("description", &P::description, free_text(), "For people.", "Hosts that matter"),
      row<P>("enabled", &P::enabled, boolean(), "false: the policy notifies nobody.", false),
      row<P>("on", &P::on, list_of(event_pattern(), 1), "The trigger: event types, globs or kinds.",
             json::Tree::array({"story_created", "story_updated"}), Need::required),
      row<P>("source", &P::source, source(), "Where the event comes from: `any`, or one of the forms below.",
             json::Tree{{"ip_range", json::Tree::array({"10.0.0.0/8"})}}),
      row<P>("criteria", &P::criteria, maybe(expression("expression")),
             "Only events for which this is true; the language of filters.",
             R"(severity in ["high", "critical"])"),
      row<P>(
          "threshold", &P::threshold, maybe(threshold()),
          "Notifies not for each event but once per window and group, on the event that reaches the count."),
      row<P>("notify", &P::notify,
             list_of(patterned_text("webhook pattern",
                                    {"[A-Za-z0-9*?._-]+", "write names of webhooks, or globs", 100}),
                     1),
             "Webhooks by name or glob.", json::Tree::array({"servicenow-create"}), Need::required),
  };
  return finished(std::move(s));
}

}  // namespace

const Section<Policy>& policy_section() {
  static const Section<Policy> section = declare();
  return section;
}

std::optional<Policy> read_policy(Reader& reader, const Node& document) {
  const auto before = reader.errors();
  reader.take_referenced();
  Policy policy = policy_section().initial;
  read_section(reader, document, policy_section(), policy);
  if (const auto* name = document.find("name"); name && !policy.name.empty())
    reader.claim("policy", policy.name, name->place());
  policy.place = document.place();
  policy.referenced = reader.take_referenced();
  std::erase(policy.referenced, "/name");
  if (reader.errors() != before) return std::nullopt;
  return policy;
}

}  // namespace hookline::config
