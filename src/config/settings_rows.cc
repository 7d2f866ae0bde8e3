// hookline.yaml, key by key: the one place where the service's settings are declared.
#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "hookline/core/units.h"
#include "network.h"
#include "settings_declaration.h"
#include "types.h"
#include "utf8.h"

namespace hookline::config {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint64_t kib = 1 << 10, mib = 1 << 20, gib = 1 << 30;

Type<Start> start() {
  const auto age = duration(seconds(1), days(3650));
  Type<Start> type;
  type.shape = word_or("earliest", word_or("latest", age.shape));
  type.read = [age](Reader& reader, const Node& node, Start& out) {
    const auto scalar = reader.scalar(node, "earliest, latest or a duration");
    if (!scalar) return false;
    if (scalar->value == "earliest" || scalar->value == "latest") {
      out = {scalar->value == "latest" ? Start::At::latest : Start::At::earliest, {}};
      return true;
    }
    if (!core::parse_duration(scalar->value)) {
      reader.error(
          node, fmt::format("must be earliest, latest or a duration, not {}", scalar->shown()),
          scalar->referenced ? "" : suggestion(scalar->value, {"earliest", "latest"}, "write e.g. 1h"));
      return false;
    }
    out.at = Start::At::age;
    return age.read(reader, node, out.age);
  };
  type.print = [age](const Start& value) -> json::Tree {
    if (value.at == Start::At::age) return age.print(value.age);
    return value.at == Start::At::latest ? "latest" : "earliest";
  };
  return type;
}

/// Rules as they are held, made from rules as they are written.
Type<EgressRule> egress_rule() {
  auto type = by_way_of<EgressRule>(
      text(),
      [](Reader& reader, const Node& node, const std::string& written, EgressRule& out) {
        auto parsed = parse_egress_rule(written);
        if (!parsed) {
          reader.error(node, "is neither public nor a network",
                       has_reference(node.value) ? std::string()
                                                 : suggestion(written, {"public"}, parsed.error().message));
          return false;
        }
        out = *parsed;
        return true;
      },
      format_egress_rule);
  type.shape.words = "egress rule";
  return type;
}

struct EgressDraft {
  std::vector<EgressRule> allow;
};

EgressRule everything_public() {
  EgressRule rule;
  rule.everything_public = true;
  return rule;
}

Type<std::vector<EgressRule>> egress() {
  Section<EgressDraft> section;
  section.initial.allow = {everything_public()};
  section.rows = {row<EgressDraft>("allow", &EgressDraft::allow, list_of(egress_rule()),
                                   "Where requests may go: `public` is every address that is not private or "
                                   "reserved; networks may have a port. The rest is refused.",
                                   json::Tree::array({"public", "10.20.0.0/16", "127.0.0.1/32:9000"}))};
  return by_way_of<std::vector<EgressRule>>(
      mapping(std::move(section)),
      [](Reader&, const Node&, EgressDraft draft, std::vector<EgressRule>& out) {
        return out = std::move(draft.allow), true;
      },
      [](const std::vector<EgressRule>& rules) { return EgressDraft{rules}; });
}

Type<SecretScope> secret_scope() {
  using S = SecretScope;
  Section<S> section;
  // A relative path starts at the file that names it.
  auto path = text();
  path.shape.words = "file glob";
  path.read = [read = path.read](Reader& reader, const Node& node, std::string& out) {
    std::string written;
    if (!read(reader, node, written)) return false;
    out = absolute_path(node, written).string();
    return true;
  };
  section.rows = {
      row<S>("env", &S::env, list_of(text()),
             "Environment variables that webhooks made through the API may name; globs are allowed.",
             json::Tree::array({"HOOKLINE_*"})),
      row<S>("files", &S::files, list_of(path), "Files that they may name; globs are allowed.",
             json::Tree::array({"/run/secrets/*"})),
  };
  return mapping(std::move(section));
}

Type<Limits> limits() {
  using L = Limits;
  Section<L> section;
  section.rows = {
      row<L>("in_flight", &L::in_flight, integer(1, 10'000'000), "Deliveries held at once by this process.",
             5000),
      row<L>("memory", &L::memory, size(16 * mib, 1024 * gib),
             "Bytes of records held at once by this process.", "1GiB"),
      row<L>("event_size", &L::event_size, size(kib, 64 * mib), "A larger event is dead-lettered.", "4MiB"),
      row<L>("response_size", &L::response_size, size(0, 16 * mib), "Bytes of an answer that are read.",
             "16KiB"),
  };
  section.check = [](Reader& reader, const Node& node, Limits& limits) {
    // Both ends of the rule, wherever they are written: four of the largest events must fit.
    if (limits.memory / 4 >= limits.event_size) return;
    const auto* size_node = node.find("event_size");
    const auto* memory_node = node.find("memory");
    const auto* at = size_node ? size_node : memory_node;
    const auto* other = size_node ? memory_node : nullptr;
    reader.error((at ? *at : node).place(),
                 fmt::format("event_size {} is more than a quarter of memory {}",
                             core::format_size(limits.event_size), core::format_size(limits.memory)),
                 other ? fmt::format("raise memory in line {}, or lower event_size", other->place().line)
                       : "raise memory, or lower event_size");
  };
  return mapping(std::move(section));
}

Type<DeliveryLog> delivery_log() {
  using D = DeliveryLog;
  Section<D> section;
  section.rows = {
      row<D>("bodies", &D::bodies,
             one_of<D::Bodies>(
                 {{"all", D::Bodies::all}, {"failures", D::Bodies::failures}, {"none", D::Bodies::none}}),
             "Of which attempts request and answer are kept. What was not kept is rendered again from the "
             "source record, and labelled so.",
             "none"),
      row<D>("max_body", &D::max_body, size(0, mib), "Bytes kept of each body.", "2KiB"),
      row<D>("retention", &D::retention, duration(minutes(1), days(3650)),
             "How long the log is kept; set on its topic when Hookline makes it.", "30d"),
  };
  return mapping(std::move(section));
}

Type<Smtp> smtp() {
  using S = Smtp;
  Section<S> section;
  section.rows = {
      row<S>("url", &S::url,
             patterned("URL", {"smtps?://[^\\s/@]+/?", "write e.g. smtp://mail.example.com:25", 300}),
             "The mail server.", "smtp://mail.example.com:25", Need::required),
      row<S>("from", &S::from,
             patterned("mail address", {"[^@\\s,;<>]+@[^@\\s,;<>]+", "write e.g. hookline@example.com", 254}),
             "The sender.", "hookline@example.com", Need::required),
      row<S>("username", &S::username, text(), "For servers that ask for one; needs `password`.", "hookline"),
      row<S>("password", &S::password, secret(), "Its password.", "${env:SMTP_PASSWORD}"),
      row<S>("tls", &S::tls,
             one_of<S::TlsMode>(
                 {{"none", S::TlsMode::none}, {"starttls", S::TlsMode::starttls}, {"tls", S::TlsMode::tls}}),
             "How the connection is secured.", "tls"),
  };
  section.check = [](Reader& reader, const Node& node, Smtp&) {
    only_with(reader, node, "username", "password");
    only_with(reader, node, "password", "username");
  };
  section.rules = {
      {"dependentRequired",
       {{"username", json::Tree::array({"password"})}, {"password", json::Tree::array({"username"})}}}};
  return mapping(std::move(section));
}

/// A mapping with one key of type T.
using RetryDelays = std::array<core::Duration, retry_tier_count>;

Type<RetryDelays> retry_delays() {
  const auto make = [](Reader& reader, const Node& node, std::vector<core::Duration> written, RetryDelays& out) {
    const bool ascending = std::is_sorted(written.begin(), written.end(), std::less_equal<>());
    if (written.size() != out.size() || !ascending) {
      reader.error(node.place(), fmt::format("are not {} delays, each longer than the one before", out.size()),
                   "one for each retry topic, e.g. [10s, 1m, 10m, 1h, 6h]");
      return false;
    }
    std::copy(written.begin(), written.end(), out.begin());
    return true;
  };
  const auto list_of_them = [](const RetryDelays& delays) { return std::vector(delays.begin(), delays.end()); };
  return by_way_of<RetryDelays>(list_of(duration(std::chrono::milliseconds(100), std::chrono::days(2)), retry_tier_count), make, list_of_them);
}

template <class T>
Type<T> only_key(std::string key, Type<T> type, std::string doc, json::Tree example, T initial) {
  struct Draft {
    T value{};
  };
  Section<Draft> section;
  section.initial.value = initial;
  section.rows = {
      row<Draft>(std::move(key), &Draft::value, std::move(type), std::move(doc), std::move(example))};
  return by_way_of<T>(
      mapping(std::move(section)),
      [](Reader&, const Node&, Draft draft, T& out) { return out = draft.value, true; },
      [](const T& value) { return Draft{value}; });
}

Type<std::vector<Text>> globs() {
  auto path = placed_text();
  path.shape.words = "file glob";
  return list_of(path);
}

Section<SettingsDraft> declare() {
  using D = SettingsDraft;
  const Settings defaults;
  Section<D> s;
  s.initial.settings.egress = {everything_public()};
  for (std::size_t i = 0; i < own_topic_count; ++i)
    s.initial.settings.topics.own[i] = fmt::format("hookline.{}", suffix(static_cast<OwnTopic>(i)));
  const auto of = [](auto member) {
    return [member](auto& draft) -> auto& {
      return draft.settings.*member;
    };
  };
  s.rows = {
      row<D>("kafka", of(&Settings::kafka), kafka_properties(),
             "Any librdkafka property by its own name, for all clients. Those that Hookline owns stand in a "
             "table below.",
             json::Tree{{"bootstrap.servers", "localhost:9092"}, {"group.id", "hookline"}}, Need::required),
      row<D>("topics", of(&Settings::topics), topics(),
             "The topics that are read, and the names of Hookline's own.",
             json::Tree{{"incident", json::Tree::array({"ops.incidents"})}}, Need::required),
      row<D>("start", of(&Settings::start), start(),
             "Where to begin in a source topic of which the group has no committed offset at all: at its "
             "beginning, its end, or so long ago.",
             "1h"),
      row<D>("max_event_age", of(&Settings::max_event_age), word_or("none", duration(seconds(1), days(3650))),
             "Older events are dead-lettered (`expired`) instead of waking somebody.", "1d"),
      row<D>("workers", of(&Settings::workers), word_or("auto", integer(1, 1024)),
             "Worker threads; `auto` is the smaller number of cores and partitions.", 4),
      row<D>("webhooks", &D::webhooks, globs(),
             "Files with webhooks, relative to this file; each may hold several documents.",
             json::Tree::array({"webhooks/*.yaml"})),
      row<D>("policies", &D::policies, globs(), "Files with policies.",
             json::Tree::array({"policies/*.yaml"})),
      row<D>("templates", &D::templates, globs(),
             "Files with templates of your own, beside the shipped ones.",
             json::Tree::array({"templates/*.yaml"})),
      row<D>("attributes", of(&Settings::attributes), attributes(),
             "Per kind: attribute (and `type`) to JSON paths. The first that holds something wins; they come "
             "before the defaults of docs/events.md.",
             json::Tree{{"incident", {{"service", json::Tree::array({"meta.service", "app"})}}}}),
      row<D>("secrets", of(&Settings::secrets), secret_scope(),
             "What webhooks made through the API may reach by secret references."),
      row<D>("admin", of(&Settings::admin), admin(), "The admin API and the web UI."),
      row<D>("egress", of(&Settings::egress), egress(),
             "Where webhook and OAuth URLs may lead. Brokers, mail server and proxies of this file are "
             "trusted."),
      row<D>("limits", of(&Settings::limits), limits(), "What this process holds at most."),
      row<D>("commit", of(&Settings::commit_interval),
             only_key("interval", duration(milliseconds(10), minutes(1)),
                      "How often offsets of settled events are committed.", "1s", defaults.commit_interval),
             "Commits."),
      row<D>("shutdown", of(&Settings::shutdown_grace),
             only_key("grace", duration(core::Duration::zero(), minutes(10)),
                      "How long requests in flight may take to finish after SIGTERM.", "5s",
                      defaults.shutdown_grace),
             "The end of the process."),
      row<D>("retry_topics", of(&Settings::retry_delays),
             only_key("delays", retry_delays(),
                      "How long a record stays in each of the five retry topics, shortest first. Their names stay "
                      "what they are.",
                      json::Tree::array({"5s", "30s", "5m", "30m", "3h"}), defaults.retry_delays),
             "The topics in which deliveries wait for their next attempt."),
      row<D>("delivery_log", of(&Settings::delivery_log), delivery_log(),
             "What is remembered of attempts, for API and UI."),
      row<D>("storm_guard", of(&Settings::storm_guard),
             only_key("enabled", boolean(),
                      "When nearly everything fails before any HTTP answer, stop intake instead of filling "
                      "the dead letters.",
                      false, defaults.storm_guard),
             "The storm guard."),
      row<D>("smtp", of(&Settings::smtp), maybe(smtp()), "The mail server for `failure_email`."),
  };
  return finished(std::move(s));
}

}  // namespace

