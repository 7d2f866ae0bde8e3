// One HTTP request on plain sockets, for asking the admin API from a test. Blocking; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "support/kafka_admin.h"

namespace hookline::test {

struct HttpAnswer {
  int status = 0;   ///< 0: no connection, or no whole answer before the deadline
  Headers headers;  ///< names in lower case
  std::string body;

  std::string header(const std::string& name) const;
};

/// Sends one request to 127.0.0.1:port on a connection of its own. A body is JSON unless the headers say otherwise.
HttpAnswer http_request(std::uint16_t port, const std::string& method, const std::string& target,
                        const std::string& body = {}, const Headers& headers = {},
                        std::chrono::milliseconds deadline = std::chrono::seconds(10));

inline HttpAnswer http_get(std::uint16_t port, const std::string& target, const Headers& headers = {}) {
  return http_request(port, "GET", target, {}, headers);
}

}  // namespace hookline::test
