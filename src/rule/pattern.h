// Regular expressions: RE2, whose matching time is linear in the text whatever the pattern. Any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <re2/re2.h>

#include "hookline/core/result.h"

namespace hookline::rule {

/// Error: RE2's own words for what is wrong.
[[nodiscard]] tl::expected<std::unique_ptr<const re2::RE2>, std::string> compile_pattern(
    std::string_view pattern);

/// Does the pattern match anywhere in the text (CEL's matches(): not anchored)?
bool finds(const re2::RE2& pattern, std::string_view text);

}  // namespace hookline::rule
