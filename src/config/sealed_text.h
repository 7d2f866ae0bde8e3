// One sealed secret within a text: `https://host/${sealed:…}`. No state.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hookline/core/seal.h"

namespace hookline::config {

/// Where in a text a sealed secret stands.
struct Sealed {
  std::size_t at, length;
  std::string_view token;
};

std::optional<Sealed> find_sealed(std::string_view text);

/// What seals are bound to: a place of a definition.
std::string place_of(const std::string& owner, const std::string& pointer);

/// `text` with its secret sealed for the place `to` instead of `from`; as it is if it has none. Errors: those of SealingKeys::open().
[[nodiscard]] core::Result<std::string> moved_sealed(const std::string& text, const std::string& owner, const std::string& from,
                                                     const std::string& to, const core::SealingKeys& keys);

}  // namespace hookline::config
