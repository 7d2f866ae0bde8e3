// Requests and answers of the admin API as plain values, so that routes know nothing of sockets.
#pragma once

#include <string>
#include <string_view>

#include "hookline/core/result.h"
#include "hookline/json/tree.h"

namespace hookline::admin {

struct HttpRequest {
  std::string method;
  std::string path;           ///< without the query
  std::string query;
  std::string authorization;  ///< the header as it came; empty: none
  std::string host;
  std::string origin;         ///< of the page that asks, as browsers tell it; empty: no browser
  std::string content_type;
  std::string if_match;       ///< as it came
  std::string if_none_match;
  std::string body;
};

struct HttpAnswer {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::string allow;          ///< with 405
  std::string etag;           ///< empty: none
  std::string location;       ///< with 201
  bool cached = false;        ///< a browser may keep it and ask by its ETag
};

/// An error as RFC 9457 has it: {"type", "title", "status", "detail"}; the title is that of the status.
HttpAnswer problem(int status, std::string_view detail);
/// What an error of the engine means to whoever asked.
HttpAnswer problem(const core::Error& error);

/// The tree as a body; what is not UTF-8 is replaced.
std::string text(const json::Tree& tree);
inline HttpAnswer answer(const json::Tree& tree) { return {.body = text(tree)}; }

}  // namespace hookline::admin
