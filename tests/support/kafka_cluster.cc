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
    : folder_("kafka"),
      port_(fresh_port()),
      controller_port_(fresh_port()),
      bootstrap_("127.0.0.1:" + std::to_string(port_)) {
  auto const data = options.data.empty() ? folder_.path() / "data" : options.data;
  auto properties = read_file(std::filesystem::path(HOOKLINE_KAFKA_SETTINGS) / "server.properties");
  for (auto const& [name, value] : options.settings)
    properties += name + "=" + value + "\n";  // the last one counts
  replace(properties, "@PORT@", std::to_string(port_));
  replace(properties, "@CONTROLLER_PORT@", std::to_string(controller_port_));
  replace(properties, "@DATA@", data.string());
  folder_.write("server.properties", properties);
  admin_ = std::make_unique<KafkaAdmin>(bootstrap_);
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
  options.output = options.errors = folder_.path() / "log";
  return options;
}

void KafkaCluster::format() const {
  Process tool(java("kafka.tools.StorageTool", {"format", "--cluster-id", random_text(22), "--config",
                                                (folder_.path() / "server.properties").string()}));
  auto const ended = tool.wait(60s);
  if (!ended || ended->code != 0) throw std::runtime_error("Kafka's storage was not formatted:\n" + log());
}

void KafkaCluster::start() {
  auto options = java("kafka.Kafka", {(folder_.path() / "server.properties").string()});
  process_ = std::make_unique<Process>(options);
  auto const up = wait_until([&] { return !process_->running() || admin_->answers(1000); }, 60s, 20ms);
  if (!up || !process_->running()) throw std::runtime_error("Kafka did not start:\n" + log());
}

void KafkaCluster::stop() {
  if (!process_) return;
  process_->signal(SIGTERM);
  if (!process_->wait(30s)) process_->kill9();
  process_.reset();
}

void KafkaCluster::kill9() {
  process_.reset();
}

void KafkaCluster::restart() {
  stop();
  start();
}

void KafkaCluster::freeze() {
  process_->signal(SIGSTOP);
}

void KafkaCluster::thaw() {
  process_->signal(SIGCONT);
}

bool KafkaCluster::running() {
  return process_ && process_->running();
}

std::string KafkaCluster::log() const {
  return read_file(folder_.path() / "log");
}

}  // namespace hookline::test
