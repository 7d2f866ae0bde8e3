// Where the tokens of a JSON text begin: simdjson's first stage, which reads 64 bytes at a time,
// checks UTF-8 and finds every bracket, comma, colon and start of a value outside of strings. The
// only file that simdjson's parser is seen in; its second stage is not used, because it refuses
// legal numbers that no machine type holds (1e999, 30 digits) and copies every string.
//
// One Structure per thread, reused: it keeps up to eight bytes for each byte of the largest text seen,
// and reads nothing behind the text.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "mistake.h"

namespace hookline::json {

class Structure {
 public:
  Structure();
  ~Structure();
  Structure(Structure&&) noexcept;
  Structure& operator=(Structure&&) noexcept;

  /// Finds the tokens of `text`, which must outlive their use. Mistakes: bytes that are not UTF-8, a
  /// string that does not end, a control character in a string, no token at all.
  Mistake index(std::string_view text);

  std::size_t size() const { return size_; }
  std::size_t position(std::size_t token) const { return positions_[token]; }
  /// First byte of a token, or NUL behind the last one.
  char head(std::size_t token) const { return token < size_ ? text_[positions_[token]] : '\0'; }

  /// A scalar's text: up to the next token, without white space behind it.
  std::string_view scalar(std::size_t token) const {
    const std::size_t begin = positions_[token];
    std::size_t end = token + 1 < size_ ? positions_[token + 1] : text_.size();
    while (is_space(text_[end - 1]))
      --end;
    return text_.substr(begin, end - begin);
  }

  static bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

 private:
  Mistake explain(int simdjson_error) const;

  struct Indexer;
  std::unique_ptr<Indexer> indexer_;
  std::string_view text_;
  const std::uint32_t* positions_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace hookline::json
