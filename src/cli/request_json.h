// A request as JSON, for people and scripts.
#pragma once

#include "hookline/deliver/request.h"
#include "hookline/json/tree.h"

namespace hookline::cli {

/// {"method", "url", "headers", "body"}; the body as JSON if it is, else as text.
json::Tree to_json(const deliver::Request& request);

std::string_view name(config::Method method);

}  // namespace hookline::cli
