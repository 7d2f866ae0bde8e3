// The parts of a webhook that are mappings of their own; credentials stand in auth_rows.cc, the retry
// schedule in retry_rows.cc.
#include <algorithm>

#include <fmt/format.h>

#include "definitions.h"
#include "types.h"
#include "utf8.h"

namespace hookline::config {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

Type<EndpointSetting> endpoint() {
  Section<EndpointSetting> section;
  section.rows = {
      row<EndpointSetting>(
          "name", &EndpointSetting::name, name_text(),
          "Identity of the endpoint over edits of its URL; by default its position (0, 1, …).", "main"),
      row<EndpointSetting>("url", &EndpointSetting::url, url(),
                           "Where requests go: http or https. Path and query may hold placeholders, whose "
                           "values are percent-encoded.",
                           "https://tickets.example.com/api/incidents/${service}", Need::required),
      row<EndpointSetting>(
          "method", &EndpointSetting::method,
          one_of<Method>({{"POST", Method::post}, {"PUT", Method::put}, {"PATCH", Method::patch}}),
          "The HTTP method.", "PUT"),
  };
  section.check = [](Reader&, const Node& node, EndpointSetting& endpoint) {
    const auto* written = node.find("url");
    endpoint.url_secret = written && has_reference(written->value);
  };
  return mapping(std::move(section));
}

}  // namespace

Type<std::vector<EndpointSetting>> endpoints() {
  auto type = list_of(endpoint(), 1);
  type.read = [read = type.read](Reader& reader, const Node& node, std::vector<EndpointSetting>& out) {
    std::vector<EndpointSetting> values;
    if (!read(reader, node, values)) return false;
    const auto before = reader.errors();
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (values[i].name.empty()) values[i].name = std::to_string(i);
      for (std::size_t j = 0; j < i; ++j) {
        if (values[j].name != values[i].name) continue;
        const auto* name = node.items[i].find("name");
        const auto* other = node.items[j].find("name");
        const auto there = (other ? *other : node.items[j]).place();
        reader.error((name ? *name : node.items[i]).place(),
                     fmt::format("the endpoint name {} is taken", in_quotes(values[i].name)),
                     fmt::format("it is that of the endpoint in {}:{}:{} already", there.file, there.line,
                                 there.column));
      }
    }
    if (reader.errors() != before) return false;
    out = std::move(values);
    return true;
  };
  type.print = [print = type.print](const std::vector<EndpointSetting>& values) {
    auto unnamed = values;
    for (std::size_t i = 0; i < unnamed.size(); ++i) {
      if (unnamed[i].name == std::to_string(i)) unnamed[i].name.clear();
    }
    return print(unnamed);
  };
  return type;
}

