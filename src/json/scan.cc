#include "hookline/json/scan.h"

#include <algorithm>
#include <array>
#include <utility>

#include "check.h"
#include "grammar.h"
#include "path_set.h"
#include "structure.h"

namespace hookline::json {
namespace {

/// Which nodes of the trie a scan has met. Rounds tell scans apart, so that nothing is cleared.
class Marks {
 public:
  void start(std::size_t nodes) {
    if (seen_.size() < nodes) seen_.resize(nodes, 0);
    if (++round_ == 0) {  // wrapped around: old marks would look like new ones
      std::ranges::fill(seen_, 0);
      round_ = 1;
    }
  }

  /// Marks a node; false if it was marked before in this scan.
  bool set(std::uint32_t node) { return std::exchange(seen_[node], round_) != round_; }

 private:
  std::vector<std::uint32_t> seen_;
  std::uint32_t round_ = 0;
};

bool opens(char c) {
  return c == '{' || c == '[';
}

/// What a token does to the depth. A table, because the branches of a comparison cannot be foretold.
constexpr auto depth_change = [] {
  std::array<std::int8_t, 256> table{};
  table['{'] = table['['] = 1;
  table['}'] = table[']'] = -1;
  return table;
}();

/// One scan: goes through the tokens beside the trie. Functions take the token that a value begins
/// with and return the one behind it; `failed` once a mistake is noted.
class Walk {
 public:
  Walk(std::string_view text, const Structure& tokens, Marks& marks, std::string& key_buffer,
       std::vector<Value>& slots)
      : text_(text),
        tokens_(tokens),
        marks_(marks),
        key_buffer_(key_buffer),
        slots_(slots),
        escapes_(text.find('\\') != std::string_view::npos) {}

  /// The whole text: an object, or an array that holds exactly one.
  Mistake document(const PathSet::Node& root) {
    const bool in_array = tokens_.head(0) == '[';
    const std::size_t first = in_array ? 1 : 0;
    if (tokens_.head(first) != '{') return no_object(first);
    std::size_t end = value(first, root);
    if (end == failed) return mistake_;
    if (in_array) {
      if (tokens_.head(end) == ',') return {"an array of several values", at(end), invalid, no_single_object};
      if (tokens_.head(end) != ']') return {"expected ']'", at(end)};
      ++end;
    }
    if (end != tokens_.size()) return {"more text behind the document", at(end)};
    return {};
  }

 private:
  static constexpr std::size_t failed = ~std::size_t{0};
  static constexpr auto invalid = core::ErrorCode::invalid;
  static constexpr std::string_view no_single_object = "not one JSON object";

  std::size_t at(std::size_t token) const {
    return token < tokens_.size() ? tokens_.position(token) : text_.size();
  }

  std::size_t fail(std::string_view what, std::size_t token) {
    mistake_ = {what, at(token)};
    return failed;
  }

  /// What is wrong with a text that has something else where its object should begin.
  Mistake no_object(std::size_t token) const {
    const char first = tokens_.head(token);
    if (token > 0 && first == ']') return {"an empty array", at(token), invalid, no_single_object};
    const bool value =
        first == '[' || (token < tokens_.size() && scalar_kind(tokens_.scalar(token)) != ValueKind::absent);
    if (value) return {"a value of another kind", at(token), invalid, no_single_object};
    return {"expected an object", at(token)};
  }

  /// A value that is wanted, or that holds something wanted.
  std::size_t value(std::size_t token, const PathSet::Node& node) {
    const char first = tokens_.head(token);
    if (!opens(first)) return scalar(token, node);
    std::size_t end = failed;
    if (first == '{' && !node.children.empty()) {
      end = object(token, node);
    } else if (first == '[' && node.last_index != PathSet::Node::no_index) {
      end = array(token, node);
    } else {
      end = skip(token);
    }
    if (end != failed && node.slot != PathSet::Node::no_slot) {
      const std::size_t begin = tokens_.position(token);
      slots_[node.slot] = {first == '{' ? ValueKind::object : ValueKind::array,
                           text_.substr(begin, tokens_.position(end - 1) + 1 - begin)};
    }
    return end;
  }

