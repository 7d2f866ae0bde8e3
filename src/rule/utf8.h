// The little that expressions need of UTF-8: is it valid, how many code points, one code point out.
// No state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hookline::rule {

/// Bytes of the valid UTF-8 sequence at the front of `text`; 0 if there is none (RFC 3629: no
/// overlong forms, no surrogates, nothing above U+10FFFF).
std::size_t utf8_length(std::string_view text);

/// Position of the first byte that is not UTF-8; npos if all is.
std::size_t find_invalid_utf8(std::string_view text);

/// Code points of valid UTF-8; of anything else the number of bytes that do not continue a sequence.
std::size_t count_code_points(std::string_view text);

/// Appends one code point (not a surrogate, at most U+10FFFF).
void append_code_point(std::uint32_t code_point, std::string& out);

}  // namespace hookline::rule
