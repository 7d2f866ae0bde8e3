// "Did you mean": the nearest of the names that would be right. No state.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hookline::config {

/// Insertions, deletions, replacements and swaps of neighbours between two words.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate that `written` was probably meant to be: the same but for case, dashes and
/// underscores, or within a third of its length in edits. Empty if none is near.
std::string_view closest(std::string_view written, const std::vector<std::string_view>& candidates);

/// "did you mean 'x'?", or `otherwise` if nothing is near.
std::string suggestion(std::string_view written, const std::vector<std::string_view>& candidates,
                       std::string otherwise);

/// "a, b, c or d".
std::string any_of(const std::vector<std::string_view>& words);

}  // namespace hookline::config
