// A command on a terminal of its own, as a person sees it: what it draws is read as it comes, keys are typed. One
// thread; the command is killed with the object.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "support/process.h"

namespace hookline::test {

class Terminal {
 public:
  /// `arguments`: the program and its arguments. Throws std::system_error when there is no terminal to be had.
  explicit Terminal(const std::vector<std::string>& arguments);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void type(std::string_view keys);  ///< "\x03" is Ctrl-C
  /// Reads until `text` has been drawn after what the last wait_for() found; false at the deadline or the command's end.
  [[nodiscard]] bool wait_for(std::string_view text, std::chrono::milliseconds deadline = std::chrono::seconds(60));
  /// Reads to its end; nothing when it still runs at the deadline.
  std::optional<ExitStatus> wait(std::chrono::milliseconds deadline = std::chrono::seconds(60));
  /// Everything so far, raw: \r and escape sequences included.
  const std::string& drawn() const { return drawn_; }

 private:
  bool read_some(std::chrono::steady_clock::time_point deadline);

  pid_t pid_ = -1;
  int master_ = -1;
  std::string drawn_;
  std::size_t found_ = 0;
  std::optional<ExitStatus> status_;
};

}  // namespace hookline::test
