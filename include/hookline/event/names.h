// What expressions and templates may name, and how a name becomes paths of a document.
//
// A name is resolved in this order: reserved names (`kind type topic key headers document`), then
// attributes (the table of docs/events.md, after the config's `attributes:`), then top-level fields.
// A dotted or indexed path always reads the document, except that `headers.X` reads a header and
// `document.x` reads the field x even if a name hides it.
//
// A Variables list collects what one consumer (the rule set, one template) asks for; a Reader
// (event/reader.h) built from it reads exactly that in one pass.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/core/result.h"
#include "hookline/event/kind.h"
#include "hookline/json/path.h"

namespace hookline::event {

/// Attribute name -> JSON paths in the order in which they are tried, for each kind. Built from the
/// defaults plus the config; the entry `type` holds the paths of the type.
class AttributeTable {
 public:
  /// The defaults of docs/events.md for all kinds.
  AttributeTable();

  /// Puts `paths` before the present ones of this attribute (a new name makes a new attribute). What
  /// is part of another attribute follows it: `service_id` reads the `id` below the new paths of
  /// `service`, too. Error: Fault of a path that does not parse; `at` is relative to that path.
  [[nodiscard]] tl::expected<void, core::Fault> prepend(Kind kind, std::string_view attribute,
                                                        const std::vector<std::string>& paths);

  /// Is this an attribute of any kind? `type` is not: it is a reserved name.
  bool knows(std::string_view attribute) const;
  /// Empty if the attribute has none for this kind.
  const std::vector<json::Path>& paths(Kind kind, std::string_view attribute) const;
  /// All attributes, sorted.
  std::vector<std::string> names() const;

 private:
  using Paths = std::map<std::string, std::vector<json::Path>, std::less<>>;

  void compose(Kind kind, const std::string& attribute);

  std::array<Paths, 4> configured_;  ///< what prepend() was given
  std::array<Paths, 4> paths_;       ///< with the defaults behind it
};

enum class Reserved : std::uint8_t { kind, type, topic, key, headers, document };

using VariableId = std::uint32_t;

struct Variable {
  enum class Source : std::uint8_t { reserved, header, attribute, path };
  Source source = Source::path;
  Reserved reserved = Reserved::kind;  ///< with Source::reserved
  std::string name;                    ///< attribute or header name
  json::Path path;                     ///< with Source::path, relative to the document

  bool operator==(const Variable&) const = default;
};

/// The list of variables that one consumer reads, each once.
class Variables {
 public:
  explicit Variables(const AttributeTable& table) : table_(&table) {}

  /// The variable that a written name or path means, by the order above. `headers.a.b` is the header
  /// `a.b`; the empty path is the document.
  VariableId want(const json::Path& written);
  const Variable& operator[](VariableId id) const { return list_[id]; }
  std::size_t size() const { return list_.size(); }
  const AttributeTable& table() const { return *table_; }

 private:
  const AttributeTable* table_;
  std::vector<Variable> list_;
};

}  // namespace hookline::event
