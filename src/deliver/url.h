// Where a URL leads, read by libcurl's own parser, so that what is judged is what is connected to. No
// state; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hookline/deliver/egress.h"

namespace hookline::deliver {

struct UrlTarget {
  bool https = false;
  std::string host;  ///< lower case, without brackets, zone or final dot
  std::uint16_t port = 0;
  std::optional<IpAddress>
      address;  ///< if the host is an address, in any of its spellings (127.1, 0x7f.1, …)
};

/// nullopt: not an absolute http or https URL, one that carries a user name, or whose host is not ASCII
/// (names in other scripts have to be written in punycode).
std::optional<UrlTarget> parse_url(std::string_view url);

/// scheme://authority of a URL as it is spelled; empty if parse_url() would not have it for a reason that
/// shows there. Cheap: the parser proper is libcurl's.
std::string_view url_origin(std::string_view url);

}  // namespace hookline::deliver
