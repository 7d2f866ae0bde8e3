// The grammar of single JSON values (RFC 8259), beyond what Structure checks. No state.
#pragma once

#include <string_view>

#include "hookline/json/scan.h"

namespace hookline::json {

/// Is `text` exactly one number?
bool is_number(std::string_view text);

/// What a scalar token is; absent if it is no value at all. Strings count by their quotes: escapes
/// are looked at by find_bad_escape.
ValueKind scalar_kind(std::string_view token);

/// Position of the first backslash that does not begin an escape of RFC 8259; npos if all do.
std::size_t find_bad_escape(std::string_view text);

/// Value of `\uXXXX`'s four digits at the front of `text`; negative if they are not there.
int hex4(std::string_view text);

}  // namespace hookline::json
