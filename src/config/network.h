// Addresses as the configuration writes them: networks with and without port, listening addresses.
// Numbers only, nothing is looked up. No state.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "hookline/config/settings.h"
#include "hookline/core/result.h"

namespace hookline::config {

/// 16 bytes of an address in numbers, IPv4 as ::ffff:a.b.c.d; nullopt for anything else.
std::optional<std::array<std::uint8_t, 16>> parse_address(std::string_view text);

/// `public`, a network (10.0.0.0/8, 2001:db8::/32) or an address, with a port where one is written
/// (10.0.0.0/8:443, [2001:db8::/32]:443). Error: invalid, with the remedy.
[[nodiscard]] core::Result<EgressRule> parse_egress_rule(std::string_view text);
std::string format_egress_rule(const EgressRule& rule);

/// A network without port. Error: invalid, with the remedy.
[[nodiscard]] core::Result<EgressRule> parse_network(std::string_view text);

/// "127.0.0.1:8080", "[::1]:8080", "localhost:8080", "0.0.0.0:8080". Error: invalid.
[[nodiscard]] core::Result<std::pair<std::string, std::uint16_t>> parse_listen(std::string_view text);
std::string format_listen(const std::string& address, std::uint16_t port);

/// Can only this machine reach a listener on `address`?
bool is_loopback(std::string_view address);

/// What is wrong with an absolute http or https URL as a setting has it (it may hold placeholders
/// behind the host), without repeating it; nullopt if nothing is.
std::optional<core::Error> find_url_fault(std::string_view url);

}  // namespace hookline::config
