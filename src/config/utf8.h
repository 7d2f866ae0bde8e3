// Just enough UTF-8 for places and limits. No state.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace hookline::config {

inline bool begins_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
}

/// The number of characters (code points) of valid UTF-8.
std::size_t characters(std::string_view text);

/// The offset of the first byte that is not part of well-formed UTF-8 (RFC 3629); nullopt if all is.
std::optional<std::size_t> find_invalid_utf8(std::string_view text);

/// `text` for the inside of a message: quoted, control characters as \xNN, cut after 60 characters.
std::string in_quotes(std::string_view text);

}  // namespace hookline::config
