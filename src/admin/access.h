// Who may ask for what: tokens and their scopes, the Host and Origin of a request. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hookline/config/settings.h"
#include "http.h"

namespace hookline::admin {

/// Somebody whose token is known, or anybody where there are no tokens.
struct Bearer {
  std::string name;  ///< of the token; "local" where none is configured
  bool read = false, operate = false, admin = false;
  bool may(config::Token::Scope scope) const;
};

/// Whose token `authorization` holds; nullopt: nobody's. Takes the same time whichever token it is.
std::optional<Bearer> bearer_of(const config::Admin& settings, std::string_view authorization);

/// Is `host` (the Host header) this machine itself? What a page that rebinds its name to loopback
/// cannot claim.
bool is_local_host(std::string_view host);

/// Why a request is not answered at all, whoever asks; nullopt: it is. Without a token only a Host of this machine is
/// answered, and a page of another origin may change nothing.
std::optional<HttpAnswer> objection(const HttpRequest& request, const config::Admin& settings);

}  // namespace hookline::admin