Type<Batch> batch() {
  Section<Batch> section;
  section.rows = {
      row<Batch>("max_events", &Batch::max_events, integer(1, 10'000),
                 "Events in one request, at most. Over 1 needs `format: array` or `ndjson`.", 100),
      row<Batch>("max_wait", &Batch::max_wait, duration(core::Duration::zero(), minutes(5)),
                 "How long the first event waits for others.", "2s"),
  };
  section.check = [](Reader& reader, const Node& node, Batch& batch) {
    const auto* wait = node.find("max_wait");
    if (wait && batch.max_events == 1 && batch.max_wait > core::Duration::zero()) {
      reader.warn(*wait, "has no effect while max_events is 1", "raise max_events");
    }
  };
  return mapping(std::move(section));
}

Type<Correlation> correlation() {
  Section<Correlation> section;
  const auto from = patterned_text(
      "name of a webhook",
      {"[A-Za-z0-9][A-Za-z0-9._-]*", "write the name of the webhook that creates the items", 100});
  section.rows = {
      row<Correlation>("key", &Correlation::key, json_path_string(),
                       "Attribute or path whose value joins a create and its updates.", "story_id",
                       Need::required),
      row<Correlation>("response_id", &Correlation::response_id, json_path_string(),
                       "On the webhook that creates: path to the item's id in the answer.", "result.sys_id"),
      row<Correlation>("expires", &Correlation::expires, word_or("none", duration(minutes(1), days(3650))),
                       "On the webhook that creates: how long the id is remembered.", "30d"),
      row<Correlation>("from", &Correlation::from,
                       by_way_of<std::string>(
                           from,
                           [](Reader&, const Node&, Text text, std::string& out) {
                             return out = std::move(text.value), true;
                           },
                           [](const std::string& name) {
                             return Text{name, {}, 0, false, {}};
                           }),
                       "On the webhook that updates: the name of the one that creates.", "payments-tickets"),
      row<Correlation>(
          "wait", &Correlation::wait, duration(core::Duration::zero(), hours(24)),
          "On the webhook that updates: how long an update waits for a create that has not come.", "5m"),
      row<Correlation>("on_404", &Correlation::on_404,
                       one_of<OnNotFound>({{"fail", OnNotFound::fail}, {"create", OnNotFound::create}}),
                       "On the webhook that updates: what to do when the item is gone.", "create"),
  };
  section.check = [](Reader& reader, const Node& node, Correlation& correlation) {
    at_most_one(reader, node, {"response_id", "from"});
    if (!node.find("response_id") && !node.find("from")) {
      reader.error(node, "needs 'response_id' or 'from'",
                   "response_id on the webhook that creates, from on the one that updates");
    }
    if (node.find("from")) {
      correlation.from_place = node.find("from")->place();
      only_with(reader, node, "expires", "response_id");
    } else {
      only_with(reader, node, "wait", "from");
      only_with(reader, node, "on_404", "from");
    }
  };
  section.rules = {{"oneOf", json::Tree::array({{{"required", json::Tree::array({"response_id"})}},
                                                {{"required", json::Tree::array({"from"})}}})}};
  auto type = mapping(std::move(section));
  type.print = [print = type.print](const Correlation& value) {
    auto tree = print(value);
    // The other side's settings have no meaning, whatever they hold.
    for (const auto* key : {"wait", "on_404"}) {
      if (value.from.empty()) tree.erase(key);
    }
    if (!value.from.empty()) tree.erase("expires");
    if (value.from.empty()) tree.erase("from");
    return tree;
  };
  return type;
}

Type<Timeout> timeout() {
  Section<Timeout> section;
  section.rows = {
      row<Timeout>("connect", &Timeout::connect, duration(milliseconds(10), minutes(1)),
                   "For name resolution, connection and TLS handshake.", "3s"),
      row<Timeout>("request", &Timeout::request, duration(milliseconds(10), minutes(10)),
                   "From connected to the answer's end.", "30s"),
  };
  return mapping(std::move(section));
}

Type<Tls> tls() {
  Section<Tls> section;
  section.rows = {
      row<Tls>("verify", &Tls::verify, boolean(),
               "Check the receiver's certificate. false is for tests only.", false),
      row<Tls>("ca", &Tls::ca, readable_file(),
               "PEM file of the authorities to trust instead of the system's.", "ca.pem"),
      row<Tls>("cert", &Tls::cert, readable_file(), "PEM file of the client certificate; needs `key`.",
               "client.pem"),
      row<Tls>("key", &Tls::key, readable_file(), "PEM file of the client certificate's key; needs `cert`.",
               "client.key"),
  };
  section.check = [](Reader& reader, const Node& node, Tls& tls) {
    only_with(reader, node, "cert", "key");
    only_with(reader, node, "key", "cert");
    if (node.find("verify") && !tls.verify)
      reader.warn(*node.find("verify"), "is off: anybody can answer as the receiver",
                  "name the receiver's authority in `ca`");
  };
  section.rules = {
      {"dependentRequired", {{"cert", json::Tree::array({"key"})}, {"key", json::Tree::array({"cert"})}}}};
  return mapping(std::move(section));
}

Type<DisableAfter> disable_after() {
  Section<DisableAfter> section;
  section.rows = {
      row<DisableAfter>("failure_ratio", &DisableAfter::failure_ratio, number(0, 1),
                        "Share of failed attempts from which on the webhook is disabled.", 0.6,
                        Need::required),
      row<DisableAfter>("window", &DisableAfter::window, duration(minutes(1), days(7)),
                        "The time over which attempts are counted.", "12h", Need::required),
      row<DisableAfter>("min_attempts", &DisableAfter::min_attempts, integer(1, 1'000'000),
                        "Fewer attempts within the window decide nothing.", 50),
  };
  return mapping(std::move(section));
}

}  // namespace hookline::config
