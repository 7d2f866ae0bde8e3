// Members come and go, in order: nothing is lost, and nothing is sent twice that was not waiting for its
// next attempt.
#include <array>
#include <list>
#include <map>

#include "e2e/proof.h"

namespace hookline::test {
namespace {

class Rebalance : public Proof {
 protected:
  static constexpr int in_flight = 200, concurrency = 64;

  Rebalance() { session_timeout = 15s; }  // longer than a restart takes

  /// A member of the group with one worker; `instance` makes it a static one.
  HooklineOptions member(const std::string& instance = {}) const {
    const auto client = instance.empty() ? std::string() : fmt::format("  group.instance.id: {}\n", instance);
    const auto settings = fmt::format("concurrency: {}\n", concurrency);
    return options(webhook("plain", settings) + "---\n" + webhook("pair", settings, 2),
                   fmt::format("workers: 1\nlimits: {{in_flight: {}}}\n", in_flight), client);
  }
  const std::vector<std::string> endpoints = {"plain/0", "pair/0", "pair/1"};

  /// Partitions of the source topic that it has; those of Hookline's own topics are not counted.
  int owned(const HooklineProcess& process) const {
    return occurrences(process.get("/api/v1/status").body, fmt::format("\"topic\":\"{}\"", topic));
  }

  /// How often its worker was given partitions, or had them taken away.
  static int moves(const HooklineProcess& process) {
    const auto log = process.log();
    return occurrences(log, "partitions revoked") + occurrences(log, "partitions lost") + occurrences(log, ": owns ");
  }

  /// What these have delivered is told by the receiver: waits until `count` more requests have come.
  void wait_for_more(std::uint64_t count) {
    const auto seen = receiver.count();
    ASSERT_TRUE(wait_until([&] { return receiver.count() >= seen + count; }, 60s)) << receiver.count();
  }

  void expect_each_once(const std::string& what, const std::vector<PublishedEvent>& events) {
    const auto report = account_of(events, endpoints);
    print(what, report, 0);
    EXPECT_TRUE(report.complete()) << report.text;
    EXPECT_EQ(report.duplicates, 0) << report.text;
    EXPECT_EQ(report.dead_lettered, 0) << report.text;
  }

  /// Restarts three processes one after the other under load.
  void roll(const std::array<std::string, 3>& instances) {
    create_topics();
    receiver.otherwise(after(3ms));
    std::list<HooklineProcess> processes;
    for (const auto& instance : instances) processes.emplace_back(member(instance));
    for (auto& process : processes) ASSERT_TRUE(process.wait_ready()) << process.log();
    const auto owns_all = [&] {
      int partitions = 0;
      for (auto& process : processes) partitions += owned(process);
      return partitions == 8;
    };
    ASSERT_TRUE(wait_until(owns_all, 90s, 50ms)) << processes.front().get("/api/v1/status").body;

    Load load(kafka.bootstrap(), topic, 300);
    for (auto& process : processes) {
      wait_for_more(500);
      std::map<pid_t, int> before;
      for (auto& other : processes) before[other.pid()] = moves(other);
      const auto stopped = process.pid();
      ASSERT_EQ(process.terminate()->code, 0) << process.log();
      process.start();
      ASSERT_TRUE(process.wait_ready(60s)) << process.log();
      ASSERT_TRUE(wait_until(owns_all, 60s, 50ms)) << process.get("/api/v1/status").body;
      if (instances[0].empty()) continue;
      for (auto& other : processes) {
        if (&other != &process) {
          EXPECT_EQ(moves(other), before[other.pid()]) << "a rebalance, as " << stopped << " restarted:\n" << other.log();
        }
      }
    }
    const auto& events = load.stop();
    ASSERT_TRUE(wait_until([&] { return all_committed(); }, 60s)) << lag();
    for (auto& process : processes) EXPECT_EQ(process.terminate()->code, 0) << process.log();
    expect_each_once(instances[0].empty() ? "rolling restart" : "rolling restart of static members", events);
  }
};

TEST_F(Rebalance, AStormOfMembersThatJoinAndLeaveLosesNothingAndRepeatsNothing) {
  create_topics();
  receiver.otherwise(after(3ms));
  HooklineProcess stays(member());
  ASSERT_TRUE(stays.wait_ready()) << stays.log();
  Load load(kafka.bootstrap(), topic, 300);
  std::list<HooklineProcess> guests;
  int joins = 0, leaves = 0;
  const auto end = std::chrono::steady_clock::now() + (long_run() ? 60s : 20s);
  while (std::chrono::steady_clock::now() < end) {
    // Every two seconds one joins or one leaves, whatever state the group is in.
    if (guests.size() < 2) {
      guests.emplace_back(member());
      ++joins;
    } else {
      EXPECT_EQ(guests.front().terminate()->code, 0) << guests.front().log();
      guests.pop_front();
      ++leaves;
    }
    ASSERT_TRUE(holds_for([&] { return stays.running(); }, 2s)) << stays.log();
  }
  const auto& events = load.stop();
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 60s)) << lag() << "\n" << stays.log();
  for (auto& guest : guests) EXPECT_EQ(guest.terminate()->code, 0) << guest.log();
  EXPECT_EQ(stays.terminate()->code, 0) << stays.log();
  expect_each_once(fmt::format("{} joins and {} leaves", joins, leaves), events);
}

