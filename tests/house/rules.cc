#include "house/rules.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <regex>
#include <utility>

namespace hookline::house {
namespace {

using Rooms = std::set<std::string>;

/// Who may include a library's headers. fmt is not here: it stands in for std::format, everywhere.
const std::vector<std::pair<std::string, Rooms>>& library_table() {
  static const std::vector<std::pair<std::string, Rooms>> table = {
      {"spdlog/", {"core"}},      {"openssl/", {"core"}},     {"prometheus/", {"core"}},
      {"tl/expected", {"core"}},  {"simdjson", {"json"}},     {"nlohmann/", {"json"}},
      {"yaml-cpp/", {"config"}},  {"re2/", {"rule"}},         {"curl/", {"deliver"}},
      {"librdkafka/", {"kafka"}}, {"boost/beast", {"admin"}}, {"CLI/", {"cli"}},
  };
  return table;
}

constexpr const char* asio_header = "hookline/core/asio.h";

bool is_code(const std::string& path) {
  return path.ends_with(".h") || path.ends_with(".cc");
}

std::string breach(const std::string& path, std::size_t line, const std::string& what) {
  return path + ":" + std::to_string(line + 1) + ": " + what;
}

struct Include {
  std::size_t line;
  std::string name;
  bool quoted;
};

std::vector<Include> includes_of(const std::string& text) {
  static const std::regex pattern(R"re(^\s*#\s*include\s*([<"])([^>"]+)[>"].*)re");
  std::vector<Include> includes;
  auto const lines = lines_of(text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::match_results<std::string_view::const_iterator> match;
    if (std::regex_match(lines[i].begin(), lines[i].end(), match, pattern)) {
      includes.push_back({i, match[2].str(), match[1].str() == "\""});
    }
  }
  return includes;
}

/// The file of this tree that an #include means; nothing for an outside header.
std::optional<std::string> resolve(const Tree& tree, const std::string& from, const Include& include) {
  auto const beside =
      (std::filesystem::path(from).parent_path() / include.name).lexically_normal().generic_string();
  std::vector<std::string> candidates = {"include/" + include.name, "src/" + include.name};
  if (include.quoted) candidates.insert(candidates.begin(), beside);
  for (auto const& candidate : candidates) {
    if (tree.contains(candidate)) return candidate;
  }
  return std::nullopt;
}

/// Calls visit(path, room, include) for every #include of every room.
template <class Visit>
void each_include(const Tree& tree, Visit visit) {
  for (auto const& [path, text] : tree) {
    auto const room = room_of(path);
    if (room.empty() || !is_code(path)) continue;
    for (auto const& include : includes_of(text))
      visit(path, room, include);
  }
}

/// The text without comments: what a rule about code looks at.
std::string without_comments(const std::string& text) {
  static const std::regex comments(R"(//[^\n]*)");
  return std::regex_replace(text, comments, "");
}

}  // namespace

const std::map<std::string, Rooms>& include_table() {
  static const std::map<std::string, Rooms> table = {
      {"core", {}},
      {"json", {"core"}},
      {"config", {"core", "json"}},
      {"event", {"core", "json"}},
      {"rule", {"core", "json", "config", "event"}},
      {"render", {"core", "json", "config", "event", "rule"}},
      {"settle", {"core"}},
      {"deliver", {"core", "json", "config", "settle"}},
      {"kafka", {"core", "json", "config"}},
      {"state", {"core", "json", "config", "kafka"}},
      {"engine",
       {"core", "json", "config", "event", "rule", "render", "settle", "deliver", "kafka", "state"}},
      {"admin",
       {"core", "json", "config", "event", "rule", "render", "settle", "deliver", "kafka", "state",
        "engine"}},
      {"cli",
       {"core", "json", "config", "event", "rule", "render", "settle", "deliver", "kafka", "state", "engine",
        "admin"}},
  };
  return table;
}

Breaches check_rooms(const Tree& tree) {
  static const Rooms event_loops = {"core", "kafka", "deliver", "engine", "admin", "cli"};
  Breaches breaches;
  each_include(tree, [&](const std::string& path, const std::string& room, const Include& include) {
    if (!include_table().contains(room)) {
      breaches.push_back(breach(path, include.line, "'" + room + "' is not a room of the table"));
      return;
    }
    if (include.name == asio_header && !event_loops.contains(room)) {
      breaches.push_back(
          breach(path, include.line, room + " has no event loop and may not include " + include.name));
    }
    auto const file = resolve(tree, path, include);
    if (!file) {
      if (include.quoted) breaches.push_back(breach(path, include.line, "there is no " + include.name));
      return;
    }
    auto const other = room_of(*file);
    if (other == room) {
      if (path.starts_with("include/") && file->starts_with("src/")) {
        breaches.push_back(
            breach(path, include.line, "a public header may not include a private one, " + include.name));
      }
    } else if (file->starts_with("src/")) {
      breaches.push_back(breach(path, include.line, include.name + " belongs to " + other + " alone"));
    } else if (!include_table().at(room).contains(other)) {
      breaches.push_back(
          breach(path, include.line, room + " may not include " + other + " (" + include.name + ")"));
    }
  });
  return breaches;
}

Breaches check_libraries(const Tree& tree) {
  Breaches breaches;
  each_include(tree, [&](const std::string& path, const std::string& room, const Include& include) {
    for (auto const& [library, owners] : library_table()) {
      if (include.name.starts_with(library) && !owners.contains(room)) {
        breaches.push_back(
            breach(path, include.line, "only " + *owners.begin() + " includes <" + include.name + ">"));
      }
    }
    bool const is_asio = include.name.starts_with("boost/asio") || include.name.starts_with("asio");
    if (is_asio && path != std::string("include/") + asio_header) {
      breaches.push_back(
          breach(path, include.line, "Asio is included through " + std::string(asio_header) + " alone"));
    }
  });
  return breaches;
}

