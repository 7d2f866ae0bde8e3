// YAML text to Nodes, with yaml-cpp behind it. What YAML allows and a configuration does not need is
// bounded: 1 MiB of text, 64 levels, 100,000 values and 4 MiB after aliases are expanded.
#pragma once

#include <memory>
#include <vector>

#include "node.h"

namespace hookline::config {

inline constexpr std::size_t max_yaml_bytes = 1 << 20;
inline constexpr std::size_t max_yaml_depth = 64;
inline constexpr std::size_t max_yaml_values = 100'000;
inline constexpr std::size_t max_expanded_bytes = 4 << 20;

/// The documents of a text, empty ones left out. After a mistake of grammar, which is reported, the
/// documents before it are returned. Duplicate keys are reported, the first one counts.
std::vector<Node> parse_yaml(const std::shared_ptr<const Source>& source, Problems& problems);

}  // namespace hookline::config
