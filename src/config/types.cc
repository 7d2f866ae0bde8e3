// Words out of a set, and lists.
#include "types.h"

#include <algorithm>

#include <fmt/format.h>

namespace hookline::config {

std::optional<std::string> read_word(Reader& reader, const Node& node,
                                     const std::vector<std::string_view>& words) {
  const auto expected = any_of(words);
  auto scalar = reader.scalar(node, expected);
  if (!scalar) return std::nullopt;
  for (const auto word : words) {
    if (scalar->value == word) return std::move(scalar->value);
  }
  if (scalar->referenced) {
    reader.error(node, fmt::format("must be {}, not ***", expected), "");
  } else {
    reader.error(node, fmt::format("must be {}, not {}", expected, describe(node)),
                 suggestion(scalar->value, words, ""));
  }
  return std::nullopt;
}

Shape word_shape(const std::vector<std::string_view>& words) {
  std::string told;
  for (const auto word : words)
    told += (told.empty() ? "`" : ", `") + std::string(word) + "`";
  return {or_reference({{"enum", words}}), told, {}};
}

namespace {

/// "duration, 0s to 7d" -> "durations, 0s to 7d"; words of an enum stay as they are.
std::string plural(std::string words) {
  const auto end = std::min(words.find(','), words.size());
  if (words.starts_with('`')) return words;
  return words.insert(end, words[end - 1] == 's' ? "es" : "s");
}

}  // namespace

Shape list_shape(const Shape& item, std::size_t least) {
  json::Tree schema{{"type", or_nothing("array")}, {"items", item.schema}};
  if (least > 0) schema["minItems"] = least;
  return {std::move(schema), "list of " + (item.rows.empty() ? plural(item.words) : "mappings"), item.rows};
}

bool is_list(Reader& reader, const Node& node, std::size_t least, std::string_view words) {
  if (node.kind != Node::Kind::list && node.kind != Node::Kind::null) {
    reader.error(node, fmt::format("must be a {}, not {}", words, describe(node, false)),
                 "write [a, b], or one '- ' per line");
    return false;
  }
  if (node.items.size() < least) {
    reader.error(node, "is empty",
                 least == 1 ? "write at least one" : fmt::format("write at least {}", least));
    return false;
  }
  return true;
}

Shape word_or(std::string_view word, const Shape& shape) {
  return {{{"anyOf", json::Tree::array({{{"const", word}}, shape.schema})}},
          fmt::format("`{}` or {}", word, shape.words),
          shape.rows};
}

}  // namespace hookline::config
