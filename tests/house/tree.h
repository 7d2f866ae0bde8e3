// The project's files as values: what the house rules look at. A rule takes a Tree, so that its test can
// give it a bad one. Any thread.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace hookline::house {

/// Path relative to the root, with slashes -> text.
using Tree = std::map<std::string, std::string>;

/// All text files below `root`, without what is built or fetched.
Tree load_tree(const std::filesystem::path& root);

std::vector<std::string_view> lines_of(std::string_view text);

/// "include/hookline/kafka/x.h" and "src/kafka/x.cc" are in room "kafka"; empty elsewhere.
std::string room_of(std::string_view path);

}  // namespace hookline::house
