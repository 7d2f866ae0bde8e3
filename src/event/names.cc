#include "hookline/event/names.h"

#include <algorithm>
#include <cassert>

namespace hookline::event {
namespace {

struct Default {
  std::string_view attribute;
  std::string_view paths;  ///< in the order in which they are tried
};

// docs/events.md shows these tables to users; a test compares them.
constexpr std::array<Default, 20> defaults{{
    {"type", "event_type event.type event eventType alertType details.notification_type type"},
    {"id", "id data.resource_data.id incident.id storyId event.id uuid"},
    {"title", "title incident.title data.resource_data.message subject summary message name"},
    {"message",
     "raw_event message contentText data.resource_data.message incident.description summary description"},
    {"service", "service data.service data.resource_data.service service_name"},
    {"service_id", "service_id"},
    {"service_name", ""},
    {"alert_source", "alert_source data.alert_source data.resource_data.alert_source source"},
    {"alert_source_id", "alert_source_id"},
    {"alert_source_type", "alert_source_type"},
    {"severity",
     "severity tags.severity.value data.resource_data.tags.severity.value incident.severity "
     "details.vuln.threat level criticality"},
    {"status", "status storyStatus evaluationStatus incident.status data.resource_data.status"},
    {"time",
     "time timestamp created_at event.timestamp created updated_datetime incident.lastUpdatedTimestamp "
     "startDate"},
    {"source_ip", "source_ip srcIp details.hit.remote_addr4 ip"},
    {"host", "host hostname details.hit.host details.hit.domain"},
    {"site", "site siteName"},
    {"story_id", "story_id storyId incident_id incident.id data.resource_data.id"},
    {"detection_id", "detection_id detection.id"},
    {"group_id", "group_id group.id"},
    {"url", "url link details.vuln_link incidentUrl"},
}};

/// Defaults that one kind alone has, behind the common ones.
struct OfKind {
  Kind kind;
  std::string_view attribute;
  std::string_view paths;
};
constexpr std::array<OfKind, 1> defaults_of_kind{{{Kind::detection, "detection_id", "id"}}};

/// Attributes that are read below the paths of another one, before their own defaults.
struct Part {
  std::string_view attribute;
  std::string_view of;
  std::string_view member;
  bool or_whole;  ///< where the other is a plain text, that text
};
constexpr std::array<Part, 4> parts{{
    {"service_id", "service", "id", false},
    {"service_name", "service", "name", true},
    {"alert_source_id", "alert_source", "id", false},
    {"alert_source_type", "alert_source", "type", false},
}};

constexpr std::array<std::pair<std::string_view, Reserved>, 6> reserved_names{{
    {"kind", Reserved::kind},
    {"type", Reserved::type},
    {"topic", Reserved::topic},
    {"key", Reserved::key},
    {"headers", Reserved::headers},
    {"document", Reserved::document},
}};

std::size_t index_of(Kind kind) {
  return static_cast<std::size_t>(kind);
}

/// Appends paths written with blanks between them.
void append(std::string_view paths, std::vector<json::Path>& out) {
  while (!paths.empty()) {
    const auto blank = std::min(paths.find(' '), paths.size());
    auto path = json::parse_path(paths.substr(0, blank));
    assert(path);
    out.push_back(std::move(*path));
    paths.remove_prefix(std::min(blank + 1, paths.size()));
  }
}

Variable reserved(Reserved which) {
  return {Variable::Source::reserved, which, {}, {}};
}

json::Path tail_of(const json::Path& path) {
  return {std::vector(path.segments.begin() + 1, path.segments.end())};
}

/// Header names may hold dots: `headers.a.b` is the header "a.b".
std::string joined(const json::Path& path) {
  std::string name;
  for (const auto& segment : path.segments) {
    if (!name.empty()) name += '.';
    name += segment;
  }
  return name;
}

Variable meaning(const json::Path& written, const AttributeTable& table) {
  if (written.segments.empty()) return reserved(Reserved::document);
  const auto& first = written.segments.front();
  if (written.segments.size() == 1) {
    for (const auto& [name, which] : reserved_names) {
      if (first == name) return reserved(which);
    }
    if (table.knows(first)) return {Variable::Source::attribute, {}, first, {}};
  } else if (first == "headers") {
    return {Variable::Source::header, {}, joined(tail_of(written)), {}};
  } else if (first == "document") {
    return {Variable::Source::path, {}, {}, tail_of(written)};
  }
  return {Variable::Source::path, {}, {}, written};
}

}  // namespace

AttributeTable::AttributeTable() {
  for (const Kind kind : kinds) {
    for (const auto& row : defaults)
      compose(kind, std::string(row.attribute));
  }
}

tl::expected<void, core::Fault> AttributeTable::prepend(Kind kind, std::string_view attribute,
                                                        const std::vector<std::string>& paths) {
  std::vector<json::Path> parsed;
  for (const auto& text : paths) {
    auto path = json::parse_path(text);
    if (!path) return tl::unexpected(path.error());
    parsed.push_back(std::move(*path));
  }
  const std::string name(attribute);
  auto& configured = configured_[index_of(kind)][name];
  configured.insert(configured.begin(), parsed.begin(), parsed.end());
  compose(kind, name);
  for (const auto& part : parts) {
    if (part.of == name) compose(kind, std::string(part.attribute));
  }
  return {};
}

void AttributeTable::compose(Kind kind, const std::string& attribute) {
  auto& all = paths_[index_of(kind)][attribute];
  all = configured_[index_of(kind)][attribute];
  for (const auto& part : parts) {
    if (part.attribute != attribute) continue;
    const auto& whole = paths(kind, part.of);
    for (auto path : whole) {
      path.segments.emplace_back(part.member);
      all.push_back(std::move(path));
    }
    if (part.or_whole) all.insert(all.end(), whole.begin(), whole.end());
  }
  for (const auto& row : defaults) {
    if (row.attribute == attribute) append(row.paths, all);
  }
  for (const auto& row : defaults_of_kind) {
    if (row.kind == kind && row.attribute == attribute) append(row.paths, all);
  }
}

bool AttributeTable::knows(std::string_view attribute) const {
  const auto has = [&](const Paths& of_kind) { return of_kind.find(attribute) != of_kind.end(); };
  return attribute != "type" && std::ranges::any_of(paths_, has);
}

const std::vector<json::Path>& AttributeTable::paths(Kind kind, std::string_view attribute) const {
  static const std::vector<json::Path> none;
  const auto& of_kind = paths_[index_of(kind)];
  const auto found = of_kind.find(attribute);
  return found == of_kind.end() ? none : found->second;
}

std::vector<std::string> AttributeTable::names() const {
  std::vector<std::string> all;
  for (const auto& of_kind : paths_) {
    for (const auto& [attribute, paths] : of_kind) {
      if (attribute != "type") all.push_back(attribute);
    }
  }
  std::ranges::sort(all);
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

VariableId Variables::want(const json::Path& written) {
  auto variable = meaning(written, *table_);
  const auto known = std::ranges::find(list_, variable);
  if (known != list_.end()) return static_cast<VariableId>(known - list_.begin());
  list_.push_back(std::move(variable));
  return static_cast<VariableId>(list_.size() - 1);
}

}  // namespace hookline::event
