#include "escape.h"

#include <algorithm>
#include <array>

#include "hookline/json/write.h"

namespace hookline::render {
namespace {

constexpr std::string_view ellipsis = "…";

constexpr std::array<bool, 256> make_unreserved() {
  std::array<bool, 256> table{};
  for (int c = 'a'; c <= 'z'; ++c)
    table[c] = true;
  for (int c = 'A'; c <= 'Z'; ++c)
    table[c] = true;
  for (int c = '0'; c <= '9'; ++c)
    table[c] = true;
  for (const char c : std::string_view("-._~"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr auto unreserved = make_unreserved();

/// Bytes of the character that begins with `lead`, in valid UTF-8.
std::size_t character_size(char lead) {
  const auto byte = static_cast<unsigned char>(lead);
  return byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
}

/// https://api.slack.com/reference/surfaces/formatting#escaping
std::string_view escape_slack(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    default:
      return {};
  }
}

std::string_view escape_html(char c) {
  switch (c) {
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return escape_slack(c);
  }
}

/// CommonMark section 2.4: any ASCII punctuation may be escaped. These mean something within a line;
/// the others only where a line begins.
std::string_view escape_markdown(char c, bool line_begins) {
  switch (c) {
    case '\\':
      return "\\\\";
    case '`':
      return "\\`";
    case '*':
      return "\\*";
    case '_':
      return "\\_";
    case '[':
      return "\\[";
    case ']':
      return "\\]";
    case '<':
      return "\\<";
    case '>':
      return "\\>";
    case '~':
      return "\\~";
    case '|':
      return "\\|";
    case '&':
      return "\\&";
    case '#':
      return line_begins ? "\\#" : std::string_view{};
    case '-':
      return line_begins ? "\\-" : std::string_view{};
    case '+':
      return line_begins ? "\\+" : std::string_view{};
    case '=':
      return line_begins ? "\\=" : std::string_view{};
    default:
      return {};
  }
}

std::string_view escape_of(char c, config::TextEscape escape, bool line_begins) {
  switch (escape) {
    case config::TextEscape::none:
      return {};
    case config::TextEscape::slack:
      return escape_slack(c);
    case config::TextEscape::html:
      return escape_html(c);
    case config::TextEscape::markdown:
      return escape_markdown(c, line_begins);
  }
  return {};
}

}  // namespace

void append_percent_encoded(std::string_view text, std::string& out) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (unreserved[byte]) {
      out += c;
    } else {
      out += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
}

bool is_dot_segment(std::string_view segment) {
  int dots = 0;
  while (!segment.empty()) {
    const bool encoded = segment.starts_with("%2e") || segment.starts_with("%2E");
    if (!encoded && segment[0] != '.') return false;
    segment.remove_prefix(encoded ? 3 : 1);
    ++dots;
  }
  return dots == 1 || dots == 2;
}

bool fits_header(std::string_view text) {
  return std::ranges::none_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7F;
  });
}

void append_compact_escaped(std::string_view raw, std::string& out) {
  bool quoted = false;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const char c = raw[i];
    if (c == '\\' && i + 1 < raw.size()) {
      // The next character belongs to this one, so that an escaped quote ends no string.
      const char next = raw[++i];
      out += "\\\\";
      if (next == '"' || next == '\\') out += '\\';
      out += next;
    } else if (c == '"') {
      quoted = !quoted;
      out += "\\\"";
    } else if (quoted || (c != ' ' && c != '\n' && c != '\t' && c != '\r')) {
      out += c;
    }
  }
}

void append_for_receiver(std::string_view text, config::TextEscape escape, std::uint32_t max_text,
                         std::string& out) {
  std::uint32_t count = 0;
  std::size_t cut = out.size();  // where the ellipsis goes if the text turns out too long
  bool line_begins = true;
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view character = text.substr(i, character_size(text[i]));
    const std::string_view escaped = escape_of(text[i], escape, line_begins);
    const auto length = escaped.empty() ? 1 : static_cast<std::uint32_t>(escaped.size());
    if (max_text != 0 && count + length > max_text) {
      out.resize(cut);
      out += ellipsis;
      return;
    }
    out += escaped.empty() ? character : escaped;
    count += length;
    if (count < max_text) cut = out.size();
    line_begins = text[i] == '\n' || (line_begins && text[i] == ' ');
    i += character.size();
  }
}

bool is_utf8(std::string_view text) {
  // Escaping replaces what is not UTF-8, so only valid text survives the way there and back.
  std::string there, back;
  json::append_escaped(text, there);
  json::append_unescaped(there, back);
  return back == text;
}

}  // namespace hookline::render
