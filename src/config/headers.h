// Headers as webhooks write them: a mapping of names to values. Which names are Hookline's own, and
// which values may never reach the wire, is decided here.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "declare.h"
#include "hookline/config/webhook.h"

namespace hookline::config {

/// Why a header of this name cannot be set; nullopt if it can. Names are case-insensitive.
std::optional<std::string> reserved_header(std::string_view name);

/// Does its value look like a credential by its name (Authorization, X-Api-Key, …)?
bool credential_header(std::string_view name);

bool equal_ignoring_case(std::string_view a, std::string_view b);

/// A mapping of header names to values. `secret`: every value is one (auth.headers).
Type<std::vector<HeaderSetting>> headers(bool secret);

}  // namespace hookline::config
