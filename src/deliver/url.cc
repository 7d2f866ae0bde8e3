#include "url.h"

#include <algorithm>
#include <charconv>
#include <memory>

#include <arpa/inet.h>
#include <curl/curl.h>

namespace hookline::deliver {
namespace {

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, FreeUrl>;

std::optional<std::string> part(CURLU* url, CURLUPart what, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, what, &text, flags) != CURLUE_OK) return std::nullopt;
  std::string copy(text);
  curl_free(text);
  return copy;
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool starts_with_any_case(std::string_view text, std::string_view lower_prefix) {
  return text.size() >= lower_prefix.size() &&
         std::equal(lower_prefix.begin(), lower_prefix.end(), text.begin(),
                    [](char want, char have) { return want == lower(have); });
}

/// Every spelling of IPv4 that the C library connects to: 127.1, 0x7f.1, 017700000001, 2130706433.
std::optional<IpAddress> any_spelling(const std::string& host) {
  if (auto address = parse_ip(host)) return address;
  in_addr v4;
  if (inet_aton(host.c_str(), &v4) == 0) return std::nullopt;
  char buffer[INET_ADDRSTRLEN];
  return parse_ip(inet_ntop(AF_INET, &v4, buffer, sizeof buffer));
}

/// Whether libcurl would turn it into punycode depends on the locale; so it has to be written as such.
bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 128; });
}

/// The host without what does not belong to the name.
std::string canonical_host(std::string_view host) {
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  host = host.substr(0, host.find('%'));
  while (host.ends_with('.'))
    host.remove_suffix(1);
  std::string name(host);
  std::transform(name.begin(), name.end(), name.begin(), lower);
  return name;
}

}  // namespace

std::string_view url_origin(std::string_view url) {
  const std::size_t scheme = starts_with_any_case(url, "http://")    ? 7
                             : starts_with_any_case(url, "https://") ? 8
                                                                     : 0;
  if (scheme == 0) return {};
  const auto end = url.find_first_of("/?#", scheme);
  const auto origin = url.substr(0, end);
  const bool good = origin.size() > scheme && origin.find('@') == std::string_view::npos && is_ascii(origin);
  return good ? origin : std::string_view();
}

std::optional<UrlTarget> parse_url(std::string_view text) {
  if (url_origin(text).empty() || text.find('\0') != std::string_view::npos) return std::nullopt;
  const Url url(curl_url());
  if (!url ||
      curl_url_set(url.get(), CURLUPART_URL, std::string(text).c_str(), CURLU_DISALLOW_USER) != CURLUE_OK) {
    return std::nullopt;
  }
  const auto scheme = part(url.get(), CURLUPART_SCHEME);
  const auto host = part(url.get(), CURLUPART_HOST);
  const auto port = part(url.get(), CURLUPART_PORT, CURLU_DEFAULT_PORT);
  if (!scheme || !host || !port || !is_ascii(*host)) return std::nullopt;
  UrlTarget target;
  target.https = *scheme == "https";
  target.host = canonical_host(*host);
  if (target.host.empty()) return std::nullopt;
  const auto [end, error] = std::from_chars(port->data(), port->data() + port->size(), target.port);
  if (error != std::errc() || end != port->data() + port->size()) return std::nullopt;
  target.address = any_spelling(target.host);
  return target;
}

}  // namespace hookline::deliver
