#include "house/tree.h"

#include <fstream>
#include <set>
#include <sstream>

namespace hookline::house {

Tree load_tree(const std::filesystem::path& root) {
  static const std::set<std::string> skipped = {"build", ".git", "node_modules", ".cache"};
  Tree tree;
  for (auto at = std::filesystem::recursive_directory_iterator(root); at != std::filesystem::end(at); ++at) {
    if (at->is_directory() && skipped.contains(at->path().filename())) at.disable_recursion_pending();
    if (!at->is_regular_file() || skipped.contains(at->path().filename())) continue;
    std::ifstream file(at->path(), std::ios::binary);
    std::stringstream text;
    text << file.rdbuf();
    if (text.str().find('\0') != std::string::npos) continue;  // not a text
    tree[std::filesystem::relative(at->path(), root).generic_string()] = std::move(text).str();
  }
  return tree;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    auto const end = text.find('\n');
    lines.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::string room_of(std::string_view path) {
  for (std::string_view const prefix : {"include/hookline/", "src/"}) {
    if (!path.starts_with(prefix)) continue;
    auto const rest = path.substr(prefix.size());
    auto const slash = rest.find('/');
    if (slash != std::string_view::npos) return std::string(rest.substr(0, slash));
  }
  return {};
}

}  // namespace hookline::house
