#include "renderer.h"

#include <algorithm>

#include <fmt/format.h>

#include "escape.h"
#include "hookline/json/write.h"

namespace hookline::render {
namespace {

constexpr std::string_view not_available = "NA";

}  // namespace

core::Result<void> Renderer::run() {
  const std::size_t begin = out_.size();
  for (const Op& op : program_.ops) {
    out_ += program_.text(op.before);
    if (auto written = write(op); !written) return written;
  }
  out_ += program_.text(program_.after);
  if (program_.context == Context::url && !program_.ops.empty())
    return check_path(begin + program_.path_begin);
  return {};
}

core::Result<void> Renderer::write(const Op& op) {
  const Found found = fetch(op.source);
  const json::ValueKind kind = found.value.kind;
  if (kind == json::ValueKind::absent || kind == json::ValueKind::null) {
    if (op.fallback) {
      out_ += program_.text(*op.fallback);
    } else if (op.slot == Slot::value) {
      out_ += kind == json::ValueKind::null ? "null" : "\"NA\"";
    } else {
      out_ += not_available;
    }
    return {};
  }
  const bool marked = op.source.marked && scope_.test_message;
  switch (op.slot) {
    case Slot::text:
      write_text(found, marked);
      return {};
    case Slot::value:
      write_value(found, marked);
      return {};
    case Slot::url:
      // A mark would turn one URL into another.
      return write_line(found, Slot::url, false);
    case Slot::header:
      return write_line(found, Slot::header, marked);
  }
  return {};
}

bool Renderer::is_plain_copy(const Found& found) const {
  const Options& options = program_.options;
  const bool escaped = options.escape == config::TextEscape::none || found.escaped == options.escape;
  return escaped && options.max_text == 0;
}

/// The content of a JSON string.
void Renderer::append_content(const Found& found) {
  if (!is_plain_copy(found)) {
    const bool escaped = found.escaped == program_.options.escape;
    std::string for_receiver;
    append_for_receiver(plain(found), escaped ? config::TextEscape::none : program_.options.escape,
                        program_.options.max_text, for_receiver);
    json::append_escaped(for_receiver, out_);
  } else if (found.plain) {
    json::append_escaped(found.value.raw, out_);
  } else if (found.value.kind == json::ValueKind::object || found.value.kind == json::ValueKind::array) {
    append_compact_escaped(found.value.raw, out_);
  } else {
    out_ += found.value.raw;
  }
}

void Renderer::write_text(const Found& found, bool marked) {
  // Nothing to mark where nothing is shown (`$Event` for Slack).
  if (marked && !found.value.raw.empty()) out_ += test_mark;
  append_content(found);
}

void Renderer::write_value(const Found& found, bool marked) {
  if (found.value.kind == json::ValueKind::string) {
    out_ += '"';
    write_text(found, marked);
    out_ += '"';
  } else if (found.compact) {
    json::append_compact(found.value.raw, out_);
  } else {
    out_ += found.value.raw;
  }
}

core::Result<void> Renderer::write_line(const Found& found, Slot slot, bool marked) {
  const std::string_view text = plain(found);
  if (slot == Slot::url) {
    append_percent_encoded(text, out_);
    return {};
  }
  if (!fits_header(text)) {
    return core::fail(core::ErrorCode::invalid,
                      "a header value holds a control character that a value of the event brought in");
  }
  if (marked) out_ += test_mark;
  out_ += text;
  return {};
}

std::string_view Renderer::plain(const Found& found) {
  if (found.plain) return found.value.raw;
  switch (found.value.kind) {
    case json::ValueKind::string:
      return json::unescape(found.value.raw, plain_);
    case json::ValueKind::object:
    case json::ValueKind::array:
      plain_.clear();
      json::append_compact(found.value.raw, plain_);
      return plain_;
    default:
      return found.value.raw;
  }
}

core::Result<void> Renderer::check_path(std::size_t begin) const {
  std::string_view path = std::string_view(out_).substr(begin);
  path = path.substr(0, path.find_first_of("?#"));
  while (!path.empty()) {
    const std::string_view segment = path.substr(0, path.find('/'));
    if (is_dot_segment(segment)) {
      return core::fail(
          core::ErrorCode::invalid,
          fmt::format("a value of the event would make '{}' a segment of the URL's path", segment));
    }
    path.remove_prefix(std::min(segment.size() + 1, path.size()));
  }
  return {};
}

}  // namespace hookline::render
