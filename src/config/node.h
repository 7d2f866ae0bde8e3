// What a YAML file says, as plain values with their places: the room's own tree, so that nothing
// else meets yaml-cpp. Aliases are expanded, duplicate keys and foreign tags are gone (and
// reported). A Node owns its children and shares its Source; immutable once parsed, any thread.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/config/problem.h"
#include "hookline/json/tree.h"

namespace hookline::config {

/// A file, or the text of a request.
struct Source {
  std::string name;              ///< as the user named it
  std::filesystem::path folder;  ///< where relative paths in it start
  std::string text;
  std::vector<std::size_t> lines;  ///< offset of the first byte of each line

  Source(std::string file_name, std::string contents);
  /// Line and column (in characters) of a byte.
  Place place(std::size_t at, std::string pointer) const;
  /// A line of the file without its line break; empty beyond the end.
  std::string_view line(std::size_t index) const;
};

struct Node {
  enum class Kind : std::uint8_t { null, scalar, list, map };
  enum class Style : std::uint8_t { plain, quoted, literal, folded };
  /// What a plain scalar is by YAML's core schema; everything quoted is text.
  enum class Scalar : std::uint8_t { boolean, integer, number, text };
  struct Member;

  Kind kind = Kind::null;
  Style style = Style::plain;
  bool forced_text = false;     ///< tagged !!str
  std::string value;            ///< of a scalar
  std::vector<Node> items;      ///< of a list
  std::vector<Member> members;  ///< of a map, in the order written, keys unique
  std::shared_ptr<const Source> source;
  std::size_t at = 0;   ///< byte of the source where it begins
  std::string pointer;  ///< JSON pointer within the document

  Place place() const;
  /// The value of a key, or null.
  const Node* find(std::string_view key) const;
  const Member* member(std::string_view key) const;
  Scalar scalar() const;
};

struct Node::Member {
  std::string key;
  std::size_t key_at = 0;
  Node value;

  Place key_place() const;
};

/// What a plain scalar `text` is.
Node::Scalar resolve_plain(std::string_view text);

/// The scalar (or reference-free part of one) as a Text: value, and how its offsets map to the file.
/// `node` is a scalar.
Text text_of(const Node& node);

/// What is written, for a message: "the number 12", "the text 'abc'", "a list". Without `show`
/// scalars are told by their kind only.
std::string describe(const Node& node, bool show = true);

/// The same as JSON.
json::Tree to_tree(const Node& node);

/// A tree as if `place` had it: every value stands there.
Node from_tree(const json::Tree& tree, std::shared_ptr<const Source> source, std::string pointer);

/// Appends a segment to a JSON pointer, escaped (RFC 6901).
std::string append_pointer(const std::string& pointer, std::string_view segment);

}  // namespace hookline::config
