#include "access.h"

#include <algorithm>
#include <cctype>

#include "hookline/core/crypto.h"

namespace hookline::admin {
namespace {

using Scope = config::Token::Scope;

bool equal_without_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

/// "https://name:port" -> "name:port"
std::string_view host_of(std::string_view origin) {
  const auto at = origin.find("://");
  return at == origin.npos ? origin : origin.substr(at + 3);
}

}  // namespace

bool Bearer::may(Scope scope) const {
  switch (scope) {
    case Scope::read: return read || admin;
    case Scope::operate: return operate || admin;
    case Scope::admin: return admin;
  }
  return false;
}

std::optional<Bearer> bearer_of(const config::Admin& settings, std::string_view authorization) {
  if (settings.tokens.empty()) return Bearer{"local", true, true, true};
  constexpr std::string_view scheme = "Bearer ";
  if (authorization.size() < scheme.size() || !equal_without_case(authorization.substr(0, scheme.size()), scheme)) return std::nullopt;
  const auto given = authorization.substr(scheme.size());
  std::optional<Bearer> bearer;
  for (const auto& token : settings.tokens) {  // all of them, so that time tells nothing
    const bool same = core::equal_in_constant_time(given, token.value.reveal());
    if (!same) continue;
    const auto has = [&](Scope scope) { return std::find(token.scopes.begin(), token.scopes.end(), scope) != token.scopes.end(); };
    bearer = Bearer{token.name, has(Scope::read), has(Scope::operate), has(Scope::admin)};
  }
  return bearer;
}

bool is_local_host(std::string_view host) {
  const auto bracket = host.find(']');
  const auto colon = host.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    if (host.find_first_not_of("0123456789", colon + 1) != std::string_view::npos) return false;
    host = host.substr(0, colon);
  }
  const bool loopback = host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
  return loopback || equal_without_case(host, "localhost") || host == "[::1]";
}

std::optional<HttpAnswer> objection(const HttpRequest& request, const config::Admin& settings) {
  if (!settings.tokens.empty()) return std::nullopt;
  if (!is_local_host(request.host)) {
    return problem(403, "without a token the admin API answers only to a Host of this machine, e.g. localhost");
  }
  const bool changes = request.method != "GET" && request.method != "HEAD";
  if (changes && !request.origin.empty() && !equal_without_case(host_of(request.origin), request.host)) {
    return problem(403, "a page of another origin may change nothing here; configure admin.token, and send it");
  }
  return std::nullopt;
}

}  // namespace hookline::admin
