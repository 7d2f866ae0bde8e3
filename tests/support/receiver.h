// A webhook receiver for tests and benchmarks: HTTP/1.1 with keep-alive on loopback, one thread of its own
// on epoll. It records what it got and answers as told, per path, from well-behaved to hostile
// (support/behaviours.h). Any thread may call it. Bounds: 16 MiB per request; records grow with the test.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "support/kafka_admin.h"

namespace hookline::test {

struct ReceivedRequest {
  std::uint64_t number = 0;      ///< 0, 1, … in the order in which requests were complete
  std::uint64_t connection = 0;  ///< 1, 2, … in the order of accepting
  std::chrono::steady_clock::time_point at;
  std::string method;
  std::string target;
  Headers headers;  ///< names in lower case, in the order received
  std::string body;
  int status = 0;  ///< what it was answered with, once status line and headers went out whole; 0: nothing yet

  /// The first header of that (lower-case) name; empty when there is none.
  std::string header(const std::string& name) const;
};

/// What kind of answer a request gets; each is one function in receiver_modes.cc.
enum class Mode {
  answer,                 ///< a whole answer
  hang,                   ///< nothing, and the connection stays open
  reset,                  ///< RST instead of an answer
  raw,                    ///< the body's bytes as they are, status line and all
  half_close,             ///< the body's bytes as they are, then the receiver's sending side is shut, no more
  drip,                   ///< a whole answer, one byte every `pace`
  endless_body,           ///< 200, then chunks for ever
  endless_headers,        ///< 200, then headers for ever
  endless_informational,  ///< 103 answers for ever
};

struct Reaction {
  Mode mode = Mode::answer;
  int status = 200;
  Headers headers;
  std::string body;
  std::chrono::milliseconds delay{0};   ///< before anything is sent
  std::chrono::milliseconds pace{100};  ///< of `drip`
  bool close = false;                   ///< the connection, after the answer
};

/// Decides the answer. Called on the receiver's thread; `seen` counts the earlier requests for the same
/// target with the same webhook-id (of all without one, together).
using Behaviour = std::function<Reaction(const ReceivedRequest&, int seen)>;

/// What the receiver remembers: the less, the faster (60,000 requests a second and more with `count`).
enum class Record {
  everything,
  ids,    ///< a hash of each webhook-id, in order
  count,  ///< how many
};

struct ReceiverOptions {
  Record record = Record::everything;
  Reaction reaction{};     ///< where no behaviour is set
  std::uint16_t port = 0;  ///< 0: a fresh one
};

class ReceiverLoop;

class Receiver {
 public:
  explicit Receiver(const ReceiverOptions& options = {});
  ~Receiver();
  Receiver(const Receiver&) = delete;
  Receiver& operator=(const Receiver&) = delete;

  std::uint16_t port() const;
  /// http://127.0.0.1:PORT/path
  std::string url(const std::string& path = "/") const;

  /// From now on, requests for exactly this path (a query does not count) get that behaviour.
  void on(const std::string& path, Behaviour behaviour);
  /// The same for all paths without one.
  void otherwise(Behaviour behaviour);

  /// Complete requests so far.
  std::uint64_t count() const;
  std::uint64_t count(const std::string& path) const;  ///< only with Record::everything
  std::vector<ReceivedRequest> requests() const;       ///< only with Record::everything
  std::vector<ReceivedRequest> requests(const std::string& path) const;
  std::vector<std::uint64_t> id_hashes() const;  ///< only with Record::ids; std::hash of the webhook-id
  void forget();                                 ///< what was recorded and counted so far

  std::uint64_t connections() const;  ///< accepted so far
  std::int64_t open_connections() const;
  std::int64_t in_flight() const;  ///< requests without their answer
  std::int64_t peak_in_flight() const;

  /// Ends all connections and refuses new ones (the port stays ours) until accept().
  void refuse();
  /// Accepts connections and never reads from them, until accept(). Connections that are open stay as they
  /// are.
  void deafen();
  void accept();
  /// Ends all connections that are open now.
  void drop_connections();

 private:
  std::unique_ptr<ReceiverLoop> loop_;
};

}  // namespace hookline::test
