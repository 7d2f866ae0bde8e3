// The inside of the receiver: its thread, its connections and its timers. Only receiver*.cc include this.
// Everything but the public functions of Receiver runs on the loop's thread.
#pragma once

#include <atomic>
#include <deque>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>

#include "support/http_head.h"
#include "support/receiver.h"

namespace hookline::test {

struct Connection {
  std::uint64_t id = 0;
  int fd = -1;                   ///< -1: closed, about to be freed
  std::string in;                ///< received, not yet a whole request
  std::string out;               ///< to send
  std::function<void()> refill;  ///< asked for more whenever `out` is empty
  std::uint64_t request = 0;     ///< number of the request that is being answered
  bool busy = false;             ///< a request has not got its whole answer: the next one waits in `in`
  bool counted = false;          ///< that request counts as in flight
  bool close_when_sent = false;
  bool shut_when_sent = false;
  std::uint32_t events = 0;  ///< what epoll watches
};

class ReceiverLoop {
 public:
  explicit ReceiverLoop(const ReceiverOptions& options);
  ~ReceiverLoop();

  /// Runs `work` on the loop's thread and waits for it; at once when that is this thread.
  void run(std::function<void()> work);

  // What the modes use, on the loop's thread.
  void send(Connection& connection, std::string_view bytes);
  void send_for_ever(Connection& connection, std::function<void()> refill);
  void answered(Connection& connection, int status);  ///< status line and headers are out
  void next(Connection& connection);                  ///< the answer is out: take the next request
  void finish(Connection& connection);                ///< closes once everything is sent
  void shut(Connection& connection);                  ///< ends the sending side once everything is sent
  void reset(Connection& connection);
  /// Calls `then` after `delay`, unless the connection is closed by then.
  void after(Connection& connection, std::chrono::milliseconds delay, std::function<void(Connection&)> then);

  // Commands, on the loop's thread.
  void open_listener();
  void close_listener();
  void close_all();
  void set_deaf(bool deaf) { deaf_ = deaf; }

  // Shared with the callers' threads.
  std::mutex mutex_;                             ///< guards the four below
  std::map<std::string, Behaviour> behaviours_;  ///< by path
  Behaviour otherwise_;
  std::deque<ReceivedRequest> requests_;
  std::vector<std::uint64_t> id_hashes_;
  std::atomic<bool> has_behaviours_{false};
  std::atomic<std::uint64_t> count_{0};      ///< complete requests ever
  std::atomic<std::uint64_t> forgotten_{0};  ///< of those, not to be told of any more
  std::atomic<std::uint64_t> accepted_{0};
  std::atomic<std::int64_t> open_{0}, in_flight_{0}, peak_{0};
  std::uint16_t const port_;

 private:
  struct Timer {
    std::chrono::steady_clock::time_point at;
    std::uint64_t sequence;
    std::uint64_t connection;
    std::function<void(Connection&)> then;
    bool operator<(const Timer& other) const {  // a heap's top is its greatest
      return at != other.at ? at > other.at : sequence > other.sequence;
    }
  };

  void loop();
  void accept_all();
  void readable(Connection& connection);
  /// Takes whole requests off the front of `bytes` while the connection is not busy; returns how many bytes.
  std::size_t take_requests(Connection& connection, std::string_view bytes);
  void take_request(Connection& connection, std::string_view head, const HeadScan& scan, std::string body);
  std::shared_ptr<const Reaction> decide(Connection& connection, ReceivedRequest request);
  void react(Connection& connection, std::shared_ptr<const Reaction> reaction);
  void writable(Connection& connection);
  void watch(Connection& connection);
  void no_longer_in_flight(Connection& connection);
  void close(Connection& connection);
  void arm_timer();
  void run_timers();
  void run_work();

  ReceiverOptions const options_;
  std::shared_ptr<const Reaction> const reaction_;
  std::string ready_answer_;  ///< the whole of it, where it is always the same
  std::map<std::string, int> seen_;
  int epoll_, wake_, timer_, listener_ = -1;
  bool deaf_ = false;
  bool stop_ = false;
  std::string buffer_;
  std::uint64_t next_id_ = 1;
  std::uint64_t next_timer_ = 0;
  std::unordered_map<std::uint64_t, std::unique_ptr<Connection>> connections_;
  std::vector<std::unique_ptr<Connection>> closed_;  ///< freed between turns
  std::vector<Timer> timers_;                        ///< a heap
  std::chrono::steady_clock::time_point armed_{};    ///< zero: not armed
  std::mutex work_mutex_;
  std::vector<std::function<void()>> work_;
  std::thread thread_;
};

using ModeFunction = void (*)(ReceiverLoop&, Connection&, const Reaction&);

ModeFunction mode_function(Mode mode);

/// Status line, headers and body of an ordinary answer.
std::string answer_text(const Reaction& reaction);

}  // namespace hookline::test
