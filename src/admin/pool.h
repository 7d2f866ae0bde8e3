// A few threads for what must not run on the thread that reads requests, and a bounded line before them.
// Any thread may submit.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace hookline::admin {

class Pool {
 public:
  Pool(const char* name, std::size_t threads, std::size_t longest_line);
  /// Work that runs is waited for, work that waits is dropped.
  ~Pool();

  /// False: the line is full.
  [[nodiscard]] bool submit(std::function<void()> work);

 private:
  void run();

  const std::size_t longest_line_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> line_;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace hookline::admin
