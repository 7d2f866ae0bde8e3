// What people may see of a request and of its answer.
#include <algorithm>

#include "hookline/config/secret.h"
#include "hookline/config/shown.h"
#include "hookline/core/crypto.h"
#include "hookline/deliver/request.h"

namespace hookline::deliver {
namespace {

/// Shorter ones would be found by chance everywhere; nobody guards anything with them.
constexpr std::size_t shortest_secret = 4;

constexpr std::string_view basic = "Basic ";

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
  config::mask_in(text, secret);
  for (const bool slashes : {false, true}) {
    if (const auto spelled = in_json(secret, slashes); spelled != secret) config::mask_in(text, spelled);
  }
}

/// "user:password", and of basic authentication (RFC 7617) the password alone.
void hide_pair(std::string& text, std::string_view pair) {
  hide(text, pair);
  if (const auto colon = pair.find(':'); colon != std::string_view::npos) hide(text, pair.substr(colon + 1));
}

/// "Bearer TOKEN": the token alone is the secret, too; of basic authentication (RFC 7617) what is behind the base64.
void hide_credentials(std::string& text, const std::string& value) {
  hide(text, value);
  const auto blank = value.find(' ');
  if (blank == std::string::npos) return;
  hide(text, std::string_view(value).substr(blank + 1));
  if (!value.starts_with(basic)) return;
  if (const auto pair = core::from_base64(std::string_view(value).substr(basic.size()))) hide_pair(text, *pair);
}

void hide_url(std::string& text, std::string_view url) {
  hide(text, url);
  const auto host = url.find("://");
  const auto path = url.find_first_of("/?#", host == url.npos ? 0 : host + 3);
  if (path == url.npos) return;
  hide(text, url.substr(path));
  const auto query = url.find_first_of("?#", path);
  hide(text, url.substr(path, query - path));
  if (query != url.npos) hide(text, url.substr(query + 1));
}

void hide_proxy(std::string& text, std::string_view proxy) {
  const auto scheme = proxy.find("://");
  const auto begin = scheme == proxy.npos ? 0 : scheme + 3;
  const auto end = proxy.rfind('@');
  if (end == proxy.npos || end < begin) return;
  const auto pair = proxy.substr(begin, end - begin);
  hide_pair(text, pair);
  hide(text, core::base64(pair));
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
  if (request.route) hide_proxy(text, request.route->proxy);
  if (request.secret_url) hide_url(text, request.url);
  return text;
}

}  // namespace hookline::deliver
