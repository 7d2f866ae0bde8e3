// The kinds of values that settings have. Each Type parses, prints and describes itself; bounds are
// given where the setting is declared. Building blocks for the *_rows.cc files; no state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "declare.h"
#include "hookline/config/spelling.h"
#include "hookline/core/time.h"

namespace hookline::config {

/// The grammar of a short text, told to editors as the schema's pattern and used by the parser as is.
struct Pattern {
  std::string expression;  ///< ECMAScript, matches the whole text, without groups that could be slow
  std::string rule;        ///< "may hold letters, digits, '.', '_' and '-', …"
  std::size_t longest = 200;
};

Type<std::string> text();       ///< one line, not empty
Type<std::string> free_text();  ///< may be empty or span lines
Type<Text> placed_text();       ///< not empty, with its place
Type<std::string> patterned(std::string words, Pattern pattern);
Type<Text> patterned_text(std::string words, Pattern pattern);
Type<Secret> secret();                     ///< not empty, no CR, LF or NUL; never shown
Type<Text> expression(std::string words);  ///< compiled later: no references, any scalar
Type<Text> json_path();                    ///< data.items[0].id
Type<std::string> json_path_string();
Type<bool> boolean();
Type<double> number(double above, double to);  ///< above < value <= to
Type<core::Duration> duration(core::Duration from, core::Duration to);
Type<std::uint64_t> size(std::uint64_t from, std::uint64_t to);
Type<double> rate();
Type<std::string> readable_file();  ///< made absolute; must be there
/// Names of things: webhooks, endpoints, policies, templates.
Type<std::string> name_text();

Type<std::uint32_t> integer(std::uint32_t from, std::uint32_t to);

/// The words of an enum, in the order in which they are told.
template <class E>
using Words = std::vector<std::pair<std::string_view, E>>;

std::optional<std::string> read_word(Reader& reader, const Node& node,
                                     const std::vector<std::string_view>& words);
Shape word_shape(const std::vector<std::string_view>& words);

template <class E>
std::vector<std::string_view> spellings(const Words<E>& words) {
  std::vector<std::string_view> out;
  for (const auto& [word, value] : words)
    out.push_back(word);
  return out;
}

template <class E>
Type<E> one_of(Words<E> words) {
  Type<E> type;
  type.shape = word_shape(spellings(words));
  type.read = [words](Reader& reader, const Node& node, E& out) {
    const auto written = read_word(reader, node, spellings(words));
    if (!written) return false;
    for (const auto& [word, value] : words) {
      if (word == *written) out = value;
    }
    return true;
  };
  type.print = [words](const E& value) -> json::Tree {
    for (const auto& [word, meaning] : words) {
      if (meaning == value) return word;
    }
    return nullptr;
  };
  return type;
}

Shape list_shape(const Shape& item, std::size_t least);
bool is_list(Reader& reader, const Node& node, std::size_t least, std::string_view words);

template <class T>
Type<std::vector<T>> list_of(Type<T> item, std::size_t least = 0) {
  Type<std::vector<T>> type;
  type.shape = list_shape(item.shape, least);
  type.read = [item, least, words = type.shape.words](Reader& reader, const Node& node, std::vector<T>& out) {
    if (!is_list(reader, node, least, words)) return false;
    std::vector<T> values;
    bool whole = true;
    for (const auto& entry : node.items) {
      T value{};
      if (item.read(reader, entry, value)) {
        values.push_back(std::move(value));
      } else {
        whole = false;
      }
    }
    if (whole) out = std::move(values);
    return whole;
  };
  type.print = [item](const std::vector<T>& values) {
    auto list = json::Tree::array();
    for (const auto& value : values)
      list.push_back(item.print(value));
    return list;
  };
  return type;
}

/// A list, or one value alone.
template <class T>
Type<std::vector<T>> one_or_more(Type<T> item) {
  auto type = list_of(item, 1);
  type.shape.words = item.shape.words + " or list of them";
  type.shape.schema = {{"anyOf", json::Tree::array({item.shape.schema, type.shape.schema})}};
  type.read = [item, list = type.read](Reader& reader, const Node& node, std::vector<T>& out) {
    if (node.kind != Node::Kind::scalar) return list(reader, node, out);
    T value{};
    if (!item.read(reader, node, value)) return false;
    out = {std::move(value)};
    return true;
  };
  return type;
}

/// A value that may be absent; not written when it is.
template <class T>
Type<std::optional<T>> maybe(Type<T> inner) {
  Type<std::optional<T>> type;
  type.shape = inner.shape;
  type.read = [inner](Reader& reader, const Node& node, std::optional<T>& out) {
    T value{};
    if (!inner.read(reader, node, value)) return false;
    out = std::move(value);
    return true;
  };
  type.print = [inner](const std::optional<T>& value) -> json::Tree {
    return value ? inner.print(*value) : json::Tree();
  };
  return type;
}

/// Puts a word ("none", "auto") before the schema of another value.
Shape word_or(std::string_view word, const Shape& shape);

/// A value that may be absent, and is then spelled `word`.
template <class T>
Type<std::optional<T>> word_or(std::string word, Type<T> inner) {
  auto type = maybe(inner);
  type.shape = word_or(word, inner.shape);
  type.read = [word, present = type.read](Reader& reader, const Node& node, std::optional<T>& out) {
    if (node.kind == Node::Kind::scalar && node.value == word) {
      out.reset();
      return true;
    }
    return present(reader, node, out);
  };
  type.print = [word, inner](const std::optional<T>& value) -> json::Tree {
    return value ? inner.print(*value) : json::Tree(word);
  };
  return type;
}

/// A Type of texts with a further rule: `objection` answers what is wrong and the remedy.
struct Objection {
  std::string what, remedy;
  bool repeats = false;  ///< `remedy` repeats the value: unsaid where that came from a reference
};

template <class T, class Rule>
Type<T> checked(Type<T> type, Rule rule) {
  type.read = [read = type.read, rule](Reader& reader, const Node& node, T& out) {
    T value{};
    if (!read(reader, node, value)) return false;
    if (const std::optional<Objection> objection = rule(value)) {
      const bool unsaid = objection->repeats && has_reference(node.value);
      reader.error(node, objection->what, unsaid ? std::string() : objection->remedy);
      return false;
    }
    out = std::move(value);
    return true;
  };
  return type;
}

/// Does the value hold CR, LF or NUL, which would end an HTTP header?
bool breaks_header(std::string_view value);

}  // namespace hookline::config
