#include "support/terminal.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>

#include <poll.h>
#include <pty.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace hookline::test {

Terminal::Terminal(const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  winsize size{.ws_row = 40, .ws_col = 160, .ws_xpixel = 0, .ws_ypixel = 0};
  pid_ = ::forkpty(&master_, nullptr, nullptr, &size);
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "forkpty");
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
}

Terminal::~Terminal() {
  if (!status_) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  ::close(master_);
}

void Terminal::type(std::string_view keys) {
  while (!keys.empty()) {
    const auto written = ::write(master_, keys.data(), keys.size());
    if (written < 0) throw std::system_error(errno, std::generic_category(), "typing");
    keys.remove_prefix(static_cast<std::size_t>(written));
  }
}

/// False: nothing more comes, or the deadline has passed.
bool Terminal::read_some(std::chrono::steady_clock::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  pollfd waits{.fd = master_, .events = POLLIN, .revents = 0};
  if (left.count() <= 0 || ::poll(&waits, 1, static_cast<int>(left.count())) <= 0) return false;
  char buffer[4096];
  const auto got = ::read(master_, buffer, sizeof(buffer));  // EIO: nobody has the other side open any more
  if (got > 0) drawn_.append(buffer, static_cast<std::size_t>(got));
  return got > 0;
}

bool Terminal::wait_for(std::string_view text, std::chrono::milliseconds deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (true) {
    if (const auto at = drawn_.find(text, found_); at != std::string::npos) return found_ = at + text.size(), true;
    if (!read_some(end)) return false;
  }
}

std::optional<ExitStatus> Terminal::wait(std::chrono::milliseconds deadline) {
  const auto end = std::chrono::steady_clock::now() + deadline;
  while (read_some(end)) {}
  if (status_ || std::chrono::steady_clock::now() >= end) return status_;
  int status = 0;
  if (::waitpid(pid_, &status, 0) != pid_) throw std::system_error(errno, std::generic_category(), "waitpid");
  status_ = WIFEXITED(status) ? ExitStatus{.code = WEXITSTATUS(status), .signal = 0} : ExitStatus{.code = -1, .signal = WTERMSIG(status)};
  return status_;
}

}  // namespace hookline::test
