// The sockets of the transport in an epoll instance of its own, which Asio sees as one descriptor. A
// socket that the transport opened stays registered between the requests that it carries: a request
// costs no epoll_ctl. Level-triggered, because libcurl reads one buffer per call and relies on being
// called again. One thread; as many watchers as sockets.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <curl/curl.h>
#include <sys/epoll.h>

namespace hookline::deliver {

class Multi;
struct Link;

class Watchers {
 public:
  Watchers();
  ~Watchers();
  Watchers(const Watchers&) = delete;
  Watchers& operator=(const Watchers&) = delete;

  /// Readable while there are events to dispatch. Owned by this object.
  int descriptor() const { return epoll_; }

  /// A socket that was opened for `link`. Its watcher lives until closed().
  void opened(int fd, Link& link);
  /// To be called before the socket is closed. Returns what opened() was given; nullptr if it was not called.
  Link* closed(int fd);
  /// What libcurl wants to know of a socket: one of CURL_POLL_….
  void want(int fd, Multi& multi, int what);

  /// Calls handle(multi, fd, CURL_CSELECT_… bits) for what is ready, at most 256 events; the rest keeps the
  /// descriptor readable. handle may open, close and want sockets.
  template <class Handle>
  void dispatch(Handle&& handle) {
    const int count = epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), 0);
    for (int i = 0; i < count; ++i) {
      const auto& event = events_[static_cast<std::size_t>(i)];
      const auto fd = static_cast<std::uint32_t>(event.data.u64);
      Watcher& watcher = watchers_[fd];
      if (watcher.generation != event.data.u64 >> 32) continue;  // closed by an earlier event of this batch
      const auto ready = ready_bits(event.events);
      if ((ready & watcher.wanted) == 0) {
        quieten(static_cast<int>(fd), watcher);
      } else {
        handle(*watcher.multi, static_cast<int>(fd), ready);
      }
    }
  }

 private:
  struct Watcher {
    Multi* multi = nullptr;
    Link* link = nullptr;          ///< nullptr: libcurl's own, e.g. that of a name look-up
    std::uint32_t generation = 0;  ///< tells the events of a closed socket from those of its successor
    int wanted = 0;                ///< CURL_CSELECT_… bits
    int registered = 0;            ///< the same, as epoll has it; a superset of what is wanted
  };

  static int ready_bits(std::uint32_t events);
  void set(int fd, Watcher& watcher, int bits);
  void quieten(int fd, Watcher& watcher);
  void forget(int fd, Watcher& watcher);
  Watcher& at(int fd);

  int epoll_;
  std::vector<Watcher> watchers_;  ///< by descriptor
  std::array<epoll_event, 256> events_;
};

}  // namespace hookline::deliver
