#include "hookline/event/catalogue.h"

namespace hookline::event {
namespace {

/// Does `glob`, where `*` stands for any text (also none), take the whole of `text`? Goes back only to
/// the last star, which is enough and keeps the cost at the product of the lengths.
bool glob_matches(std::string_view glob, std::string_view text) {
  constexpr auto none = std::string_view::npos;
  std::size_t g = 0;
  std::size_t t = 0;
  std::size_t star = none;
  std::size_t star_text = 0;  // how far the last star reaches
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      star_text = t;
    } else if (g < glob.size() && glob[g] == text[t]) {
      ++g;
      ++t;
    } else if (star != none) {
      g = star + 1;
      t = ++star_text;
    } else {
      return false;
    }
  }
  return glob.find_first_not_of('*', g) == none;
}

}  // namespace

bool pattern_matches(std::string_view pattern, Kind kind, std::string_view type) {
  return pattern == name(kind) || glob_matches(pattern, type);
}

}  // namespace hookline::event
