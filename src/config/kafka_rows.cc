// The `kafka` and `topics` sections.
#include <algorithm>

#include <fmt/format.h>

#include "hookline/config/kafka_properties.h"
#include "hookline/config/secret.h"
#include "settings_declaration.h"
#include "types.h"
#include "utf8.h"

namespace hookline::config {
namespace {

using Properties = std::vector<KafkaProperty>;

/// Properties that name files: relative ones start at the file that names them, as everywhere.
constexpr auto path_properties =
    std::to_array<std::string_view>({"ssl.ca.location", "ssl.certificate.location", "ssl.key.location",
                                     "ssl.keystore.location", "ssl.crl.location", "sasl.kerberos.keytab"});
constexpr auto required_properties = std::to_array<std::string_view>({"bootstrap.servers", "group.id"});
constexpr std::string_view topic_pattern = "[A-Za-z0-9._-]+";

bool read_property(Reader& reader, const Node::Member& member, Properties& out) {
  const auto& name = member.key;
  if (const auto reason = owned_kafka_property(name)) {
    reader.error(member.key_place(), *reason, "remove it");
    return false;
  }
  const bool secret = secret_kafka_property(name);
  auto scalar = reader.scalar(member.value, "a text or number", !secret);
  if (!scalar) return false;
  if (scalar->value.find('\0') != std::string::npos) {
    reader.error(member.value, "holds a NUL", "a property ends there");
    return false;
  }
  const bool required =
      std::find(required_properties.begin(), required_properties.end(), name) != required_properties.end();
  if (required && scalar->value.empty()) {
    reader.error(member.value, "is empty", "Kafka cannot be reached without it");
    return false;
  }
  const bool path = std::find(path_properties.begin(), path_properties.end(), name) != path_properties.end();
  if (path && scalar->value != "probe") scalar->value = absolute_path(member.value, scalar->value).string();
  out.push_back({name, Secret(std::move(scalar->value)), secret || scalar->referenced, member.key_place()});
  return true;
}

Shape properties_shape() {
  auto reserved = json::Tree::object();
  for (const auto& row : owned_kafka_properties())
    reserved[std::string(row.name)] = false;
  const json::Tree value{{"type", json::Tree::array({"string", "number", "boolean"})}};
  return {{{"type", "object"},
           {"required", required_properties},
           {"properties", reserved},
           {"additionalProperties", value}},
          "mapping of librdkafka properties",
          {}};
}

}  // namespace

Type<Properties> kafka_properties() {
  Type<Properties> type;
  type.shape = properties_shape();
  type.read = [](Reader& reader, const Node& node, Properties& out) {
    if (node.kind != Node::Kind::map && node.kind != Node::Kind::null) {
      reader.mistyped(node, "a mapping of librdkafka properties", false);
      return false;
    }
    Properties read;
    bool whole = true;
    for (const auto& member : node.members)
      whole = read_property(reader, member, read) && whole;
    for (const auto name : required_properties) {
      if (node.find(name)) continue;
      reader.error(
          node.place(), fmt::format("the key '{}' is missing", name),
          name == "group.id" ? "add e.g. group.id: hookline" : "add e.g. bootstrap.servers: localhost:9092");
      whole = false;
    }
    if (whole) out = std::move(read);
    return whole;
  };
  type.print = [](const Properties& properties) -> json::Tree {
    auto map = json::Tree::object();
    for (const auto& property : properties)
      map[property.name] = property.secret ? std::string(mask) : property.value.reveal();
    return map;
  };
  return type;
}

namespace {

constexpr std::array<std::string_view, own_topic_count> suffixes{
    "dead-letters", "retry.10s", "retry.1m",     "retry.10m",  "retry.1h", "retry.6h", "ordered",
    "thresholds",   "webhooks",  "correlations", "deliveries", "replays",  "notices",  "jobs"};

Pattern topic_names() {
  return {std::string(topic_pattern), "names of topics have letters, digits, '.', '_' and '-', no wildcards",
          249};
}

struct TopicsDraft {
  std::array<std::vector<Text>, 4> sources;
  std::string prefix = "hookline";
  std::array<std::string, own_topic_count> names;
};

Type<std::array<std::string, own_topic_count>> own_names() {
  using Names = std::array<std::string, own_topic_count>;
  Section<Names> section;
  for (std::size_t i = 0; i < own_topic_count; ++i) {
    section.rows.push_back(row<Names>(
        std::string(suffixes[i]), [i](auto& names) -> auto& { return names[i]; },
        patterned("topic name", topic_names()), fmt::format("Instead of PREFIX.{}.", suffixes[i])));
  }
  return mapping(std::move(section));
}

std::string own_name(const TopicsDraft& draft, std::size_t i) {
  return draft.names[i].empty() ? fmt::format("{}.{}", draft.prefix, suffixes[i]) : draft.names[i];
}

/// A topic has one kind, and Hookline's own topics are no sources.
void check_topics(Reader& reader, const Node& node, TopicsDraft& draft) {
  std::map<std::string, Place> taken;
  std::map<std::string, std::string> own;
  for (std::size_t i = 0; i < own_topic_count; ++i) {
    const auto name = own_name(draft, i);
    const auto [other, inserted] = own.emplace(name, suffixes[i]);
    if (inserted) continue;
    const auto* names = node.find("names");
    const auto* written = names ? names->find(suffixes[i]) : nullptr;
    if (!written && names) written = names->find(other->second);
    reader.error((written ? *written : node).place(),
                 fmt::format("'{}' and '{}' would be one topic", other->second, suffixes[i]),
                 "give each its own name");
  }
  for (const auto& topics : draft.sources) {
    for (const auto& topic : topics) {
      const auto [there, inserted] = taken.emplace(topic.value, topic.place);
      if (!inserted) {
        reader.error(topic.place, fmt::format("the topic {} stands here twice", in_quotes(masked(topic))),
                     fmt::format("it stands in line {} already; a topic has one kind", there->second.line));
      } else if (const auto mine = own.find(topic.value); mine != own.end()) {
        reader.error(topic.place,
                     fmt::format("the topic {} is Hookline's own '{}'", in_quotes(masked(topic)), mine->second),
                     "read another topic, or change `topics.prefix`");
      }
    }
  }
  const auto written = [&](std::string_view key) { return node.find(key) && !node.find(key)->items.empty(); };
  if (std::none_of(kind_keys.begin(), kind_keys.end(), written)) {
    reader.error(node.place(), "no source topic", "name at least one, e.g. incident: [ops.incidents]");
  }
}

}  // namespace

std::string_view suffix(OwnTopic topic) {
  return suffixes[static_cast<std::size_t>(topic)];
}

Type<Topics> topics() {
  using T = TopicsDraft;
  Section<T> section;
  for (std::size_t i = 0; i < kind_keys.size(); ++i) {
    section.rows.push_back(row<T>(
        std::string(kind_keys[i]), [i](auto& draft) -> auto& { return draft.sources[i]; },
        list_of(patterned_text("topic name", topic_names())),
        fmt::format("Topics with {} events.", kind_keys[i]),
        json::Tree::array({fmt::format("security.{}s", kind_keys[i])})));
  }
  section.rows.push_back(
      row<T>("prefix", &T::prefix,
             patterned("prefix", {std::string(topic_pattern), "use letters, digits, '.', '_' and '-'", 200}),
             "What the names of Hookline's own topics begin with.", "hookline"));
  section.rows.push_back(row<T>("names", &T::names, own_names(), "Names of single own topics."));
  section.check = check_topics;
  const auto make = [](Reader&, const Node&, T draft, Topics& out) {
    for (std::size_t kind = 0; kind < kind_keys.size(); ++kind) {
      out.sources[kind].clear();
      for (auto& topic : draft.sources[kind])
        out.sources[kind].push_back(std::move(topic.value));
    }
    for (std::size_t i = 0; i < own_topic_count; ++i)
      out.own[i] = own_name(draft, i);
    return true;
  };
  const auto draft_of = [](const Topics& topics) {
    T draft;
    for (std::size_t kind = 0; kind < kind_keys.size(); ++kind) {
      for (const auto& name : topics.sources[kind])
        draft.sources[kind].push_back({name, {}, 0, false, {}});
    }
    // The prefix is what most names have in common with their suffix; what differs was named by hand.
    for (std::size_t i = 0; i < own_topic_count; ++i) {
      const auto tail = "." + std::string(suffixes[i]);
      if (topics.own[i].ends_with(tail)) {
        draft.prefix = topics.own[i].substr(0, topics.own[i].size() - tail.size());
        break;
      }
    }
    for (std::size_t i = 0; i < own_topic_count; ++i) {
      if (!topics.own[i].empty() && topics.own[i] != fmt::format("{}.{}", draft.prefix, suffixes[i]))
        draft.names[i] = topics.own[i];
    }
    return draft;
  };
  return by_way_of<Topics>(mapping(std::move(section)), make, draft_of);
}

}  // namespace hookline::config
