// What may be shown of secrets. No state.
#pragma once

#include <string>
#include <string_view>

namespace hookline::config {

/// "https://host:8443" of a URL, without user information, path and query; empty if it has no such front.
std::string scheme_and_host(std::string_view url);

/// Puts *** wherever `text` holds `secret`, which is not empty.
void mask_in(std::string& text, std::string_view secret);

}  // namespace hookline::config
