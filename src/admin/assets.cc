#include "assets.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include <fmt/format.h>

#include "hookline/core/crypto.h"
#include "hookline/core/embedded.h"

namespace hookline::admin {

/// src/admin/ui/, compiled in.
std::span<const core::EmbeddedFile> ui_files();

namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> types{{
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".woff2", "font/woff2"},
    {".json", "application/json"},
}};

std::string_view type_of(std::string_view name) {
  const auto found = std::find_if(types.begin(), types.end(), [&](const auto& row) { return name.ends_with(row.first); });
  return found == types.end() ? "application/octet-stream" : found->second;
}

std::string etag_of(std::string_view contents) {
  core::Hasher hasher;
  hasher.start();
  hasher.update(contents);
  return fmt::format("\"{}\"", core::hex(core::as_view(hasher.finish())).substr(0, 32));
}

HttpAnswer file(std::string_view name, const HttpRequest& request) {
  const auto files = ui_files();
  const auto found = std::find_if(files.begin(), files.end(), [&](const auto& f) { return f.name == name; });
  if (found == files.end()) return problem(404, fmt::format("no such file: {}", request.path));
  HttpAnswer answer{.content_type = std::string(type_of(name)), .body = {}, .etag = etag_of(found->contents), .cached = true};
  if (request.if_none_match.find(answer.etag) != std::string::npos) {
    answer.status = 304;
  } else {
    answer.body = found->contents;
  }
  return answer;
}

}  // namespace

HttpAnswer index_page(const Call& call, engine::Engine&) { return file("index.html", call.request); }
HttpAnswer asset(const Call& call, engine::Engine&) { return file(call.name, call.request); }

}  // namespace hookline::admin
