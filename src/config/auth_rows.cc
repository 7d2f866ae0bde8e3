// Credentials and signatures of a webhook's requests.
#include <fmt/format.h>

#include "definitions.h"
#include "headers.h"
#include "hookline/core/crypto.h"
#include "types.h"

namespace hookline::config {
namespace {

struct AuthDraft {
  std::optional<Secret> bearer;
  std::optional<BasicAuth> basic;
  std::vector<HeaderSetting> headers;
  std::optional<OAuth2> oauth2;
};

Type<BasicAuth> basic() {
  Section<BasicAuth> section;
  const auto username = checked(placed_text(), [](const Text& value) -> std::optional<Objection> {
    if (value.value.find(':') == std::string::npos && !breaks_header(value.value)) return std::nullopt;
    return Objection{"holds a ':' or a line break", "HTTP's basic authentication has no way to send it"};
  });
  section.rows = {
      row<BasicAuth>("username", &BasicAuth::username, username, "The user name, without ':'.", "hookline",
                     Need::required),
      row<BasicAuth>("password", &BasicAuth::password, secret(), "The password.", "${env:TICKETS_PASSWORD}",
                     Need::required),
  };
  return mapping(std::move(section));
}

Type<OAuth2> oauth2() {
  Section<OAuth2> section;
  section.rows = {
      row<OAuth2>("token_url", &OAuth2::token_url, url(),
                  "Where tokens are fetched; the egress rules govern it too.",
                  "https://login.example.com/oauth/token", Need::required),
      row<OAuth2>("client_id", &OAuth2::client_id, text(), "The client's id.", "hookline", Need::required),
      row<OAuth2>("client_secret", &OAuth2::client_secret, secret(), "The client's secret.",
                  "${env:OAUTH_SECRET}", Need::required),
      row<OAuth2>("scope", &OAuth2::scope, text(), "Scopes to ask for, separated by blanks.",
                  "tickets.write"),
  };
  return mapping(std::move(section));
}

bool make_auth(Reader& reader, const Node& node, AuthDraft draft, Auth& out) {
  if (draft.bearer) out = BearerAuth{*draft.bearer};
  if (draft.basic) out = *draft.basic;
  if (!draft.headers.empty()) out = HeaderAuth{std::move(draft.headers)};
  if (draft.oauth2) out = *draft.oauth2;
  if (!std::holds_alternative<std::monostate>(out)) return true;
  reader.error(node, "is empty", "write one of bearer, basic, headers or oauth2, or remove the key");
  return false;
}

AuthDraft draft_of(const Auth& auth) {
  AuthDraft draft;
  if (const auto* bearer = std::get_if<BearerAuth>(&auth)) draft.bearer = bearer->token;
  if (const auto* basic_auth = std::get_if<BasicAuth>(&auth)) draft.basic = *basic_auth;
  if (const auto* own = std::get_if<HeaderAuth>(&auth)) draft.headers = own->headers;
  if (const auto* oauth = std::get_if<OAuth2>(&auth)) draft.oauth2 = *oauth;
  return draft;
}

}  // namespace

Type<Auth> auth() {
  Section<AuthDraft> section;
  section.rows = {
      row<AuthDraft>("bearer", &AuthDraft::bearer, maybe(secret()), "`Authorization: Bearer …`.",
                     "${env:TICKETS_TOKEN}"),
      row<AuthDraft>("basic", &AuthDraft::basic, maybe(basic()), "`Authorization: Basic …`."),
      row<AuthDraft>("headers", &AuthDraft::headers, headers(true),
                     "Headers of your own that hold credentials; all values are masked.",
                     json::Tree{{"X-Api-Key", "${env:API_KEY}"}}),
      row<AuthDraft>("oauth2", &AuthDraft::oauth2, maybe(oauth2()),
                     "OAuth 2.0 client credentials; tokens are fetched and renewed."),
  };
  section.check = [](Reader& reader, const Node& node, AuthDraft&) {
    at_most_one(reader, node, {"bearer", "basic", "headers", "oauth2"});
  };
  section.rules = {{"minProperties", 1}, {"maxProperties", 1}};
  auto type = by_way_of<Auth>(mapping(std::move(section)), make_auth, draft_of);
  type.print = [print = type.print](const Auth& value) -> json::Tree {
    return std::holds_alternative<std::monostate>(value) ? json::Tree() : print(value);
  };
  return type;
}

Type<std::vector<Secret>> signing() {
  struct Draft {
    std::vector<Secret> secrets;
  };
  const auto key = checked(secret(), [](const Secret& value) -> std::optional<Objection> {
    std::string_view text = value.reveal();
    if (text.starts_with("whsec_")) text.remove_prefix(6);
    const auto bytes = core::from_base64(text);
    if (bytes && bytes->size() >= 24 && bytes->size() <= 64) return std::nullopt;
    return Objection{bytes ? fmt::format("has {} bytes", bytes->size()) : "is not base64",
                     "a signing secret is 24 to 64 bytes in base64, with or without 'whsec_' before it: "
                     "openssl rand -base64 32"};
  });
  Section<Draft> section;
  section.rows = {row<Draft>("secrets", &Draft::secrets, list_of(key, 1),
                             "Standard Webhooks secrets: base64 of 24 to 64 bytes, with or without `whsec_`. "
                             "Several while rotating: each signs.",
                             json::Tree::array({"${env:WHSEC}"}), Need::required)};
  auto type = by_way_of<std::vector<Secret>>(
      mapping(std::move(section)),
      [](Reader&, const Node&, Draft draft, std::vector<Secret>& out) {
        return out = std::move(draft.secrets), true;
      },
      [](const std::vector<Secret>& secrets) { return Draft{secrets}; });
  type.print = [print = type.print](const std::vector<Secret>& secrets) -> json::Tree {
    return secrets.empty() ? json::Tree() : print(secrets);
  };
  return type;
}

}  // namespace hookline::config
