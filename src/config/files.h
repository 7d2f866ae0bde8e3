// Files as the configuration names them: globs, bounded reading. Blocking file I/O; no state.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/core/result.h"

namespace hookline::config {

inline constexpr std::size_t max_file_bytes = 1 << 20;

/// The whole file. Error: what the system says; too_large if it has more than `limit` bytes.
[[nodiscard]] core::Result<std::string> read_file(const std::filesystem::path& path, std::size_t limit);

/// Holds `*`, `?` or `[`.
bool is_glob(std::string_view path);

/// The files that a glob names, sorted by name.
std::vector<std::filesystem::path> expand_glob(const std::filesystem::path& pattern);

/// Does a whole name or path match the pattern (`*` and `?` do not cross a slash)?
bool glob_matches(const std::string& pattern, const std::string& name);

}  // namespace hookline::config
