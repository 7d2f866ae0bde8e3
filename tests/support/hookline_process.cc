#include "support/hookline_process.h"

#include <charconv>
#include <fstream>
#include <sstream>

#include <signal.h>
#include <unistd.h>

#include "support/port.h"
#include "support/wait.h"

namespace hookline::test {

using namespace std::chrono_literals;

HooklineProcess::HooklineProcess(const HooklineOptions& options)
    : x_options(options), x_folder("run"), x_admin_port(fresh_port()) {
  for (auto const& [name, text] : options.files)
    write(name, text);
  write("config.yaml", options.config + "\nadmin:\n  listen: 127.0.0.1:" + std::to_string(x_admin_port) +
                           "\n" + options.admin);
  start();
}

void HooklineProcess::start() {
  x_process.reset();
  ProcessOptions options;
  options.arguments = {HOOKLINE_BINARY, "run", "--config", config_path()};
  options.arguments.insert(options.arguments.end(), x_options.arguments.begin(), x_options.arguments.end());
  options.environment = x_options.environment;
  options.directory = x_folder.path();
  options.output = options.errors = x_folder.path() / "log";
  x_process = std::make_unique<Process>(options);
}

bool HooklineProcess::wait_ready(std::chrono::milliseconds deadline) {
  bool const decided = wait_until([&] { return !running() || get("/readyz").status == 200; }, deadline, 10ms);
  return decided && running();
}

std::optional<ExitStatus> HooklineProcess::terminate(std::chrono::milliseconds deadline) {
  signal(SIGTERM);
  return x_process->wait(deadline);
}

void HooklineProcess::freeze() {
  signal(SIGSTOP);
}

void HooklineProcess::thaw() {
  signal(SIGCONT);
}

HttpAnswer HooklineProcess::get(const std::string& target, const Headers& headers) const {
  return http_get(x_admin_port, target, headers);
}

HttpAnswer HooklineProcess::request(const std::string& method, const std::string& target,
                                    const std::string& body, const Headers& headers) const {
  auto all = headers;
  if (!body.empty()) all.emplace_back("Content-Type", "application/json");
  return http_request(x_admin_port, method, target, body, all);
}

std::optional<double> HooklineProcess::metric(std::string_view series) const {
  std::istringstream lines(get("/metrics").body);
  std::optional<double> sum;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(series)) continue;
    auto const next = line[std::min(series.size(), line.size() - 1)];
    if (next != ' ' && next != '{') continue;
    auto const space = line.rfind(' ');
    double value = 0;
    std::from_chars(line.data() + space + 1, line.data() + line.size(), value);
    sum = sum.value_or(0) + value;
  }
  return sum;
}

std::int64_t HooklineProcess::resident_bytes() const {
  std::ifstream file("/proc/" + std::to_string(pid()) + "/statm");
  std::int64_t total = 0, resident = 0;
  file >> total >> resident;
  return file ? resident * sysconf(_SC_PAGESIZE) : 0;
}

std::string HooklineProcess::log() const {
  return read_file(x_folder.path() / "log");
}

CommandResult run_hookline(std::vector<std::string> arguments, std::string_view input,
                           std::map<std::string, std::string> environment,
                           std::chrono::milliseconds deadline) {
  arguments.insert(arguments.begin(), HOOKLINE_BINARY);
  return run_command(std::move(arguments), input, std::move(environment), deadline);
}

}  // namespace hookline::test
