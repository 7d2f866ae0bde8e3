#include "hookline/deliver/egress.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <span>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>

#include "special_purpose.h"
#include "url.h"

namespace hookline::deliver {
namespace {

IpAddress mapped(const std::uint8_t* v4) {
  IpAddress address{};
  address[10] = address[11] = 0xff;
  std::copy_n(v4, 4, address.begin() + 12);
  return address;
}

bool is_v4(const IpAddress& address) {
  return in_network(address, v4_mapped.network, v4_mapped.prefix);
}

bool names(const config::EgressRule& rule, const IpAddress& address, bool v4) {
  if (rule.everything_public) return !special_purpose(address);
  // Without this, `::/0` would open all of IPv4 through its mapped form.
  if (v4 && rule.prefix < v4_mapped.prefix) return false;
  return in_network(address, rule.network, rule.prefix);
}

/// A host that stands for this machine by name (RFC 6761 section 6.3).
bool is_localhost(std::string_view host) {
  return host == "localhost" || host.ends_with(".localhost");
}

}  // namespace

std::optional<IpAddress> parse_ip(std::string_view text) {
  char buffer[INET6_ADDRSTRLEN];
  if (text.empty() || text.size() >= sizeof buffer || text.find('\0') != std::string_view::npos)
    return std::nullopt;
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = '\0';
  IpAddress address{};
  if (inet_pton(AF_INET6, buffer, address.data()) == 1) return address;
  std::uint8_t v4[4];
  if (inet_pton(AF_INET, buffer, v4) == 1) return mapped(v4);
  return std::nullopt;
}

bool EgressPolicy::allows(const sockaddr* address) const {
  if (address->sa_family == AF_INET) {
    sockaddr_in in;
    std::memcpy(&in, address, sizeof in);
    std::uint8_t v4[4];
    std::memcpy(v4, &in.sin_addr, sizeof v4);
    return allows(mapped(v4), ntohs(in.sin_port));
  }
  if (address->sa_family == AF_INET6) {
    sockaddr_in6 in;
    std::memcpy(&in, address, sizeof in);
    IpAddress v6;
    std::memcpy(v6.data(), &in.sin6_addr, v6.size());
    return allows(v6, ntohs(in.sin6_port));
  }
  return false;
}

bool EgressPolicy::allows(std::string_view address, std::uint16_t port) const {
  const auto parsed = parse_ip(address.substr(0, address.find('%')));
  return parsed && allows(*parsed, port);
}

bool EgressPolicy::allows(const IpAddress& address, std::uint16_t port) const {
  const bool v4 = is_v4(address);
  return std::any_of(rules_.begin(), rules_.end(), [&](const config::EgressRule& rule) {
    return (!rule.port || *rule.port == port) && names(rule, address, v4);
  });
}

std::optional<std::string> EgressPolicy::objection(std::string_view url) const {
  const auto target = parse_url(url);
  if (!target) return "it is not an http or https URL";
  if (target->address) {
    if (allows(*target->address, target->port)) return std::nullopt;
    const auto why = special_purpose(*target->address);
    return fmt::format("egress.allow does not name {}:{}{}{}{}", target->host, target->port, why ? " (" : "",
                       why.value_or(""), why ? ")" : "");
  }
  if (is_localhost(target->host) && !allows("127.0.0.1", target->port) && !allows("::1", target->port)) {
    return fmt::format("egress.allow does not name {}:{} (loopback)", target->host, target->port);
  }
  return std::nullopt;
}

}  // namespace hookline::deliver