Type<std::array<std::vector<std::pair<std::string, std::vector<Text>>>, 4>> attributes() {
  using Paths = std::vector<std::pair<std::string, std::vector<Text>>>;
  using All = std::array<Paths, 4>;
  const auto list = one_or_more(json_path());
  Type<Paths> paths;
  paths.shape = {{{"type", or_nothing("object")},
                  {"propertyNames", {{"pattern", "^[A-Za-z_][A-Za-z0-9_]*$"}}},
                  {"additionalProperties", list.shape.schema}},
                 "mapping of attributes to JSON paths",
                 {}};
  paths.read = [list](Reader& reader, const Node& node, Paths& out) {
    if (node.kind != Node::Kind::map && node.kind != Node::Kind::null) {
      reader.mistyped(node, "a mapping of attributes to JSON paths");
      return false;
    }
    const auto before = reader.errors();
    for (const auto& member : node.members) {
      const bool identifier =
          !member.key.empty() && !(member.key[0] >= '0' && member.key[0] <= '9') &&
          member.key.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") ==
              std::string::npos;
      if (!identifier) {
        reader.error(member.key_place(),
                     fmt::format("{} cannot be the name of an attribute", in_quotes(member.key)),
                     "use letters, digits and '_', beginning with a letter");
      }
      std::vector<Text> read;
      if (list.read(reader, member.value, read)) out.emplace_back(member.key, std::move(read));
    }
    return reader.errors() == before;
  };
  paths.print = [list](const Paths& value) -> json::Tree {
    if (value.empty()) return nullptr;
    auto map = json::Tree::object();
    for (const auto& [name, texts] : value)
      map[name] = list.print(texts);
    return map;
  };
  Section<All> section;
  for (std::size_t i = 0; i < kind_keys.size(); ++i) {
    section.rows.push_back(row<All>(
        std::string(kind_keys[i]), [i](auto& all) -> auto& { return all[i]; }, paths,
        fmt::format("For {} events.", kind_keys[i]),
        json::Tree{{"service", json::Tree::array({"meta.service", "app"})}}));
  }
  return mapping(std::move(section));
}

const Section<SettingsDraft>& settings_section() {
  static const Section<SettingsDraft> section = declare();
  return section;
}

std::string Settings::group_id() const {
  const auto found = std::find_if(kafka.begin(), kafka.end(),
                                  [](const KafkaProperty& property) { return property.name == "group.id"; });
  return found == kafka.end() ? std::string() : found->value.reveal();
}

}  // namespace hookline::config
