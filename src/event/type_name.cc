#include "type_name.h"

#include "hookline/event/reader.h"

namespace hookline::event {
namespace {

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_ascii(char c) {
  return static_cast<unsigned char>(c) < 0x80;
}

/// Behind the doubled first word, which is dropped: "incident_incident_notes" -> 9.
std::size_t doubled_word(std::string_view name) {
  const auto word = name.find('_');
  if (word == std::string_view::npos) return 0;
  const auto rest = name.substr(word + 1);
  const bool doubled =
      rest.substr(0, word) == name.substr(0, word) && (rest.size() == word || rest[word] == '_');
  return doubled ? word + 1 : 0;
}

/// Snake case without empty words already?
bool is_normal(std::string_view name) {
  char before = '_';
  for (const char c : name) {
    if (!is_lower(c) && !is_digit(c) && (c != '_' || before == '_')) return false;
    before = c;
  }
  return before != '_';
}

/// Does a word begin at `at`, by its capital letter: "checkEvaluation", "HTTPError", "userID"?
bool begins_word(std::string_view text, std::size_t at) {
  if (at == 0 || !is_upper(text[at])) return false;
  const char before = text[at - 1];
  if (is_lower(before) || is_digit(before)) return true;
  return is_upper(before) && at + 1 < text.size() && is_lower(text[at + 1]);
}

}  // namespace

std::string_view normalise_type(std::string_view spelled, std::string& buffer) {
  if (is_normal(spelled)) return spelled.substr(doubled_word(spelled));
  buffer.clear();
  const auto separate = [&] {
    if (!buffer.empty() && buffer.back() != '_') buffer += '_';
  };
  for (std::size_t i = 0; i < spelled.size(); ++i) {
    const char c = spelled[i];
    if (begins_word(spelled, i)) separate();
    if (is_upper(c)) {
      buffer += static_cast<char>(c - 'A' + 'a');
    } else if (is_lower(c) || is_digit(c) || !is_ascii(c)) {
      buffer += c;
    } else {
      separate();
    }
  }
  if (!buffer.empty() && buffer.back() == '_') buffer.pop_back();
  return std::string_view(buffer).substr(doubled_word(buffer));
}

std::string normalise_type(std::string_view spelled) {
  std::string buffer;
  return std::string(normalise_type(spelled, buffer));
}

}  // namespace hookline::event
