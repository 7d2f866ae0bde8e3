#include "hookline/json/tree.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <unordered_set>
#include <vector>

#include <fmt/format.h>

#include "check.h"
#include "hookline/json/write.h"
#include "structure.h"

namespace hookline::json {
namespace {

/// Line and column (from 1, in bytes) of a byte of a text.
std::string place(std::string_view text, std::size_t byte) {
  const auto before = text.substr(0, std::min(byte, text.size()));
  const auto line = std::ranges::count(before, '\n') + 1;
  const auto line_start = before.rfind('\n');  // npos + 1 is 0
  return fmt::format("line {}, column {}", line, before.size() - (line_start + 1) + 1);
}

core::Error not_a_tree(std::string_view text, const Mistake& mistake) {
  return {mistake.code, fmt::format("{}: {}: {}", place(text, mistake.at), mistake.verdict, mistake.what)};
}

/// A tree looks a key up by going through its object. All comparisons that this may cost: those of one object of
/// 4,096 keys, or of 60 objects of 512.
constexpr std::size_t max_comparisons = 4096 * 4096 / 2;

/// Grammatical JSON that a tree cannot hold as written: a key twice in one object, too many of them, a number
/// beyond the range of a double.
class FitsTree {
 public:
  explicit FitsTree(const Structure& tokens) : tokens_(tokens) {}

  Mistake run() {
    for (std::size_t token = 0; token < tokens_.size(); ++token) {
      const char c = tokens_.head(token);
      if (c == '{' || c == '[') open_.emplace_back();
      if (c == '}' || c == ']') open_.pop_back();
      if (c == '"' && tokens_.head(token + 1) == ':') {
        auto& keys = open_.back();
        comparisons_ += keys.size();
        if (!keys.insert(key(token)).second) return {"a key that stands twice in its object", tokens_.position(token)};
        if (comparisons_ > max_comparisons) {
          return {"objects of too many keys (4096 in one, 500 in each of sixty)", tokens_.position(token), core::ErrorCode::invalid, "too large"};
        }
      }
      const bool number = c == '-' || (c >= '0' && c <= '9');
      if (number && !std::isfinite(std::strtod(std::string(tokens_.scalar(token)).c_str(), nullptr))) {
        return {"a number beyond what a double holds", tokens_.position(token)};
      }
    }
    return {};
  }

 private:
  std::string key(std::size_t token) const {
    const auto spelled = tokens_.scalar(token);
    std::string out;
    append_unescaped(spelled.substr(1, spelled.size() - 2), out);
    return out;
  }

  const Structure& tokens_;
  std::size_t comparisons_ = 0;
  std::vector<std::unordered_set<std::string>> open_;  ///< keys of each open object (empty for arrays)
};

}  // namespace

core::Result<Tree> parse_tree(std::string_view text) {
  Structure tokens;
  if (const auto mistake = tokens.index(text)) return tl::unexpected(not_a_tree(text, mistake));
  if (const auto mistake = check(text, tokens)) return tl::unexpected(not_a_tree(text, mistake));
  if (const auto mistake = FitsTree(tokens).run()) return tl::unexpected(not_a_tree(text, mistake));
  try {
    return Tree::parse(text);
  } catch (const Tree::parse_error& error) {  // escaped halves of surrogate pairs
    return tl::unexpected(not_a_tree(text, {"a text with half of a surrogate pair", error.byte}));
  }
}

}  // namespace hookline::json
