// The built binary under test: run as a service on a configuration that the test writes, or as a command.
// One thread at a time; a service dies with the thread that started it.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/http_client.h"
#include "support/process.h"
#include "support/temp_dir.h"

namespace hookline::test {

struct HooklineOptions {
  /// YAML, without `admin`: the harness adds `admin: {listen: 127.0.0.1:FRESH}`. A relative path in it
  /// (webhooks/*.yaml) means the folder of `files`.
  std::string config;
  std::string admin;                         ///< further lines of the admin section, each indented by two
  std::map<std::string, std::string> files;  ///< path relative to the config -> text
  std::map<std::string, std::string> environment;  ///< secrets of the config
  std::vector<std::string> arguments;              ///< after `run --config FILE`
  bool create_topics = true;                       ///< what is missing of Hookline's own topics
};

class HooklineProcess {
 public:
  /// Writes the files and starts `hookline run`; does not wait.
  explicit HooklineProcess(const HooklineOptions& options);

  /// Waits until /readyz says 200; false at the deadline or when it ended. Print log() then.
  [[nodiscard]] bool wait_ready(std::chrono::milliseconds deadline = std::chrono::seconds(120));

  void start();                                      ///< again, after it ended
  ExitStatus kill9() { return process_->kill9(); }  ///< as a crash
  std::optional<ExitStatus> terminate(
      std::chrono::milliseconds deadline = std::chrono::seconds(60));  ///< SIGTERM
  void freeze();                                                       ///< SIGSTOP
  void thaw();                                                         ///< SIGCONT
  void signal(int number) { process_->signal(number); }
  bool running() { return process_->running(); }
  pid_t pid() const { return process_->pid(); }

  /// Rewrites a file beside the config (or config.yaml itself); SIGHUP makes the process read it.
  void write(std::string_view relative, std::string_view text) const { folder_.write(relative, text); }
  std::string config_path() const { return (folder_.path() / "config.yaml").string(); }
  std::uint16_t admin_port() const { return admin_port_; }

  HttpAnswer get(const std::string& target, const Headers& headers = {}) const;
  HttpAnswer request(const std::string& method, const std::string& target, const std::string& body = {},
                     const Headers& headers = {}) const;

  /// The value of one line of /metrics, written as there: hookline_in_flight, or
  /// hookline_dead_letters_total{reason="exhausted"}. With a bare name: the sum over all its labels.
  std::optional<double> metric(std::string_view series) const;
  /// Resident memory in bytes; 0 when it does not run.
  std::int64_t resident_bytes() const;
  /// The most that it ever was, since this run began.
  std::int64_t peak_resident_bytes() const;

  std::string log() const;  ///< stdout and stderr of all its runs

 private:
  HooklineOptions options_;
  TempDir folder_;
  std::uint16_t admin_port_;
  std::unique_ptr<Process> process_;
};

/// The path of the binary, to be started as a Process.
std::string hookline_binary();

/// Runs the binary as a command: run_hookline({"validate", "--config", path}).
CommandResult run_hookline(std::vector<std::string> arguments, std::string_view input = {},
                           std::map<std::string, std::string> environment = {},
                           std::chrono::milliseconds deadline = std::chrono::seconds(60));

}  // namespace hookline::test
