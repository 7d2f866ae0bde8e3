#include "network.h"

#include <charconv>
#include <cstring>

#include <arpa/inet.h>
#include <fmt/format.h>

#include "utf8.h"

namespace hookline::config {
namespace {

constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

bool is_mapped(const std::array<std::uint8_t, 16>& address) {
  return std::memcmp(address.data(), mapped_prefix.data(), mapped_prefix.size()) == 0;
}

template <class N>
std::optional<N> parse_number(std::string_view text) {
  N value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || stop != text.data() + text.size()) return std::nullopt;
  return value;
}

/// `network` with every bit beyond `prefix` cleared.
std::array<std::uint8_t, 16> without_host_bits(std::array<std::uint8_t, 16> network, int prefix) {
  for (int bit = prefix; bit < 128; ++bit)
    network[static_cast<std::size_t>(bit / 8)] &= static_cast<std::uint8_t>(~(0x80 >> (bit % 8)));
  return network;
}

std::string format_address(const std::array<std::uint8_t, 16>& address) {
  char buffer[INET6_ADDRSTRLEN] = {};
  if (is_mapped(address)) {
    inet_ntop(AF_INET, address.data() + 12, buffer, sizeof buffer);
  } else {
    inet_ntop(AF_INET6, address.data(), buffer, sizeof buffer);
  }
  return buffer;
}

std::string format_network(const EgressRule& rule) {
  const bool v4 = is_mapped(rule.network) && rule.prefix >= 96;
  return fmt::format("{}/{}", format_address(rule.network), v4 ? rule.prefix - 96 : rule.prefix);
}

tl::unexpected<core::Error> not_a_network(std::string_view text) {
  return core::fail(
      core::ErrorCode::invalid,
      fmt::format("{} is not a network: write e.g. 10.0.0.0/8 or 2001:db8::/32", in_quotes(text)));
}

/// Splits the port off `text`: behind the last colon of IPv4, behind brackets of IPv6.
core::Result<std::optional<std::uint16_t>> take_port(std::string_view& text) {
  std::string_view port;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == text.npos || (close + 1 < text.size() && text[close + 1] != ':')) return not_a_network(text);
    if (close + 1 == text.size()) {
      text = text.substr(1, close - 1);
      return std::nullopt;
    }
    port = text.substr(close + 2);
    text = text.substr(1, close - 1);
  } else {
    const auto colon = text.find(':');
    if (colon == text.npos || text.find(':', colon + 1) != text.npos) return std::nullopt;
    port = text.substr(colon + 1);
    text = text.substr(0, colon);
  }
  const auto number = parse_number<std::uint16_t>(port);
  if (!number || *number == 0)
    return core::fail(core::ErrorCode::invalid,
                      fmt::format("{} is not a port: write 1 to 65535", in_quotes(port)));
  return *number;
}

}  // namespace

std::optional<std::array<std::uint8_t, 16>> parse_address(std::string_view text) {
  std::array<std::uint8_t, 16> address{};
  const std::string spelled(text);
  if (spelled.find('\0') != spelled.npos) return std::nullopt;
  if (inet_pton(AF_INET6, spelled.c_str(), address.data()) == 1) return address;
  std::copy(mapped_prefix.begin(), mapped_prefix.end(), address.begin());
  if (inet_pton(AF_INET, spelled.c_str(), address.data() + 12) == 1) return address;
  return std::nullopt;
}

core::Result<EgressRule> parse_network(std::string_view text) {
  const auto slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return not_a_network(text);
  const bool v4 = text.substr(0, slash).find(':') == text.npos;
  EgressRule rule;
  rule.network = *address;
  rule.prefix = 128;
  if (slash != text.npos) {
    const auto prefix = parse_number<unsigned>(text.substr(slash + 1));
    if (!prefix || *prefix > (v4 ? 32u : 128u)) return not_a_network(text);
    rule.prefix = static_cast<int>(*prefix) + (v4 ? 96 : 0);
  }
  const auto network = without_host_bits(rule.network, rule.prefix);
  if (network != rule.network) {
    rule.network = network;
    return core::fail(core::ErrorCode::invalid,
                      fmt::format("{} is an address within a network: did you mean {}?", in_quotes(text),
                                  format_network(rule)));
  }
  return rule;
}

