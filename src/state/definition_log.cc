#include "hookline/state/definition_log.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace hookline::state {
namespace {

/// Longer than any process may lag behind in reading the log.
constexpr auto deletion_kept = std::chrono::days(7);

constexpr std::array<std::string_view, 4> sort_names{"webhook", "policy", "template", "switch"};

struct ParsedKey {
  Name name;
  std::uint64_t revision = 0;
  std::string_view id;
};

/// SORT/NAME/REVISION-ID; names hold no slash.
std::optional<ParsedKey> parse_key(std::string_view key) {
  const auto first = key.find('/');
  const auto last = key.rfind('/');
  if (first == key.npos || last == first || first + 1 == last) return std::nullopt;
  const auto sort = std::find(sort_names.begin(), sort_names.end(), key.substr(0, first));
  const auto tail = key.substr(last + 1);
  const auto dash = tail.find('-');
  const auto name = key.substr(first + 1, last - first - 1);
  if (sort == sort_names.end() || dash == tail.npos || dash + 1 == tail.size() || name.find('/') != name.npos)
    return std::nullopt;
  ParsedKey parsed{{static_cast<Sort>(sort - sort_names.begin()), std::string(name)}, 0, tail.substr(dash + 1)};
  const auto digits = tail.substr(0, dash);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), parsed.revision);
  if (error != std::errc() || end != digits.data() + digits.size() || parsed.revision == 0) return std::nullopt;
  return parsed;
}

std::string text_of(const json::Tree& tree, const char* key) {
  const auto found = tree.find(key);
  return found != tree.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

std::string_view name(Sort sort) { return sort_names[static_cast<std::size_t>(sort)]; }

std::string key_of(const Change& change) {
  return fmt::format("{}/{}/{}-{}", name(change.of.sort), change.of.name, change.replaces + 1, change.id);
}

std::string value_of(const Change& change) {
  json::Tree value{{"revision", change.replaces + 1}, {"by", change.by}, {"at", core::format_rfc3339(change.at)}};
  if (change.document) {
    value["document"] = *change.document;
  } else {
    value["deleted"] = true;
  }
  return value.dump(-1, ' ', false, json::Tree::error_handler_t::replace);
}

core::Result<Change> parse_change(std::string_view key, std::string_view value) {
  const auto parsed = parse_key(key);
  if (!parsed) return core::fail(core::ErrorCode::invalid, "the key is not one of Hookline's");
  const auto tree = json::parse_tree(value);
  if (!tree) return core::fail(core::ErrorCode::invalid, "the value is not JSON: " + tree.error().message);
  const auto revision = tree->find("revision");
  if (!tree->is_object() || revision == tree->end() || !revision->is_number_unsigned() ||
      revision->get<std::uint64_t>() != parsed->revision)
    return core::fail(core::ErrorCode::invalid, "the value's revision is not that of the key");
  const auto at = core::parse_rfc3339(text_of(*tree, "at"));
  if (!at) return core::fail(core::ErrorCode::invalid, "the value does not say when it was written");
  Change change{parsed->name, parsed->revision - 1, std::string(parsed->id), text_of(*tree, "by"), *at, std::nullopt};
  const auto document = tree->find("document");
  if (document != tree->end() && document->is_object()) {
    change.document = *document;
  } else if (document != tree->end() || tree->value("deleted", json::Tree(false)) != json::Tree(true)) {
    return core::fail(core::ErrorCode::invalid, "the value holds neither a document nor a deletion");
  }
  return change;
}

DefinitionLog::Outcome DefinitionLog::apply(const std::optional<std::string>& key,
                                            const std::optional<std::string>& value) {
  if (!key) return reject("it has no key");
  if (!value) return remove(*key);
  auto change = parse_change(*key, *value);
  if (!change) return reject(change.error().message);
  Line& line = lines_[change->of];
  const bool known = std::any_of(line.entries.begin(), line.entries.end(), [&](const Entry& e) { return e.key == *key; });
  if (known) return Outcome::copy;
  line.entries.push_back({*key,
                          change->replaces,
                          {change->replaces + 1, std::move(change->by), change->at, std::move(change->document)}});
  fold(line);
  return line.current + 1 == line.entries.size() ? Outcome::applied : Outcome::refused;
}

/// The first change that is there counts whatever it replaces, and so does one that replaces a revision not
/// seen: what came before has got its tombstone, and that happens only to what a later one replaced.
void DefinitionLog::fold(Line& line) {
  line.current = 0;
  for (std::size_t i = 1; i < line.entries.size(); ++i) {
    if (line.entries[i].replaces >= line.entries[line.current].version.revision) line.current = i;
  }
}

DefinitionLog::Outcome DefinitionLog::remove(const std::string& key) {
  const auto parsed = parse_key(key);
  if (!parsed) return reject("the key is not one of Hookline's");
  const auto line = lines_.find(parsed->name);
  if (line == lines_.end()) return Outcome::removed;
  std::erase_if(line->second.entries, [&](const Entry& e) { return e.key == key; });
  if (line->second.entries.empty()) {
    lines_.erase(line);
  } else {
    fold(line->second);
  }
  return Outcome::removed;
}

DefinitionLog::Outcome DefinitionLog::reject(std::string why) {
  ++foreign_;
  objection_ = std::move(why);
  return Outcome::foreign;
}

const Version* DefinitionLog::find(const Name& name) const {
  const auto line = lines_.find(name);
  return line == lines_.end() ? nullptr : &line->second.entries[line->second.current].version;
}

std::map<Name, Version> DefinitionLog::documents() const {
  std::map<Name, Version> documents;
  for (const auto& [name, line] : lines_) {
    const auto& version = line.entries[line.current].version;
    if (version.document) documents.emplace(name, version);
  }
  return documents;
}

std::vector<std::string> DefinitionLog::garbage(const Name& name, core::WallTime now) const {
  std::vector<std::string> keys;
  const auto found = lines_.find(name);
  if (found == lines_.end()) return keys;
  const Line& line = found->second;
  for (std::size_t i = 0; i < line.entries.size(); ++i) {
    if (i != line.current) keys.push_back(line.entries[i].key);
  }
  const auto& last = line.entries[line.current];
  // After the others: without it an older one would count again.
  if (!last.version.document && now - last.version.at > deletion_kept) keys.push_back(last.key);
  return keys;
}

}  // namespace hookline::state
