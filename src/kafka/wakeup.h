// Waking a loop from librdkafka's threads. Any thread.
#pragma once

#include "handle.h"
#include "hookline/core/time.h"

namespace hookline::kafka {

/// An eventfd: librdkafka's threads write it, the owner of the loop waits for it.
class Wakeup {
 public:
  Wakeup();
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  int fd() const { return fd_; }
  void signal() const;
  void clear() const;
  /// False: nothing came within `timeout`.
  bool wait(core::Duration timeout) const;
  /// From now on a write whenever `queue` became non-empty.
  void watch(rd_kafka_queue_t* queue) const;

 private:
  int fd_;
};

}  // namespace hookline::kafka
