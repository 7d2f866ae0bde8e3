#include "names.h"

#include <algorithm>
#include <array>

namespace hookline::render {
namespace {

/// Hookline's own names. `or_event`: where Hookline has nothing to say in a rendering, the event's
/// field of that name stands in; so does a text of the event for the contents.
struct OwnName {
  std::string_view name;
  Source::Of of;
  bool or_event;
};

constexpr std::array own_names{
    OwnName{"Title", Source::Of::title, false},
    OwnName{"Event", Source::Of::event, false},
    OwnName{"contentText", Source::Of::content_text, true},
    OwnName{"contentMarkdown", Source::Of::content_markdown, true},
    OwnName{"contentHTML", Source::Of::content_html, true},
    OwnName{"correlationId", Source::Of::correlation_id, false},
    OwnName{"webhook", Source::Of::webhook, false},
    OwnName{"deliveryId", Source::Of::delivery_id, false},
    OwnName{"attempt", Source::Of::attempt, false},
    OwnName{"now", Source::Of::now, false},
    OwnName{"occurredAt", Source::Of::occurred_at, false},
    OwnName{"policy", Source::Of::policy, true},
    OwnName{"count", Source::Of::count, true},
    OwnName{"window", Source::Of::window, true},
};

constexpr std::array<std::string_view, 6> reserved_names{"kind", "type",    "topic",
                                                         "key",  "headers", "document"};

const OwnName* find_own(std::string_view name) {
  const auto* found = std::ranges::find(own_names, name, &OwnName::name);
  return found == own_names.end() ? nullptr : found;
}

json::Path in_document(std::string_view field) {
  return json::Path{{"document", std::string(field)}};
}

Source of_own(const OwnName& own, event::Variables& variables, GeneratedReads& reads) {
  Source source{.of = own.of};
  if (own.or_event) source.variable = variables.want(in_document(own.name));
  switch (own.of) {
    case Source::Of::title:
      source.marked = true;
      break;
    case Source::Of::event:
      source.marked = true;
      reads.want_event(variables);
      break;
    case Source::Of::content_text:
    case Source::Of::content_markdown:
    case Source::Of::content_html:
      source.marked = true;
      reads.want_summary(variables);
      break;
    case Source::Of::occurred_at:
      source.variable = variables.want(json::Path{{"time"}});
      break;
    default:
      break;
  }
  return source;
}

Source of_event(const json::Path& path, Slot slot, event::Variables& variables) {
  Source source{.of = Source::Of::variable, .variable = variables.want(path)};
  const auto& variable = variables[source.variable];
  if (variable.source != event::Variable::Source::attribute) return source;
  source.marked = variable.name == "title" || variable.name == "message";
  source.timed = variable.name == "time";
  // Inside a text null and missing read alike, so only a value standing alone asks for the difference.
  if (slot == Slot::value) source.shadow = variables.want(in_document(variable.name));
  return source;
}

}  // namespace

Source resolve(const json::Path& path, Slot slot, const Names& names, event::Variables& variables,
               GeneratedReads& reads) {
  if (path.segments.size() > 1) return of_event(path, slot, variables);
  const std::string& name = path.segments.front();
  const OwnName* own = find_own(name);
  const bool fixed = own != nullptr && (own->of == Source::Of::title || own->of == Source::Of::event);
  const auto field = std::ranges::find(names.fields, name);
  if (!fixed && field != names.fields.end()) {
    return Source{.of = Source::Of::field, .field = static_cast<std::uint32_t>(field - names.fields.begin())};
  }
  return own != nullptr ? of_own(*own, variables, reads) : of_event(path, slot, variables);
}

bool is_known_name(std::string_view name, const Names& names, const event::Variables& variables) {
  return find_own(name) != nullptr || std::ranges::find(names.fields, name) != names.fields.end() ||
         std::ranges::find(reserved_names, name) != reserved_names.end() || variables.table().knows(name);
}

}  // namespace hookline::render
