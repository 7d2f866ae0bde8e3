#include "special_purpose.h"

#include <algorithm>
#include <array>

namespace hookline::deliver {
namespace {

constexpr SpecialNetwork v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, int prefix,
                            std::string_view why) {
  return {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c}, 96 + prefix, why};
}

/// By the first four groups of the address.
constexpr SpecialNetwork v6(std::uint16_t a, std::uint16_t b, std::uint16_t c, std::uint16_t d, int prefix,
                            std::string_view why) {
  const auto high = [](std::uint16_t group) { return static_cast<std::uint8_t>(group >> 8); };
  const auto low = [](std::uint16_t group) { return static_cast<std::uint8_t>(group & 0xff); };
  return {{high(a), low(a), high(b), low(b), high(c), low(c), high(d), low(d)}, prefix, why};
}

constexpr std::array v4_special{
    v4(0, 0, 0, 8, "this network"),
    v4(10, 0, 0, 8, "private use"),
    v4(100, 64, 0, 10, "shared address space"),
    v4(127, 0, 0, 8, "loopback"),
    v4(169, 254, 0, 16, "link-local"),
    v4(172, 16, 0, 12, "private use"),
    v4(192, 0, 0, 24, "protocol assignments"),
    v4(192, 0, 2, 24, "documentation"),
    v4(192, 88, 99, 24, "6to4 relays"),
    v4(192, 168, 0, 16, "private use"),
    v4(198, 18, 0, 15, "benchmarking"),
    v4(198, 51, 100, 24, "documentation"),
    v4(203, 0, 113, 24, "documentation"),
    v4(224, 0, 0, 4, "multicast"),
    v4(240, 0, 0, 4, "reserved"),
};

/// Within 2000::/3; outside of it nothing is public but NAT64.
constexpr std::array v6_special{
    v6(0x2001, 0, 0, 0, 23, "protocol assignments"),
    v6(0x2001, 0x0db8, 0, 0, 32, "documentation"),
    v6(0x3fff, 0, 0, 0, 20, "documentation"),
};

/// Outside of 2000::/3: only for a better word than "reserved".
constexpr std::array v6_named{
    SpecialNetwork{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, "loopback"},
    v6(0, 0, 0, 0, 128, "unspecified"),
    v6(0x0064, 0xff9b, 1, 0, 48, "local NAT64"),
    v6(0x0100, 0, 0, 0, 64, "discard only"),
    v6(0x5f00, 0, 0, 0, 16, "segment routing"),
    v6(0xfc00, 0, 0, 0, 7, "unique local"),
    v6(0xfe80, 0, 0, 0, 10, "link-local"),
    v6(0xfec0, 0, 0, 0, 10, "site-local"),
    v6(0xff00, 0, 0, 0, 8, "multicast"),
};

constexpr auto global_unicast = v6(0x2000, 0, 0, 0, 3, "");
constexpr auto nat64 = v6(0x0064, 0xff9b, 0, 0, 96, "");   // RFC 6052: IPv4 in the last four bytes
constexpr auto six_to_four = v6(0x2002, 0, 0, 0, 16, "");  // RFC 3056: IPv4 after the prefix
constexpr auto teredo = v6(0x2001, 0, 0, 0, 32, "");  // RFC 4380: server, then client with its bits flipped

bool within(const IpAddress& address, const SpecialNetwork& network) {
  return in_network(address, network.network, network.prefix);
}

template <std::size_t N>
std::optional<std::string_view> find(const std::array<SpecialNetwork, N>& table, const IpAddress& address) {
  for (const auto& network : table) {
    if (within(address, network)) return network.why;
  }
  return std::nullopt;
}

/// What the IPv4 address that stands at byte `at` is, with its bits flipped if asked.
std::optional<std::string_view> embedded(const IpAddress& address, std::size_t at, std::uint8_t flip = 0) {
  IpAddress v4_address = v4_mapped.network;
  for (std::size_t i = 0; i < 4; ++i)
    v4_address[12 + i] = address[at + i] ^ flip;
  return find(v4_special, v4_address);
}

}  // namespace

bool in_network(const IpAddress& address, const IpAddress& network, int prefix) {
  const auto whole = static_cast<std::ptrdiff_t>(prefix / 8);
  if (!std::equal(address.begin(), address.begin() + whole, network.begin())) return false;
  const int rest = prefix % 8;
  if (rest == 0) return true;
  const auto last = static_cast<std::size_t>(whole);
  return ((address[last] ^ network[last]) >> (8 - rest)) == 0;
}

std::optional<std::string_view> special_purpose(const IpAddress& address) {
  if (within(address, v4_mapped)) return find(v4_special, address);
  if (within(address, nat64)) return embedded(address, 12);
  if (within(address, six_to_four)) return embedded(address, 2);
  if (within(address, teredo)) {
    const auto server = embedded(address, 4);
    return server ? server : embedded(address, 12, 0xff);
  }
  if (within(address, global_unicast)) return find(v6_special, address);
  const auto named = find(v6_named, address);
  return named ? named : "reserved";
}

}  // namespace hookline::deliver
