// String literals as CEL writes them: 'a' "a" r'a' '''a''' """a""", and the escapes between.
#include <optional>

#include "lexer.h"
#include "utf8.h"

namespace hookline::rule {
namespace {

using core::Fault;

tl::unexpected<Fault> fault(std::size_t at, std::size_t length, std::string what, std::string remedy) {
  return tl::unexpected<Fault>(Fault{at, length, std::move(what), std::move(remedy)});
}

std::optional<char> simple_escape(char c) {
  switch (c) {
    case 'a':
      return '\a';
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'v':
      return '\v';
    case '\\':
    case '\'':
    case '"':
    case '`':
    case '?':
      return c;
    default:
      return std::nullopt;
  }
}

std::optional<std::uint32_t> number(std::string_view digits, unsigned base) {
  std::uint32_t value = 0;
  for (const char c : digits) {
    const unsigned digit = c >= '0' && c <= '9'   ? static_cast<unsigned>(c - '0')
                           : c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a') + 10
                           : c >= 'A' && c <= 'F' ? static_cast<unsigned>(c - 'A') + 10
                                                  : base;
    if (digit >= base) return std::nullopt;
    value = value * base + digit;
  }
  return value;
}

/// Reads the escape at the front of `rest` (which begins with the backslash); returns its bytes.
tl::expected<std::size_t, Fault> take_escape(std::string_view rest, std::size_t at, std::string& out) {
  const char kind = rest.size() > 1 ? rest[1] : '\0';
  if (const auto c = simple_escape(kind)) {
    out.push_back(*c);
    return 2;
  }
  const bool octal = kind >= '0' && kind <= '3';
  const std::size_t skip = octal ? 1 : 2;
  const std::size_t digits = octal                        ? 3
                             : kind == 'x' || kind == 'X' ? 2
                             : kind == 'u'                ? 4
                             : kind == 'U'                ? 8
                                                          : 0;
  if (digits == 0) {
    return fault(at, 2, "unknown escape in a string", "write \\\\ for a backslash, or a raw string: r'\\d+'");
  }
  const auto value = number(rest.substr(std::min(skip, rest.size()), digits), octal ? 8 : 16);
  if (rest.size() < skip + digits || !value) {
    return fault(at, 2, "an escape with too few digits", "write \\xHH, \\uHHHH, \\UHHHHHHHH or \\OOO");
  }
  if (*value > 0x10FFFF || (*value >= 0xD800 && *value < 0xE000)) {
    return fault(at, skip + digits, "an escape that is no Unicode character", "");
  }
  append_code_point(*value, out);
  return skip + digits;
}

}  // namespace

tl::expected<void, Fault> read_literal(std::string_view rest, std::size_t at, Token& token) {
  const bool raw = rest[0] == 'r' || rest[0] == 'R';
  const std::size_t start = raw ? 1 : 0;
  const char quote = rest[start];
  const std::string_view triple = quote == '"' ? R"(""")" : "'''";
  const bool is_triple = rest.substr(start).starts_with(triple);
  const std::string_view close = is_triple ? triple : triple.substr(0, 1);

  std::size_t i = start + close.size();
  while (!rest.substr(i).starts_with(close)) {
    const bool line_ends = i < rest.size() && (rest[i] == '\n' || rest[i] == '\r');
    if (i >= rest.size() || (line_ends && !is_triple)) {
      return fault(at, start + close.size(), "a string without closing quote",
                   "close it with " + std::string(close));
    }
    if (rest[i] != '\\' || raw) {
      token.text.push_back(rest[i++]);
      continue;
    }
    const auto escape = take_escape(rest.substr(i), at + i, token.text);
    if (!escape) return tl::unexpected<Fault>(escape.error());
    i += *escape;
  }
  token.kind = Tok::text;
  token.length = i + close.size();
  return {};
}

}  // namespace hookline::rule
