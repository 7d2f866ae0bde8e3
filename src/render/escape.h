// Escaping for where a value goes: JSON strings, URLs, header values, and the text rules of receivers.
// All append to `out` and allocate nothing else. No state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "hookline/config/webhook.h"

namespace hookline::render {

/// Percent-encodes everything but the unreserved characters of RFC 3986 section 2.3.
void append_percent_encoded(std::string_view text, std::string& out);

/// A segment of a URL's path that clients and servers remove: "." or "..", also as %2E.
bool is_dot_segment(std::string_view segment);

/// May stand in a header value: no control character but the tab.
bool fits_header(std::string_view text);

/// A valid JSON value as the content of a JSON string: compact, quotes and backslashes escaped.
void append_compact_escaped(std::string_view raw, std::string& out);

/// `text` as a receiver's text rules want it, in at most `max_text` characters (code points; 0: any),
/// an ellipsis included. A cut falls between characters, never within an escape.
void append_for_receiver(std::string_view text, config::TextEscape escape, std::uint32_t max_text,
                         std::string& out);

}  // namespace hookline::render
