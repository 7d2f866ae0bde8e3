// kill -9, again and again: what was acknowledged by Kafka arrives, and what arrives twice stays within
// what the guarantee allows.
#include <set>

#include "e2e/proof.h"

namespace hookline::test {
namespace {

class Crash : public Proof {
 protected:
  Crash() { session_timeout = 3s; }

  /// Every seventh of a hundred events is cut off in mid-air.
  static bool is_poison(int number) { return number % 100 == 7; }
  static EventToPublish event_or_poison(int number) {
    auto event = test_event(number);
    if (is_poison(number)) event.value = "{\"id\": \"" + event.id + "\", \"event_type\": \"incident_tri";
    return event;
  }

  AccountReport account_with_poison(const std::vector<PublishedEvent>& events, const std::vector<std::string>& endpoints) {
    Accounting account;
    for (const auto& event : events) {
      if (is_poison(std::stoi(event.id.substr(2)))) {
        account.expect(event.id, "/");  // a record's own dead letter: no webhook, no endpoint
      } else {
        account.expect({event}, endpoints);
      }
    }
    return report(account);
  }

  /// The metadata of the partition's commit once it has not changed for a while: nothing finishes any more.
  std::string settled_map() {
    std::string map;
    const bool calm = wait_until(
        [&] {
          map = kafka.committed(group, topic)[0].metadata;
          return map.starts_with("HK1.") && holds_for([&] { return kafka.committed(group, topic)[0].metadata == map; }, 1s);
        },
        90s);
    return calm ? map : std::string();
  }
};

TEST_F(Crash, ManyKillsOverTwoProcessesUnderLoadLoseNothingAndRepeatWithinTheBound) {
  create_topics();
  constexpr int workers = 2, concurrency = 16, in_flight = 200, endpoints = 3;
  const int kills = long_run() ? 50 : 10;
  // A little latency everywhere; one delivery in twenty is refused at first, and tried again from memory.
  receiver.otherwise(after(3ms, [](const ReceivedRequest& request, int seen) {
    Reaction reaction;
    if (seen == 0 && std::hash<std::string>()(request.header("webhook-id")) % 20 == 0) reaction.status = 503;
    return reaction;
  }));
  const auto settings = fmt::format("concurrency: {}\nretry: {{schedule: [200ms, 500ms, 1s]}}\n", concurrency);
  const auto made = options(webhook("plain", settings) + "---\n" + webhook("pair", settings, 2),
                            fmt::format("workers: {}\nlimits: {{in_flight: {}}}\n", workers, in_flight));
  HooklineProcess processes[] = {HooklineProcess(made), HooklineProcess(made)};
  for (auto& process : processes) ASSERT_TRUE(process.wait_ready()) << process.log();

  Load load(kafka.bootstrap(), topic, 300, event_or_poison);
  std::vector<Instant> crashes;
  for (int kill = 0; kill < kills; ++kill) {
    // Some of them hit a group that is still settling from the one before, some one that is at ease again.
    auto& victim = processes[kill % 2];
    const auto seen = receiver.count();
    ASSERT_TRUE(wait_until([&] { return receiver.count() > seen + 200; }, 60s)) << victim.log();
    if (kill % 3 == 0) {
      ASSERT_TRUE(victim.wait_ready(60s)) << victim.log();
    }
    crashes.push_back(std::chrono::steady_clock::now());
    victim.kill9();
    victim.start();
  }
  const auto& events = load.stop();
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 120s)) << processes[0].log();
  for (auto& process : processes) EXPECT_EQ(process.terminate()->code, 0) << process.log();

  const auto report = account_with_poison(events, {"plain/0", "pair/0", "pair/1"});
  const DuplicateBound each{.in_flight = concurrency * endpoints * workers, .open = in_flight, .siblings = endpoints - 1};
  const auto bound = each.of(crashes, receiver.requests());
  print(fmt::format("{} kills of two processes", kills), report, bound);
  EXPECT_TRUE(report.complete()) << report.text;
  EXPECT_EQ(report.both, 0) << report.text;
  // On a machine that stands still for seconds a living member is evicted, too, which the bound does not count.
  int evicted = 0;
  for (const auto& process : processes) evicted += occurrences(process.log(), "partitions lost");
  fmt::print("evicted by then: {} members\n", evicted);
  if (evicted == 0) {
    EXPECT_LE(report.duplicates, bound) << report.text;
    EXPECT_EQ(repeats_without_a_crash(crashes, receiver.requests()), 0);
  }
}

