// Requests and answers of the admin API as plain values, so that routes know nothing of sockets.
#pragma once

#include <string>
#include <string_view>

namespace hookline::admin {

struct HttpRequest {
  std::string method;
  std::string path;           ///< without the query
  std::string query;
  std::string authorization;  ///< the header as it came; empty: none
  std::string host;
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
};

/// An error as RFC 9457 has it: {"type", "title", "status", "detail"}.
HttpAnswer problem(int status, std::string_view title, std::string_view detail);

}  // namespace hookline::admin
