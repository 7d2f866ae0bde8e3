// Trees for what is small and rare: config, API, samples, schemas. Keys keep their order. Events
// never become trees on the data path (json/scan.h).
#pragma once

#include <string_view>

#include <nlohmann/json.hpp>

#include "hookline/core/result.h"

namespace hookline::json {

using Tree = nlohmann::ordered_json;

/// Parses strict JSON of at most max_depth levels (json/scan.h). A key that stands twice in one object
/// is an error here: what people and tools write must mean one thing. So is what a tree cannot hold:
/// numbers beyond a double, halves of surrogate pairs, objects of too many keys (4,096 in one, 500 in
/// each of sixty). Error: invalid, with line and column.
[[nodiscard]] core::Result<Tree> parse_tree(std::string_view text);

}  // namespace hookline::json
