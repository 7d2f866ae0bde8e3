#include "hookline/json/write.h"

#include <array>
#include <cstdint>
#include <cstring>

#include <simdjson.h>

#include "grammar.h"
#include "hookline/json/scan.h"
#include "structure.h"
#include "utf8.h"

namespace hookline::json {
namespace {

constexpr std::uint64_t each_byte(std::uint8_t value) {
  return 0x0101010101010101U * value;
}

/// High bit set in (at least) each byte of `word` that is below `limit` (at most 128); exact as long
/// as no such byte stands before it, which is all that "is there any" needs.
constexpr std::uint64_t bytes_below(std::uint64_t word, std::uint8_t limit) {
  return (word - each_byte(limit)) & ~word & each_byte(0x80);
}

/// True if none of the eight bytes needs a look: no quote, backslash, control character, non-ASCII.
bool plain(const char* eight) {
  std::uint64_t word = 0;
  std::memcpy(&word, eight, sizeof(word));
  const std::uint64_t quote = bytes_below(word ^ each_byte('"'), 1);
  const std::uint64_t backslash = bytes_below(word ^ each_byte('\\'), 1);
  return ((word & each_byte(0x80)) | quote | backslash | bytes_below(word, 0x20)) == 0;
}

/// The end of the run of bytes from `at` on that are copied as they are.
std::size_t plain_end(std::string_view text, std::size_t at) {
  while (at + 8 <= text.size() && plain(text.data() + at))
    at += 8;
  while (at < text.size()) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (c == '"' || c == '\\' || c < 0x20) break;
    if (c < 0x80) {
      ++at;
      continue;
    }
    const std::size_t length = utf8_length(text.substr(at, 4));
    if (length == 0) break;
    at += length;
    while (at + 8 <= text.size() && plain(text.data() + at))
      at += 8;
  }
  return at;
}

void append_special(char c, std::string& out) {
  static constexpr std::string_view digits = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    default:
      break;
  }
  if (static_cast<unsigned char>(c) >= 0x80) {
    append_code_point(0xFFFD, out);
    return;
  }
  out += "\\u00";
  out += digits[static_cast<unsigned char>(c) >> 4];
  out += digits[static_cast<unsigned char>(c) & 0xFU];
}

/// Appends what the escape at the front of `text` (a backslash) stands for; returns its length.
/// What is no escape stays as it stands.
std::size_t append_escape(std::string_view text, std::string& out) {
  const char kind = text.size() > 1 ? text[1] : '\0';
  switch (kind) {
    case '"':
    case '\\':
    case '/':
      out += kind;
      return 2;
    case 'b':
      out += '\b';
      return 2;
    case 'f':
      out += '\f';
      return 2;
    case 'n':
      out += '\n';
      return 2;
    case 'r':
      out += '\r';
      return 2;
    case 't':
      out += '\t';
      return 2;
    default:
      break;
  }
  const int unit = kind == 'u' ? hex4(text.substr(2)) : -1;
  if (unit < 0) {
    out += '\\';
    return 1;
  }
  if (unit >= 0xD800 && unit <= 0xDBFF && text.substr(6, 2) == "\\u") {
    const int low = hex4(text.substr(8));
    if (low >= 0xDC00 && low <= 0xDFFF) {
      append_code_point(0x10000U + (static_cast<std::uint32_t>(unit - 0xD800) << 10) +
                            static_cast<std::uint32_t>(low - 0xDC00),
                        out);
      return 12;
    }
  }
  append_code_point(static_cast<std::uint32_t>(unit), out);
  return 6;
}

/// append_compact for a few bytes, where simdjson's blocks of 64 would not pay.
void append_compact_short(std::string_view raw, std::string& out) {
  bool inside = false;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    const char c = raw[i];
    if (inside && c == '\\' && i + 1 < raw.size()) {
      out += c;
      out += raw[++i];
      continue;
    }
    if (c == '"') inside = !inside;
    if (inside || !Structure::is_space(c)) out += c;
  }
}

}  // namespace

void append_escaped(std::string_view text, std::string& out) {
  std::size_t at = 0;
  while (true) {
    const std::size_t end = plain_end(text, at);
    out.append(text.substr(at, end - at));
    if (end == text.size()) return;
    append_special(text[end], out);
    at = end + 1;
  }
}

bool is_utf8(std::string_view text) {
  return simdjson::validate_utf8(text.data(), text.size());
}

void append_quoted(std::string_view text, std::string& out) {
  out += '"';
  append_escaped(text, out);
  out += '"';
}

void append_compact(std::string_view raw, std::string& out) {
  constexpr std::size_t block = 64;
  if (raw.size() < block) return append_compact_short(raw, out);
  const std::size_t before = out.size();
  out.resize(before + raw.size() + block);  // the last block is written whole
  std::size_t written = 0;
  if (simdjson::minify(raw.data(), raw.size(), out.data() + before, written) != simdjson::SUCCESS) {
    out.resize(before);
    return append_compact_short(raw, out);
  }
  out.resize(before + written);
}

void append_unescaped(std::string_view raw, std::string& out) {
  std::size_t at = 0;
  while (true) {
    const std::size_t end = raw.find('\\', at);
    out.append(raw.substr(at, end - at));
    if (end == std::string_view::npos) return;
    at = end + append_escape(raw.substr(end), out);
  }
}

std::string_view unescape(std::string_view raw, std::string& buffer) {
  if (raw.find('\\') == std::string_view::npos) return raw;
  buffer.clear();
  append_unescaped(raw, buffer);
  return buffer;
}

}  // namespace hookline::json