TEST_F(Rebalance, ARollingRestartRepeatsNothing) { roll({"", "", ""}); }

TEST_F(Rebalance, ARollingRestartOfStaticMembersLeavesTheOthersAlone) { roll({"a", "b", "c"}); }

TEST_F(Rebalance, AMemberWhoseInstanceIdIsTakenEndsWithOneAndSaysSo) {
  create_topics();
  receiver.otherwise(after(3ms));
  HooklineProcess first(member("twin"));
  ASSERT_TRUE(first.wait_ready()) << first.log();
  Load load(kafka.bootstrap(), topic, 300);
  wait_for_more(300);
  HooklineProcess second(member("twin"));
  ASSERT_TRUE(wait_until([&] { return !first.running(); }, 60s)) << first.log();
  const auto fenced = std::chrono::steady_clock::now();
  EXPECT_EQ(first.terminate()->code, 1) << first.log();
  EXPECT_EQ(occurrences(first.log(), " error "), 1) << first.log();
  EXPECT_NE(first.log().find("fenced: another process runs with the same group.instance.id"), std::string::npos) << first.log();
  ASSERT_TRUE(second.wait_ready(60s)) << second.log();
  wait_for_more(300);
  const auto& events = load.stop();
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 60s)) << lag();
  EXPECT_EQ(second.terminate()->code, 0) << second.log();

  // From the moment it is fenced its commits are refused, and the next of them tells it: like a crash.
  const auto report = account_of(events, endpoints);
  const DuplicateBound each{.in_flight = concurrency * 3, .open = in_flight, .siblings = 2};
  const auto bound = each.of({fenced}, receiver.requests());
  print("a fenced instance", report, bound);
  EXPECT_TRUE(report.complete()) << report.text;
  EXPECT_LE(report.duplicates, bound) << report.text;
}

TEST_F(Rebalance, AMemberThatWasFrozenUntilOthersHadItsPartitionsIsLikeOneThatCrashed) {
  session_timeout = 3s;
  create_topics();
  receiver.otherwise(after(3ms));
  HooklineProcess frozen(member()), other(member());
  ASSERT_TRUE(frozen.wait_ready()) << frozen.log();
  ASSERT_TRUE(other.wait_ready()) << other.log();
  const auto partitions = [&](const HooklineProcess& process) { return owned(process); };
  ASSERT_TRUE(wait_until([&] { return partitions(frozen) == 4 && partitions(other) == 4; }, 90s, 50ms));
  Load load(kafka.bootstrap(), topic, 300);
  wait_for_more(500);

  const auto crash = std::chrono::steady_clock::now();
  frozen.freeze();
  ASSERT_TRUE(wait_until([&] { return partitions(other) == 8; }, 60s, 50ms)) << other.log();
  wait_for_more(1000);
  frozen.thaw();
  ASSERT_TRUE(wait_until([&] { return partitions(frozen) == 4 && partitions(other) == 4; }, 60s, 50ms)) << frozen.log();
  wait_for_more(500);
  const auto& events = load.stop();
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 60s)) << lag();
  EXPECT_EQ(frozen.terminate()->code, 0) << frozen.log();
  EXPECT_EQ(other.terminate()->code, 0) << other.log();

  EXPECT_GE(occurrences(frozen.log(), " partitions lost"), 1) << frozen.log();
  const auto report = account_of(events, endpoints);
  const DuplicateBound each{.in_flight = concurrency * 3, .open = in_flight, .siblings = 2};
  const auto bound = each.of({crash}, receiver.requests());
  print("a frozen member", report, bound);
  EXPECT_TRUE(report.complete()) << report.text;
  EXPECT_LE(report.duplicates, bound) << report.text;
}

}  // namespace
}  // namespace hookline::test
