// Reading events: one pass over the bytes, and only what was asked for. A PathSet is the compiled
// wish list; a Scanner walks a document once and fills a slot for each path, as a view of the
// source text, so that numbers keep their spelling and nothing is copied. Cost follows the
// document's size once, not the number of paths. PathSet is immutable and shared; a Scanner
// belongs to one thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/core/result.h"
#include "hookline/json/path.h"

namespace hookline::json {

/// What callers may leave readable behind a document. The Scanner itself reads nothing there.
inline constexpr std::size_t padding = 64;

/// Documents nested deeper than this fail validate().
inline constexpr std::size_t max_depth = 64;

enum class ValueKind : std::uint8_t { absent, null, boolean, number, string, object, array };

/// One value of a document, as it stands there. `raw` is the source text of the value without
/// surrounding white space; for a string it is what stands between the quotes, escapes untouched.
struct Value {
  ValueKind kind = ValueKind::absent;
  std::string_view raw;

  explicit operator bool() const { return kind != ValueKind::absent; }
  bool is_text() const { return kind == ValueKind::string; }
};

/// The text of a string value with its escapes resolved: `raw` itself where it has none, else
/// decoded into `buffer` (replaced). Lone surrogates become U+FFFD; what is no escape stays.
std::string_view unescape(std::string_view raw, std::string& buffer);

using SlotId = std::uint32_t;

/// The paths that a scan collects. Build once, then share between threads.
class PathSet {
 public:
  PathSet();
  ~PathSet();
  PathSet(PathSet&&) noexcept;
  PathSet& operator=(PathSet&&) noexcept;

  /// The slot of this path; asking twice gives the same slot. The empty path is the whole document.
  SlotId want(const Path& path);
  std::size_t size() const { return size_; }

  struct Node;
  const Node& root() const { return *root_; }
  std::size_t node_count() const { return nodes_; }

 private:
  std::unique_ptr<Node> root_;
  std::size_t size_ = 0;
  std::uint32_t nodes_ = 1;  // the root is node 0
};

class Scanner {
 public:
  Scanner();
  ~Scanner();
  Scanner(Scanner&&) noexcept;
  Scanner& operator=(Scanner&&) noexcept;

  /// Walks the document (an object, or an array that holds exactly one object, which then is the
  /// document) and fills `slots[id]` for each path of `paths`; slots of paths that are not there
  /// become absent. Keys are compared without their escapes; of duplicate keys the first counts.
  /// Checks the whole text for UTF-8, closed strings and control characters in strings, that the
  /// root closes and that nothing but white space follows; inner grammar only where it looked, which
  /// ends with the last path found. Reads nothing behind `json`; views in `slots` point into it.
  /// Allocates only to grow with the largest text seen. Error: invalid.
  [[nodiscard]] core::Result<void> scan(std::string_view json, const PathSet& paths,
                                        std::vector<Value>& slots);

  /// Full check that `json` is one JSON value of at most max_depth levels, as a delivery needs.
  /// Numbers of any size and escaped lone surrogates pass: both are grammatical. Error: invalid,
  /// with what is wrong and at which byte.
  [[nodiscard]] core::Result<void> validate(std::string_view json);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hookline::json
