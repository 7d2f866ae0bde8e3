#include "document.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <string>

namespace hookline::rule {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_number_char(char c) {
  return is_digit(c) || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

/// Position behind the string whose opening quote stands at `at`; npos if it does not close.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  for (++at; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return std::string_view::npos;
}

}  // namespace

Cursor::Cursor(const json::Value& container) : text_(container.raw) {
  object_ = container.kind == json::ValueKind::object;
  const char open = object_ ? '{' : '[';
  const char close = object_ ? '}' : ']';
  malformed_ = text_.size() < 2 || text_.front() != open || text_.back() != close;
  at_ = 1;
}

bool Cursor::next() {
  if (malformed_) return false;
  const std::size_t before = at_;
  skip_blanks();
  if (at_ + 1 == text_.size()) return finish();
  if (started_) {
    if (text_[at_] != ',') return broken();
    ++at_;
    skip_blanks();
  }
  started_ = true;
  if (object_) {
    if (!take_string(key_)) return broken();
    skip_blanks();
    if (text_[at_] != ':') return broken();
    ++at_;
    skip_blanks();
  }
  if (!take_value()) return broken();
  walked_ = at_ - before;
  return true;
}

bool Cursor::finish() {
  walked_ = 0;
  return false;
}

bool Cursor::broken() {
  malformed_ = true;
  return finish();
}

// The closing bracket is the last byte of text_ and never blank, so this and every look at
// text_[at_] behind it stay inside.
void Cursor::skip_blanks() {
  while (at_ + 1 < text_.size() &&
         (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) {
    ++at_;
  }
}

bool Cursor::take_string(std::string_view& raw) {
  if (text_[at_] != '"') return false;
  const std::size_t end = end_of_string(text_, at_);
  if (end >= text_.size()) return false;  // the closing bracket must come behind it
  raw = text_.substr(at_ + 1, end - at_ - 2);
  at_ = end;
  return true;
}

bool Cursor::take_value() {
  using Kind = json::ValueKind;
  const std::string_view rest = text_.substr(at_, text_.size() - 1 - at_);
  const auto word = [&](std::string_view expected, Kind kind) {
    if (!rest.starts_with(expected)) return false;
    value_ = {kind, rest.substr(0, expected.size())};
    at_ += expected.size();
    return true;
  };
  if (rest.empty()) return false;
  switch (rest[0]) {
    case '"':
      value_.kind = Kind::string;
      return take_string(value_.raw);
    case '{':
    case '[':
      return take_container();
    case 't':
      return word("true", Kind::boolean);
    case 'f':
      return word("false", Kind::boolean);
    case 'n':
      return word("null", Kind::null);
    default:
      break;
  }
  std::size_t length = 0;
  while (length < rest.size() && is_number_char(rest[length]))
    ++length;
  value_ = {Kind::number, rest.substr(0, length)};
  at_ += length;
  return length > 0;
}

bool Cursor::take_container() {
  const std::size_t begin = at_;
  std::size_t depth = 0;
  while (at_ + 1 < text_.size()) {
    const char c = text_[at_];
    if (c == '"') {
      at_ = end_of_string(text_, at_);
      if (at_ >= text_.size()) break;
      continue;
    }
    ++at_;
    if (c == '{' || c == '[') ++depth;
    if ((c == '}' || c == ']') && --depth == 0) {
      value_.kind = text_[begin] == '{' ? json::ValueKind::object : json::ValueKind::array;
      value_.raw = text_.substr(begin, at_ - begin);
      return true;
    }
  }
  at_ = text_.size() - 1;
  return false;
}

std::optional<std::vector<Member>> members_of(const json::Value& object, Arena& arena) {
  std::vector<Member> members;
  Cursor cursor(object);
  while (cursor.next()) {
    std::string_view key = cursor.key();
    if (key.find('\\') != std::string_view::npos) key = json::unescape(key, arena.text());
    members.push_back({key, cursor.value()});
  }
  if (cursor.malformed()) return std::nullopt;
  std::stable_sort(members.begin(), members.end(),
                   [](const Member& a, const Member& b) { return a.key < b.key; });
  const auto same_key = [](const Member& a, const Member& b) { return a.key == b.key; };
  members.erase(std::unique(members.begin(), members.end(), same_key), members.end());
  return members;
}

bool spells(std::string_view raw, std::string_view text) {
  // An escape is at least as long as what it stands for and at most six times: "\u0041" is "A".
  if (raw.size() < text.size() || raw.size() / 6 > text.size()) return false;
  if (raw.find('\\') == std::string_view::npos) return raw == text;
  std::string buffer;
  return json::unescape(raw, buffer) == text;
}

std::optional<Value> parse_number(std::string_view raw) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t start = i;
    while (i < raw.size() && is_digit(raw[i]))
      ++i;
    return i - start;
  };
  if (i < raw.size() && raw[i] == '-') ++i;
  const bool leading_zero = i < raw.size() && raw[i] == '0';
  const std::size_t whole_digits = digits();
  if (whole_digits == 0 || (leading_zero && whole_digits > 1)) return std::nullopt;
  const bool whole = i == raw.size();
  if (i < raw.size() && raw[i] == '.') {
    ++i;
    if (digits() == 0) return std::nullopt;
  }
  if (i < raw.size() && (raw[i] == 'e' || raw[i] == 'E')) {
    ++i;
    if (i < raw.size() && (raw[i] == '-' || raw[i] == '+')) ++i;
    if (digits() == 0) return std::nullopt;
  }
  if (i != raw.size()) return std::nullopt;

  const char* const begin = raw.data();
  const char* const end = begin + raw.size();
  if (whole) {
    std::int64_t integer = 0;
    if (std::from_chars(begin, end, integer).ec == std::errc{}) return Value{integer};
  }
  double number = 0;
  if (std::from_chars(begin, end, number).ec != std::errc{}) {
    number = std::strtod(std::string(raw).c_str(), nullptr);  // tells infinity from zero
  }
  return Value{number};
}

}  // namespace hookline::rule
