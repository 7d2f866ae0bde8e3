// What people may see of a request and of its answer.
#include <algorithm>

#include "hookline/config/secret.h"
#include "hookline/config/url.h"
#include "hookline/core/crypto.h"
#include "hookline/deliver/request.h"

namespace hookline::deliver {
namespace {

/// Shorter ones would be found by chance everywhere; nobody guards anything with them.
constexpr std::size_t shortest_secret = 4;

constexpr std::string_view basic = "Basic ";

void replace_all(std::string& text, std::string_view secret) {
  for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at + config::mask.size())) {
    text.replace(at, secret.size(), config::mask);
  }
}

/// As JSON writers spell it: `"` and `\` escaped, and `/` by those that do so.
std::string in_json(std::string_view text, bool slashes) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\' || (c == '/' && slashes)) out += '\\';
    out += c;
  }
  return out;
}

void hide(std::string& text, std::string_view secret) {
  if (secret.size() < shortest_secret) return;
  replace_all(text, secret);
  for (const bool slashes : {false, true}) {
    if (const auto spelled = in_json(secret, slashes); spelled != secret) replace_all(text, spelled);
  }
}

/// "Bearer TOKEN": the token alone is the secret, too; of basic authentication (RFC 7617) what is behind the base64.
void hide_credentials(std::string& text, const std::string& value) {
  hide(text, value);
  const auto blank = value.find(' ');
  if (blank == std::string::npos) return;
  hide(text, std::string_view(value).substr(blank + 1));
  if (!value.starts_with(basic)) return;
  const auto pair = core::from_base64(std::string_view(value).substr(basic.size()));
  if (!pair) return;
  hide(text, *pair);
  if (const auto colon = pair->find(':'); colon != std::string::npos) hide(text, std::string_view(*pair).substr(colon + 1));
}

}  // namespace

Request masked(Request request) {
  for (auto& header : request.headers) {
    if (header.secret) header.value = config::mask;
  }
  const auto authorized = std::any_of(request.headers.begin(), request.headers.end(), [](const HttpHeader& h) { return h.name == "Authorization"; });
  if (request.route && request.route->oauth2 && !authorized) request.headers.push_back({"Authorization", std::string(config::mask), true});
  if (!request.secret_url) return request;
  const auto front = config::scheme_and_host(request.url);
  request.url = front.empty() ? std::string(config::mask) : front + "/" + std::string(config::mask);
  return request;
}

std::string without_secrets(std::string text, const Request& request) {
  for (const auto& header : request.headers) {
    if (header.secret) hide_credentials(text, header.value);
  }
  if (!request.secret_url) return text;
  hide(text, request.url);
  const auto host = request.url.find("://");
  const auto path = request.url.find_first_of("/?#", host == std::string::npos ? 0 : host + 3);
  if (path != std::string::npos) hide(text, std::string_view(request.url).substr(path));
  return text;
}

}  // namespace hookline::deliver
