// Writing JSON text by hand where a tree would be waste: escaping and compacting. No state.
#pragma once

#include <string>
#include <string_view>

namespace hookline::json {

/// Appends `text` escaped for the inside of a JSON string (RFC 8259 section 7): quote, backslash
/// and control characters. Invalid UTF-8 becomes U+FFFD, so that the result is always valid.
void append_escaped(std::string_view text, std::string& out);

/// Is `text` well-formed UTF-8?
bool is_utf8(std::string_view text);

/// Appends `text` as a JSON string with its quotes.
void append_quoted(std::string_view text, std::string& out);

/// Appends a valid JSON value without its insignificant white space; numbers and strings as spelled.
void append_compact(std::string_view raw, std::string& out);

/// Appends JSON escapes resolved: the reverse of append_escaped, for a raw string of a valid document.
void append_unescaped(std::string_view raw, std::string& out);

}  // namespace hookline::json
