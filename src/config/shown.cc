#include "hookline/config/shown.h"

#include "hookline/config/secret.h"

namespace hookline::config {

std::string scheme_and_host(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == url.npos || scheme > 5) return {};
  auto host = url.substr(scheme + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  host = host.substr(host.rfind('@') + 1);  // npos + 1 is 0
  return std::string(url.substr(0, scheme + 3)) + std::string(host);
}

void mask_in(std::string& text, std::string_view secret) {
  for (auto at = text.find(secret); at != text.npos; at = text.find(secret, at + mask.size())) text.replace(at, secret.size(), mask);
}

}  // namespace hookline::config
