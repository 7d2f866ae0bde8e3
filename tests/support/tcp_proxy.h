// A bad network between two programs on this machine: passes TCP connections on to a port on loopback, as they
// come, late, slowly, not at all, or with a reset. Two threads per connection; any thread may change its ways,
// which hold for connections that are open as well. What was swallowed is not lost: it goes on as if it had been
// sent again. Ends all connections when it goes out of scope.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

namespace hookline::test {

class TcpProxy {
 public:
  /// Listens on a port of its own (0: a fresh one) and passes on to 127.0.0.1:`to`.
  explicit TcpProxy(std::uint16_t to, std::uint16_t port = 0);
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  std::uint16_t port() const { return port_; }
  std::uint64_t connections() const { return accepted_; }  ///< ever

  void pass();                                   ///< everything, at once
  void delay(std::chrono::milliseconds each);    ///< every piece that much later
  void throttle(std::int64_t bytes_per_second);  ///< each connection and direction
  void swallow();                                ///< a black hole: connections open, nothing comes through
  void reset();                                  ///< ends what is open, and whoever connects, with RST

 private:
  struct Pair;

  void run();
  void pump(Pair& pair, int from, int to);
  void end(Pair& pair);
  void reap(bool all);

  std::uint16_t const to_;
  std::uint16_t port_;
  int listener_;
  std::atomic<std::uint64_t> accepted_{0};
  std::atomic<std::int64_t> delay_ms_{0}, bytes_per_second_{0};
  std::atomic<bool> swallowing_{false}, resetting_{false}, stop_{false};
  std::mutex mutex_;
  std::list<std::unique_ptr<Pair>> pairs_;
  std::thread thread_;
};

}  // namespace hookline::test
