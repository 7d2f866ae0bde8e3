// Header names: when two are the same, and those that belong to the transport. No state; any thread.
#pragma once

#include <string_view>

namespace hookline::deliver {

/// Host, Content-Length, Transfer-Encoding, Connection, Expect, Upgrade, in any case: they frame a
/// message, and the transport refuses requests that set them.
bool is_framing_header(std::string_view name);

/// Header names are equal in any case (RFC 9110 section 5.1).
bool same_header_name(std::string_view a, std::string_view b);

}  // namespace hookline::deliver