  /// The object that `token` opens, its wanted members into slots.
  std::size_t object(std::size_t token, const PathSet::Node& node) {
    ++token;
    if (tokens_.head(token) == '}') return token + 1;
    std::size_t missing = node.children.size();
    while (true) {
      if (tokens_.head(token) != '"') return fail("expected a key", token);
      if (tokens_.head(token + 1) != ':') return fail("expected ':' after a key", token + 1);
      const PathSet::Node* child = find(node, token);
      token += 2;
      if (child != nullptr && marks_.set(child->id)) {  // of duplicate keys the first counts
        token = value(token, *child);
        if (--missing == 0 && token != failed) return leave(token, '}');
      } else {
        token = skip(token);
      }
      if (token == failed) return failed;
      const char next = tokens_.head(token);
      if (next == '}') return token + 1;
      if (next != ',') return fail("expected ',' or '}'", token);
      ++token;
    }
  }

  /// Behind the value that begins at `token`, whatever it is.
  std::size_t skip(std::size_t token) {
    const char first = tokens_.head(token);
    if (opens(first)) return leave(token + 1, first == '{' ? '}' : ']');
    const bool none = first == '\0' || first == '}' || first == ']' || first == ',' || first == ':';
    return none ? fail("expected a value", token) : token + 1;
  }

  /// Behind the bracket `end` of the object or array that `token` is inside of.
  std::size_t leave(std::size_t token, char end) {
    std::ptrdiff_t depth = 1;
    for (; token < tokens_.size(); ++token) {
      const char c = tokens_.head(token);
      depth += depth_change[static_cast<unsigned char>(c)];
      if (depth == 0) return c == end ? token + 1 : fail("the wrong bracket", token);
    }
    return fail("an object or array that does not end", token);
  }

  const PathSet::Node* find(const PathSet::Node& node, std::size_t token) {
    const std::string_view spelled = tokens_.scalar(token);
    auto key = spelled.substr(1, spelled.size() - 2);
    if (escapes_) key = unescape(key, key_buffer_);
    return node.find(key);
  }

  std::size_t scalar(std::size_t token, const PathSet::Node& node) {
    if (node.slot == PathSet::Node::no_slot) return skip(token);
    if (token >= tokens_.size()) return fail("expected a value", token);
    std::string_view raw = tokens_.scalar(token);
    const ValueKind kind = scalar_kind(raw);
    if (kind == ValueKind::absent) return fail("expected a value", token);
    if (kind == ValueKind::string) {
      raw = raw.substr(1, raw.size() - 2);
      if (escapes_ && find_bad_escape(raw) != std::string_view::npos)
        return fail("a string with a bad escape", token);
    }
    slots_[node.slot] = {kind, raw};
    return token + 1;
  }

  std::size_t array(std::size_t token, const PathSet::Node& node) {
    ++token;
    if (tokens_.head(token) == ']') return token + 1;
    for (std::uint32_t element = 0;; ++element) {
      const PathSet::Node* child = node.find(element);
      token = child != nullptr ? value(token, *child) : skip(token);
      if (token == failed) return failed;
      const char next = tokens_.head(token);
      if (next == ']') return token + 1;
      if (next != ',') return fail("expected ',' or ']'", token);
      if (element == node.last_index) return leave(token, ']');
      ++token;
    }
  }

  std::string_view text_;
  const Structure& tokens_;
  Marks& marks_;
  std::string& key_buffer_;
  std::vector<Value>& slots_;
  const bool escapes_;
  Mistake mistake_;
};

}  // namespace

struct Scanner::State {
  Structure tokens;
  Marks marks;
  std::string key_buffer;
};

Scanner::Scanner() : state_(std::make_unique<State>()) {}
Scanner::~Scanner() = default;
Scanner::Scanner(Scanner&&) noexcept = default;
Scanner& Scanner::operator=(Scanner&&) noexcept = default;

core::Result<void> Scanner::scan(std::string_view json, const PathSet& paths, std::vector<Value>& slots) {
  auto& state = *state_;
  slots.assign(paths.size(), Value{});
  if (const auto mistake = state.tokens.index(json)) return tl::unexpected(to_error(mistake));
  state.marks.start(paths.node_count());

  Walk walk(json, state.tokens, state.marks, state.key_buffer, slots);
  if (const auto mistake = walk.document(paths.root())) return tl::unexpected(to_error(mistake));
  return {};
}

core::Result<void> Scanner::validate(std::string_view json) {
  if (const auto mistake = state_->tokens.index(json)) return tl::unexpected(to_error(mistake));
  if (const auto mistake = check(json, state_->tokens)) return tl::unexpected(to_error(mistake));
  return {};
}

}  // namespace hookline::json
