// Where requests may go: everything not named is refused. `public` is every address that is not
// private, loopback, link-local, shared, documentation, multicast or otherwise reserved (IANA
// special-purpose registries, RFC 6890). The address that counts is the one that is connected to,
// however the URL spells it. Immutable, any thread.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/socket.h>

#include "hookline/config/settings.h"

namespace hookline::deliver {

/// An IP address in 16 bytes; IPv4 as ::ffff:a.b.c.d, as in config::EgressRule.
using IpAddress = std::array<std::uint8_t, 16>;

/// Reads IPv4 (four decimal numbers) or IPv6 text without brackets or zone. nullopt for anything else.
std::optional<IpAddress> parse_ip(std::string_view text);

/// Why an address is not public, e.g. "loopback" or "private use"; nullopt: it is public. An IPv6
/// address that carries an IPv4 address to somewhere (mapped, NAT64, 6to4, Teredo) is what that is.
std::optional<std::string_view> special_purpose(const IpAddress& address);

class EgressPolicy {
 public:
  explicit EgressPolicy(std::vector<config::EgressRule> rules) : rules_(std::move(rules)) {}

  /// False for anything that is neither IPv4 nor IPv6.
  bool allows(const sockaddr* address) const;
  /// `address`: IPv4 or IPv6 in numbers; a zone (`%eth0`) does not count. False for any other text.
  bool allows(std::string_view address, std::uint16_t port) const;
  /// An IPv4 address is allowed by `public` and by rules for IPv4 (so `::/0` is IPv6 alone).
  bool allows(const IpAddress& address, std::uint16_t port) const;

  /// What can be told of a URL without asking the DNS: a sentence why it would be refused (host is an
  /// address outside of the rules, or localhost, or the URL is not one), or nullopt.
  std::optional<std::string> objection(std::string_view url) const;

 private:
  std::vector<config::EgressRule> rules_;
};

}  // namespace hookline::deliver