Breaches check_pure_rooms(const Tree& tree) {
  static const Rooms pure = {"event", "rule", "render", "settle"};
  static const std::set<std::string> forbidden = {"thread",
                                                  "mutex",
                                                  "condition_variable",
                                                  "future",
                                                  "fstream",
                                                  "iostream",
                                                  "filesystem",
                                                  "unistd.h",
                                                  "fcntl.h",
                                                  "sys/socket.h",
                                                  "ctime",
                                                  "time.h",
                                                  "semaphore",
                                                  "sys/stat.h",
                                                  "random",
                                                  "hookline/core/log.h",
                                                  "hookline/core/random.h"};
  static const std::vector<std::string> calls = {"steady_clock::now",     "system_clock::now",
                                                 "high_resolution_clock", "read_clock(",
                                                 "clock_gettime",         "gettimeofday"};
  Breaches breaches;
  each_include(tree, [&](const std::string& path, const std::string& room, const Include& include) {
    if (pure.contains(room) && forbidden.contains(include.name)) {
      breaches.push_back(breach(path, include.line, room + " is pure and may not include " + include.name));
    }
  });
  for (auto const& [path, text] : tree) {
    if (!pure.contains(room_of(path)) || !is_code(path)) continue;
    auto const code = without_comments(text);
    auto const lines = lines_of(code);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      for (auto const& call : calls) {
        if (lines[i].find(call) != std::string_view::npos) {
          breaches.push_back(breach(path, i, room_of(path) + " is pure and may not call " + call));
        }
      }
    }
  }
  return breaches;
}

Breaches check_link_table(const Tree& tree) {
  static const std::regex row(R"(hookline_room\((\w+)\s*([^)]*)\))");
  static const std::regex rooms(R"(ROOMS((\s+[a-z]+)+))");
  static const std::regex word(R"([a-z]+)");
  auto const found = tree.find("CMakeLists.txt");
  if (found == tree.end()) return {"CMakeLists.txt:1: missing"};
  std::map<std::string, Rooms> linked;
  Breaches breaches;
  for (std::sregex_iterator at(found->second.begin(), found->second.end(), row), end; at != end; ++at) {
    auto& all = linked[(*at)[1]];
    auto const arguments = (*at)[2].str();
    std::smatch list;
    if (!std::regex_search(arguments, list, rooms)) continue;
    auto const names = list[1].str();
    for (std::sregex_iterator name(names.begin(), names.end(), word); name != end; ++name) {
      all.insert(name->str());
      auto const theirs = linked[name->str()];  // theirs come along: rows stand in the order of the arrows
      all.insert(theirs.begin(), theirs.end());
    }
  }
  for (auto const& [room, allowed] : include_table()) {
    if (linked[room] != allowed)
      breaches.push_back("CMakeLists.txt:1: the row of " + room + " does not match the table");
  }
  return breaches;
}

Breaches check_headers(const Tree& tree) {
  Breaches breaches;
  for (auto const& [path, text] : tree) {
    if (!path.ends_with(".h")) continue;
    if (!text.starts_with("// ") && !text.starts_with("/// ")) {
      breaches.push_back(breach(path, 0, "a header opens with a comment: what, place, thread, bounds"));
    }
    if (text.find("\n#pragma once\n") == std::string::npos)
      breaches.push_back(breach(path, 0, "no #pragma once"));
  }
  return breaches;
}

Breaches check_sizes(const Tree& tree, std::size_t limit) {
  Breaches breaches;
  for (auto const& [path, text] : tree) {
    bool const is_script =
        path.starts_with("scripts/") || path.ends_with(".cmake") || path.ends_with("CMakeLists.txt");
    auto const lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
    if ((is_code(path) || is_script) && lines > limit) {
      breaches.push_back(
          breach(path, lines - 1, std::to_string(lines) + " lines, more than " + std::to_string(limit)));
    }
  }
  return breaches;
}

Breaches check_leftovers(const Tree& tree) {
  // Put together, so that this file does not hold what it looks for.
  static const std::vector<std::string> notes = {std::string("TO") + "DO", std::string("FIX") + "ME",
                                                 std::string("XX") + "X:"};
  static const std::vector<std::string> folders = {std::string("/ho") + "me/", std::string("/ro") + "ot/",
                                                   std::string("/Us") + "ers/", std::string("/wo") + "rk/"};
  auto const begins_a_word = [](std::string_view line, std::size_t at) {
    return at == 0 || std::string_view(" \t\"'`=(:,;[").find(line[at - 1]) != std::string_view::npos;
  };
  auto const is_left_over = [&](std::string_view line) {
    auto const holds = [&](const std::string& text) {
      auto const at = line.find(text);
      return at != std::string_view::npos && begins_a_word(line, at);
    };
    return std::any_of(notes.begin(), notes.end(), holds) ||
           std::any_of(folders.begin(), folders.end(), holds);
  };
  Breaches breaches;
  for (auto const& [path, text] : tree) {
    auto const lines = lines_of(text);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (lines[i].size() < 4000 && is_left_over(lines[i])) {  // longer ones are generated or minified
        breaches.push_back(breach(
            path, i, "a machine's path or an unfinished note: " + std::string(lines[i].substr(0, 80))));
      }
    }
  }
  return breaches;
}

}  // namespace hookline::house
