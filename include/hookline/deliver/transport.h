// The port where deliveries leave the process: starts HTTP requests, answers each exactly once.
// WorkerCore never sees it; the Worker wires it in, the simulation puts its own in place.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "hookline/core/asio.h"
#include "hookline/deliver/egress.h"
#include "hookline/deliver/request.h"

namespace hookline::deliver {

class Transport {
 public:
  virtual ~Transport() = default;
  /// Starts one request. The answer comes later through the sink, never from inside this call.
  virtual void start(Request&& request) = 0;
  /// Ends a request: its answer is Outcome::aborted, or Outcome::answered if the head of an answer is
  /// complete already. Unknown ids are ignored (the answer is under way).
  virtual void abort(AttemptId id) = 0;
  /// Requests whose answer has not been handed over yet.
  virtual std::size_t in_flight() const = 0;
  /// Replaces the egress policy, for requests that start from now on, also on connections that are open.
  virtual void set_egress(const std::shared_ptr<const EgressPolicy>& /*egress*/) {}
};

/// Where answers go: called on the thread of the io_context, with one or more at a time. May start and
/// abort requests, may not destroy the Transport.
using AnswerSink = std::function<void(std::vector<Answer>&& answers)>;

/// libcurl behind Asio: keep-alive pools on multis of about 64 connections each, sockets watched by an
/// epoll instance of its own, in which they stay as long as they live (docs/decisions/transport.md). All
/// calls on the thread that runs `io`; `io` has work while the transport lives. Requests in flight when it
/// is destroyed are dropped without an answer. The egress policy is checked at connect and again when a
/// connection is reused, behind a proxy on the URL; header values with CR, LF or NUL, headers that frame
/// the message (Host, Content-Length, …), and URLs that are not http(s), end as Outcome::invalid.
/// Sets SIGPIPE to be ignored if it is at its default. Bounds: connections at most one per request in
/// flight, and 1,024 idle ones; Route::response_size and 128 KiB of head per answer.
std::unique_ptr<Transport> make_curl_transport(asio::io_context& io,
                                               std::shared_ptr<const EgressPolicy> egress, AnswerSink sink);

/// What deliveries leave by: the transport on libcurl, behind it access tokens for routes that need one
/// (Route::oauth2). A token is fetched when an attempt needs it, by one request at a time per credential, on the
/// route of the webhook that asks first, and kept until shortly before it expires. An attempt waits for it
/// within its own timeouts, connect and request together. A 401 of the receiver drops the token, and the
/// attempt is made once more with a fresh one; if that is refused as well, the next minute's 401s drop none. A
/// fetch that failed ends all that waits for it as Outcome::token (Outcome::egress if the policy refuses the
/// token URL), and so whatever comes within a second of it.
std::unique_ptr<Transport> make_transport(asio::io_context& io, std::shared_ptr<const EgressPolicy> egress,
                                          AnswerSink sink);

}  // namespace hookline::deliver
