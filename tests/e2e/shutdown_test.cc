// Stops at bad moments: while Kafka hangs, and while deliveries wait for their next attempt. The process
// ends in bounded time, and nothing that it could not bring to an end is forgotten.
#include "e2e/proof.h"

namespace hookline::test {
namespace {

using Shutdown = Proof;

TEST_F(Shutdown, ADeliveryThatWaitsForItsNextAttemptGoesOnAfterItAndNothingIsRepeated) {
  create_topics(2);
  constexpr int stuck = 20, fine = 200;
  std::atomic<bool> healthy = false;
  receiver.on("/pair/1", [&](const ReceivedRequest& request, int) {
    Reaction reaction;
    if (!healthy && event_id(request.body) < test_event(stuck).id) reaction.status = 503;
    return reaction;
  });
  HooklineProcess hookline(options(webhook("pair", "retry: {schedule: [4s, 4s, 4s, 4s, 4s]}\n", 2),
                                   "retry_topics: {delays: [1s, 2s, 3s, 4s, 5s]}\n"));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  Publisher publisher(kafka.bootstrap());
  publisher.publish_events(topic, stuck + fine);
  ASSERT_TRUE(wait_until([&] { return receiver.count() >= 2 * (stuck + fine); }, 60s)) << receiver.count();
  ASSERT_TRUE(wait_until([&] { return hookline.metric("hookline_in_flight") == 0; }, 30s)) << hookline.log();
  const auto asked = std::chrono::steady_clock::now();
  EXPECT_EQ(hookline.terminate()->code, 0) << hookline.log();
  EXPECT_LT(std::chrono::steady_clock::now() - asked, 20s) << "it waited for what could not end";

  healthy = true;
  hookline.start();
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 60s)) << lag() << "\n" << hookline.log();
  ASSERT_TRUE(wait_until([&] { return account_of(publisher.acknowledged(), {"pair/0", "pair/1"}).lost == 0; }, 60s)) << hookline.log();
  EXPECT_EQ(hookline.terminate()->code, 0) << hookline.log();
  const auto report = account_of(publisher.acknowledged(), {"pair/0", "pair/1"});
  print("a stop with waiting deliveries", report, 0);
  EXPECT_TRUE(report.complete()) << report.text;
  EXPECT_EQ(report.dead_lettered, 0) << report.text;
  EXPECT_EQ(report.duplicates, 0) << report.text;
}

TEST_F(Shutdown, ASigtermWhileKafkaHangsEndsInTimeAndLosesNothing) {
  session_timeout = 3s;
  create_topics();
  constexpr auto grace = 2s;
  constexpr int concurrency = 16, in_flight = 200;
  receiver.otherwise(after(3ms));
  HooklineProcess hookline(options(webhook("pair", fmt::format("concurrency: {}\n", concurrency), 2),
                                   fmt::format("workers: 1\nlimits: {{in_flight: {}}}\nshutdown: {{grace: {}s}}\n", in_flight, grace.count())));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  Load load(kafka.bootstrap(), topic, 300);
  ASSERT_TRUE(wait_until([&] { return receiver.count() > 1000; }, 60s)) << hookline.log();

  struct Frozen {  // whatever fails below, the other tests get their Kafka back
    KafkaCluster& kafka;
    explicit Frozen(KafkaCluster& frozen) : kafka(frozen) { kafka.freeze(); }
    ~Frozen() { kafka.thaw(); }
  };
  const auto hang = std::chrono::steady_clock::now();
  std::optional<Frozen> frozen(kafka);
  const auto asked = std::chrono::steady_clock::now();
  const auto ended = hookline.terminate(grace + 30s);
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - asked);
  ASSERT_TRUE(ended) << "still running\n" << hookline.log();
  EXPECT_EQ(ended->signal, 0) << hookline.log();
  EXPECT_LE(took, grace + 10s + 5s) << "grace, ten seconds, and what a busy machine makes of them";
  fmt::print("a stop while Kafka hangs took {} ms, exit code {}\n", took.count(), ended->code);
  if (ended->code != 0) {
    EXPECT_NE(hookline.log().find("What was not committed is delivered again"), std::string::npos) << hookline.log();
  }
  const auto gone = std::chrono::steady_clock::now();
  frozen.reset();

  hookline.start();
  ASSERT_TRUE(hookline.wait_ready(60s)) << hookline.log();
  const auto seen = receiver.count();
  ASSERT_TRUE(wait_until([&] { return receiver.count() > seen + 500; }, 60s)) << hookline.log();
  const auto& events = load.stop();
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 60s)) << lag() << "\n" << hookline.log();
  EXPECT_EQ(hookline.terminate()->code, 0) << hookline.log();

  // No commit came through since the hang began: all that was delivered then may come again.
  const auto report = account_of(events, {"pair/0", "pair/1"});
  const DuplicateBound each{.in_flight = concurrency * 2, .open = in_flight, .siblings = 1};
  const auto requests = receiver.requests();
  const auto bound = each.of({hang}, requests) + std::count_if(requests.begin(), requests.end(), [&](const ReceivedRequest& request) {
                       return request.at > hang && request.at <= gone;
                     });
  print("a stop while Kafka hangs", report, bound);
  EXPECT_TRUE(report.complete()) << report.text;
  EXPECT_LE(report.duplicates, bound) << report.text;
}

}  // namespace
}  // namespace hookline::test
