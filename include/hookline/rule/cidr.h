// Addresses and networks, IPv4 and IPv6, as `cidr('10.0.0.0/8').containsIP(source_ip)` needs them.
// No state, no I/O: nothing here resolves a name.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace hookline::rule {

/// 128 bits; IPv4 stands as ::ffff:a.b.c.d, so that a mapped address is the IPv4 address it maps.
using Address = std::array<std::uint8_t, 16>;

/// Dotted IPv4 or RFC 4291 IPv6, without zone, port or white space; nullopt for anything else.
std::optional<Address> parse_address(std::string_view text);

class Cidr {
 public:
  /// ADDRESS/PREFIX; bits behind the prefix are ignored. nullopt for anything else.
  static std::optional<Cidr> parse(std::string_view text);

  /// Families do not mix: `::/0` holds no IPv4 address.
  bool contains(const Address& address) const;

 private:
  Address network_{};
  int prefix_ = 0;  // of 128 bits
};

}  // namespace hookline::rule
