// What do sick receivers cost the healthy ones? Five healthy webhooks at a steady rate, alone and beside five sick ones
// (one hangs, one refuses, one answers 500, one 429 with Retry-After, one drips a byte a second), in turns, on a real
// Kafka and with the built binary: the delay from publishing to the receiver, and the process's CPU per healthy delivery.
//
//   bench_isolation [EVENTS_PER_SECOND [SECONDS [RUNS]]]      prints medians and ratios
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "support/behaviours.h"
#include "support/figures.h"
#include "support/hookline_process.h"
#include "support/kafka_cluster.h"
#include "support/port.h"
#include "support/publisher.h"
#include "support/receiver.h"
#include "support/wait.h"

namespace hookline::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr int healthy = 5;

struct Figures {
  double median_ms = 0, p99_ms = 0, cpu_us = 0;
};

std::string webhook(const std::string& name, const std::string& url, bool sick) {
  return fmt::format("name: {}\nevents: [incident]\nendpoints: [{{url: \"{}\"}}]\n{}---\n", name, url,
                     sick ? "timeout: {connect: 3s, request: 3s}\n" : "");
}

std::string webhooks(test::Receiver& receiver, bool with_sick) {
  std::string all;
  for (int i = 0; i < healthy; ++i) all += webhook(fmt::format("well-{}", i), receiver.url(fmt::format("/well-{}", i)), false);
  if (with_sick) {
    receiver.on("/hangs", test::hang());
    receiver.on("/fails", test::answer(500));
    receiver.on("/busy", test::retry_after("10", 429));
    receiver.on("/drips", test::drip(1s));
    for (const char* name : {"hangs", "fails", "busy", "drips"}) all += webhook(name, receiver.url(fmt::format("/{}", name)), true);
    all += webhook("refuses", fmt::format("http://127.0.0.1:{}/refuses", test::fresh_port()), true);
  }
  all.resize(all.size() - 4);
  return all;
}

Figures measure(test::KafkaCluster& kafka, int rate, int seconds, bool with_sick) {
  const auto topic = test::fresh_name("bench"), prefix = test::fresh_name("hookline");
  kafka.create_topic(topic, 4);
  test::Receiver receiver;
  test::HooklineOptions options;
  options.config = fmt::format(R"(kafka: {{bootstrap.servers: "{}", group.id: {}}}
topics: {{incident: [{}], prefix: {}}}
webhooks: [webhooks.yaml]
egress: {{allow: ["127.0.0.1/32"]}}
shutdown: {{grace: 2s}}
)", kafka.bootstrap(), test::fresh_name("group"), topic, prefix);
  options.files["webhooks.yaml"] = webhooks(receiver, with_sick);
  test::HooklineProcess process(options);
  if (!process.wait_ready(60s)) throw std::runtime_error(process.log());

  test::Publisher publisher(kafka.bootstrap());
  std::vector<Clock::time_point> published;
  const auto cpu_before = test::figures_of(process.pid()).processor;
  auto next = Clock::now();
  for (int number = 0; number < rate * seconds; ++number) {
    published.push_back(Clock::now());
    publisher.publish(topic, test::test_event(number));
    publisher.poll();
    std::this_thread::sleep_until(next += std::chrono::microseconds(1'000'000 / rate));
  }
  const auto expected = static_cast<std::uint64_t>(healthy) * published.size();
  const auto arrived = [&] {
    std::uint64_t count = 0;
    for (int i = 0; i < healthy; ++i) count += receiver.count(fmt::format("/well-{}", i));
    return count;
  };
  if (!publisher.flush(60s) || !test::wait_until([&] { return arrived() >= expected; }, 60s, 5ms)) throw std::runtime_error("events are missing");
  const auto cpu = test::figures_of(process.pid()).processor - cpu_before;
  std::vector<double> delays;
  for (int i = 0; i < healthy; ++i) {
    for (const auto& request : receiver.requests(fmt::format("/well-{}", i))) {
      delays.push_back(std::chrono::duration<double, std::milli>(request.at - published.at(std::stoul(test::event_id(request.body).substr(2)))).count());
    }
  }
  if (delays.size() != expected) throw std::runtime_error("events came twice");
  std::sort(delays.begin(), delays.end());
  (void)process.terminate();
  return {delays[delays.size() / 2], delays[delays.size() * 99 / 100], static_cast<double>(cpu.count()) * 1000.0 / static_cast<double>(expected)};
}

Figures median(std::vector<Figures> runs) {
  const auto of = [&](double Figures::* member) {
    std::vector<double> values;
    for (const auto& run : runs) values.push_back(run.*member);
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
  };
  return {of(&Figures::median_ms), of(&Figures::p99_ms), of(&Figures::cpu_us)};
}

int run(int rate, int seconds, int runs) {
  test::KafkaCluster kafka;
  std::vector<Figures> alone, beside;
  for (int i = 0; i < runs; ++i) {
    alone.push_back(measure(kafka, rate, seconds, false));
    beside.push_back(measure(kafka, rate, seconds, true));
  }
  const Figures a = median(alone), b = median(beside);
  fmt::print("{} events a second to {} healthy webhooks, {} s, medians of {} runs\n\n", rate, healthy, seconds, runs);
  fmt::print("{:<36} {:>10} {:>12} {:>8}\n", "", "alone", "with 5 sick", "ratio");
  const auto row = [](const char* what, double first, double second) {
    fmt::print("{:<36} {:>10.2f} {:>12.2f} {:>8.2f}\n", what, first, second, second / first);
  };
  row("delay, median, ms", a.median_ms, b.median_ms);
  row("delay, 99th percentile, ms", a.p99_ms, b.p99_ms);
  row("CPU per healthy delivery, us", a.cpu_us, b.cpu_us);
  return 0;
}

}  // namespace
}  // namespace hookline::bench

int main(int argc, char** argv) {
  const auto number = [&](int at, int otherwise) { return argc > at ? std::atoi(argv[at]) : otherwise; };
  return hookline::bench::run(number(1, 300), number(2, 20), number(3, 3));
}
