#include "grammar.h"

namespace hookline::json {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Removes the digits at the front; false if there are none.
bool take_digits(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count]))
    ++count;
  text.remove_prefix(count);
  return count > 0;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text[0] != c) return false;
  text.remove_prefix(1);
  return true;
}

}  // namespace

bool is_number(std::string_view text) {
  take(text, '-');
  if (!take(text, '0') && !take_digits(text)) return false;
  if (take(text, '.') && !take_digits(text)) return false;
  if (take(text, 'e') || take(text, 'E')) {
    if (!take(text, '+')) take(text, '-');
    if (!take_digits(text)) return false;
  }
  return text.empty();
}

ValueKind scalar_kind(std::string_view token) {
  switch (token[0]) {
    case '"':
      return token.size() >= 2 && token.back() == '"' ? ValueKind::string : ValueKind::absent;
    case 't':
      return token == "true" ? ValueKind::boolean : ValueKind::absent;
    case 'f':
      return token == "false" ? ValueKind::boolean : ValueKind::absent;
    case 'n':
      return token == "null" ? ValueKind::null : ValueKind::absent;
    default:
      return is_number(token) ? ValueKind::number : ValueKind::absent;
  }
}

std::size_t find_bad_escape(std::string_view text) {
  std::size_t at = text.find('\\');
  while (at != std::string_view::npos) {
    const char kind = at + 1 < text.size() ? text[at + 1] : '\0';
    if (kind == 'u') {
      if (hex4(text.substr(at + 2)) < 0) return at;
    } else if (kind == '\0' || std::string_view("\"\\/bfnrt").find(kind) == std::string_view::npos) {
      return at;
    }
    at = text.find('\\', at + 2);
  }
  return at;
}

int hex4(std::string_view text) {
  if (text.size() < 4) return -1;
  int value = 0;
  for (const char c : text.substr(0, 4)) {
    const int digit = is_digit(c)              ? c - '0'
                      : (c >= 'a' && c <= 'f') ? c - 'a' + 10
                      : (c >= 'A' && c <= 'F') ? c - 'A' + 10
                                               : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

}  // namespace hookline::json
