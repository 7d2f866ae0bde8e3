// UTF-8 at the byte level (Unicode 15, table 3-7), for the slow ways only: whole documents are
// checked by simdjson. No state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hookline::json {

/// Length of the well-formed sequence that `text` begins with, 1 to 4; 0 if it begins with none.
std::size_t utf8_length(std::string_view text);

/// Position of the first byte that is not part of a well-formed sequence; npos if all are.
std::size_t find_invalid_utf8(std::string_view text);

/// Appends a code point; surrogates and what lies beyond U+10FFFF become U+FFFD.
void append_code_point(std::uint32_t code_point, std::string& out);

}  // namespace hookline::json
