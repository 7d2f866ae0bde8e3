#include "seeds.h"

#include <sys/mman.h>
#include <sys/wait.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

namespace hookline::test {
namespace {

constexpr std::uint64_t report_every = 250;

/// What a child tells through the pipe, whole: shorter than PIPE_BUF.
struct Message {
  std::uint64_t done = 0;     ///< since the last message
  std::array<char, 400> failure{};
};

void tell(int fd, const Message& message) {
  if (write(fd, &message, sizeof message) != sizeof message) _exit(2);
}

[[noreturn]] void run_share(const SeedRun& run, unsigned process, int fd, std::uint64_t& at,
                            const std::function<std::string(std::uint64_t)>& world) {
  const int nowhere = open("/dev/null", O_WRONLY);
  dup2(nowhere, STDERR_FILENO);
  Message message;
  for (std::uint64_t i = process; i < run.count; i += run.processes) {
    at = run.first + i;
    const auto failure = world(at);
    ++message.done;
    if (!failure.empty()) {
      std::strncpy(message.failure.data(), failure.c_str(), message.failure.size() - 1);
      tell(fd, message);
      _exit(1);
    }
    if (message.done < report_every) continue;
    tell(fd, message);
    message.done = 0;
  }
  tell(fd, message);
  _exit(0);
}

}  // namespace

std::string run_seeds(const SeedRun& run, const std::function<std::string(std::uint64_t)>& world) {
  std::array<int, 2> ends{};
  // Where each child is: to be read when it has died.
  const std::size_t size = run.processes * sizeof(std::uint64_t);
  void* shared = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) return "no shared memory";
  auto* at = static_cast<std::uint64_t*>(shared);
  if (pipe(ends.data()) != 0) return "no pipe";
  std::fflush(nullptr);
  std::vector<pid_t> children;
  for (unsigned p = 0; p < run.processes; ++p) {
    const pid_t child = fork();
    if (child < 0) return "no process";
    if (child == 0) {
      close(ends[0]);
      run_share(run, p, ends[1], at[p], world);
    }
    children.push_back(child);
  }
  close(ends[1]);

  std::string failure;
  std::uint64_t done = 0;
  const auto began = std::chrono::steady_clock::now();
  const std::uint64_t told_every = std::max<std::uint64_t>(run.count / 50, report_every);
  std::uint64_t told = 0;
  Message message;
  while (read(ends[0], &message, sizeof message) == sizeof message) {
    done += message.done;
    if (message.failure[0] != 0 && failure.empty()) {
      failure = message.failure.data();
      for (const pid_t child : children) kill(child, SIGKILL);
    }
    if (run.progress && done / told_every > told) {
      told = done / told_every;
      const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began;
      fmt::print("{} of {} seeds, {:.0f} s\n", done, run.count, seconds.count());
      std::fflush(stdout);
    }
  }
  close(ends[0]);
  for (unsigned p = 0; p < run.processes; ++p) {
    int status = 0;
    waitpid(children[p], &status, 0);
    if (failure.empty() && status != 0) {
      failure = fmt::format("seed {}: the process ended by signal {}", at[p], WIFSIGNALED(status) ? WTERMSIG(status) : 0);
    }
  }
  munmap(shared, size);
  return failure;
}

}  // namespace hookline::test
