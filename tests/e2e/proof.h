// What the proofs of the guarantee share: a topic, a group and a receiver of their own, a publisher that
// goes on while things break, and the bound on what may be sent twice. Main thread of the test; the load
// has its own.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/accounting.h"
#include "support/behaviours.h"
#include "support/hookline_process.h"
#include "support/kafka_cluster.h"
#include "support/publisher.h"
#include "support/wait.h"

namespace hookline::test {

using namespace std::chrono_literals;
using Instant = std::chrono::steady_clock::time_point;

/// Publishes test events at a steady rate from a thread of its own until stop().
class Load {
 public:
  using Make = std::function<EventToPublish(int)>;

  Load(const std::string& bootstrap, const std::string& topic, int per_second, Make make = test_event)
      : publisher_(bootstrap), thread_([this, topic, per_second, make = std::move(make)] { run(topic, per_second, make); }) {}
  ~Load() { end(); }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  /// Ends it and waits until the broker has acknowledged everything.
  const std::vector<PublishedEvent>& stop() {
    end();
    if (failure_) std::rethrow_exception(failure_);
    if (!publisher_.flush(60s) || !publisher_.failed().empty()) throw std::runtime_error("not everything was acknowledged");
    return publisher_.acknowledged();
  }

 private:
  void run(const std::string& topic, int per_second, const Make& make) {
    try {
      auto next = std::chrono::steady_clock::now();
      for (int number = 0; !ended_; ++number) {
        publisher_.publish(topic, make(number));
        std::this_thread::sleep_until(next += std::chrono::microseconds(1'000'000 / per_second));
      }
    } catch (...) {
      failure_ = std::current_exception();
    }
  }
  void end() {
    ended_ = true;
    if (thread_.joinable()) thread_.join();
  }

  Publisher publisher_;
  std::atomic<bool> ended_ = false;
  std::exception_ptr failure_;
  std::thread thread_;
};

/// How often `text` stands in `log`.
inline int occurrences(const std::string& log, std::string_view text) {
  int count = 0;
  for (auto at = log.find(text); at != std::string::npos; at = log.find(text, at + text.size())) ++count;
  return count;
}

/// What may be sent again after crashes, from the settings in use and from what the receiver saw: for each
/// crash what was in flight, what had finished since the last commit, and the finished siblings of records
/// that were open. The window of a commit is two intervals, because the next one waits for the answer to
/// the one before, and half a second for that answer on a busy machine.
struct DuplicateBound {
  std::int64_t in_flight = 0;  ///< requests at once: concurrency x endpoints x workers of a process
  std::int64_t open = 0;       ///< records open at once: at most limits.in_flight of a process
  std::int64_t siblings = 0;   ///< of a delivery, in the same record
  std::chrono::milliseconds commit_interval = 250ms;

  std::int64_t of(const std::vector<Instant>& crashes, const std::vector<ReceivedRequest>& requests) const {
    const auto window = 2 * commit_interval + 500ms;
    std::int64_t bound = 0;
    for (const auto crash : crashes) {
      bound += in_flight + open * siblings +
               std::count_if(requests.begin(), requests.end(), [&](const ReceivedRequest& request) {
                 return request.status / 100 == 2 && request.at > crash - window && request.at <= crash;
               });
    }
    return bound;
  }
};

/// 2xx answers to a delivery that had one before, without a crash in between: `crashes` in ascending order.
/// What was in flight at a crash may lie with the receiver for a moment before it is recorded; and of one that
/// was refused a crash may leave a copy in a retry topic, which comes when its time has come.
inline std::int64_t repeats_without_a_crash(const std::vector<Instant>& crashes, const std::vector<ReceivedRequest>& requests) {
  constexpr auto late = 500ms;
  std::map<std::string, Instant> latest;
  std::set<std::string> refused;
  std::int64_t count = 0;
  for (const auto& request : requests) {
    if (request.status / 100 != 2) refused.insert(request.header("webhook-id"));
    if (refused.contains(request.header("webhook-id"))) continue;
    const auto [before, is_first] = latest.try_emplace(request.header("webhook-id"), request.at);
    if (is_first) continue;
    const auto crash = std::lower_bound(crashes.begin(), crashes.end(), before->second - late);
    count += crash == crashes.end() || *crash > request.at;
    before->second = request.at;
  }
  return count;
}

inline constexpr std::array<const char*, 5> retry_tiers{"10s", "1m", "10m", "1h", "6h"};

/// Hookline's own topics, narrow ones: the broker that all tests share has little to do for them.
inline void create_own_topics(KafkaCluster& kafka, const std::string& prefix, const std::map<std::string, std::string>& settings = {},
                              int thresholds = 1) {
  auto stamped = settings;
  stamped["message.timestamp.type"] = "LogAppendTime";
  for (const char* tier : retry_tiers) kafka.create_topic(prefix + ".retry." + tier, 2, stamped);
  kafka.create_topic(prefix + ".dead-letters", 2, stamped);
  kafka.create_topic(prefix + ".thresholds", thresholds, stamped);
  kafka.create_topic(prefix + ".ordered", 2, stamped);
  kafka.create_topic(prefix + ".correlations", 2, {{"cleanup.policy", "compact"}});
  for (const char* name : {"deliveries", "replays"}) kafka.create_topic(prefix + "." + name, 1);
}

/// What retry topics hold and is not committed.
inline std::int64_t waiting_in_retry_topics(KafkaCluster& kafka, const std::string& group, const std::string& prefix) {
  std::int64_t sum = 0;
  for (const char* tier : retry_tiers) sum += kafka.admin().lag(group, fmt::format("{}.retry.{}", prefix, tier));
  return sum;
}

class Proof : public ::testing::Test {
 protected:
  static constexpr auto short_delays = "retry_topics: {delays: [1s, 2s, 4s, 8s, 16s]}\n";
  explicit Proof(KafkaCluster& cluster = KafkaCluster::shared()) : kafka(cluster) {}

