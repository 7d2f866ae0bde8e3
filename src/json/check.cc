#include "check.h"

#include "grammar.h"
#include "hookline/json/scan.h"

namespace hookline::json {
namespace {

static_assert(max_depth <= 64, "the open containers are kept in the bits of one word");

/// What may come next.
enum class Expect : std::uint8_t { value, value_or_end, key, key_or_end, comma_or_end, nothing };

class Check {
 public:
  Check(std::string_view text, const Structure& tokens) : text_(text), tokens_(tokens) {}

  Mistake run() {
    for (token_ = 0; token_ < tokens_.size(); ++token_) {
      const std::string_view mistake = step(tokens_.head(token_));
      if (!mistake.empty()) return {mistake, here()};
    }
    if (expect_ != Expect::nothing) return {"a document that does not end", text_.size()};
    if (const auto at = find_bad_escape(text_); at != std::string_view::npos)
      return {"a bad escape in a string", at};
    return {};
  }

 private:
  /// Takes one token (a key with its colon); what is wrong with it, or nothing.
  std::string_view step(char c) {
    switch (expect_) {
      case Expect::value_or_end:
        if (c == ']') return close(false);
        [[fallthrough]];
      case Expect::value:
        return value(c);
      case Expect::key_or_end:
        if (c == '}') return close(true);
        [[fallthrough]];
      case Expect::key:
        if (c != '"') return "expected a key";
        if (tokens_.head(++token_) != ':') return "expected ':' after a key";
        expect_ = Expect::value;
        return {};
      case Expect::comma_or_end:
        if (c == '}' || c == ']') return close(c == '}');
        if (c != ',') return "expected ',' or the end of an object or array";
        expect_ = in_object() ? Expect::key : Expect::value;
        return {};
      case Expect::nothing:
        return "more text behind the document";
    }
    return "unexpected token";
  }

  std::string_view value(char c) {
    if (c == '{' || c == '[') {
      if (depth_ == max_depth) return "nested too deeply (more than 64 levels)";
      ++depth_;
      objects_ = (objects_ << 1) | (c == '{' ? 1U : 0U);
      expect_ = c == '{' ? Expect::key_or_end : Expect::value_or_end;
      return {};
    }
    // A quote begins a whole string: Structure has seen its end, and what follows is another token.
    if (c != '"' && scalar_kind(tokens_.scalar(token_)) == ValueKind::absent) return "expected a value";
    after_value();
    return {};
  }

  std::string_view close(bool object) {
    if (object != in_object()) return object ? "'}' closes an array" : "']' closes an object";
    objects_ >>= 1;
    --depth_;
    after_value();
    return {};
  }

  void after_value() { expect_ = depth_ == 0 ? Expect::nothing : Expect::comma_or_end; }
  bool in_object() const { return (objects_ & 1U) != 0; }
  std::size_t here() const { return token_ < tokens_.size() ? tokens_.position(token_) : text_.size(); }

  std::string_view text_;
  const Structure& tokens_;
  std::size_t token_ = 0;
  Expect expect_ = Expect::value;
  std::uint64_t objects_ = 0;  ///< a bit for each open container, innermost lowest: 1 is an object
  std::size_t depth_ = 0;
};

}  // namespace

Mistake check(std::string_view text, const Structure& tokens) {
  return Check(text, tokens).run();
}

}  // namespace hookline::json
