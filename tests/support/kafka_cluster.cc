#include "support/kafka_cluster.h"

#include <atomic>
#include <chrono>
#include <random>
#include <stdexcept>

#include <signal.h>

#include "support/port.h"
#include "support/wait.h"

namespace hookline::test {
namespace {

using namespace std::chrono_literals;

std::string random_text(std::size_t length) {
  std::random_device device;
  std::string text;
  while (text.size() < length)
    text += "abcdefghijklmnopqrstuvwxyz0123456789"[device() % 36];
  return text;
}

void replace(std::string& text, const std::string& name, const std::string& value) {
  for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + value.size())) {
    text.replace(at, name.size(), value);
  }
}

}  // namespace

std::string fresh_name(const std::string& prefix) {
  static std::atomic<int> counter{0};
  return prefix + "-" + random_text(6) + "-" + std::to_string(++counter);
}

KafkaCluster& KafkaCluster::shared() {
  static KafkaCluster cluster;
  return cluster;
}

KafkaCluster::KafkaCluster(const KafkaOptions& options)
    : x_folder("kafka"),
      x_port(fresh_port()),
      x_controller_port(fresh_port()),
      x_bootstrap("127.0.0.1:" + std::to_string(x_port)) {
  auto const data = options.data.empty() ? x_folder.path() / "data" : options.data;
  auto properties = read_file(std::filesystem::path(HOOKLINE_KAFKA_SETTINGS) / "server.properties");
  replace(properties, "@PORT@", std::to_string(x_port));
  replace(properties, "@CONTROLLER_PORT@", std::to_string(x_controller_port));
  replace(properties, "@DATA@", data.string());
  for (auto const& [name, value] : options.settings)
    properties += name + "=" + value + "\n";  // the last one counts
  x_folder.write("server.properties", properties);
  x_admin = std::make_unique<KafkaAdmin>(x_bootstrap);
  format();
  start();
}

KafkaCluster::~KafkaCluster() = default;

ProcessOptions KafkaCluster::java(const std::string& main, std::vector<std::string> arguments) const {
  ProcessOptions options;
  options.arguments = {"java",
                       "-Xmx512m",
                       "-Xms128m",
                       "-XX:+UseSerialGC",
                       "-XX:TieredStopAtLevel=1",
                       "-Xshare:auto",
                       "-Dlog4j2.configurationFile=" HOOKLINE_KAFKA_SETTINGS "/log4j2.properties",
                       "-cp",
                       std::string(HOOKLINE_KAFKA_JARS) + "/*",
                       main};
  options.arguments.insert(options.arguments.end(), arguments.begin(), arguments.end());
  options.output = options.errors = x_folder.path() / "log";
  return options;
}

void KafkaCluster::format() const {
  Process tool(java("kafka.tools.StorageTool", {"format", "--cluster-id", random_text(22), "--config",
                                                (x_folder.path() / "server.properties").string()}));
  auto const ended = tool.wait(60s);
  if (!ended || ended->code != 0) throw std::runtime_error("Kafka's storage was not formatted:\n" + log());
}

void KafkaCluster::start() {
  auto options = java("kafka.Kafka", {(x_folder.path() / "server.properties").string()});
  x_process = std::make_unique<Process>(options);
  auto const up = wait_until([&] { return !x_process->running() || x_admin->answers(1000); }, 60s, 20ms);
  if (!up || !x_process->running()) throw std::runtime_error("Kafka did not start:\n" + log());
}

void KafkaCluster::stop() {
  if (!x_process) return;
  x_process->signal(SIGTERM);
  if (!x_process->wait(30s)) x_process->kill9();
  x_process.reset();
}

void KafkaCluster::kill9() {
  x_process.reset();
}

void KafkaCluster::restart() {
  stop();
  start();
}

void KafkaCluster::freeze() {
  x_process->signal(SIGSTOP);
}

void KafkaCluster::thaw() {
  x_process->signal(SIGCONT);
}

bool KafkaCluster::running() {
  return x_process && x_process->running();
}

std::string KafkaCluster::log() const {
  return read_file(x_folder.path() / "log");
}

}  // namespace hookline::test
