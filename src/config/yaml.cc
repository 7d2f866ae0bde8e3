#include "yaml.h"

#include <array>
#include <cctype>
#include <istream>
#include <map>
#include <optional>
#include <streambuf>
#include <unordered_map>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "utf8.h"

namespace hookline::config {
namespace {

/// Ends a parse from within yaml-cpp's callbacks; caught in parse_yaml.
struct Stop {
  std::size_t at;
  std::string what;
  std::string remedy;
};

/// yaml-cpp's words for mistakes that people make, in words that help.
struct Wording {
  std::string_view theirs, what, remedy;
};
constexpr std::array<Wording, 13> wordings{{
    {"end of map not found", "this line does not continue the mapping before it",
     "check the indentation, and that every key is followed by ': '"},
    {"end of map flow not found", "a '{' is not closed before this", "close it with '}'"},
    {"end of sequence not found", "this line does not continue the list before it",
     "check the indentation; items of a list begin with '- '"},
    {"end of sequence flow not found", "a '[' is not closed before this", "close it with ']'"},
    {"illegal map value", "a ': ' where no key may stand", "put a value that holds ': ' in quotes"},
    {"illegal block entry", "a '- ' where no list may begin", "check the indentation"},
    {"unknown token", "no value may begin with this character", "put the value in quotes"},
    {"illegal tab when looking for indentation", "a tab in the indentation", "indent with blanks"},
    {"illegal EOF in scalar", "the file ends within a quoted text", "close the quotes"},
    {"the referenced anchor is not defined", "an alias to an anchor that is not defined before it",
     "put a value that begins with '*' in quotes"},
    {"alias not found after *", "a '*' without a name", "put a value that begins with '*' in quotes"},
    {"anchor not found after &", "a '&' without a name", "put a value that begins with '&' in quotes"},
    {"bad file", "nested too deep", "a configuration has at most 64 levels"},
}};

bool blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Skips the tag and anchor that stand before a value.
std::size_t skip_properties(std::string_view text, std::size_t at) {
  while (at < text.size() && (text[at] == '!' || text[at] == '&')) {
    while (at < text.size() && !blank(text[at]))
      ++at;
    while (at < text.size() && blank(text[at]))
      ++at;
  }
  return at;
}

/// yaml-cpp takes the end of the file for a closing quote.
bool closes(std::string_view text, std::size_t at) {
  const char quote = text[at];
  for (++at; at < text.size(); ++at) {
    if (quote == '"' && text[at] == '\\') {
      ++at;
    } else if (text[at] == quote) {
      if (quote == '\'' && at + 1 < text.size() && text[at + 1] == quote) {
        ++at;
      } else {
        return true;
      }
    }
  }
  return false;
}

class Builder final : public YAML::EventHandler {
 public:
  Builder(const std::shared_ptr<const Source>& source, Problems& problems)
      : source_(source), problems_(problems) {}

  /// The document that was just handled; nullopt for an empty one.
  std::optional<Node> take() {
    anchors_.clear();
    frames_.clear();
    auto root = std::move(root_);
    root_.reset();
    if (!root || root->kind == Node::Kind::null) return std::nullopt;
    assign_pointers(*root, "");
    return root;
  }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node = make(Node::Kind::null, mark, "?", anchor);
    // Without anything written the mark is that of the next token: the key is the better place.
    const auto rest = std::string_view(source_->text).substr(std::min(node.at, source_->text.size()));
    const bool written = rest.starts_with('~') || rest.starts_with("null") || rest.starts_with("Null") ||
                         rest.starts_with("NULL");
    if (!written && !frames_.empty() && frames_.back().has_key) node.at = frames_.back().key_at;
    add(std::move(node), anchor);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node = make(Node::Kind::scalar, mark, tag, anchor);
    charge(0, value.size());
    node.value = value;
    const char first = node.at < source_->text.size() ? source_->text[node.at] : ' ';
    if (tag == "!") {
      node.style = first == '|'                    ? Node::Style::literal
                   : first == '>'                  ? Node::Style::folded
                   : first == '"' || first == '\'' ? Node::Style::quoted
                                                   : Node::Style::plain;
    }
    node.forced_text = tag != "?";
    if ((first == '"' || first == '\'') && !closes(source_->text, node.at)) {
      throw Stop{node.at, "the file ends within a quoted text", "close the quotes"};
    }
    add(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end())
      throw Stop{offset(mark), "an alias within the value that it names", "name another value"};
    charge(found->second);
    add(found->second, 0);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(make(Node::Kind::list, mark, tag, anchor), anchor);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(make(Node::Kind::map, mark, tag, anchor), anchor);
  }
  void OnMapEnd() override {
    drop_duplicates(frames_.back().node);
    close();
  }

