#include "pool.h"

#include <utility>

#include <sys/prctl.h>

namespace hookline::admin {

Pool::Pool(const char* name, std::size_t threads, std::size_t longest_line) : longest_line_(longest_line) {
  for (std::size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this, name] {
      ::prctl(PR_SET_NAME, name);
      run();
    });
  }
}

Pool::~Pool() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    line_.clear();
  }
  changed_.notify_all();
  for (auto& thread : threads_) thread.join();
}

bool Pool::submit(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    if (ending_ || line_.size() >= longest_line_) return false;
    line_.push_back(std::move(work));
  }
  changed_.notify_one();
  return true;
}

void Pool::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ending_ || !line_.empty(); });
    if (ending_) return;
    auto work = std::move(line_.front());
    line_.pop_front();
    lock.unlock();
    work();
    lock.lock();
  }
}

}  // namespace hookline::admin
