#include "types.h"

#include <charconv>
#include <regex>

#include "utf8.h"
#include "hookline/core/units.h"
#include "hookline/json/path.h"

namespace hookline::config {
namespace {

std::string file_name(const std::filesystem::path& path) { return path.string(); }

json::Tree pattern_schema(const Pattern& pattern) {
  return or_reference({{"type", "string"}, {"pattern", "^" + pattern.expression + "$"}, {"maxLength", pattern.longest}});
}

/// Reads a scalar that must be text by YAML's rules, or come from a reference.
std::optional<Reader::Scalar> read_text(Reader& reader, const Node& node, bool show = true) {
  auto scalar = reader.scalar(node, "a text", show);
  if (scalar && !scalar->referenced && scalar->type != Node::Scalar::text) {
    reader.mistyped(node, "a text", show);
    return std::nullopt;
  }
  return scalar;
}

std::optional<Reader::Scalar> read_patterned(Reader& reader, const Node& node, const Pattern& pattern, const std::regex& compiled) {
  auto scalar = read_text(reader, node);
  if (!scalar) return std::nullopt;
  if (characters(scalar->value) > pattern.longest) {
    reader.error(node, fmt::format("is too long: {} characters", characters(scalar->value)), fmt::format("at most {}", pattern.longest));
    return std::nullopt;
  }
  if (!std::regex_match(scalar->value, compiled)) {
    reader.error(node, fmt::format("cannot be {}", scalar->shown()), pattern.rule);
    return std::nullopt;
  }
  return scalar;
}

Text as_text(const Node& node, Reader::Scalar scalar) {
  Text text = text_of(node);
  text.value = std::move(scalar.value);
  text.literal = std::move(scalar.literal);
  return text;
}

/// A scalar that a core parser reads ("5m", "64KiB"): the parser's own words where it fails.
template <class T, class Parse>
std::optional<T> read_unit(Reader& reader, const Node& node, std::string_view expected, std::string_view example, Parse parse) {
  const auto scalar = reader.scalar(node, expected);
  if (!scalar) return std::nullopt;
  const auto value = parse(scalar->value);
  if (!value) {
    reader.error(node, fmt::format("must be {}, not {}", expected, scalar->shown()), fmt::format("write e.g. {}", example));
    return std::nullopt;
  }
  return *value;
}

/// `value` within its bounds, or the problem that it is not.
template <class T>
bool within(Reader& reader, const Node& node, T value, T from, T to, std::string (*show)(T)) {
  if (value >= from && value <= to) return true;
  const bool referenced = has_reference(node.value);
  reader.error(node, referenced ? std::string("is out of bounds") : fmt::format("cannot be {}", show(value)),
               fmt::format("write {} to {}", show(from), show(to)));
  return false;
}

/// What keeps a value from being one line of text.
std::optional<Objection> find_line_fault(std::string_view value) {
  if (value.empty()) return Objection{"is empty", "write a text, or remove the key"};
  if (breaks_header(value)) return Objection{"holds a line break or a NUL", "write one line"};
  return std::nullopt;
}

std::string show_integer(std::uint32_t value) { return std::to_string(value); }

}  // namespace

bool breaks_header(std::string_view value) { return value.find_first_of(std::string_view("\r\n\0", 3)) != value.npos; }

Type<std::string> free_text() {
  Type<std::string> type;
  type.shape = {{{"type", "string"}}, "text", {}};
  type.read = [](Reader& reader, const Node& node, std::string& out) {
    auto scalar = read_text(reader, node);
    if (scalar) out = std::move(scalar->value);
    return scalar.has_value();
  };
  type.print = [](const std::string& value) -> json::Tree { return value.empty() ? json::Tree() : json::Tree(value); };
  return type;
}

Type<std::string> text() {
  auto type = free_text();
  type.shape.schema["pattern"] = R"(^[^\r\n]+$)";
  return checked(type, [](const std::string& value) { return find_line_fault(value); });
}

Type<Text> placed_text() {
  Type<Text> type;
  type.shape = text().shape;
  type.read = [](Reader& reader, const Node& node, Text& out) {
    auto scalar = read_text(reader, node);
    if (!scalar) return false;
    out = as_text(node, std::move(*scalar));
    return true;
  };
  type.print = [](const Text& value) -> json::Tree { return value.value.empty() ? json::Tree() : json::Tree(masked(value)); };
  return checked(type, [](const Text& value) { return find_line_fault(value.value); });
}

Type<std::string> patterned(std::string words, Pattern pattern) {
  Type<std::string> type;
  type.shape = {pattern_schema(pattern), std::move(words), {}};
  type.read = [pattern, compiled = std::regex(pattern.expression)](Reader& reader, const Node& node, std::string& out) {
    auto scalar = read_patterned(reader, node, pattern, compiled);
    if (scalar) out = std::move(scalar->value);
    return scalar.has_value();
  };
  type.print = [](const std::string& value) -> json::Tree { return value.empty() ? json::Tree() : json::Tree(value); };
  return type;
}

Type<Text> patterned_text(std::string words, Pattern pattern) {
  Type<Text> type;
  type.shape = {pattern_schema(pattern), std::move(words), {}};
  type.read = [pattern, compiled = std::regex(pattern.expression)](Reader& reader, const Node& node, Text& out) {
    auto scalar = read_patterned(reader, node, pattern, compiled);
    if (scalar) out = as_text(node, std::move(*scalar));
    return scalar.has_value();
  };
  type.print = [](const Text& value) -> json::Tree { return value.value.empty() ? json::Tree() : json::Tree(masked(value)); };
  return type;
}

Type<std::string> name_text() {
  return patterned("name", {"[A-Za-z0-9][A-Za-z0-9._-]*",
                            "use letters, digits, '.', '_' and '-', beginning with a letter or digit", 100});
}

Type<Secret> secret() {
  Type<Secret> type;
  type.shape = {{{"type", "string"}, {"minLength", 1}}, "secret", {}};
  type.read = [](Reader& reader, const Node& node, Secret& out) {
    auto scalar = read_text(reader, node, false);
    if (!scalar) return false;
    if (scalar->value.empty()) {
      reader.error(node, "is empty", "check where the secret comes from");
      return false;
    }
    if (breaks_header(scalar->value)) {
      reader.error(node, "holds a line break or a NUL", "a secret is one line");
      return false;
    }
    out = Secret(std::move(scalar->value));
    return true;
  };
  type.print = [](const Secret& value) -> json::Tree { return value.empty() ? json::Tree() : json::Tree(mask); };
  return type;
}

Type<Text> expression(std::string words) {
  Type<Text> type;
  type.shape = {{{"type", json::Tree::array({"string", "number", "boolean"})}}, std::move(words), {}};
  type.read = [](Reader& reader, const Node& node, Text& out) {
    if (node.kind == Node::Kind::null) {
      reader.error(node, "has no value", "write an expression, or remove the key");
      return false;
    }
    if (node.kind != Node::Kind::scalar) {
      reader.mistyped(node, "a text");
      return false;
    }
    if (node.value.empty()) {
      reader.error(node, "is empty", "write a text, or remove the key");
      return false;
    }
    out = text_of(node);
    return true;
  };
  type.print = [](const Text& value) -> json::Tree { return value.value; };
  return type;
}

Type<Text> json_path() {
  Type<Text> type;
  type.shape = {{{"type", "string"}, {"minLength", 1}}, "JSON path", {}};
  type.read = [](Reader& reader, const Node& node, Text& out) {
    auto scalar = read_text(reader, node);
    if (!scalar) return false;
    const bool referenced = scalar->referenced;
    auto written = as_text(node, std::move(*scalar));
    if (referenced && !json::parse_path(written.value)) {
      reader.error(node, "is not a JSON path", "write e.g. data.items[0].id");
      return false;
    }
    if (const auto path = json::parse_path(written.value); !path) {
      auto problem = problem_in(written, path.error());
      problem.what = fmt::format("{} is not a JSON path: {}", setting_name(node.pointer), problem.what);
      if (problem.remedy.empty()) problem.remedy = "write e.g. data.items[0].id";
      reader.add(std::move(problem));
      return false;
    }
    out = std::move(written);
    return true;
  };
  type.print = [](const Text& value) -> json::Tree { return value.value.empty() ? json::Tree() : json::Tree(value.value); };
  return type;
}

Type<std::string> json_path_string() {
  return by_way_of<std::string>(
      json_path(), [](Reader&, const Node&, Text written, std::string& out) { return out = std::move(written.value), true; },
      [](const std::string& value) { return Text{value, {}, 0, false, {}}; });
}

Type<bool> boolean() {
  Type<bool> type;
  type.shape = {or_reference({{"type", "boolean"}}), "true or false", {}};
  type.read = [](Reader& reader, const Node& node, bool& out) {
    const auto scalar = reader.scalar(node, "true or false");
    if (!scalar) return false;
    if (scalar->type != Node::Scalar::boolean) {
      reader.mistyped(node, "true or false");
      return false;
    }
    out = scalar->value[0] == 't' || scalar->value[0] == 'T';
    return true;
  };
  type.print = [](const bool& value) -> json::Tree { return value; };
  return type;
}

Type<std::uint32_t> integer(std::uint32_t from, std::uint32_t to) {
  Type<std::uint32_t> type;
  type.shape = {or_reference({{"type", "integer"}, {"minimum", from}, {"maximum", to}}), fmt::format("number, {} to {}", from, to), {}};
  type.read = [from, to](Reader& reader, const Node& node, std::uint32_t& out) {
    const auto scalar = reader.scalar(node, "a whole number");
    if (!scalar) return false;
    std::uint32_t value = 0;
    const auto* end = scalar->value.data() + scalar->value.size();
    const auto [stop, error] = std::from_chars(scalar->value.data(), end, value);
    if (scalar->type != Node::Scalar::integer) {
      reader.mistyped(node, "a whole number");
      return false;
    }
    if (error != std::errc() || stop != end) {
      reader.error(node, fmt::format("cannot be {}", scalar->referenced ? std::string(mask) : scalar->value), fmt::format("write {} to {}", from, to));
      return false;
    }
    if (!within(reader, node, value, from, to, show_integer)) return false;
    out = value;
    return true;
  };
  type.print = [](const std::uint32_t& value) -> json::Tree { return value; };
  return type;
}

Type<double> number(double above, double to) {
  Type<double> type;
  type.shape = {or_reference({{"type", "number"}, {"exclusiveMinimum", above}, {"maximum", to}}),
                fmt::format("number above {}, up to {}", above, to), {}};
  type.read = [above, to](Reader& reader, const Node& node, double& out) {
    const auto scalar = reader.scalar(node, "a number");
    if (!scalar) return false;
    if (scalar->type != Node::Scalar::integer && scalar->type != Node::Scalar::number) {
      reader.mistyped(node, "a number");
      return false;
    }
    double value = 0;
    const auto digits = std::string_view(scalar->value).substr(scalar->value.starts_with('+') ? 1 : 0);
    const auto [stop, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || !(value > above && value <= to)) {
      reader.error(node, fmt::format("cannot be {}", scalar->referenced ? std::string(mask) : scalar->value), fmt::format("write a number above {}, up to {}", above, to));
      return false;
    }
    out = value;
    return true;
  };
  type.print = [](const double& value) -> json::Tree { return value; };
  return type;
}

Type<core::Duration> duration(core::Duration from, core::Duration to) {
  Type<core::Duration> type;
  // Zero needs no unit.
  type.shape = {{{"anyOf", json::Tree::array({{{"type", "string"}, {"pattern", "^([0-9]+\\.?[0-9]*|\\.[0-9]+) *(ms|s|m|h|d)$"}},
                                              {{"type", "string"}, {"pattern", "^(0*\\.?0+|0+\\.)$"}},
                                              {{"const", 0}},
                                              {{"$ref", "#/$defs/reference"}}})}},
                fmt::format("duration, {} to {}", core::format_duration(from), core::format_duration(to)), {}};
  type.read = [from, to](Reader& reader, const Node& node, core::Duration& out) {
    const auto value = read_unit<core::Duration>(reader, node, "a duration", "500ms, 10s, 5m, 2h or 7d", core::parse_duration);
    if (!value || !within(reader, node, *value, from, to, core::format_duration)) return false;
    out = *value;
    return true;
  };
  type.print = [](const core::Duration& value) -> json::Tree { return core::format_duration(value); };
  return type;
}

Type<std::uint64_t> size(std::uint64_t from, std::uint64_t to) {
  Type<std::uint64_t> type;
  type.shape = {{{"anyOf", json::Tree::array({{{"type", "string"}, {"pattern", "^([0-9]+\\.?[0-9]*|\\.[0-9]+) *(B|KiB|MiB|GiB)?$"}},
                                              {{"type", "number"}, {"minimum", from}, {"maximum", to}},
                                              {{"$ref", "#/$defs/reference"}}})}},
                fmt::format("size, {} to {}", core::format_size(from), core::format_size(to)), {}};
  type.read = [from, to](Reader& reader, const Node& node, std::uint64_t& out) {
    const auto value = read_unit<std::uint64_t>(reader, node, "a size", "64KiB, 8MiB or a number of bytes", core::parse_size);
    if (!value || !within(reader, node, *value, from, to, core::format_size)) return false;
    out = *value;
    return true;
  };
  type.print = [](const std::uint64_t& value) -> json::Tree { return core::format_size(value); };
  return type;
}

Type<double> rate() {
  Type<double> type;
  type.shape = {or_reference({{"type", "string"}, {"pattern", "^([0-9]+\\.?[0-9]*|\\.[0-9]+) */(s|m|h)$"}}), "rate", {}};
  type.read = [](Reader& reader, const Node& node, double& out) {
    const auto value = read_unit<double>(reader, node, "a rate", "100/s, 600/m or 1000/h", core::parse_rate);
    if (value) out = *value;
    return value.has_value();
  };
  type.print = [](const double& per_second) -> json::Tree {
    // The spelling that reads back as the same number.
    for (const auto& [unit, seconds] : {std::pair("s", 1.0), std::pair("m", 60.0), std::pair("h", 3600.0)}) {
      const auto spelled = fmt::format("{:.6g}/{}", per_second * seconds, unit);
      const auto back = core::parse_rate(spelled);
      if (back && *back == per_second) return spelled;
    }
    return fmt::format("{}/s", per_second);
  };
  return type;
}

Type<std::string> readable_file() {
  auto type = text();
  type.shape.words = "file";
  type.read = [read = type.read](Reader& reader, const Node& node, std::string& out) {
    std::string written;
    if (!read(reader, node, written)) return false;
    const auto path = absolute_path(node, written);
    if (!reader.secrets().file(path)) {
      const auto shown = has_reference(node.value) ? std::string(mask) : file_name(path);
      reader.error(node, fmt::format("names the file '{}', which cannot be read", shown), "check that it exists, is readable and may be used here");
      return false;
    }
    out = file_name(path);
    return true;
  };
  return type;
}

std::optional<std::string> read_word(Reader& reader, const Node& node, const std::vector<std::string_view>& words) {
  const auto expected = any_of(words);
  auto scalar = reader.scalar(node, expected);
  if (!scalar) return std::nullopt;
  for (const auto word : words) {
    if (scalar->value == word) return std::move(scalar->value);
  }
  if (scalar->referenced) {
    reader.error(node, fmt::format("must be {}, not ***", expected), "");
  } else {
    reader.error(node, fmt::format("must be {}, not {}", expected, describe(node)), suggestion(scalar->value, words, ""));
  }
  return std::nullopt;
}

Shape word_shape(const std::vector<std::string_view>& words) {
  std::string told;
  for (const auto word : words) told += (told.empty() ? "`" : ", `") + std::string(word) + "`";
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
    reader.error(node, fmt::format("must be a {}, not {}", words, describe(node, false)), "write [a, b], or one '- ' per line");
    return false;
  }
  if (node.items.size() < least) {
    reader.error(node, "is empty", least == 1 ? "write at least one" : fmt::format("write at least {}", least));
    return false;
  }
  return true;
}

Shape word_or(std::string_view word, const Shape& shape) {
  return {{{"anyOf", json::Tree::array({{{"const", word}}, shape.schema})}}, fmt::format("`{}` or {}", word, shape.words), shape.rows};
}

}  // namespace hookline::config
