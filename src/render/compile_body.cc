// Payloads: JSON (RFC 8259) in which a placeholder may stand inside a string or in place of a value.
// The grammar is checked here, around the placeholders, so that rendering can rely on it.
#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "builder.h"
#include "hookline/json/scan.h"
#include "hookline/json/tree.h"
#include "hookline/json/write.h"

namespace hookline::render {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20;
}

/// Bytes of the JSON escape at the front of `text` (a backslash and what belongs to it); 0 if it is none.
std::size_t escape_size(std::string_view text) {
  if (text.size() < 2) return 0;
  if (std::string_view(R"("\/bfnrt)").find(text[1]) != std::string_view::npos) return 2;
  const bool unicode = text[1] == 'u' && text.size() >= 6 && std::ranges::all_of(text.substr(2, 4), is_hex);
  return unicode ? 6 : 0;
}

/// A default standing alone: JSON if it parses, else a string.
std::string spell_as_value(std::string_view fallback) {
  std::string out;
  if (json::parse_tree(fallback)) {
    out = fallback;
  } else {
    json::append_quoted(fallback, out);
  }
  return out;
}

class BodyReader {
 public:
  BodyReader(std::string_view text, Builder& builder) : text_(text), builder_(builder) {}

  Compiled read() {
    skip_space(false);
    if (done())
      return fault(0, 1, "the payload is empty",
                   "write JSON, or leave `payload` out to send the event itself");
    if (auto read = value(0, false); !read) return read;
    skip_space(false);
    if (!done()) return unexpected("the payload goes on after its JSON value", "one value makes one payload");
    return {};
  }

 private:
  bool done() const { return at_ == text_.size(); }
  char next() const { return done() ? '\0' : text_[at_]; }

  void keep(std::size_t size) {
    builder_.literal(text_.substr(at_, size));
    at_ += size;
  }

  /// White space around the payload is an accident of how it was written; within, it stays.
  void skip_space(bool kept = true) {
    const std::size_t start = at_;
    while (!done() && is_space(text_[at_]))
      ++at_;
    if (kept) builder_.literal(text_.substr(start, at_ - start));
  }

  tl::unexpected<core::Fault> unexpected(std::string what, std::string remedy) const {
    if (done()) return fault(text_.size(), 1, "the payload ends too early: " + what, std::move(remedy));
    return fault(at_, 1, std::move(what), std::move(remedy));
  }

  Compiled value(std::size_t depth, bool in_member) {
    switch (next()) {
      case '{':
        return object(depth);
      case '[':
        return array(depth, in_member);
      case '"':
        return string(in_member);
      case '$':
        return standing_alone(in_member);
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        break;
    }
    if (next() == '-' || is_digit(next())) return number();
    return unexpected("a JSON value is missing here",
                      "text needs quotes; a value of the event is $name or ${path}");
  }

  Compiled nested(std::size_t depth) const {
    if (depth < json::max_depth) return {};
    return fault(at_, 1, fmt::format("nested deeper than {} levels", json::max_depth), "");
  }

  Compiled object(std::size_t depth) {
    if (auto fits = nested(depth); !fits) return fits;
    keep(1);
    skip_space();
    if (next() == '}') return keep(1), Compiled{};
    while (true) {
      if (next() == '$')
        return unexpected("a placeholder without quotes as a key", R"(keys are strings: "$name")");
      if (next() != '"') return unexpected("a key is missing here", R"(write "key": value)");
      if (auto key = string(false); !key) return key;
      skip_space();
      if (next() != ':') return unexpected("':' is missing after the key", "");
      keep(1);
      skip_space();
      if (auto member = value(depth + 1, true); !member) return member;
      skip_space();
      if (next() == '}') return keep(1), Compiled{};
      if (next() != ',') return unexpected("',' or '}' is missing here", in_text_remedy);
      keep(1);
      skip_space();
      if (next() == '}') return unexpected("a comma before '}'", "leave it out");
    }
  }

  Compiled array(std::size_t depth, bool in_member) {
    if (auto fits = nested(depth); !fits) return fits;
    keep(1);
    skip_space();
    if (next() == ']') return keep(1), Compiled{};
    while (true) {
      if (auto element = value(depth + 1, in_member); !element) return element;
      skip_space();
      if (next() == ']') return keep(1), Compiled{};
      if (next() != ',') return unexpected("',' or ']' is missing here", in_text_remedy);
      keep(1);
      skip_space();
      if (next() == ']') return unexpected("a comma before ']'", "leave it out");
    }
  }

  Compiled word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) {
      return unexpected("a JSON value is missing here",
                        "text needs quotes; a value of the event is $name or ${path}");
    }
    keep(expected.size());
    return {};
  }

  Compiled number() {
    std::size_t end = at_ + (next() == '-' ? 1 : 0);
    const auto digits = [&] {
      const std::size_t start = end;
      while (end < text_.size() && is_digit(text_[end]))
        ++end;
      return end > start;
    };
    const auto is = [&](std::string_view set) {
      return end < text_.size() && set.find(text_[end]) != std::string_view::npos;
    };
    const bool leading_zero = is("0");
    const std::size_t start = end;
    bool right = digits() && !(leading_zero && end - start > 1);
    if (right && is(".")) right = (++end, digits());
    if (right && is("eE")) {
      ++end;
      if (is("+-")) ++end;
      right = digits();
    }
    if (!right)
      return fault(at_, std::max<std::size_t>(end - at_, 1), "not a JSON number", "text needs quotes");
    keep(end - at_);
    return {};
  }

  Compiled standing_alone(bool in_member) {
    auto found = scan_placeholder(text_, at_, Slot::value);
    if (!found) return tl::unexpected(found.error());
    if (!*found)
      return unexpected("a '$' that begins no placeholder stands outside of a string", "text needs quotes");
    std::optional<std::string> fallback;
    if ((*found)->fallback) fallback = spell_as_value(*(*found)->fallback);
    builder_.placeholder((*found)->path, Slot::value, fallback, in_member);
    at_ += (*found)->length;
    return {};
  }

  /// A string with its quotes. `in_member`: it is (part of) a value of an object.
  Compiled string(bool in_member) {
    const std::size_t open = at_;
    keep(1);
    bool after_slash = false;  // what stands before is a slash, bare or as JSON's `\/`
    while (true) {
      if (done()) return fault(open, 1, "the string that begins here does not end", R"(close it with ")");
      const char c = next();
      if (c == '"') return keep(1), Compiled{};
      if (is_control(c)) return control(at_);
      if (c == '\\') {
        const std::size_t size = escape_size(text_.substr(at_));
        if (size == 0) return no_escape(at_);
        after_slash = text_[at_ + 1] == '/';
        keep(size);
        continue;
      }
      if (c == '/' && !after_slash && text_.substr(at_ + 1, 1) == "$") {
        literal_dollar();
        after_slash = false;
        continue;
      }
      if (c == '$') {
        if (auto read = within_string(in_member); !read) return read;
        after_slash = false;
        continue;
      }
      after_slash = c == '/';
      keep(1);
    }
  }

  /// `/$`: the dollar sign itself, and a warning where a placeholder was more likely meant.
  void literal_dollar() {
    const std::size_t dollar = at_ + 1;
    if (const auto meant = scan_placeholder(text_, dollar, Slot::text); meant && *meant) {
      const auto& segments = (*meant)->path.segments;
      if (segments.size() > 1 || builder_.knows(segments.front())) {
        const auto spelled = text_.substr(dollar, (*meant)->length);
        builder_.warn(at_, 1 + (*meant)->length,
                      fmt::format("'/{}' writes '{}' as it stands", spelled, spelled),
                      fmt::format(R"(for a slash and the value write \/{})", spelled));
      }
    }
    builder_.literal("$");
    at_ += 2;
  }

  Compiled within_string(bool in_member) {
    auto found = scan_placeholder(text_, at_, Slot::text);
    if (!found) return tl::unexpected(found.error());
    if (!*found) return keep(1), Compiled{};
    const auto& [length, path, fallback] = **found;
    if (fallback) {
      if (auto fits = fits_string(*fallback); !fits) return fits;
    }
    builder_.placeholder(path, Slot::text, fallback, in_member);
    at_ += length;
    return {};
  }

  /// A default inside a string is spelled like the string around it, and does not end it.
  Compiled fits_string(std::string_view fallback) const {
    const auto begin = static_cast<std::size_t>(fallback.data() - text_.data());
    for (std::size_t i = 0; i < fallback.size();) {
      if (fallback[i] == '"') {
        return fault(at_, begin + i - at_, "'${' is not closed within its string",
                     R"(close it with }, and write a quote within a default as \")");
      }
      if (is_control(fallback[i])) return control(begin + i);
      const std::size_t size = fallback[i] == '\\' ? escape_size(fallback.substr(i)) : 1;
      if (size == 0) return no_escape(begin + i);
      i += size;
    }
    return {};
  }

  static tl::unexpected<core::Fault> control(std::size_t at) {
    return fault(at, 1, "a control character inside a string", R"(write \n, \t or \u00XX)");
  }
  static tl::unexpected<core::Fault> no_escape(std::size_t at) {
    return fault(at, 2, "not an escape of JSON", R"(a backslash is written \\; a literal dollar sign is /$)");
  }

  static constexpr const char* in_text_remedy =
      R"(a placeholder within other text needs quotes: "… $name …")";

  std::string_view text_;
  Builder& builder_;
  std::size_t at_ = 0;
};

}  // namespace

Compiled compile_body(std::string_view text, Builder& builder) {
  if (!json::is_utf8(text)) return fault(0, 1, "the payload is not UTF-8", "");
  return BodyReader(text, builder).read();
}

}  // namespace hookline::render
