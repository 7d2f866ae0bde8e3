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

class EgressPolicy {
 public:
  explicit EgressPolicy(std::vector<config::EgressRule> rules) : rules_(std::move(rules)) {}

  bool allows(const sockaddr* address) const;
  /// `address`: IPv4 or IPv6 in numbers.
  bool allows(std::string_view address, std::uint16_t port) const;

  /// What can be told of a URL without asking the DNS: a sentence why it would be refused (host is an
  /// address outside of the rules, or localhost), or nullopt.
  std::optional<std::string> objection(std::string_view url) const;

 private:
  std::vector<config::EgressRule> rules_;
};

}  // namespace hookline::deliver
