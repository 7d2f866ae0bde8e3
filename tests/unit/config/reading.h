// What the tests of the config room share: files in a folder of their own, secrets by hand, problems
// as the lines that a user reads.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/config/load.h"

namespace hookline::config {

/// A folder that is removed with everything in it.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "hookline-config-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::filesystem::path write(const std::string& name, std::string_view text) const {
    const auto file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << text;
    return file;
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Secrets by hand: environment and files by name.
struct Known {
  std::map<std::string, std::string> env;
  std::map<std::string, std::string> files;

  SecretSource source() const {
    return {[env = env](const std::string& name) -> std::optional<std::string> {
              const auto found = env.find(name);
              return found == env.end() ? std::nullopt : std::optional(found->second);
            },
            [files = files](const std::filesystem::path& path) -> std::optional<std::string> {
              const auto found = files.find(path.string());
              return found == files.end() ? std::nullopt : std::optional(found->second);
            }};
  }
};

inline Known usual_secrets() {
  return {{{"TOKEN", "t0ken-value"},
           {"DOLLAR", "pa$$word ${type} $Title"},
           {"NUMBER", "7"},
           {"BREAK", "one\r\ntwo"},
           {"PATH_OF", "/a/b"},
           {"EMPTY", ""},
           {"BYTES", "\xff\xfe"},
           {"HOOK", "https://hooks.example.com/services/T0/B0/xyz"},
           {"WHSEC", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}},
          {{"/etc/hookline/ca.pem", "ca"}, {"/run/secret", "from-file\n"}}};
}

/// The problems as users read them.
inline std::vector<std::string> lines(const Problems& problems) {
  std::vector<std::string> out;
  for (const auto& problem : problems)
    out.push_back(format(problem));
  return out;
}

struct Read {
  std::vector<Webhook> webhooks;
  Problems problems;
};

inline Read read_webhooks(std::string_view yaml, const std::vector<TemplateSource>& templates = {}) {
  Read read;
  read.webhooks = parse_webhooks(yaml, "w.yaml", templates, read.problems, usual_secrets().source());
  return read;
}

/// Loads a hookline.yaml with this text, its path cut off the problems.
inline Configuration load_text(const Folder& folder, std::string_view yaml) {
  auto loaded = load(folder.write("hookline.yaml", yaml), usual_secrets().source());
  const auto prefix = folder.path().string() + "/";
  for (auto& problem : loaded.problems) {
    for (auto* text : {&problem.place.file, &problem.what, &problem.remedy}) {
      for (auto at = text->find(prefix); at != std::string::npos; at = text->find(prefix))
        text->erase(at, prefix.size());
    }
  }
  return loaded;
}

}  // namespace hookline::config
