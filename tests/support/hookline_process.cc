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

std::string hookline_binary() {
  return HOOKLINE_BINARY;
}

HooklineProcess::HooklineProcess(const HooklineOptions& options)
    : options_(options), folder_("run"), admin_port_(fresh_port()) {
  for (auto const& [name, text] : options.files)
    write(name, text);
  write("config.yaml", options.config + "\nadmin:\n  listen: 127.0.0.1:" + std::to_string(admin_port_) +
                           "\n" + options.admin);
  start();
}

void HooklineProcess::start() {
  process_.reset();
  ProcessOptions options;
  options.arguments = {HOOKLINE_BINARY, "run", "--config", config_path()};
  if (options_.create_topics) options.arguments.emplace_back("--create-topics");
  options.arguments.insert(options.arguments.end(), options_.arguments.begin(), options_.arguments.end());
  options.environment = options_.environment;
  options.directory = folder_.path();
  options.output = options.errors = folder_.path() / "log";
  process_ = std::make_unique<Process>(options);
}

bool HooklineProcess::wait_ready(std::chrono::milliseconds deadline) {
  bool const decided = wait_until([&] { return !running() || get("/readyz").status == 200; }, deadline, 10ms);
  return decided && running();
}

std::optional<ExitStatus> HooklineProcess::terminate(std::chrono::milliseconds deadline) {
  signal(SIGTERM);
  return process_->wait(deadline);
}

void HooklineProcess::freeze() {
  signal(SIGSTOP);
}

void HooklineProcess::thaw() {
  signal(SIGCONT);
}

HttpAnswer HooklineProcess::get(const std::string& target, const Headers& headers) const {
  return http_get(admin_port_, target, headers);
}

HttpAnswer HooklineProcess::request(const std::string& method, const std::string& target,
                                    const std::string& body, const Headers& headers) const {
  auto all = headers;
  if (!body.empty()) all.emplace_back("Content-Type", "application/json");
  return http_request(admin_port_, method, target, body, all);
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

std::int64_t HooklineProcess::peak_resident_bytes() const {
  std::ifstream file("/proc/" + std::to_string(pid()) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("VmHWM:")) return std::stoll(line.substr(6)) * 1024;
  }
  return 0;
}

std::int64_t HooklineProcess::resident_bytes() const {
  std::ifstream file("/proc/" + std::to_string(pid()) + "/statm");
  std::int64_t total = 0, resident = 0;
  file >> total >> resident;
  return file ? resident * sysconf(_SC_PAGESIZE) : 0;
}

std::string HooklineProcess::log() const {
  return read_file(folder_.path() / "log");
}

CommandResult run_hookline(std::vector<std::string> arguments, std::string_view input,
                           std::map<std::string, std::string> environment,
                           std::chrono::milliseconds deadline) {
  arguments.insert(arguments.begin(), HOOKLINE_BINARY);
  return run_command(std::move(arguments), input, std::move(environment), deadline);
}

}  // namespace hookline::test
