// From rendered payloads to the body of one request: a webhook's `format`. No state.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "hookline/config/webhook.h"

namespace hookline::render {

/// Appends the body that holds `payloads` (valid JSON each, at least one) to `out`:
/// object: the payload as it is, and there is exactly one; array: `[a,b]`; ndjson: each on one
/// compact line, ended by a line feed.
void append_body(config::BodyFormat format, std::span<const std::string_view> payloads, std::string& out);

/// The Content-Type that goes with a format, unless the webhook's headers set one.
std::string_view content_type(config::BodyFormat format);

}  // namespace hookline::render
