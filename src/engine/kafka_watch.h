// Asks Kafka every few seconds whether it answers and has the topics that Hookline needs, so that readiness can
// name what is wrong before anything else stalls for want of it; and whether a topic that is read was deleted and
// made again, which its consumer does not notice when the new log has grown beyond its position. A thread and a
// client of its own: a call that hangs holds nobody up. Made once the start is over; any thread may ask.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "hookline/config/settings.h"

namespace hookline::kafka {
class Admin;
}

namespace hookline::engine {

class KafkaWatch {
 public:
  /// `on_made_again` is called on the watch's thread with the name of one of `read` that is another topic now.
  KafkaWatch(const config::Settings& settings, std::vector<std::string> read,
             std::function<void(const std::string&)> on_made_again);
  ~KafkaWatch();  ///< within five seconds, if a call hangs
  KafkaWatch(const KafkaWatch&) = delete;
  KafkaWatch& operator=(const KafkaWatch&) = delete;

  /// What is wrong, in one line; empty: nothing.
  std::string trouble() const;

 private:
  void run();
  void tell(std::string trouble);
  void compare(kafka::Admin& admin);

  const config::Settings& settings_;
  const std::vector<std::string> read_;
  const std::function<void(const std::string&)> on_made_again_;
  std::map<std::string, std::string> ids_;  ///< of the topics that are read; the watch's thread alone
  int refusals_ = 0;                        ///< to tell ids, before any was told
  mutable std::mutex mutex_;
  std::condition_variable stopped_;
  bool stop_ = false;
  std::string trouble_;
  std::thread thread_;
};

}  // namespace hookline::engine
