#include "hookline/json/path.h"

#include <algorithm>

#include <fmt/format.h>

#include "hookline/json/scan.h"

namespace hookline::json {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool starts_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool continues_name(char c) {
  return starts_name(c) || is_digit(c);
}

bool is_name(std::string_view text) {
  return !text.empty() && starts_name(text[0]) && std::ranges::all_of(text, continues_name);
}

bool is_index(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_digit);
}

/// Reads a path from the front of a text; `at` is where it stands.
class PathReader {
 public:
  explicit PathReader(std::string_view text) : text_(text) {}

  tl::expected<Path, core::Fault> read() {
    Path path;
    auto segment = next() == '[' ? bracket() : plain();
    while (true) {
      if (!segment) return tl::unexpected(segment.error());
      path.segments.push_back(std::move(*segment));
      if (path.segments.size() > max_depth) {
        return fault(at_, fmt::format("a path of more than {} segments", max_depth),
                     "events are not nested deeper");
      }
      if (next() == '[') {
        segment = bracket();
      } else if (next() == '.') {
        ++at_;
        segment = plain();
      } else {
        return path;
      }
    }
  }

  std::size_t at() const { return at_; }

 private:
  using Segment = tl::expected<std::string, core::Fault>;

  static tl::unexpected<core::Fault> fault(std::size_t at, std::string what, std::string remedy) {
    return tl::unexpected(core::Fault{at, 1, std::move(what), std::move(remedy)});
  }

  char next() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  std::string take_while(bool (*belongs)(char)) {
    const std::size_t start = at_;
    while (at_ < text_.size() && belongs(text_[at_]))
      ++at_;
    return std::string(text_.substr(start, at_ - start));
  }

  /// A name, or digits for an index.
  Segment plain() {
    if (is_digit(next())) {
      const std::size_t start = at_;
      auto digits = take_while(is_digit);
      if (!starts_name(next())) return digits;
      return fault(start, "a name that begins with a digit", R"(quote it: ["2nd"])");
    }
    if (starts_name(next())) return take_while(continues_name);
    return fault(at_, at_ == 0 ? "a path begins with a name" : "a name or an index is missing after '.'",
                 R"(names are letters, digits and _; quote others: ["content-type"])");
  }

  /// `[0]` or `["any text"]`.
  Segment bracket() {
    ++at_;
    auto segment = next() == '"' || next() == '\'' ? quoted() : index();
    if (!segment) return segment;
    if (next() != ']') return fault(at_, "']' is missing", "");
    ++at_;
    return segment;
  }

  Segment index() {
    auto digits = take_while(is_digit);
    if (digits.empty())
      return fault(at_, "an index or a quoted key is missing after '['", R"(write [0] or ["key"])");
    return digits;
  }

  Segment quoted() {
    const std::size_t open = at_;
    const char quote = text_[at_++];
    std::string key;
    while (next() != quote) {
      if (at_ < text_.size() && text_[at_] == '\\') ++at_;
      if (at_ >= text_.size()) return fault(open, "the quoted key does not end", "");
      key += text_[at_++];
    }
    ++at_;
    return key;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

tl::expected<Path, core::Fault> parse_path(std::string_view text) {
  PathReader reader(text);
  auto path = reader.read();
  if (path && reader.at() != text.size()) {
    return tl::unexpected(core::Fault{reader.at(), 1,
                                      fmt::format("'{}' does not belong into a path", text[reader.at()]),
                                      R"(names are letters, digits and _; quote others: ["content-type"])"});
  }
  return path;
}

tl::expected<Path, core::Fault> take_path(std::string_view& text) {
  PathReader reader(text);
  auto path = reader.read();
  if (path) text.remove_prefix(reader.at());
  return path;
}

std::string to_string(const Path& path) {
  std::string out;
  for (const auto& segment : path.segments) {
    if (is_name(segment) || is_index(segment)) {
      if (!out.empty()) out += '.';
      out += segment;
      continue;
    }
    out += "[\"";
    for (const char c : segment) {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
    out += "\"]";
  }
  return out;
}

}  // namespace hookline::json
