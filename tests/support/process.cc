#include "support/process.h"

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/temp_dir.h"
#include "support/wait.h"

namespace hookline::test {
namespace {

std::vector<std::string> merged_environment(std::map<std::string, std::string> over) {
  for (char** entry = environ; *entry != nullptr; ++entry) {
    std::string_view const text = *entry;
    auto const equals = text.find('=');
    if (equals != std::string_view::npos)
      over.try_emplace(std::string(text.substr(0, equals)), text.substr(equals + 1));
  }
  std::vector<std::string> all;
  for (auto& [name, value] : over)
    all.push_back(name + "=" + value);
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (auto& text : texts)
    all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

struct Files {
  int input, output, errors;
};

int open_or_throw(const std::filesystem::path& path, int flags) {
  int const fd = open(path.empty() ? "/dev/null" : path.c_str(), flags | O_CLOEXEC, 0644);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "open " + path.string());
  return fd;
}

/// Runs in the child, between fork and exec: system calls only.
[[noreturn]] void become(const Files& files, const char* directory, char** arguments, char** environment,
                         int report, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  dup2(files.input, STDIN_FILENO);
  dup2(files.output, STDOUT_FILENO);
  dup2(files.errors, STDERR_FILENO);
  if (*directory == '\0' || chdir(directory) == 0) execvpe(arguments[0], arguments, environment);
  int const error = errno;
  [[maybe_unused]] auto const written = write(report, &error, sizeof error);
  _exit(127);
}

}  // namespace

Process::Process(const ProcessOptions& options) {
  auto arguments = options.arguments;
  auto environment = merged_environment(options.environment);
  auto const argument_pointers = pointers(arguments);
  auto const environment_pointers = pointers(environment);
  Files const files{open_or_throw(options.input, O_RDONLY),
                    open_or_throw(options.output, O_WRONLY | O_CREAT | O_APPEND),
                    open_or_throw(options.errors, O_WRONLY | O_CREAT | O_APPEND)};
  int report[2];
  if (pipe2(report, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");

  pid_t const parent = getpid();
  pid_ = fork();
  if (pid_ == 0) {
    become(files, options.directory.c_str(), const_cast<char**>(argument_pointers.data()),
           const_cast<char**>(environment_pointers.data()), report[1], parent);
  }
  int error = pid_ < 0 ? errno : 0;
  close(report[1]);
  if (pid_ > 0 && read(report[0], &error, sizeof error) > 0) reap(true);
  for (int const fd : {report[0], files.input, files.output, files.errors})
    close(fd);
  if (error != 0) throw std::system_error(error, std::generic_category(), "cannot run " + arguments.at(0));
}

Process::~Process() {
  if (pid_ > 0) kill9();
}

bool Process::reap(bool block) {
  if (status_) return true;
  int status = 0;
  pid_t result;
  do {
    result = waitpid(pid_, &status, block ? 0 : WNOHANG);
  } while (result < 0 && errno == EINTR);
  if (result == 0) return false;
  status_ = ExitStatus{};
  if (WIFEXITED(status)) status_->code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) status_->signal = WTERMSIG(status);
  return true;
}

bool Process::running() {
  return !reap(false);
}

void Process::signal(int number) {
  if (running()) kill(pid_, number);
}

std::optional<ExitStatus> Process::wait(std::chrono::milliseconds deadline) {
  if (!wait_until([&] { return reap(false); }, deadline, std::chrono::milliseconds(2))) return std::nullopt;
  return status_;
}

ExitStatus Process::kill9() {
  signal(SIGKILL);
  reap(true);
  return *status_;
}

CommandResult run_command(std::vector<std::string> arguments, std::string_view input,
                          std::map<std::string, std::string> environment,
                          std::chrono::milliseconds deadline) {
  TempDir const folder("command");
  ProcessOptions options;
  options.arguments = std::move(arguments);
  options.environment = std::move(environment);
  options.input = folder.write("input", input);
  options.output = folder.path() / "output";
  options.errors = folder.path() / "errors";
  Process process(options);
  auto const ended = process.wait(deadline);
  auto const status = ended ? *ended : process.kill9();
  return {status, read_file(options.output), read_file(options.errors)};
}

}  // namespace hookline::test