 private:
  struct Frame {
    Node node;
    YAML::anchor_t anchor = 0;
    bool has_key = false;  ///< of a map: the next value belongs to `key`
    std::string key;
    std::size_t key_at = 0;
  };

  std::size_t offset(const YAML::Mark& mark) const {
    if (mark.line < 0 || static_cast<std::size_t>(mark.line) >= source_->lines.size())
      return source_->text.size();
    return std::min(
        source_->lines[static_cast<std::size_t>(mark.line)] + static_cast<std::size_t>(mark.column),
        source_->text.size());
  }

  Node make(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    charge(1, 0);
    Node node;
    node.kind = kind;
    node.source = source_;
    node.at = offset(mark);
    const bool plain = tag.empty() || tag == "?" || tag == "!";
    if (!plain && tag != core_tag(kind)) {
      problems_.push_back({source_->place(node.at, ""),
                           fmt::format("the tag {} has no meaning here", in_quotes(tag)), "remove it",
                           false});
    }
    if (!plain || anchor != 0) node.at = skip_properties(source_->text, node.at);
    return node;
  }

  static std::string_view core_tag(Node::Kind kind) {
    switch (kind) {
      case Node::Kind::scalar:
        return "tag:yaml.org,2002:str";
      case Node::Kind::list:
        return "tag:yaml.org,2002:seq";
      case Node::Kind::map:
        return "tag:yaml.org,2002:map";
      case Node::Kind::null:
        break;
    }
    return "?";
  }

  void charge(std::size_t values, std::size_t bytes) {
    values_ += values;
    bytes_ += bytes;
    if (values_ > max_yaml_values || bytes_ > max_expanded_bytes) {
      throw Stop{0,
                 fmt::format("more than {} values or {} bytes once aliases are expanded", max_yaml_values,
                             max_expanded_bytes),
                 "split the file, or write fewer aliases"};
    }
  }
  void charge(const Node& copied) {
    charge(1, copied.value.size());
    for (const auto& item : copied.items)
      charge(item);
    for (const auto& member : copied.members) {
      charge(0, member.key.size());
      charge(member.value);
    }
  }

  void open(Node node, YAML::anchor_t anchor) {
    if (frames_.size() >= max_yaml_depth)
      throw Stop{node.at, "nested too deep", "a configuration has at most 64 levels"};
    frames_.push_back({std::move(node), anchor, false, {}, 0});
  }
  void close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    add(std::move(frame.node), frame.anchor);
  }

  void add(Node node, YAML::anchor_t anchor) {
    if (anchor != 0) {
      charge(node);
      anchors_[anchor] = node;
    }
    if (frames_.empty()) {
      root_ = std::move(node);
      return;
    }
    Frame& frame = frames_.back();
    if (frame.node.kind == Node::Kind::list) {
      frame.node.items.push_back(std::move(node));
    } else if (frame.has_key) {
      frame.node.members.push_back({std::move(frame.key), frame.key_at, std::move(node)});
      frame.has_key = false;
    } else {
      if (node.kind != Node::Kind::scalar) {
        throw Stop{node.at, fmt::format("{} as a key", describe(node)), "keys are texts: put it in quotes"};
      }
      frame.has_key = true;
      frame.key = std::move(node.value);
      frame.key_at = node.at;
    }
  }

