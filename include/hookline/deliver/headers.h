// The headers that Hookline itself puts on a request, and those that nobody may set. No state; any
// thread with its own HmacSha256.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/config/webhook.h"
#include "hookline/core/crypto.h"
#include "hookline/deliver/request.h"

namespace hookline::deliver {

/// Host, Content-Length, Transfer-Encoding, Connection, Expect, Upgrade and `webhook-*`, in any case.
/// The first six belong to the transport, which refuses requests that set them.
bool is_reserved_header(std::string_view name);

/// The part of is_reserved_header that frames a message: everything but `webhook-*`.
bool is_framing_header(std::string_view name);

/// Header names are equal in any case (RFC 9110 section 5.1).
bool same_header_name(std::string_view a, std::string_view b);

/// The media type of a body of this format.
std::string_view content_type(config::BodyFormat format);

/// Appends to the webhook's own headers what every request carries: `User-Agent` and `Content-Type`
/// unless they are there already, `webhook-id`, `webhook-timestamp` and, if there are keys (of
/// signing_key), `webhook-signature` over `body`.
void append_standard_headers(std::vector<HttpHeader>& headers, config::BodyFormat format, std::string_view id,
                             std::int64_t timestamp_seconds, core::HmacSha256& hmac,
                             const std::vector<std::string>& keys, std::string_view body);

}  // namespace hookline::deliver