  KafkaCluster& kafka;
  Receiver receiver;
  const std::string topic = fresh_name("incidents");
  const std::string prefix = fresh_name("hookline");
  const std::string group = fresh_name("group");
  const std::string dead_letters = prefix + ".dead-letters";
  std::chrono::milliseconds session_timeout = 15s;  ///< how long the group waits for a member that crashed: a busy machine may look like that

  void create_topics(int partitions = 8) {
    kafka.create_topic(topic, partitions);
    create_own_topics(kafka, prefix);
  }

  /// `service`: further lines of the configuration. `client`: of its section kafka, indented by two.
  HooklineOptions options(const std::string& webhooks, const std::string& service = {}, const std::string& client = {}) const {
    return options_for({topic}, webhooks, service, client);
  }

  HooklineOptions options_for(const std::vector<std::string>& topics, const std::string& webhooks,
                              const std::string& service = {}, const std::string& client = {}) const {
    HooklineOptions made;
    made.config = fmt::format(R"(kafka:
  bootstrap.servers: "{}"
  group.id: {}
  session.timeout.ms: {}
  heartbeat.interval.ms: 500
{}topics:
  incident: [{}]
  prefix: {}
webhooks: [webhooks.yaml]
egress: {{allow: ["127.0.0.1/32"]}}
{}{})", kafka.bootstrap(), group, session_timeout.count(), client, fmt::join(topics, ", "), prefix, service,
                              service.find("retry_topics") == std::string::npos ? short_delays : "");
    made.files["webhooks.yaml"] = webhooks;
    return made;
  }

  /// A webhook for all incidents with `endpoints` URLs /NAME/0, /NAME/1, …
  std::string webhook(const std::string& name, const std::string& more = {}, int endpoints = 1) const {
    auto text = fmt::format("name: {}\nevents: [incident]\n{}endpoints:\n", name, more);
    for (int i = 0; i < endpoints; ++i) text += fmt::format("  - {{url: \"{}\"}}\n", receiver.url(fmt::format("/{}/{}", name, i)));
    return text;
  }

  std::int64_t lag() { return kafka.admin().lag(group, topic); }
  /// Nothing waits in a source topic or in a retry topic.
  bool all_committed() { return lag() == 0 && waiting() == 0; }
  std::int64_t waiting() { return waiting_in_retry_topics(kafka, group, prefix); }

  AccountReport account_of(const std::vector<PublishedEvent>& events, const std::vector<std::string>& endpoints) {
    Accounting account;
    account.expect(events, endpoints);
    return report(account);
  }

  AccountReport report(Accounting& account) {
    account.received(receiver.requests());
    account.dead_lettered(kafka.read(dead_letters));
    return account.report();
  }

  /// One line for the reader of the test's output, and properties for the one of its XML.
  void print(const std::string& what, const AccountReport& report, std::int64_t bound) {
    fmt::print("{}: {} deliveries, lost {}, sent twice {} (bound {})\n", what, report.expected, report.lost, report.duplicates, bound);
    RecordProperty("lost", std::to_string(report.lost));
    RecordProperty("duplicates", std::to_string(report.duplicates));
    RecordProperty("bound", std::to_string(bound));
  }
};

}  // namespace hookline::test
