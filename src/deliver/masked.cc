// What people may see of a request and of its answer.
#include <algorithm>

#include "hookline/config/secret.h"
#include "hookline/deliver/request.h"

namespace hookline::deliver {
namespace {

/// Shorter ones would be found by chance everywhere; nobody guards anything with them.
constexpr std::size_t shortest_secret = 6;

/// Where the path of an absolute URL begins; npos: it has none.
std::size_t path_of(const std::string& url) {
  const auto scheme = url.find("://");
  return scheme == std::string::npos ? 0 : url.find_first_of("/?#", scheme + 3);
}

void replace_all(std::string& text, std::string_view secret) {
  if (secret.size() < shortest_secret) return;
  for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + config::mask.size())) {
    text.replace(at, secret.size(), config::mask);
  }
}

}  // namespace

Request masked(Request request) {
  for (auto& header : request.headers) {
    if (header.secret) header.value = config::mask;
  }
  const auto authorized = std::any_of(request.headers.begin(), request.headers.end(), [](const HttpHeader& h) { return h.name == "Authorization"; });
  if (request.route && request.route->oauth2 && !authorized) request.headers.push_back({"Authorization", std::string(config::mask), true});
  if (!request.secret_url) return request;
  if (const auto path = path_of(request.url); path != std::string::npos) {
    request.url = request.url.substr(0, path) + "/" + std::string(config::mask);
  }
  return request;
}

std::string without_secrets(std::string text, const Request& request) {
  for (const auto& header : request.headers) {
    if (!header.secret) continue;
    replace_all(text, header.value);
    // "Bearer TOKEN": the token alone is the secret, too.
    if (const auto blank = header.value.find(' '); blank != std::string::npos) replace_all(text, std::string_view(header.value).substr(blank + 1));
  }
  if (!request.secret_url) return text;
  replace_all(text, request.url);
  if (const auto path = path_of(request.url); path != std::string::npos) replace_all(text, std::string_view(request.url).substr(path));
  return text;
}

}  // namespace hookline::deliver
