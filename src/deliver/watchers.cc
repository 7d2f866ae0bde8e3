#include "watchers.h"

#include <cerrno>
#include <cstdlib>

#include <unistd.h>

namespace hookline::deliver {

Watchers::Watchers() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) std::abort();  // out of descriptors before the first request: a broken set-up
}

Watchers::~Watchers() {
  close(epoll_);
}

int Watchers::ready_bits(std::uint32_t events) {
  // Libcurl finds the reason of a hang-up or an error by reading and writing.
  if (events & (EPOLLERR | EPOLLHUP)) return CURL_CSELECT_IN | CURL_CSELECT_OUT;
  return ((events & EPOLLIN) ? CURL_CSELECT_IN : 0) | ((events & EPOLLOUT) ? CURL_CSELECT_OUT : 0);
}

Watchers::Watcher& Watchers::at(int fd) {
  const auto index = static_cast<std::size_t>(fd);
  if (index >= watchers_.size()) watchers_.resize(index + 1);
  return watchers_[index];
}

void Watchers::set(int fd, Watcher& watcher, int bits) {
  epoll_event event{};
  event.events = ((bits & CURL_CSELECT_IN) ? EPOLLIN : 0u) | ((bits & CURL_CSELECT_OUT) ? EPOLLOUT : 0u);
  event.data.u64 = (std::uint64_t{watcher.generation} << 32) | static_cast<std::uint32_t>(fd);
  const int what = bits == 0 ? EPOLL_CTL_DEL : watcher.registered == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  // Where the kernel has no room for another watch the request runs into its timeout.
  watcher.registered = epoll_ctl(epoll_, what, fd, &event) == 0 ? bits : 0;
}

/// Something that nobody wants to know of would be reported for ever: a writable socket, or an idle
/// connection that the other side has closed.
void Watchers::quieten(int fd, Watcher& watcher) {
  set(fd, watcher, watcher.wanted);
}

void Watchers::forget(int fd, Watcher& watcher) {
  if (watcher.registered != 0) set(fd, watcher, 0);
  watcher = Watcher{.generation = watcher.generation + 1};
}

void Watchers::opened(int fd, Link& link) {
  Watcher& watcher = at(fd);
  watcher = Watcher{.link = &link, .generation = watcher.generation + 1};
}

Link* Watchers::closed(int fd) {
  Watcher& watcher = at(fd);
  Link* const link = watcher.link;
  forget(fd, watcher);
  return link;
}

void Watchers::want(int fd, Multi& multi, int what) {
  Watcher& watcher = at(fd);
  if (what == CURL_POLL_REMOVE) {
    watcher.wanted = 0;
    if (!watcher.link) forget(fd, watcher);
    return;
  }
  watcher.multi = &multi;
  watcher.wanted =
      ((what & CURL_POLL_IN) ? CURL_CSELECT_IN : 0) | ((what & CURL_POLL_OUT) ? CURL_CSELECT_OUT : 0);
  const int missing = watcher.wanted & ~watcher.registered;
  if (missing != 0) set(fd, watcher, watcher.registered | missing);
}

}  // namespace hookline::deliver