core::Result<EgressRule> parse_egress_rule(std::string_view text) {
  if (text == "public") {
    EgressRule rule;
    rule.everything_public = true;
    return rule;
  }
  auto rest = text;
  const auto port = take_port(rest);
  if (!port) return tl::unexpected(port.error());
  auto rule = parse_network(rest);
  if (rule) rule->port = *port;
  return rule;
}

std::string format_egress_rule(const EgressRule& rule) {
  if (rule.everything_public) return "public";
  const auto network = format_network(rule);
  if (!rule.port) return network;
  return network.find(':') == network.npos ? fmt::format("{}:{}", network, *rule.port)
                                           : fmt::format("[{}]:{}", network, *rule.port);
}

core::Result<std::pair<std::string, std::uint16_t>> parse_listen(std::string_view text) {
  const auto wrong = [&] {
    return core::fail(
        core::ErrorCode::invalid,
        fmt::format("{} is not an address to listen on: write e.g. 127.0.0.1:8080 or [::1]:8080",
                    in_quotes(text)));
  };
  const auto colon = text.rfind(':');
  if (colon == text.npos) return wrong();
  auto host = text.substr(0, colon);
  const auto port = parse_number<std::uint16_t>(text.substr(colon + 1));
  const bool brackets = host.starts_with('[') && host.ends_with(']');
  if (brackets) host = host.substr(1, host.size() - 2);
  const bool v6 = host.find(':') != host.npos;
  if (!port || v6 != brackets) return wrong();
  if (host != "localhost" && !parse_address(host)) return wrong();
  return std::pair(std::string(host), *port);
}

std::string format_listen(const std::string& address, std::uint16_t port) {
  return address.find(':') == address.npos ? fmt::format("{}:{}", address, port)
                                           : fmt::format("[{}]:{}", address, port);
}

bool is_loopback(std::string_view address) {
  if (address == "localhost") return true;
  const auto bytes = parse_address(address);
  if (!bytes) return false;
  std::array<std::uint8_t, 16> one{};
  one[15] = 1;
  return *bytes == one || (is_mapped(*bytes) && (*bytes)[12] == 127);
}

std::optional<core::Error> find_url_fault(std::string_view url) {
  const auto wrong = [](std::string message) {
    return core::Error{core::ErrorCode::invalid, std::move(message)};
  };
  const auto scheme = url.find("://");
  if (!url.starts_with("https://") && !url.starts_with("http://")) {
    return wrong(scheme == url.npos ? "is not an absolute URL" : "has a scheme other than http and https");
  }
  for (const char c : url) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return wrong("holds a control character");
  }
  const auto host = url.substr(scheme + 3, url.find_first_of("/?#", scheme + 3) - scheme - 3);
  if (host.find('@') != host.npos) return wrong("holds a user name: credentials belong under `auth`");
  if (host.empty() || host.starts_with(':')) return wrong("has no host");
  if (host.find_first_of(" \"<>\\^`|") != host.npos)
    return wrong("has a character in its host that none may have");
  // A placeholder in the port is told where the text is compiled.
  const auto colon = host.find(':', host.starts_with('[') ? std::min(host.find(']'), host.size()) : 0);
  const auto port = colon == host.npos ? std::string_view() : host.substr(colon + 1);
  if (!port.empty() && port.find('$') == port.npos && parse_number<std::uint16_t>(port).value_or(0) == 0)
    return wrong("has a port that is none: ports are 1 to 65535");
  return std::nullopt;
}

}  // namespace hookline::config
