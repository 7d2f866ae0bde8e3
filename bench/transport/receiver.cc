#include "receiver.h"

#include <array>
#include <csignal>
#include <cstdlib>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hookline::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::string_view answer =
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok";

/// Length of the first whole request in `bytes`; 0: not whole yet.
std::size_t request_length(std::string_view bytes) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return 0;
  const auto at = bytes.find("Content-Length: ");
  const auto body = at < end ? std::strtoul(bytes.data() + at + 16, nullptr, 10) : 0;
  return bytes.size() >= end + 4 + body ? end + 4 + body : 0;
}

class Loop {
 public:
  Loop(int listener, std::chrono::milliseconds delay)
      : listener_(listener), delay_(delay), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    watch(listener);
  }

  [[noreturn]] void run() {
    std::array<epoll_event, 256> events;
    while (true) {
      const int count =
          epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), due_.empty() ? -1 : 1);
      for (int i = 0; i < count; ++i) {
        const int fd = events[static_cast<std::size_t>(i)].data.fd;
        fd == listener_ ? accept_one() : read(fd);
      }
      for (; !due_.empty() && due_.front().first <= Clock::now(); due_.pop_front())
        reply(due_.front().second);
    }
  }

 private:
  void watch(int fd) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
  }

  void accept_one() {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    watch(fd);
  }

  void read(int fd) {
    std::array<char, 16384> buffer;
    const auto got = recv(fd, buffer.data(), buffer.size(), 0);
    if (got == 0 || (got < 0 && errno != EAGAIN)) {
      close(fd);
      partial_.erase(fd);
      return;
    }
    if (got < 0) return;
    auto& bytes = partial_[fd];
    bytes.append(buffer.data(), static_cast<std::size_t>(got));
    while (const auto length = request_length(bytes)) {
      bytes.erase(0, length);
      if (delay_.count() == 0) {
        reply(fd);
      } else {
        due_.emplace_back(Clock::now() + delay_, fd);
      }
    }
  }

  static void reply(int fd) { static_cast<void>(!send(fd, answer.data(), answer.size(), MSG_NOSIGNAL)); }

  int listener_;
  std::chrono::milliseconds delay_;
  int epoll_;
  std::unordered_map<int, std::string> partial_;
  std::deque<std::pair<Clock::time_point, int>> due_;
};

}  // namespace

ReceiverProcess::ReceiverProcess(std::chrono::milliseconds delay) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(listener, 4096) != 0)
    std::abort();
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  child_ = fork();
  if (child_ < 0) std::abort();
  if (child_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    Loop(listener, delay).run();
  }
  close(listener);
}

ReceiverProcess::~ReceiverProcess() {
  kill(child_, SIGKILL);
  waitpid(child_, nullptr, 0);
}

}  // namespace hookline::bench
