#include "lexer.h"

#include <array>
#include <cctype>
#include <charconv>

#include "advice.h"

namespace hookline::rule {
namespace {

using core::Fault;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_name(char c) {
  return is_name_start(c) || is_digit(c);
}

struct Spelling {
  std::string_view text;
  Tok kind;
};

// The longest first: `<=` before `<`.
constexpr std::array<Spelling, 19> operators{{
    {"&&", Tok::both},         {"||", Tok::either},     {"==", Tok::equal},
    {"!=", Tok::not_equal},    {"<=", Tok::less_equal}, {">=", Tok::greater_equal},
    {"<", Tok::less},          {">", Tok::greater},     {"!", Tok::bang},
    {"(", Tok::left_paren},    {")", Tok::right_paren}, {"[", Tok::left_bracket},
    {"]", Tok::right_bracket}, {".", Tok::dot},         {",", Tok::comma},
    {"?", Tok::question},      {":", Tok::colon},       {"+", Tok::plus},
    {"-", Tok::minus},
}};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  tl::expected<std::vector<Token>, Fault> run() {
    for (;;) {
      skip_blanks();
      if (at_ == text_.size()) break;
      Token token;
      token.at = at_;
      if (const auto read = take(token); !read) return tl::unexpected<Fault>(read.error());
      at_ += token.length;
      tokens_.push_back(std::move(token));
    }
    tokens_.emplace_back();
    tokens_.back().at = at_;
    return std::move(tokens_);
  }

 private:
  using Done = tl::expected<void, Fault>;

  std::string_view rest() const { return text_.substr(at_); }
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  Done fail(std::size_t at, std::size_t length, std::string what, std::string remedy) const {
    return tl::unexpected<Fault>(Fault{at, length, std::move(what), std::move(remedy)});
  }

  void skip_blanks() {
    for (;;) {
      while (at_ < text_.size() && std::string_view(" \t\n\r\f").find(text_[at_]) != std::string_view::npos)
        ++at_;
      if (!rest().starts_with("//")) return;
      while (at_ < text_.size() && text_[at_] != '\n')
        ++at_;
    }
  }

  Done take(Token& token) {
    const char c = peek();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return take_number(token);
    if (c == '"' || c == '\'') return read_literal(rest(), at_, token);
    if (is_name_start(c)) return take_name(token);
    if (const Mistake* mistake = foreign_operator(rest())) {
      return fail(at_, mistake->written.size(),
                  "'" + std::string(mistake->written) + "' is not an operator here",
                  std::string(mistake->remedy));
    }
    for (const Spelling& spelling : operators) {
      if (!rest().starts_with(spelling.text)) continue;
      token.kind = spelling.kind;
      token.length = spelling.text.size();
      return {};
    }
    const bool visible = static_cast<unsigned char>(c) > 0x20 && static_cast<unsigned char>(c) < 0x7F;
    return fail(at_, 1, visible ? "unexpected character '" + std::string(1, c) + "'" : "unexpected character",
                "texts stand in quotes; a field with such a name is written document[\"…\"]");
  }

  Done take_name(Token& token) {
    std::size_t length = 1;
    while (is_name(peek(length)))
      ++length;
    const std::string_view name = rest().substr(0, length);
    if (peek(length) == '"' || peek(length) == '\'') {
      if (name == "r" || name == "R") return read_literal(rest(), at_, token);
      const bool bytes = name == "b" || name == "B" || name == "br" || name == "rb";
      return fail(at_, length, bytes ? "bytes are not supported" : "a string right behind a name",
                  "write \"…\", or r\"…\" where backslashes stand for themselves");
    }
    token.kind = Tok::name;
    token.text = name;
    token.length = length;
    return {};
  }

  Done take_number(Token& token) {
    const bool selects = !tokens_.empty() && peek() == '.' &&
                         (tokens_.back().kind == Tok::name || tokens_.back().kind == Tok::right_bracket);
    if (selects)
      return fail(at_, 2, "a field name that begins with a digit",
                  "write [0] for an index, [\"0\"] for a key");

    const bool hex = peek() == '0' && (peek(1) == 'x' || peek(1) == 'X');
    std::size_t length = hex ? 2 : 0;
    bool floating = false;
    const auto digits = [&] {
      while (is_digit(peek(length)) || (hex && std::isxdigit(static_cast<unsigned char>(peek(length)))))
        ++length;
    };
    digits();
    if (!hex && peek(length) == '.' && is_digit(peek(length + 1))) {
      floating = true;
      ++length;
      digits();
    }
    if (!hex && (peek(length) == 'e' || peek(length) == 'E')) {
      const std::size_t sign = peek(length + 1) == '+' || peek(length + 1) == '-' ? 1 : 0;
      if (is_digit(peek(length + 1 + sign))) {
        floating = true;
        length += 1 + sign;
        digits();
      }
    }
    return read_number(token, length, hex, floating);
  }

  Done read_number(Token& token, std::size_t length, bool hex, bool floating) {
    token.kind = floating ? Tok::floating : Tok::integer;
    token.length = length;
    const char* const begin = text_.data() + at_ + (hex ? 2 : 0);
    const char* const end = text_.data() + at_ + length;
    std::from_chars_result read{};
    if (floating) {
      read = std::from_chars(begin, end, token.number);
    } else {
      read = std::from_chars(begin, end, token.magnitude, hex ? 16 : 10);
      if (peek(length) == 'u' || peek(length) == 'U') {
        token.kind = Tok::unsigned_integer;
        ++token.length;
      }
    }
    if (read.ec == std::errc::result_out_of_range) {
      return fail(at_, length, "a number out of range",
                  floating ? "" : "whole numbers go up to 9223372036854775807");
    }
    if (is_name(peek(token.length)) || read.ec != std::errc{}) {
      return fail(at_, token.length + 1, "a number that runs into a name",
                  "numbers stand alone, without a unit; texts stand in quotes");
    }
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Token> tokens_;
};

}  // namespace

tl::expected<std::vector<Token>, Fault> tokenize(std::string_view text) {
  return Lexer(text).run();
}

}  // namespace hookline::rule
