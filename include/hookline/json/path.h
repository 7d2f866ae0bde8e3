// Paths into a JSON document, as filters, attributes, templates and correlation settings write
// them: `data.resource_data.id`, `timeline.0.action`, `labels["app.kubernetes.io/name"]`,
// `items[0].id`. A segment of digits only is a key in an object and an index in an array.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hookline/core/result.h"

namespace hookline::json {

struct Path {
  std::vector<std::string> segments;

  bool operator==(const Path&) const = default;
  auto operator<=>(const Path&) const = default;
};

/// Parses the whole of `text`. Error: Fault with the byte where the grammar breaks.
[[nodiscard]] tl::expected<Path, core::Fault> parse_path(std::string_view text);

/// Parses the longest path at the front of `text` and removes it from there; what follows
/// (`:default}`, `==`) is the caller's. Error: Fault, `at` relative to the text given.
[[nodiscard]] tl::expected<Path, core::Fault> take_path(std::string_view& text);

/// The canonical spelling; parse_path reads it back.
std::string to_string(const Path& path);

}  // namespace hookline::json
