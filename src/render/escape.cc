#include "escape.h"

#include <algorithm>
#include <array>

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
  const std::size_t begin = out.size();
  out.resize(begin + 2 * raw.size());  // no byte becomes more than two
  char* to = out.data() + begin;
  bool quoted = false;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const char c = raw[i];
    if (c == '"') {
      quoted = !quoted;
      *to++ = '\\';
    } else if (c == '\\') {
      // The next character belongs to this one, so that an escaped quote ends no string.
      *to++ = '\\';
      *to++ = '\\';
      if (++i == raw.size()) break;
      if (raw[i] == '"' || raw[i] == '\\') *to++ = '\\';
      *to++ = raw[i];
      continue;
    } else if (!quoted && (c == ' ' || c == '\n' || c == '\t' || c == '\r')) {
      continue;
    }
    *to++ = c;
  }
  out.resize(static_cast<std::size_t>(to - out.data()));
}

void append_for_receiver(std::string_view text, config::TextEscape escape, std::uint32_t max_text,
                         std::string& out) {
  std::uint32_t count = 0;
  std::size_t cut = out.size();  // where the ellipsis goes if the text turns out too long
  std::size_t copied = 0;        // what stands before is in `out`
  bool line_begins = true;
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view escaped = escape_of(text[i], escape, line_begins);
    const std::size_t size = character_size(text[i]);
    if (max_text != 0) {
      const auto length = escaped.empty() ? 1 : static_cast<std::uint32_t>(escaped.size());
      if (count + length > max_text) {
        out.resize(cut);
        out += ellipsis;
        return;
      }
      count += length;
    }
    line_begins = text[i] == '\n' || text[i] == '\r' || (line_begins && text[i] == ' ');
    i = std::min(i + size, text.size());
    if (!escaped.empty() || max_text != 0) {
      out.append(text, copied, escaped.empty() ? i - copied : i - size - copied);
      out += escaped;
      copied = i;
      if (count < max_text) cut = out.size();
    }
  }
  out.append(text, copied);
}

}  // namespace hookline::render
