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
  /// Ends a request: its answer is Outcome::aborted. Unknown ids are ignored (the answer is under way).
  virtual void abort(AttemptId id) = 0;
  virtual std::size_t in_flight() const = 0;
};

/// Where answers go: called on the thread of the io_context, with one or more at a time.
using AnswerSink = std::function<void(std::vector<Answer>&& answers)>;

/// libcurl behind Asio: keep-alive pools on multis of about 64 connections each, sockets watched with
/// edge-triggered watchers that live as long as the socket (docs/decisions/transport.md). All calls on
/// the thread that runs `io`. The egress policy is checked at connect and again when a connection is
/// reused; header values with CR, LF or NUL, and URLs that are not http(s), end as Outcome::invalid.
std::unique_ptr<Transport> make_curl_transport(asio::io_context& io, std::shared_ptr<const EgressPolicy> egress,
                                               AnswerSink sink);

}  // namespace hookline::deliver
