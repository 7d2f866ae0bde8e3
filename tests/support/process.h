// Child processes of a test: started with arguments and environment, their output kept in files, ended
// with the test whatever happens. One thread per Process. The child dies with the thread that started it.
#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace hookline::test {

/// How a process ended: with an exit code, or by a signal.
struct ExitStatus {
  int code = -1;   ///< -1 when a signal ended it
  int signal = 0;  ///< 0 when it exited by itself
};

struct ProcessOptions {
  std::vector<std::string> arguments;              ///< the program (searched in PATH) and its arguments
  std::map<std::string, std::string> environment;  ///< set over that of the test
  std::filesystem::path directory;                 ///< to run in; empty: that of the test
  std::filesystem::path input;                     ///< stdin; empty: nothing
  std::filesystem::path output;                    ///< stdout, appended to
  std::filesystem::path errors;                    ///< stderr, appended to; may be the same file
};

class Process {
 public:
  /// Starts it; throws std::system_error when there is no such program.
  explicit Process(const ProcessOptions& options);
  ~Process();  ///< kills it if it still runs, and reaps it
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  bool running();
  void signal(int number);  ///< nothing happens when it has ended

  /// Waits for its end; nothing when it still runs at the deadline.
  std::optional<ExitStatus> wait(std::chrono::milliseconds deadline);
  ExitStatus kill9();  ///< SIGKILL, and waits until it is gone

 private:
  bool reap(bool block);

  pid_t pid_ = -1;
  std::optional<ExitStatus> status_;
};

struct CommandResult {
  ExitStatus status;
  std::string output;
  std::string errors;
};

/// Runs a command to its end and returns what it printed; killed (signal 9) at the deadline.
CommandResult run_command(std::vector<std::string> arguments, std::string_view input = {},
                          std::map<std::string, std::string> environment = {},
                          std::chrono::milliseconds deadline = std::chrono::seconds(60));

}  // namespace hookline::test
