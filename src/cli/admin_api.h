// What the commands that speak to a running process share: its address, its token, what it has against a request.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "hookline/admin/client.h"
#include "hookline/json/tree.h"

namespace hookline::cli {

inline constexpr std::string_view token_help = "HOOKLINE_ADMIN_TOKEN: the token of the admin API, if it asks for one.";

/// Adds --url, which HOOKLINE_URL may give as well.
void add_url_option(CLI::App& command, std::string& url);

/// One request with the token of the environment.
core::Result<admin::ClientAnswer> call_api(const std::string& url, const admin::ClientRequest& request);

/// The JSON of an answer of status 2xx; nullopt, said on stderr, and `code` the exit code, for everything else.
std::optional<json::Tree> expect(const core::Result<admin::ClientAnswer>& answer, int& code);

/// Indented JSON.
std::string dump(const json::Tree& tree);

}  // namespace hookline::cli