TEST_F(Crash, ASecondCrashBeforeTheOpenRecordIsSettledForgetsNeitherItNorWhatTheMapSays) {
  create_topics(1);
  constexpr int events = 2000;
  // Three records stay open near the base while everything beyond them finishes.
  const std::vector<int> open = {1, 40, 1500};
  std::set<std::string> stuck;
  for (const int number : open) stuck.insert(test_event(number).id);
  std::atomic<bool> healthy = false;
  receiver.otherwise([&](const ReceivedRequest& request, int) {
    Reaction reaction;
    if (!healthy && stuck.contains(event_id(request.body))) reaction.mode = Mode::hang;
    return reaction;
  });
  HooklineProcess hookline(options(webhook("all", "timeout: {request: 2m}\n")));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  Publisher publisher(kafka.bootstrap());
  publisher.publish_events(topic, events);
  const auto tries = [&] { return receiver.count() - (events - open.size()); };  // of the three
  ASSERT_TRUE(wait_until([&] { return tries() == open.size(); }, 60s)) << receiver.count();
  const auto map = settled_map();
  ASSERT_FALSE(map.empty()) << hookline.log();
  ASSERT_EQ(kafka.committed(group, topic)[0].offset, open[0]);

  // First as soon as it owns the partition, perhaps before it has polled a record; then after it has
  // committed again without the record at the base being polled or settled; then with all three under way.
  const auto crash = [&] {
    hookline.kill9();
    hookline.start();
  };
  const auto owned = [&] { return occurrences(hookline.log(), ": owns "); };
  crash();
  for (int again = 0; again < 3; ++again) {
    const auto before = owned();
    ASSERT_TRUE(wait_until([&] { return owned() > before; }, 90s, 1ms)) << hookline.log();
    crash();
  }
  auto tried = tries();
  ASSERT_TRUE(wait_until([&] { return tries() >= tried + open.size(); }, 90s)) << hookline.log();
  publisher.publish_events(topic, 1, events);
  ASSERT_TRUE(wait_until([&] { return kafka.committed(group, topic)[0].metadata != map; }, 90s)) << hookline.log();
  ASSERT_FALSE(settled_map().empty());
  ASSERT_EQ(kafka.committed(group, topic)[0].offset, open[0]);
  crash();
  const auto before = owned();
  ASSERT_TRUE(wait_until([&] { return owned() > before; }, 90s)) << hookline.log();
  crash();

  healthy = true;
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 60s)) << hookline.log();
  EXPECT_EQ(hookline.terminate()->code, 0);
  const auto report = account_of(publisher.acknowledged(), {"all/0"});
  print("six crashes around an offset map", report, 0);
  EXPECT_TRUE(report.complete()) << report.text;
  EXPECT_EQ(report.duplicates, 0) << report.text;  // the map was committed, and only hanging requests were in flight
}

TEST_F(Crash, ABrokerThatIsKilledUnderLoadCostsNothing) {
  session_timeout = 15s;  // longer than the broker is away
  create_topics();
  constexpr int concurrency = 16, in_flight = 200;
  receiver.otherwise(after(3ms));
  const auto settings = fmt::format("concurrency: {}\n", concurrency);
  HooklineProcess hookline(options(webhook("plain", settings) + "---\n" + webhook("pair", settings, 2),
                                   fmt::format("workers: 2\nlimits: {{in_flight: {}}}\n", in_flight)));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  Load load(kafka.bootstrap(), topic, 300, event_or_poison);  // with dead letters under way
  const int kills = long_run() ? 5 : 2;
  for (int kill = 0; kill < kills; ++kill) {
    const auto seen = receiver.count();
    ASSERT_TRUE(wait_until([&] { return receiver.count() > seen + 500; }, 60s)) << hookline.log();
    kafka.kill9();
    kafka.start();
  }
  const auto seen = receiver.count();
  ASSERT_TRUE(wait_until([&] { return receiver.count() > seen + 500; }, 60s)) << hookline.log();
  const auto& events = load.stop();
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 120s)) << lag() << "\n" << hookline.log();
  EXPECT_EQ(hookline.terminate()->code, 0) << hookline.log();
  const auto report = account_with_poison(events, {"plain/0", "pair/0", "pair/1"});
  print(fmt::format("{} kills of the broker", kills), report, 0);
  EXPECT_TRUE(report.complete()) << report.text;
  // On a busy machine the broker may be away for longer than a session, and the client may find its coordinator again
  // only then: the member is evicted, and what it had not committed comes again.
  const int evicted = occurrences(hookline.log(), "partitions lost");
  if (evicted == 0) {
    EXPECT_EQ(report.duplicates, 0) << report.text;
  }
  fmt::print("evicted by then: {} members\n", evicted);
}

}  // namespace
}  // namespace hookline::test
