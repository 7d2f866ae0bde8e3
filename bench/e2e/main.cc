// What does Hookline cost, beside the simplest program that does the same? Real Kafka, a local receiver,
// the built binary with one worker against the floor (floor.h), taken in turns in one run. CPU is that of
// the process alone, librdkafka's threads included.
//
//   bench_e2e [EVENTS [RUNS [CASE]]]   prints medians and ratios; of the cases whose name holds CASE
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "floor.h"
#include "support/behaviours.h"
#include "support/hookline_process.h"
#include "support/kafka_cluster.h"
#include "support/publisher.h"
#include "support/wait.h"

namespace hookline::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct Cost {
  double cpu_us = 0;      ///< per event
  double per_second = 0;  ///< events
};

struct Case {
  const char* name;
  bool deliver;
  int concurrency;
  std::chrono::milliseconds latency;
  const char* bodies = "failures";  ///< that the delivery log keeps, as the default has it
};

constexpr Case cases[] = {
    {"scan, nothing matches", false, 64, 0ms},
    {"deliver, 64 in flight", true, 64, 0ms},
    {"deliver, 64, every body in the log", true, 64, 0ms, "all"},
    {"deliver, 1000 in flight, 20 ms receiver", true, 1000, 20ms},
};

test::EventToPublish event(int number) {
  auto made = test::test_event(number);
  made.value.pop_back();
  made.value += fmt::format(R"(, "description": "{}", "organization": {{"id": "o1", "name": "Acme"}}, "tags": {{"a": "b"}}}})", std::string(450, 'x'));
  return made;
}

/// CPU seconds that a running process has used so far.
double cpu_seconds(pid_t pid) {
  std::FILE* file = std::fopen(fmt::format("/proc/{}/stat", pid).c_str(), "r");
  unsigned long user = 0, system = 0;
  if (file) {
    if (std::fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) user = system = 0;
    std::fclose(file);
  }
  return static_cast<double>(user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

Cost measure_floor(const Case& one, const FloorOptions& options) {
  const auto start = Clock::now();
  const pid_t child = ::fork();
  if (child == 0) ::_exit(run_floor(options) ? 0 : 1);
  int status = 0;
  rusage usage{};
  ::wait4(child, &status, 0, &usage);
  if (status != 0) {
    fmt::print(stderr, "the floor failed at: {}\n", one.name);
    std::exit(1);
  }
  const double wall = std::chrono::duration<double>(Clock::now() - start).count();
  const double cpu = static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                     static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
  const auto events = static_cast<double>(options.events);
  return {cpu * 1e6 / events, events / wall};
}

Cost measure_hookline(const Case& one, const FloorOptions& options, const std::string& prefix, test::Receiver& receiver) {
  test::HooklineOptions hookline;
  hookline.config = fmt::format(R"(kafka: {{bootstrap.servers: "{}", group.id: {}}}
topics: {{incident: [{}], prefix: {}}}
workers: 1
webhooks: [webhooks.yaml]
egress: {{allow: ["127.0.0.1/32"]}}
delivery_log: {{bodies: {}}}
)", options.bootstrap, options.group, options.topic, prefix, one.bodies);
  hookline.files["webhooks.yaml"] = fmt::format(R"(name: bench
events: [incident_triggered]
filter: service == "{}" && severity in ["high", "low"]
endpoints: [{{url: "{}"}}]
concurrency: {}
payload: '{{"title": "$Title", "service": "$service", "raw": ${{document}}}}'
)", one.deliver ? "payments" : "nobody", receiver.url("/bench"), one.concurrency);
  receiver.forget();
  const auto start = Clock::now();
  test::HooklineProcess process(hookline);
  const auto finished = [&] {
    if (one.deliver) return receiver.count() >= options.events;
    return process.metric("hookline_events_consumed_total").value_or(0) >= static_cast<double>(options.events);
  };
  if (!test::wait_until(finished, 300s, 20ms)) {
    fmt::print(stderr, "hookline did not finish {}:\n{}\n", one.name, process.log());
    std::exit(1);
  }
  const double wall = std::chrono::duration<double>(Clock::now() - start).count();
  const double cpu = cpu_seconds(process.pid());
  if (process.terminate()->code != 0) std::exit(1);
  const auto events = static_cast<double>(options.events);
  return {cpu * 1e6 / events, events / wall};
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void run_case(const Case& one, const std::string& bootstrap, const std::string& topic, const std::string& prefix, std::uint64_t events, int runs) {
  test::Receiver receiver(test::ReceiverOptions{.record = test::Record::count});
  if (one.latency > 0ms) receiver.otherwise(test::after(one.latency));
  std::vector<double> floor_cpu, hookline_cpu, floor_rate, hookline_rate;
  for (int i = 0; i < runs; ++i) {
    FloorOptions options{.bootstrap = bootstrap, .group = test::fresh_name("floor"), .topic = topic,
                         .url = one.deliver ? receiver.url("/bench") : "", .events = events, .concurrency = one.concurrency};
    const Cost floor = measure_floor(one, options);
    options.group = test::fresh_name("hookline");
    const Cost hookline = measure_hookline(one, options, prefix, receiver);
    floor_cpu.push_back(floor.cpu_us);
    floor_rate.push_back(floor.per_second);
    hookline_cpu.push_back(hookline.cpu_us);
    hookline_rate.push_back(hookline.per_second);
  }
  fmt::print("{:<42} {:>8.2f} {:>8.2f} {:>6.2f}   {:>9.0f} {:>9.0f}\n", one.name, median(floor_cpu), median(hookline_cpu),
             median(hookline_cpu) / median(floor_cpu), median(floor_rate), median(hookline_rate));
  std::fflush(stdout);
}

int run(std::uint64_t events, int runs, std::string_view wanted) {
  test::KafkaCluster kafka;
  const auto topic = test::fresh_name("bench");
  const auto prefix = test::fresh_name("hookline");
  kafka.create_topic(topic, 4);
  kafka.create_topic(prefix + ".dead-letters", 1);
  test::Publisher publisher(kafka.bootstrap(), {{"linger.ms", "20"}});
  publisher.publish_events(topic, static_cast<int>(events), event, 0, 300s);
  fmt::print("{} events of {} bytes, medians of {} runs; start and end of each process included\n\n", events, event(0).value.size(), runs);
  fmt::print("{:<42} {:>17} {:>14} {:>21}\n", "", "CPU us per event", "", "events per second");
  fmt::print("{:<42} {:>8} {:>8} {:>6}   {:>9} {:>9}\n", "", "floor", "hookline", "ratio", "floor", "hookline");
  for (const auto& one : cases) {
    if (std::string_view(one.name).find(wanted) != std::string_view::npos) run_case(one, kafka.bootstrap(), topic, prefix, events, runs);
  }
  return 0;
}

}  // namespace
}  // namespace hookline::bench

int main(int argc, char** argv) {
  const std::uint64_t events = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 200'000;
  const int runs = argc > 2 ? std::atoi(argv[2]) : 3;
  return hookline::bench::run(events, runs, argc > 3 ? argv[3] : "");
}
