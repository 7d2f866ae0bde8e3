// Texts of every kind: free, patterned, secret, compiled later.
#include <regex>

#include <fmt/format.h>

#include "hookline/json/path.h"
#include "types.h"
#include "utf8.h"

namespace hookline::config {
namespace {


json::Tree pattern_schema(const Pattern& pattern) {
  return or_reference(
      {{"type", "string"}, {"pattern", "^" + pattern.expression + "$"}, {"maxLength", pattern.longest}});
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

std::optional<Reader::Scalar> read_patterned(Reader& reader, const Node& node, const Pattern& pattern,
                                             const std::regex& compiled) {
  auto scalar = read_text(reader, node);
  if (!scalar) return std::nullopt;
  if (characters(scalar->value) > pattern.longest) {
    reader.error(node, fmt::format("is too long: {} characters", characters(scalar->value)),
                 fmt::format("at most {}", pattern.longest));
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

/// What keeps a value from being one line of text.
std::optional<Objection> find_line_fault(std::string_view value) {
  if (value.empty()) return Objection{"is empty", "write a text, or remove the key"};
  if (breaks_header(value)) return Objection{"holds a line break or a NUL", "write one line"};
  return std::nullopt;
}

}  // namespace

bool breaks_header(std::string_view value) {
  return value.find_first_of(std::string_view("\r\n\0", 3)) != value.npos;
}

Type<std::string> free_text() {
  Type<std::string> type;
  type.shape = {{{"type", "string"}}, "text", {}};
  type.read = [](Reader& reader, const Node& node, std::string& out) {
    auto scalar = read_text(reader, node);
    if (scalar) out = std::move(scalar->value);
    return scalar.has_value();
  };
  type.print = [](const std::string& value) -> json::Tree {
    return value.empty() ? json::Tree() : json::Tree(value);
  };
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
  type.print = [](const Text& value) -> json::Tree {
    return value.value.empty() ? json::Tree() : json::Tree(masked(value));
  };
  return checked(type, [](const Text& value) { return find_line_fault(value.value); });
}

Type<std::string> patterned(std::string words, Pattern pattern) {
  Type<std::string> type;
  type.shape = {pattern_schema(pattern), std::move(words), {}};
  type.read = [pattern, compiled = std::regex(pattern.expression)](Reader& reader, const Node& node,
                                                                   std::string& out) {
    auto scalar = read_patterned(reader, node, pattern, compiled);
    if (scalar) out = std::move(scalar->value);
    return scalar.has_value();
  };
  type.print = [](const std::string& value) -> json::Tree {
    return value.empty() ? json::Tree() : json::Tree(value);
  };
  return type;
}

Type<Text> patterned_text(std::string words, Pattern pattern) {
  Type<Text> type;
  type.shape = {pattern_schema(pattern), std::move(words), {}};
  type.read = [pattern, compiled = std::regex(pattern.expression)](Reader& reader, const Node& node,
                                                                   Text& out) {
    auto scalar = read_patterned(reader, node, pattern, compiled);
    if (scalar) out = as_text(node, std::move(*scalar));
    return scalar.has_value();
  };
  type.print = [](const Text& value) -> json::Tree {
    return value.value.empty() ? json::Tree() : json::Tree(masked(value));
  };
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
  type.print = [](const Secret& value) -> json::Tree {
    return value.empty() ? json::Tree() : json::Tree(mask);
  };
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
  type.print = [](const Text& value) -> json::Tree {
    return value.value.empty() ? json::Tree() : json::Tree(value.value);
  };
  return type;
}

Type<std::string> json_path_string() {
  return by_way_of<std::string>(
      json_path(),
      [](Reader&, const Node&, Text written, std::string& out) {
        return out = std::move(written.value), true;
      },
      [](const std::string& value) {
        return Text{value, {}, 0, false, {}};
      });
}

Type<std::string> readable_file() {
  auto type = text();
  type.shape.words = "file";
  type.read = [read = type.read](Reader& reader, const Node& node, std::string& out) {
    std::string written;
    if (!read(reader, node, written)) return false;
    const auto path = absolute_path(node, written);
    if (!reader.secrets().file(path)) {
      const auto shown = has_reference(node.value) ? std::string(mask) : path.string();
      reader.error(node, fmt::format("names the file '{}', which cannot be read", shown),
                   "check that it exists, is readable and may be used here");
      return false;
    }
    out = path.string();
    return true;
  };
  return type;
}

}  // namespace hookline::config
