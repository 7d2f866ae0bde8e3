// The first half of a rendering: from the source of a placeholder to its value.
#include <cassert>
#include <iterator>
#include <variant>

#include <fmt/format.h>

#include "hookline/core/units.h"
#include "renderer.h"

namespace hookline::render {

using json::ValueKind;

Renderer::Found Renderer::text(std::string_view plain) const {
  return {.value = {ValueKind::string, plain}, .plain = true};
}

Renderer::Found Renderer::number(std::uint64_t number) {
  text_.clear();
  fmt::format_to(std::back_inserter(text_), "{}", number);
  return {.value = {ValueKind::number, text_}};
}

Renderer::Found Renderer::fetch(const Source& source) {
  switch (source.of) {
    case Source::Of::variable:
      return fetch_variable(source);
    case Source::Of::field:
      return fetch_field(source.field);
    default:
      return fetch_own(source);
  }
}

Renderer::Found Renderer::fetch_own(const Source& source) {
  switch (source.of) {
    case Source::Of::title:
      return text(title_of(*scope_.event, text_));
    case Source::Of::event:
      return fetch_event();
    case Source::Of::content_text:
      return fetch_content(source, Markup::text, std::nullopt);
    case Source::Of::content_markdown:
      if (program_.options.escape == config::TextEscape::slack) {
        return fetch_summary(Markup::slack, config::TextEscape::slack);
      }
      return fetch_content(source, Markup::markdown, config::TextEscape::markdown);
    case Source::Of::content_html:
      return fetch_content(source, Markup::html, config::TextEscape::html);
    case Source::Of::correlation_id:
      return scope_.correlation_id ? text(*scope_.correlation_id) : Found{};
    case Source::Of::webhook:
      return text(scope_.webhook);
    case Source::Of::delivery_id:
      return text(scope_.delivery_id);
    case Source::Of::attempt:
      return number(scope_.attempt);
    case Source::Of::now:
      text_ = core::format_rfc3339(scope_.now);
      return text(text_);
    case Source::Of::occurred_at:
      text_ = core::format_rfc3339(
          event::event_time(scope_.event->get(source.variable), scope_.event->record().timestamp));
      return text(text_);
    case Source::Of::policy:
      return scope_.policy ? text(*scope_.policy) : fetch_variable(source);
    case Source::Of::count:
      return scope_.count ? number(*scope_.count) : fetch_variable(source);
    case Source::Of::window:
      if (!scope_.window) return fetch_variable(source);
      text_ = core::format_duration(*scope_.window);
      return text(text_);
    case Source::Of::variable:
    case Source::Of::field:
      break;
  }
  assert(false && "a source that is not Hookline's own");
  return {};
}

Renderer::Found Renderer::fetch_variable(const Source& source) {
  Found found{.value = scope_.event->get(source.variable)};
  if (found.value.kind != ValueKind::absent) return found;
  if (source.timed) {
    text_ = core::format_rfc3339(scope_.event->record().timestamp);
    return text(text_);
  }
  if (source.shadow != Source::no_variable && scope_.event->get(source.shadow).kind == ValueKind::null) {
    found.value = {ValueKind::null, "null"};
  }
  return found;
}

Renderer::Found Renderer::fetch_field(std::uint32_t field) {
  if (field >= scope_.fields.size() || !scope_.fields[field]) return {};
  const rule::Value& value = *scope_.fields[field];
  if (const auto* document = std::get_if<json::Value>(&value.data)) return {.value = *document};
  if (const auto* string = std::get_if<std::string_view>(&value.data)) return text(*string);
  if (std::holds_alternative<std::nullptr_t>(value.data)) return {.value = {ValueKind::null, "null"}};
  text_.clear();
  rule::append_json(value, text_);
  const bool list = std::holds_alternative<const rule::List*>(value.data);
  const bool boolean = std::holds_alternative<bool>(value.data);
  return {.value = {list ? ValueKind::array : boolean ? ValueKind::boolean : ValueKind::number, text_}};
}

Renderer::Found Renderer::fetch_event() {
  const auto& reads = *program_.reads.event;
  switch (scope_.formatting) {
    case config::EventFormatting::slack:
      return text({});
    case config::EventFormatting::jira: {
      text_.clear();
      append_jira_description(reads, scope_, text_);
      Found found = text(text_);
      found.escaped = config::TextEscape::markdown;
      return found;
    }
    case config::EventFormatting::none:
    case config::EventFormatting::standard:
      break;
  }
  Found found{.value = scope_.event->get(reads.message)};
  if (found.value.kind == ValueKind::absent || found.value.kind == ValueKind::null) {
    found.value = scope_.event->get(reads.document);
    found.compact = true;
  }
  return found;
}

Renderer::Found Renderer::fetch_content(const Source& source, Markup markup, Escaped escaped) {
  Found own{.value = scope_.event->get(source.variable), .escaped = escaped};
  // What the payload escapes for its receiver holds no markup of the event's: only a summary is known to be
  // escaped already.
  const bool foreign_markup = escaped && *escaped == program_.options.escape;
  const bool usable = own.value.kind == ValueKind::string && !own.value.raw.empty() && !foreign_markup;
  return usable ? own : fetch_summary(markup, escaped);
}

Renderer::Found Renderer::fetch_summary(Markup markup, Escaped escaped) {
  text_.clear();
  append_summary(*program_.reads.summary, scope_, markup, text_);
  Found found = text(text_);
  found.escaped = escaped;
  return found;
}

}  // namespace hookline::render
