// The declaration of settings: a Row per key, a Section per mapping, a Type per kind of value. From a
// Section come the parser, the defaults, to_tree, the JSON Schema and the reference tables, so that
// they cannot disagree. Sections are built once, immutable, shared.
//
// A default stands in one place only: the member initialisers of the structs in include/hookline/config.
// A Row prints that through its own Type to tell it in schema and docs.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hookline/json/tree.h"
#include "node.h"
#include "reader.h"

namespace hookline::config {

struct RowShape;

/// What a value looks like, for editors (schema) and people (words).
struct Shape {
  json::Tree schema;           ///< without description, default and examples: those are the row's
  std::string words;           ///< "duration", "list of texts"
  std::vector<RowShape> rows;  ///< the keys of a mapping, or of a list's mappings
};

struct RowShape {
  std::string key;
  std::string doc;      ///< one or two sentences
  json::Tree fallback;  ///< the default as it would be written; null: none
  json::Tree example;   ///< null: none
  bool required = false;
  Shape shape;
};

template <class T>
struct Type {
  Shape shape;
  /// Sets the value, or reports what is wrong and answers false.
  std::function<bool(Reader&, const Node&, T&)> read;
  /// As it would be written, secrets masked; null: nothing to write.
  std::function<json::Tree(const T&)> print;
};

enum class Need { optional, required };

template <class S>
struct Row {
  RowShape shape;
  std::function<bool(Reader&, const Node&, S&)> read;
  std::function<json::Tree(const S&)> print;
};

/// A row whose value is `member` of S: a pointer to member, or a function from S& to T&.
template <class S, class T, class Member>
Row<S> row(std::string key, Member member, Type<T> type, std::string doc, json::Tree example = nullptr,
           Need need = Need::optional) {
  Row<S> out;
  out.shape = {std::move(key),     std::move(doc),         nullptr,
               std::move(example), need == Need::required, type.shape};
  out.read = [member, read = type.read](Reader& reader, const Node& node, S& value) {
    return read(reader, node, std::invoke(member, value));
  };
  out.print = [member, print = type.print](const S& value) { return print(std::invoke(member, value)); };
  return out;
}

template <class S>
struct Section {
  std::vector<Row<S>> rows;
  S initial{};
  /// Runs after the rows: what concerns several keys at once.
  std::function<void(Reader&, const Node&, S&)> check;
  json::Tree rules = json::Tree::object();  ///< schema keywords for the same
  std::vector<RowShape> shapes;             ///< of the rows; filled by finished()

  const Row<S>* find(std::string_view key) const {
    for (const auto& candidate : rows) {
      if (candidate.shape.key == key) return &candidate;
    }
    return nullptr;
  }
};

/// Completes a section once its rows are there: their defaults, their shapes.
template <class S>
Section<S> finished(Section<S> section) {
  for (auto& entry : section.rows) {
    if (!entry.shape.required) entry.shape.fallback = entry.print(section.initial);
    section.shapes.push_back(entry.shape);
  }
  return section;
}

/// Is the node a mapping (or nothing, which is an empty one) with known keys only? Reports what is not.
bool check_keys(Reader& reader, const Node& node, const std::vector<RowShape>& rows);
/// Reports required keys that are missing, at the mapping itself.
bool check_required(Reader& reader, const Node& node, const std::vector<RowShape>& rows);
/// The schema of a mapping with these keys; `rules` are added to it.
json::Tree mapping_schema(const std::vector<RowShape>& rows, const json::Tree& rules);

/// Reads the keys of a mapping into `value`; every mistake in it is reported in one go.
template <class S>
bool read_section(Reader& reader, const Node& node, const Section<S>& section, S& value) {
  const auto before = reader.errors();
  if (!check_keys(reader, node, section.shapes)) return false;
  check_required(reader, node, section.shapes);
  for (const auto& entry : section.rows) {
    if (const Node* written = node.find(entry.shape.key)) entry.read(reader, *written, value);
  }
  if (section.check) section.check(reader, node, value);
  return reader.errors() == before;
}

/// Reports keys of `names` that stand in `node` together, at the later one.
bool at_most_one(Reader& reader, const Node& node, const std::vector<std::string_view>& names);
/// The schema's form of it, for two.
json::Tree not_both(std::string_view a, std::string_view b);
/// Reports a key that has no meaning without another one.
void only_with(Reader& reader, const Node& node, std::string_view key, std::string_view companion);

/// The mapping as written; keys that have their default are left out.
template <class S>
json::Tree print_section(const Section<S>& section, const S& value) {
  auto out = json::Tree::object();
  for (const auto& entry : section.rows) {
    auto printed = entry.print(value);
    if (!printed.is_null() && printed != entry.shape.fallback) out[entry.shape.key] = std::move(printed);
  }
  return out;
}

/// The Type of a mapping.
template <class S>
Type<S> mapping(Section<S> section) {
  auto shared = std::make_shared<const Section<S>>(finished(std::move(section)));
  Type<S> type;
  type.shape.rows = shared->shapes;
  type.shape.schema = mapping_schema(type.shape.rows, shared->rules);
  type.shape.words = "mapping";
  type.read = [shared](Reader& reader, const Node& node, S& out) {
    S value = shared->initial;
    if (!read_section(reader, node, *shared, value)) return false;
    out = std::move(value);
    return true;
  };
  type.print = [shared](const S& value) { return print_section(*shared, value); };
  return type;
}

/// A Type for T by way of how it is written: `to` makes a T of a Draft (reporting what does not go
/// together), `from` makes the Draft that would be written.
template <class T, class Draft, class To, class From>
Type<T> by_way_of(Type<Draft> draft, To to, From from) {
  Type<T> type;
  type.shape = draft.shape;
  type.read = [read = draft.read, to](Reader& reader, const Node& node, T& out) {
    Draft written{};
    return read(reader, node, written) && to(reader, node, std::move(written), out);
  };
  type.print = [print = draft.print, from](const T& value) { return print(from(value)); };
  return type;
}

/// The schema's `type` of a mapping ("object") or list ("array"): nothing at all is an empty one.
json::Tree or_nothing(std::string_view type);
/// {"anyOf": [schema, reference]}: any setting may come from a secret reference.
json::Tree or_reference(json::Tree schema);
/// A whole schema document: dialect, title, the definition of a reference.
json::Tree schema_document(std::string_view title, std::string_view description, json::Tree schema);

}  // namespace hookline::config