  void drop_duplicates(Node& map) {
    std::unordered_map<std::string_view, std::size_t> first_at;
    std::vector<bool> duplicate(map.members.size());
    for (std::size_t i = 0; i < map.members.size(); ++i) {
      const auto& member = map.members[i];
      const auto [first, inserted] = first_at.emplace(member.key, member.key_at);
      if (inserted) continue;
      duplicate[i] = true;
      const auto there = source_->place(first->second, "");
      problems_.push_back({source_->place(member.key_at, ""),
                           fmt::format("the key {} stands here twice", in_quotes(member.key)),
                           fmt::format("it is already set in line {}; keep one of them", there.line), false});
    }
    std::size_t i = 0;
    std::erase_if(map.members, [&](const Node::Member&) { return duplicate[i++]; });
  }

  static void assign_pointers(Node& node, std::string pointer) {
    for (std::size_t i = 0; i < node.items.size(); ++i)
      assign_pointers(node.items[i], append_pointer(pointer, std::to_string(i)));
    for (auto& member : node.members)
      assign_pointers(member.value, append_pointer(pointer, member.key));
    node.pointer = std::move(pointer);
  }

  std::shared_ptr<const Source> source_;
  Problems& problems_;
  std::optional<Node> root_;
  std::vector<Frame> frames_;
  std::map<YAML::anchor_t, Node> anchors_;
  std::size_t values_ = 0;
  std::size_t bytes_ = 0;
};

/// Reads the source's bytes in place.
class View : public std::streambuf {
 public:
  explicit View(const std::string& text) {
    char* begin = const_cast<char*>(text.data());
    setg(begin, begin, begin + text.size());
  }
};

/// What yaml-cpp would misread: it takes 0x04 for the end, and other encodings on trust.
std::optional<Stop> find_unreadable(std::string_view text) {
  if (text.size() > max_yaml_bytes)
    return Stop{0, fmt::format("the file has {} bytes", text.size()), "at most 1 MiB is read: split it"};
  if (const auto at = find_invalid_utf8(text)) return Stop{*at, "not UTF-8", "save the file as UTF-8"};
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F) {
      return Stop{i, fmt::format("a control character (0x{:02x})", byte),
                  "write it as an escape in double quotes, e.g. \"\\x1b\""};
    }
  }
  return std::nullopt;
}

Problem as_problem(const Source& source, const YAML::Exception& error) {
  Problem problem{source.place(0, ""), error.msg, "", false};
  if (error.mark.line >= 0) {
    const auto line = std::min(static_cast<std::size_t>(error.mark.line), source.lines.size() - 1);
    problem.place =
        source.place(source.lines[line] + static_cast<std::size_t>(std::max(error.mark.column, 0)), "");
  }
  for (const auto& wording : wordings) {
    if (error.msg == wording.theirs) {
      problem.what = wording.what;
      problem.remedy = wording.remedy;
    }
  }
  return problem;
}

}  // namespace

std::vector<Node> parse_yaml(const std::shared_ptr<const Source>& source, Problems& problems) {
  std::vector<Node> documents;
  const auto report = [&](const Stop& stop) {
    problems.push_back({source->place(stop.at, ""), stop.what, stop.remedy, false});
  };
  if (const auto unreadable = find_unreadable(source->text)) {
    report(*unreadable);
    return documents;
  }
  try {
    View view(source->text);
    std::istream stream(&view);
    YAML::Parser parser(stream);
    Builder builder(source, problems);
    while (parser.HandleNextDocument(builder)) {
      if (auto document = builder.take()) documents.push_back(std::move(*document));
    }
  } catch (const Stop& stop) {
    report(stop);
  } catch (const YAML::Exception& error) {
    problems.push_back(as_problem(*source, error));
  }
  return documents;
}

}  // namespace hookline::config
