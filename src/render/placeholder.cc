#include "placeholder.h"

#include <string>
#include <utility>

namespace hookline::render {
namespace {

bool starts_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool continues_name(char c) {
  return starts_name(c) || (c >= '0' && c <= '9');
}

/// The JSON value at the front of `text`, as far as brackets and quotes tell; npos if it does not end.
std::size_t balanced_end(std::string_view text) {
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c != '"') continue;
      quoted = false;
      if (depth == 0) return i + 1;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (--depth == 0) return i + 1;
    }
  }
  return std::string_view::npos;
}

/// Where the brace stands that ends a default. Standing alone a default may be JSON that holds
/// braces itself; elsewhere the first one closes.
std::size_t closing_brace(std::string_view fallback, Slot slot) {
  if (slot == Slot::value && !fallback.empty() &&
      (fallback[0] == '{' || fallback[0] == '[' || fallback[0] == '"')) {
    const std::size_t end = balanced_end(fallback);
    if (end < fallback.size() && fallback[end] == '}') return end;
  }
  return fallback.find('}');
}

/// Within a JSON string an editor writes the quotes of `["key"]` as `\"`. Takes such a path.
tl::expected<json::Path, core::Fault> take_escaped_path(std::string_view& rest) {
  const std::string_view braced = rest.substr(0, rest.find('}'));
  std::string plain;
  for (std::size_t i = 0; i < braced.size(); ++i) {
    if (braced[i] == '\\' && i + 1 < braced.size()) ++i;
    plain += braced[i];
  }
  std::string_view left = plain;
  auto path = json::take_path(left);
  if (!path) return path;
  // As many bytes of the source as made up what was read of the plain spelling.
  std::size_t bytes = 0;
  for (std::size_t read = plain.size() - left.size(); read > 0; --read)
    bytes += braced[bytes] == '\\' ? 2 : 1;
  rest.remove_prefix(bytes);
  return path;
}

}  // namespace

tl::expected<std::optional<Placeholder>, core::Fault> scan_placeholder(std::string_view text, std::size_t at,
                                                                       Slot slot) {
  const auto fault = [](std::size_t where, std::size_t length, std::string what, std::string remedy) {
    return tl::unexpected(core::Fault{where, length, std::move(what), std::move(remedy)});
  };
  std::string_view rest = text.substr(at + 1);
  if (rest.empty()) return std::nullopt;
  if (starts_name(rest[0])) {
    std::size_t size = 1;
    while (size < rest.size() && continues_name(rest[size]))
      ++size;
    return Placeholder{size + 1, json::Path{{std::string(rest.substr(0, size))}}, std::nullopt};
  }
  if (rest[0] != '{') return std::nullopt;

  rest.remove_prefix(1);
  if (rest.find('}') == std::string_view::npos) {
    return fault(at, 2, "'${' is not closed", "write ${path} or ${path:default}");
  }
  const std::size_t path_at = at + 2;
  auto path = json::take_path(rest);
  if (!path && slot == Slot::text) {
    if (auto escaped = take_escaped_path(rest)) path = std::move(escaped);
  }
  if (!path) {
    core::Fault wrong = std::move(path.error());
    wrong.at += path_at;
    return tl::unexpected(std::move(wrong));
  }
  const auto consumed = [&] { return text.size() - rest.size() - at; };
  if (!rest.empty() && rest[0] == '}') {
    rest.remove_prefix(1);
    return Placeholder{consumed(), std::move(*path), std::nullopt};
  }
  if (rest.starts_with('"') && slot == Slot::text) {
    return fault(at, consumed(), "'${' is not closed within its string", "write ${path} or ${path:default}");
  }
  if (rest.empty() || rest[0] != ':') {
    return fault(text.size() - rest.size(), 1, "this does not belong into a path",
                 R"(names are letters, digits and _; quote others: ${labels["app.kubernetes.io/name"]})");
  }
  rest.remove_prefix(1);
  const std::size_t end = closing_brace(rest, slot);
  if (end == std::string_view::npos) return fault(at, 2, "'${' is not closed", "a default ends with '}'");
  const std::string_view fallback = rest.substr(0, end);
  rest.remove_prefix(end + 1);
  return Placeholder{consumed(), std::move(*path), fallback};
}

}  // namespace hookline::render
