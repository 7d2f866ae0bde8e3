#include "hookline/rule/cidr.h"

#include <algorithm>
#include <charconv>
#include <cstring>

#include <arpa/inet.h>

namespace hookline::rule {
namespace {

constexpr int mapped_prefix = 96;  // where the 32 bits of IPv4 begin

bool is_ipv4(const Address& address) {
  return std::all_of(address.begin(), address.begin() + 10, [](std::uint8_t byte) { return byte == 0; }) &&
         address[10] == 0xFF && address[11] == 0xFF;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  char terminated[INET6_ADDRSTRLEN];  // also bounds what inet_pton gets to see
  if (text.empty() || text.size() >= sizeof terminated) return std::nullopt;
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  std::memcpy(terminated, text.data(), text.size());
  terminated[text.size()] = '\0';

  Address address{};
  if (inet_pton(AF_INET6, terminated, address.data()) == 1) return address;
  address[10] = address[11] = 0xFF;
  if (inet_pton(AF_INET, terminated, address.data() + 12) == 1) return address;
  return std::nullopt;
}

std::optional<Cidr> Cidr::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  const auto network = parse_address(text.substr(0, slash));
  const std::string_view digits = text.substr(slash + 1);
  if (!network || digits.empty() || digits.size() > 3 || digits[0] == '+' || digits[0] == '-')
    return std::nullopt;

  Cidr cidr;
  cidr.network_ = *network;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), cidr.prefix_);
  if (failure != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  const bool dotted = text.substr(0, slash).find(':') == std::string_view::npos;
  if (cidr.prefix_ > (dotted ? 32 : 128)) return std::nullopt;
  if (dotted) cidr.prefix_ += mapped_prefix;
  return cidr;
}

bool Cidr::contains(const Address& address) const {
  const bool network_is_ipv4 = prefix_ >= mapped_prefix && is_ipv4(network_);
  if (network_is_ipv4 != is_ipv4(address)) return false;
  const auto whole = static_cast<std::size_t>(prefix_ / 8);
  if (!std::equal(address.begin(), address.begin() + static_cast<std::ptrdiff_t>(whole), network_.begin()))
    return false;
  const int rest = prefix_ % 8;
  return rest == 0 || (address[whole] ^ network_[whole]) >> (8 - rest) == 0;
}

}  // namespace hookline::rule
