// Where webhooks and templates hold secrets. No state.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hookline/json/tree.h"

namespace hookline::config {

/// A text within a document.
struct SecretPlace {
  std::string pointer;
  const json::Tree* value;
};

inline constexpr std::string_view sealed_start = "${sealed:";

/// What stands at a path of segments; `*` is any key or index.
void collect(const json::Tree& tree, std::string_view path, const std::string& pointer, std::vector<SecretPlace>& out);

/// The secrets of a document: credentials, the URLs with `secret_url`, a proxy with a password.
std::vector<SecretPlace> secrets_of(const json::Tree& document);

/// Everywhere where secrets_of() may ever have found one.
std::vector<SecretPlace> possible_secrets_of(const json::Tree& document);

bool has_secret_url(const json::Tree& document);

}  // namespace hookline::config
