// The workers of a process that tell each other news. Any thread; a message is a post to each of the others.
#pragma once

#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "news.h"
#include "worker.h"

namespace hookline::engine {

class Siblings {
 public:
  void add(const std::shared_ptr<Worker>& worker) {
    const std::lock_guard lock(mutex_);
    std::erase_if(workers_, [](const auto& known) { return known.expired(); });
    workers_.push_back(worker);
  }
  /// To all but the worker of that number.
  void tell(std::size_t from, const std::vector<News>& news) {
    std::vector<std::shared_ptr<Worker>> others;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& known : workers_) {
        if (auto worker = known.lock()) others.push_back(std::move(worker));
      }
    }
    for (const auto& worker : others) {
      if (worker->number() != from) worker->hear(news);
    }
  }

 private:
  std::mutex mutex_;
  std::vector<std::weak_ptr<Worker>> workers_;
};

}  // namespace hookline::engine
