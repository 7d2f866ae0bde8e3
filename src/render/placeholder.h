// One placeholder of a template: `$name`, `${path}`, `${path:default}`. Reading only; what the name
// means is decided by names.h. No state.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "hookline/core/result.h"
#include "hookline/json/path.h"

namespace hookline::render {

/// Where in a template a placeholder stands.
enum class Slot : std::uint8_t {
  text,   ///< inside a JSON string
  value,  ///< alone, as a JSON value
  url,
  header,
};

struct Placeholder {
  std::size_t length = 0;  ///< bytes from the `$`
  json::Path path;
  std::optional<std::string_view> fallback;  ///< what stands after the colon, as written
};

/// The placeholder whose `$` is text[at]. nullopt: that `$` is literal. Error: a `${` that does not
/// close or holds no path, `at` counted in `text`.
[[nodiscard]] tl::expected<std::optional<Placeholder>, core::Fault> scan_placeholder(std::string_view text,
                                                                                     std::size_t at,
                                                                                     Slot slot);

}  // namespace hookline::render
