// What the admin API answers: one table of method, path, right and handler. Thread of the server.
#pragma once

#include <string>
#include <string_view>

#include "hookline/config/settings.h"
#include "hookline/engine/engine.h"
#include "http.h"

namespace hookline::admin {

/// Finds the route, checks the right, answers. Never throws.
HttpAnswer route(const HttpRequest& request, const config::Admin& settings, engine::Engine& engine);

/// May the bearer of `authorization` do what needs `scope`? Without any token configured everybody
/// may: the listener is on loopback then.
bool may(const config::Admin& settings, std::string_view authorization, config::Token::Scope scope);

/// Who the bearer is: the name of the token; "local" where no token is configured.
std::string bearer_name(const config::Admin& settings, std::string_view authorization);

/// Is `host` (the Host header) this machine itself? What a page that rebinds its name to loopback
/// cannot claim.
bool is_local_host(std::string_view host);

}  // namespace hookline::admin
