#include "node.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "utf8.h"

namespace hookline::config {
namespace {

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// JSON's grammar of numbers, with a leading plus as YAML allows it.
bool is_number(std::string_view text) {
  if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
  const auto digits = [&] {
    std::size_t n = 0;
    while (n < text.size() && text[n] >= '0' && text[n] <= '9')
      ++n;
    text.remove_prefix(n);
    return n > 0;
  };
  if (!digits()) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (!digits()) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    if (!digits()) return false;
  }
  return text.empty();
}

/// Fills place, indent and verbatim for a block literal, if its lines stand in the file as they are.
bool locate_literal(const Node& node, Text& text) {
  const auto& source = *node.source;
  const auto header = source.place(node.at, "").line;  // counts from 1, so this is the index of the next line
  std::optional<std::size_t> indent;
  std::string_view rest = text.value;
  for (std::size_t index = header; !rest.empty(); ++index) {
    const auto end = rest.find('\n');
    const auto line = rest.substr(0, end);
    const auto written = source.line(index);
    if (!indent && !line.empty() && line.size() <= written.size()) indent = written.size() - line.size();
    const bool same = line.empty() ? written.find_first_not_of(' ') == written.npos
                                   : indent && written.size() >= *indent && written.substr(*indent) == line;
    if (!same) return false;
    rest = end == rest.npos ? std::string_view() : rest.substr(end + 1);
  }
  if (!indent) return false;
  text.indent = *indent;
  text.place.line = header + 1;
  text.place.column = *indent + 1;
  return true;
}

}  // namespace

Source::Source(std::string file_name, std::string contents)
    : name(std::move(file_name)),
      folder(std::filesystem::path(name).parent_path()),
      text(std::move(contents)) {
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  lines.push_back(0);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') lines.push_back(i + 1);
  }
}

Place Source::place(std::size_t at, std::string pointer) const {
  at = std::min(at, text.size());
  const auto next = std::upper_bound(lines.begin(), lines.end(), at);
  const auto line = static_cast<std::size_t>(next - lines.begin());
  const auto start = lines[line - 1];
  return {name, line, 1 + characters(std::string_view(text).substr(start, at - start)), std::move(pointer)};
}

std::string_view Source::line(std::size_t index) const {
  if (index >= lines.size()) return {};
  const auto end = index + 1 < lines.size() ? lines[index + 1] - 1 : text.size();
  auto line = std::string_view(text).substr(lines[index], end - lines[index]);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

Place Node::place() const {
  return source->place(at, pointer);
}

const Node* Node::find(std::string_view key) const {
  const auto* found = member(key);
  return found ? &found->value : nullptr;
}

const Node::Member* Node::member(std::string_view key) const {
  const auto found =
      std::find_if(members.begin(), members.end(), [&](const Member& m) { return m.key == key; });
  return found == members.end() ? nullptr : &*found;
}

Node::Scalar Node::scalar() const {
  if (style != Style::plain || forced_text) return Scalar::text;
  return resolve_plain(value);
}

Place Node::Member::key_place() const {
  return value.source->place(key_at, value.pointer);
}

Node::Scalar resolve_plain(std::string_view text) {
  for (const auto* word : {"true", "True", "TRUE", "false", "False", "FALSE"}) {
    if (text == word) return Node::Scalar::boolean;
  }
  const auto digits = text.starts_with('-') || text.starts_with('+') ? text.substr(1) : text;
  if (all_digits(digits)) return Node::Scalar::integer;
  return is_number(text) ? Node::Scalar::number : Node::Scalar::text;
}

Text text_of(const Node& node) {
  Text text{node.value, node.place(), 0, false, {}};
  if (node.style == Node::Style::literal) {
    text.verbatim = locate_literal(node, text);
  } else if (node.style != Node::Style::folded && node.value.find('\n') == std::string::npos) {
    const std::size_t quote = node.style == Node::Style::quoted ? 1 : 0;
    const auto& written = node.source->text;
    text.verbatim = node.at + quote <= written.size() &&
                    std::string_view(written).substr(node.at + quote).starts_with(node.value);
    if (text.verbatim) text.place.column += quote;
  }
  return text;
}

std::string describe(const Node& node, bool show) {
  switch (node.kind) {
    case Node::Kind::null:
      return "nothing";
    case Node::Kind::list:
      return "a list";
    case Node::Kind::map:
      return "a mapping";
    case Node::Kind::scalar:
      break;
  }
  switch (node.scalar()) {
    case Node::Scalar::boolean:
      return show ? node.value : "a truth value";
    case Node::Scalar::integer:
    case Node::Scalar::number:
      return show ? "the number " + node.value : "a number";
    case Node::Scalar::text:
      return show ? "the text " + in_quotes(node.value) : "a text";
  }
  return "nothing";
}

json::Tree to_tree(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return nullptr;
    case Node::Kind::list: {
      auto list = json::Tree::array();
      for (const auto& item : node.items)
        list.push_back(to_tree(item));
      return list;
    }
    case Node::Kind::map: {
      auto map = json::Tree::object();
      for (const auto& member : node.members)
        map[member.key] = to_tree(member.value);
      return map;
    }
    case Node::Kind::scalar:
      break;
  }
  const char* begin = node.value.data() + (node.value.starts_with('+') ? 1 : 0);
  const char* end = node.value.data() + node.value.size();
  switch (node.scalar()) {
    case Node::Scalar::boolean:
      return node.value[0] == 't' || node.value[0] == 'T';
    case Node::Scalar::integer: {
      std::int64_t number = 0;
      const auto [stop, error] = std::from_chars(begin, end, number);
      if (error == std::errc() && stop == end) return number;
      [[fallthrough]];
    }
    case Node::Scalar::number: {
      double number = 0;
      const auto [stop, error] = std::from_chars(begin, end, number);
      if (error == std::errc() && stop == end) return number;
      break;
    }
    case Node::Scalar::text:
      break;
  }
  return node.value;
}

Node from_tree(const json::Tree& tree, std::shared_ptr<const Source> source, std::string pointer) {
  Node node;
  node.source = std::move(source);
  node.pointer = std::move(pointer);
  if (tree.is_object()) {
    node.kind = Node::Kind::map;
    for (const auto& [key, value] : tree.items()) {
      node.members.push_back({key, 0, from_tree(value, node.source, append_pointer(node.pointer, key))});
    }
  } else if (tree.is_array()) {
    node.kind = Node::Kind::list;
    for (std::size_t i = 0; i < tree.size(); ++i) {
      node.items.push_back(from_tree(tree[i], node.source, append_pointer(node.pointer, std::to_string(i))));
    }
  } else if (!tree.is_null()) {
    node.kind = Node::Kind::scalar;
    node.style = tree.is_string() ? Node::Style::quoted : Node::Style::plain;
    node.value = tree.is_string() ? tree.get<std::string>() : tree.dump();
  }
  return node;
}

std::string append_pointer(const std::string& pointer, std::string_view segment) {
  std::string out = pointer + "/";
  for (const char c : segment) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace hookline::config
