#include "wakeup.h"

#include <cerrno>
#include <cstdlib>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "hookline/core/log.h"

namespace hookline::kafka {

Wakeup::Wakeup() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
  if (fd_ >= 0) return;
  core::log::error("no file descriptor left for a Kafka client; raise the limit (ulimit -n)");
  std::abort();
}

Wakeup::~Wakeup() {
  close(fd_);
}

void Wakeup::signal() const {
  const std::uint64_t one = 1;
  // It can only fail because it is signalled already.
  (void)!write(fd_, &one, sizeof one);
}

void Wakeup::clear() const {
  std::uint64_t count = 0;
  (void)!read(fd_, &count, sizeof count);
}

bool Wakeup::wait(core::Duration timeout) const {
  pollfd entry{fd_, POLLIN, 0};
  const int ready = ::poll(&entry, 1, to_timeout_ms(timeout));
  return ready > 0 || (ready < 0 && errno == EINTR);
}

void Wakeup::watch(rd_kafka_queue_t* queue) const {
  static constexpr std::uint64_t one = 1;
  rd_kafka_queue_io_event_enable(queue, fd_, &one, sizeof one);
}

}  // namespace hookline::kafka
