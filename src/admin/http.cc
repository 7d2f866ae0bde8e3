#include "http.h"

#include <algorithm>
#include <array>
#include <utility>

namespace hookline::admin {
namespace {

constexpr std::array<std::pair<int, std::string_view>, 18> titles{{
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
}};

std::string_view title_of(int status) {
  const auto found = std::find_if(titles.begin(), titles.end(), [&](const auto& row) { return row.first == status; });
  return found == titles.end() ? "Error" : found->second;
}

int status_of(core::ErrorCode code) {
  switch (code) {
    case core::ErrorCode::invalid: return 400;
    case core::ErrorCode::not_found: return 404;
    case core::ErrorCode::too_large: return 413;
    case core::ErrorCode::timeout: return 504;
    case core::ErrorCode::refused:
    case core::ErrorCode::unavailable: return 503;
    case core::ErrorCode::internal: return 500;
  }
  return 500;
}

}  // namespace

HttpAnswer problem(int status, std::string_view detail) {
  const json::Tree body{{"type", "about:blank"}, {"title", title_of(status)}, {"status", status}, {"detail", detail}};
  return {.status = status, .content_type = "application/problem+json", .body = text(body)};
}

HttpAnswer problem(const core::Error& error) { return problem(status_of(error.code), error.message); }

std::string text(const json::Tree& tree) {
  return tree.dump(-1, ' ', false, json::Tree::error_handler_t::replace) + "\n";
}

}  // namespace hookline::admin
