// The addresses that are not public, as one table: the IANA special-purpose registries for IPv4 and
// IPv6 (RFC 6890, as of 2025), multicast, and what stands reserved. No state.
#pragma once

#include "hookline/deliver/egress.h"

namespace hookline::deliver {

struct SpecialNetwork {
  IpAddress network;
  int prefix;  ///< of 128 bits
  std::string_view why;
};

inline constexpr SpecialNetwork v4_mapped{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96, "mapped IPv4"};

/// Are the first `prefix` bits the same?
bool in_network(const IpAddress& address, const IpAddress& network, int prefix);

}  // namespace hookline::deliver
