// One HTTP request of a delivery and what came of it: the values that cross between the engine and
// the transport.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hookline/config/secret.h"
#include "hookline/config/settings.h"
#include "hookline/config/webhook.h"
#include "hookline/core/time.h"

namespace hookline::deliver {

using AttemptId = std::uint64_t;

/// Who Hookline is to an OAuth 2.0 token endpoint (RFC 6749 section 4.4).
struct ClientCredentials {
  std::string token_url, client_id;
  config::Secret client_secret;
  std::string scope;  ///< empty: not asked for
};

/// How an endpoint is reached: made once per revision, shared by its attempts.
struct Route {
  config::Timeout timeout;
  config::Tls tls;
  std::string proxy;  ///< empty: none, and the environment's proxies are not used
  /// True: the proxy's own address is not subject to the egress policy, since who runs the service named it.
  /// The target's cannot be seen behind a proxy: the URL is judged by EgressPolicy::objection() instead.
  bool proxy_trusted = true;
  bool http2 = false;
  std::size_t response_size = 64 << 10;  ///< bytes of the body that are kept; the rest is not read
  /// Requests carry an access token that is fetched with these, on this route, by the transport.
  std::optional<ClientCredentials> oauth2;
};

struct HttpHeader {
  std::string name, value;
  bool secret = false;  ///< shown as ***
};

struct Request {
  AttemptId id = 0;
  std::shared_ptr<const Route> route;
  config::Method method = config::Method::post;
  std::string url;                  ///< rendered, absolute, http or https
  std::vector<HttpHeader> headers;  ///< complete; no CR, LF or NUL, none that frames a message (Host, …)
  std::string body;
  bool secret_url = false;          ///< only scheme and host may be shown
  std::string event_type;           ///< what it tells of; for people
  bool kept = false;                ///< its answer brings it back
};

/// The request as people may see it: secret header values as ***, of a secret URL only scheme and host.
Request masked(Request request);

/// `text`, which came from a receiver, with *** where it repeats a secret of the request.
std::string without_secrets(std::string text, const Request& request);

/// How an attempt ended, from a closed set: what metrics count and verdicts are made of.
enum class Outcome : std::uint8_t {
  answered,  ///< a complete status line and headers came: `status` says which
  dns,       ///< the name did not resolve
  connect,   ///< refused, unreachable, reset before anything was sent
  connect_timeout,
  request_timeout,
  tls,       ///< handshake or certificate: `error` tells which
  reset,     ///< the connection broke before a complete head of an answer
  protocol,  ///< what came is not HTTP, or too much of it
  token,     ///< there is no access token to send it with: nothing was sent
  egress,    ///< the egress policy refuses the address
  invalid,   ///< the request cannot be sent: bad URL, bad header
  aborted,   ///< by abort()
};
std::string_view name(Outcome outcome);

struct Answer {
  AttemptId id = 0;
  Outcome outcome = Outcome::aborted;
  int status = 0;                          ///< with Outcome::answered
  std::optional<std::string> retry_after;  ///< the header as it came
  std::string body;                        ///< at most Route::response_size bytes
  std::string error;                       ///< one line, no secrets; empty if answered
  core::Duration duration{};
  std::shared_ptr<const Request> request;  ///< if it was to be kept
};

}  // namespace hookline::deliver
