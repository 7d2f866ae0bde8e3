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

constexpr const char* logging = R"(status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d] %p %m (%c)%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
)";

std::string random_text(std::size_t length) {
  std::random_device device;
  std::string text;
  while (text.size() < length)
    text += "abcdefghijklmnopqrstuvwxyz0123456789"[device() % 36];
  return text;
}

std::map<std::string, std::string> broker_settings(std::uint16_t port, std::uint16_t controller,
                                                   const std::string& data) {
  auto const host = std::string("127.0.0.1:");
  return {
      {"process.roles", "broker,controller"},
      {"node.id", "1"},
      {"controller.quorum.voters", "1@" + host + std::to_string(controller)},
      {"listeners",
       "PLAINTEXT://" + host + std::to_string(port) + ",CONTROLLER://" + host + std::to_string(controller)},
      {"advertised.listeners", "PLAINTEXT://" + host + std::to_string(port)},
      {"controller.listener.names", "CONTROLLER"},
      {"listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"},
      {"inter.broker.listener.name", "PLAINTEXT"},
      {"log.dirs", data},
      {"auto.create.topics.enable", "false"},
      {"offsets.topic.replication.factor", "1"},
      {"offsets.topic.num.partitions", "4"},
      {"transaction.state.log.replication.factor", "1"},
      {"transaction.state.log.min.isr", "1"},
      {"share.coordinator.state.topic.replication.factor", "1"},
      {"share.coordinator.state.topic.min.isr", "1"},
      {"group.initial.rebalance.delay.ms", "0"},
      {"group.min.session.timeout.ms", "1000"},
      {"message.max.bytes", "20971520"},
      {"num.network.threads", "2"},
      {"num.io.threads", "2"},
      {"num.recovery.threads.per.data.dir", "1"},
      {"log.segment.delete.delay.ms", "1000"},
      {"controlled.shutdown.enable", "false"},
  };
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
  auto settings = broker_settings(x_port, x_controller_port, data.string());
  for (auto const& [name, value] : options.settings)
    settings[name] = value;
  std::string properties;
  for (auto const& [name, value] : settings)
    properties += name + "=" + value + "\n";
  x_folder.write("server.properties", properties);
  x_folder.write("log4j2.properties", logging);
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
                       "-Dlog4j2.configurationFile=" + (x_folder.path() / "log4j2.properties").string(),
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
