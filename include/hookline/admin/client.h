// One request to another process's admin API, for the command line. Blocking, on the calling thread.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "hookline/core/result.h"

namespace hookline::admin {

struct ClientRequest {
  std::string method;
  std::string path;  ///< below the URL: /api/v1/webhooks
  std::string body;  ///< JSON; empty: none
  std::string if_match;
};

struct ClientAnswer {
  int status = 0;
  std::string body;
  std::string etag;
};

/// Sends it to `url` (http://host:port) with the bearer token, if any. Errors: invalid (the URL),
/// unavailable (nobody answers).
[[nodiscard]] core::Result<ClientAnswer> call(const std::string& url, const std::string& token,
                                              const ClientRequest& request);

}  // namespace hookline::admin
