#include "event_input.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <sstream>

#include <fmt/format.h>

#include "hookline/json/scan.h"

namespace hookline::cli {
namespace {

core::Result<std::string> read_all(const std::string& file) {
  if (file == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  if (std::filesystem::is_directory(file)) return core::fail(core::ErrorCode::invalid, fmt::format("{}: is a directory; name a file", file));
  std::ifstream in(file, std::ios::binary);
  if (!in) return core::fail(core::ErrorCode::not_found, fmt::format("{}: {}", file, std::strerror(errno)));
  std::stringstream text;
  text << in.rdbuf();
  return std::move(text).str();
}

/// Is it JSON as the service reads events? (A tree would refuse doubled keys, which events may have.)
core::Result<void> check(std::string_view text) {
  std::string padded(text);
  padded.append(json::padding, '\0');
  json::Scanner scanner;
  return scanner.validate(std::string_view(padded).substr(0, text.size()));
}

bool is_blank(std::string_view line) { return line.find_first_not_of(" \t\r") == std::string_view::npos; }

}  // namespace

core::Result<std::vector<InputEvent>> read_events(const std::string& file) {
  auto text = read_all(file);
  if (!text) return tl::unexpected(text.error());
  const std::string shown = file == "-" ? "stdin" : file;
  std::vector<InputEvent> events;
  if (check(*text)) {
    events.push_back({std::move(*text), shown});
    while (!events.back().json.empty() && is_blank(events.back().json.substr(events.back().json.size() - 1))) events.back().json.pop_back();
    while (events.back().json.ends_with('\n')) events.back().json.pop_back();
    return events;
  }
  std::size_t start = 0;
  for (std::size_t line = 1; start < text->size(); ++line) {
    const auto end = std::min(text->find('\n', start), text->size());
    const std::string one = text->substr(start, end - start);
    start = end + 1;
    if (is_blank(one)) continue;
    const auto place = fmt::format("{}:{}", shown, line);
    if (const auto parsed = check(one); !parsed) {
      return core::fail(core::ErrorCode::invalid, fmt::format("{}: {}; write one JSON event per line, or one document in the file",
                                                              place, parsed.error().message));
    }
    events.push_back({one, place});
  }
  return events;
}

event::RecordView record_of(std::string_view topic, std::string_view json, core::WallTime timestamp) {
  return {.topic = topic, .partition = 0, .offset = 0, .timestamp = timestamp, .key = std::nullopt, .value = json,
          .headers = {}, .padded = false};
}

}  // namespace hookline::cli
