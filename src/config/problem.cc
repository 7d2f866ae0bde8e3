#include "hookline/config/problem.h"

#include <algorithm>
#include <tuple>

#include <fmt/format.h>

#include "hookline/config/secret.h"
#include "utf8.h"

namespace hookline::config {
namespace {

/// Replaces every inserted value within `words`. A value of up to three bytes is no secret, and
/// masking it would only garble the sentence.
std::string without_secrets(std::string words, const Text& text) {
  for (const auto& literal : text.literal) {
    const auto secret = text.value.substr(literal.at, literal.length);
    if (secret.size() < 4) continue;
    for (std::size_t at = words.find(secret); at != std::string::npos;
         at = words.find(secret, at + mask.size())) {
      words.replace(at, secret.size(), mask);
    }
  }
  return words;
}

/// The place of byte `at` of a text that the file spells as it is, references aside.
Place place_of(const Text& text, std::size_t at) {
  Place place = text.place;
  auto literal = text.literal.begin();
  for (std::size_t i = 0; i < std::min(at, text.value.size());) {
    if (literal != text.literal.end() && literal->at == i) {
      if (at < i + literal->length) return place;  // a fault within a secret: where its reference begins
      place.column += literal->written;
      i += literal->length;
      ++literal;
    } else if (text.value[i] == '\n') {
      ++place.line;
      place.column = text.indent + 1;
      ++i;
    } else {
      if (begins_character(text.value[i])) ++place.column;
      ++i;
    }
  }
  return place;
}

}  // namespace

void sort_problems(Problems& problems, const std::vector<std::string>& files) {
  const auto rank = [&](const Problem& problem) {
    return std::find(files.begin(), files.end(), problem.place.file) - files.begin();
  };
  std::stable_sort(problems.begin(), problems.end(), [&](const Problem& a, const Problem& b) {
    return std::tuple(rank(a), a.place.line, a.place.column) <
           std::tuple(rank(b), b.place.line, b.place.column);
  });
}

bool has_errors(const Problems& problems) {
  return std::any_of(problems.begin(), problems.end(),
                     [](const Problem& problem) { return !problem.warning; });
}

std::string format(const Problem& problem) {
  const auto& place = problem.place;
  std::string line = place.file;
  if (place.line > 0) line += fmt::format(":{}:{}", place.line, place.column);
  line += fmt::format(": {}: {}", problem.warning ? "warning" : "error", problem.what);
  if (!problem.remedy.empty()) line += "; " + problem.remedy;
  return line;
}

std::string masked(const Text& text) {
  std::string shown;
  std::size_t from = 0;
  for (const auto& literal : text.literal) {
    shown += text.value.substr(from, literal.at - from);
    shown += mask;
    from = literal.at + literal.length;
  }
  return shown + text.value.substr(from);
}

Problem problem_in(const Text& text, const core::Fault& fault) {
  return {text.verbatim ? place_of(text, fault.at) : text.place, without_secrets(fault.what, text),
          without_secrets(fault.remedy, text), fault.warning};
}

}  // namespace hookline::config
