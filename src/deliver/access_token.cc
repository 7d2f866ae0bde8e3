#include "access_token.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "hookline/core/crypto.h"
#include "hookline/json/tree.h"

namespace hookline::deliver {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t longest_token = 16 << 10;
constexpr std::size_t longest_answer = 64 << 10;
constexpr std::size_t longest_code = 64;
constexpr core::Duration longest_lifetime = 24h;
constexpr core::Duration early = 30s;

/// application/x-www-form-urlencoded (RFC 6749 appendix B).
std::string form_encoded(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                       c == '.' || c == '_' || c == '*';
    if (plain) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

/// Seconds as a number, or, as some servers have it, as a text of digits.
std::optional<core::Duration> lifetime_of(const json::Tree& expires) {
  std::int64_t seconds = 0;
  if (expires.is_number_unsigned()) {
    seconds = static_cast<std::int64_t>(std::min<std::uint64_t>(expires.get<std::uint64_t>(), longest_lifetime / 1s));
  } else if (expires.is_string()) {
    const auto& text = expires.get_ref<const std::string&>();
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size() || seconds < 0) return std::nullopt;
  } else {
    return std::nullopt;
  }
  return std::min<core::Duration>(std::chrono::seconds(std::min<std::int64_t>(seconds, longest_lifetime / 1s)), longest_lifetime);
}

bool is_bearer(const json::Tree& type) {
  if (!type.is_string()) return type.is_null();
  std::string text = type.get<std::string>();
  std::transform(text.begin(), text.end(), text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text == "bearer";
}

/// Nothing that could end the header or start another.
bool can_be_sent(const std::string& token) {
  return !token.empty() && token.size() <= longest_token &&
         std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c <= '~'; });
}

/// The error code of an error answer, if it looks like one.
std::string error_code(const std::string& body) {
  const auto tree = json::parse_tree(body);
  if (!tree || !tree->is_object()) return {};
  const auto code = tree->value("error", json::Tree());
  if (!code.is_string()) return {};
  const auto& text = code.get_ref<const std::string&>();
  const bool good = text.size() <= longest_code && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
  });
  return good ? text : std::string();
}

}  // namespace

Request token_request(AttemptId id, const std::shared_ptr<const Route>& route) {
  const ClientCredentials& who = *route->oauth2;
  auto own = std::make_shared<Route>(*route);
  own->response_size = std::max(own->response_size, longest_answer);  // what is kept of receivers says nothing of this one
  Request request{.id = id, .route = std::move(own), .method = config::Method::post, .url = who.token_url};
  const auto pair = form_encoded(who.client_id) + ":" + form_encoded(who.client_secret.reveal());
  request.headers = {{"User-Agent", "Hookline/" HOOKLINE_VERSION},
                     {"Content-Type", "application/x-www-form-urlencoded"},
                     {"Accept", "application/json"},
                     {"Authorization", "Basic " + core::base64(pair)}};
  request.body = "grant_type=client_credentials";
  if (!who.scope.empty()) request.body += "&scope=" + form_encoded(who.scope);
  return request;
}

core::Result<AccessToken> read_token(const Answer& answer) {
  const auto bad = [](std::string what) { return core::fail(core::ErrorCode::unavailable, std::move(what)); };
  if (answer.outcome != Outcome::answered) return bad(answer.error);
  if (answer.status < 200 || answer.status > 299) {
    const auto code = error_code(answer.body);
    return bad(fmt::format("the token endpoint answered {}{}{}", answer.status, code.empty() ? "" : " ", code));
  }
  const auto tree = json::parse_tree(answer.body);
  if (!tree || !tree->is_object()) return bad("the token endpoint answered no JSON object");
  const auto token = tree->value("access_token", json::Tree());
  if (!token.is_string()) return bad("the token endpoint's answer has no access_token");
  if (!is_bearer(tree->value("token_type", json::Tree()))) return bad("the token is not of the type Bearer");
  if (!can_be_sent(token.get_ref<const std::string&>())) return bad("the token cannot stand in a header");
  const auto lifetime = lifetime_of(tree->value("expires_in", json::Tree()));
  return AccessToken{token.get<std::string>(), lifetime.value_or(default_token_lifetime)};
}

core::Duration token_use(core::Duration lifetime) { return lifetime >= 2 * early ? lifetime - early : lifetime / 2; }

}  // namespace hookline::deliver
