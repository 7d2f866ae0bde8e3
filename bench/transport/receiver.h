// The least that answers HTTP: a child process with one epoll loop, so that its CPU time is not ours.
#pragma once

#include <chrono>
#include <cstdint>

#include <sys/types.h>

namespace hookline::bench {

class ReceiverProcess {
 public:
  /// Answers every request with 200 and two bytes, `delay` after it came (0: at once).
  explicit ReceiverProcess(std::chrono::milliseconds delay);
  ~ReceiverProcess();
  ReceiverProcess(const ReceiverProcess&) = delete;
  ReceiverProcess& operator=(const ReceiverProcess&) = delete;

  std::uint16_t port() const { return port_; }

 private:
  pid_t child_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace hookline::bench
