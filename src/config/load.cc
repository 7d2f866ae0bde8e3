// Reads hookline.yaml and every file that it names.
#include "hookline/config/load.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "definitions.h"
#include "files.h"
#include "hookline/config/spelling.h"
#include "reader.h"
#include "settings_declaration.h"
#include "utf8.h"
#include "yaml.h"

namespace hookline::config {
namespace {

/// Is it one definition, and not a list of them?
bool is_definition(Reader& reader, const Node& document) {
  if (document.kind != Node::Kind::list) return true;
  reader.error(document.place(), "a list where one definition is expected",
               "put each into a document of its own, with '---' between them");
  return false;
}

class Loader {
 public:
  Loader(const SecretSource& secrets, Configuration& out) : reader_(secrets, out.problems), out_(out) {}

  void load(const std::filesystem::path& file) {
    out_.settings = settings_section().initial.settings;
    out_.settings.file = file.string();
    const auto draft = read_settings(file);
    out_.templates = shipped_templates();
    for (const auto& shipped : out_.templates)
      reader_.claim("template", shipped.name, shipped.place);
    if (!draft) return sort_problems(out_.problems, out_.files);
    each_document(draft->templates, [&](const Node& document) {
      if (auto parsed = read_template(reader_, document)) out_.templates.push_back(std::move(*parsed));
    });
    each_document(draft->webhooks, [&](const Node& document) {
      Webhook faulty;
      if (auto parsed = read_webhook(reader_, document, out_.templates, &faulty)) {
        out_.webhooks.push_back(std::move(*parsed));
        return;
      }
      out_.faulty.push_back(std::move(faulty));
      if (const auto* name = document.find("name")) broken_.push_back(name->value);
    });
    each_document(draft->policies, [&](const Node& document) {
      if (auto parsed = read_policy(reader_, document)) out_.policies.push_back(std::move(*parsed));
    });
    Problems together;
    check_together(out_.webhooks, out_.policies, together, broken_);
    for (auto& problem : together)
      reader_.add(std::move(problem));
    check_mail();
    sort_problems(out_.problems, out_.files);
  }

 private:
  std::optional<SettingsDraft> read_settings(const std::filesystem::path& file) {
    const auto documents = read_documents(file, {file.string(), 0, 0, ""});
    if (!documents) return std::nullopt;
    if (documents->empty() && !has_errors(out_.problems)) {
      reader_.error({file.string(), 1, 1, ""}, "the file is empty",
                    "begin with config/hookline.yaml as an example");
    }
    if (documents->size() > 1)
      reader_.error((*documents)[1].place(), "a second document",
                    "the settings are one document: remove '---'");
    if (documents->empty()) return std::nullopt;
    SettingsDraft draft = settings_section().initial;
    draft.settings.file = file.string();
    reader_.take_referenced();
    read_section(reader_, documents->front(), settings_section(), draft);
    draft.settings.referenced = reader_.take_referenced();
    out_.settings = draft.settings;
    return draft;
  }

  /// The documents of a file; nullopt if it cannot be read, which is reported at `named`.
  std::optional<std::vector<Node>> read_documents(const std::filesystem::path& file, const Place& named) {
    out_.files.push_back(file.string());
    auto text = read_file(file, max_yaml_bytes);
    if (!text) {
      reader_.error(named,
                    fmt::format("the file '{}' cannot be read: {}", file.string(), text.error().message), "");
      return std::nullopt;
    }
    Problems problems;
    auto documents = parse_yaml(std::make_shared<const Source>(file.string(), std::move(*text)), problems);
    for (auto& problem : problems)
      reader_.add(std::move(problem));
    return documents;
  }

  /// Calls `take` for each document of the files that `patterns` name, each file once.
  template <class Take>
  void each_document(const std::vector<Text>& patterns, Take take) {
    for (const auto& pattern : patterns) {
      for (const auto& file : files_of(pattern)) {
        if (!read_.insert(std::filesystem::absolute(file).lexically_normal().string()).second) continue;
        const auto documents = read_documents(file, pattern.place);
        if (!documents) continue;
        for (const auto& document : *documents) {
          if (is_definition(reader_, document)) take(document);
        }
      }
    }
  }

  std::vector<std::filesystem::path> files_of(const Text& pattern) {
    const auto path = std::filesystem::path(out_.settings.file).parent_path() / pattern.value;
    if (!is_glob(pattern.value)) return {path.lexically_normal()};
    auto files = expand_glob(path);
    if (files.empty()) {
      reader_.warn(pattern.place, fmt::format("{} matches no file", in_quotes(masked(pattern))),
                   "paths are relative to this file");
    }
    for (auto& file : files)
      file = file.lexically_normal();
    return files;
  }

  void check_mail() {
    if (out_.settings.smtp) return;
    for (const auto& webhook : out_.webhooks) {
      if (webhook.failure_email.empty()) continue;
      reader_.warn(webhook.place,
                   fmt::format("the webhook '{}' wants mail, but there is no mail server", webhook.name),
                   "set smtp in the settings");
    }
  }

  Reader reader_;
  Configuration& out_;
  std::set<std::string> read_;
  std::vector<std::string> broken_;  ///< names of webhooks that exist but could not be read
};

}  // namespace

Configuration load(const std::filesystem::path& file, const SecretSource& secrets) {
  Configuration out;
  Loader(secrets, out).load(file);
  return out;
}

std::vector<Webhook> parse_webhooks(std::string_view yaml, std::string_view file_name,
                                    const std::vector<TemplateSource>& templates, Problems& problems,
                                    const SecretSource& secrets) {
  std::vector<Webhook> webhooks;
  Problems found;
  const auto source = std::make_shared<const Source>(std::string(file_name), std::string(yaml));
  const auto documents = parse_yaml(source, found);
  if (found.size() > max_problems) found.resize(max_problems);
  Reader reader(secrets, found);
  for (const auto& document : documents) {
    if (!is_definition(reader, document)) continue;
    if (auto webhook = read_webhook(reader, document, templates)) webhooks.push_back(std::move(*webhook));
  }
  sort_problems(found, {source->name});
  problems.insert(problems.end(), std::make_move_iterator(found.begin()),
                  std::make_move_iterator(found.end()));
  return webhooks;
}

}  // namespace hookline::config
