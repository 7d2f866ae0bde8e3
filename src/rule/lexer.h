// Text of an expression -> tokens. Strings arrive decoded, numbers read; what belongs to another
// language is refused here or in the parser with the words to use instead. No state.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/core/result.h"

namespace hookline::rule {

enum class Tok : std::uint8_t {
  end,
  name,
  integer,
  unsigned_integer,
  floating,
  text,
  left_paren,
  right_paren,
  left_bracket,
  right_bracket,
  dot,
  comma,
  question,
  colon,
  bang,
  both,
  either,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  plus,
  minus,
};

struct Token {
  Tok kind = Tok::end;
  std::size_t at = 0;
  std::size_t length = 1;
  std::string text;             ///< of a name or a string literal, decoded
  std::uint64_t magnitude = 0;  ///< of an integer, without sign
  double number = 0;
};

/// The tokens of `text`, closed by Tok::end. `text` is valid UTF-8. Error: the first fault.
[[nodiscard]] tl::expected<std::vector<Token>, core::Fault> tokenize(std::string_view text);

/// Reads the string literal at the front of `rest` (quotes, prefix r, triple quotes, escapes) into
/// `token`. `at`: where `rest` begins, for faults.
[[nodiscard]] tl::expected<void, core::Fault> read_literal(std::string_view rest, std::size_t at,
                                                           Token& token);

}  // namespace hookline::rule
