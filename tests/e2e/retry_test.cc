// What waits in retry topics: attempts as configured over restarts, an endpoint that is dead for a while and
// back, its neighbours untouched, and kills on the way. The topics' delays are short ones.
#include <csignal>
#include <map>

#include "proof.h"

namespace hookline::test {
namespace {

class RetryTopics : public Proof {
 protected:
  HooklineOptions with_short_delays(const std::string& webhooks, const std::string& more = {}) const {
    return options(webhooks, "shutdown: {grace: 2s}\n" + more);
  }
  static bool long_form() { return std::getenv("HOOKLINE_LONG") != nullptr; }
  double metric(const HooklineProcess& hookline, const std::string& name) { return hookline.metric(name).value_or(0); }
};

// Some events always fail and a steady stream of others does not, so that the endpoint's circuit stays closed:
// an open one would let a single request at a time use attempts up.
TEST_F(RetryTopics, ThreeRetriesAreThreeOverGracefulRestarts) {
  create_topics(4);
  constexpr int failing = 200;
  const auto fails = [last = test_event(failing - 1).id](const ReceivedRequest& request) { return event_id(request.body) <= last; };
  receiver.on("/w/0", [fails](const ReceivedRequest& request, int) { return Reaction{.status = fails(request) ? 500 : 200}; });
  HooklineProcess hookline(with_short_delays(webhook("w", "retry: {schedule: [2s, 3s, 4s], on: any_failure}\n")));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  const auto failed = [&] {
    std::map<std::string, int> attempts;
    for (const auto& request : receiver.requests()) {
      if (fails(request)) ++attempts[request.header("webhook-id")];
    }
    return attempts;
  };
  const auto total = [&] {
    int sum = 0;
    for (const auto& [id, attempts] : failed()) sum += attempts;
    return sum;
  };
  Load load(kafka.bootstrap(), topic, 50, [](int number) { return test_event(failing + number); });
  Publisher publisher(kafka.bootstrap());
  publisher.publish_events(topic, failing);
  for (int restart = 0; restart < 3; ++restart) {
    const auto before = total();
    ASSERT_TRUE(wait_until([&] { return total() >= before + failing / 2; }, 60s)) << hookline.log();
    EXPECT_EQ(hookline.terminate()->code, 0) << hookline.log();
    hookline.start();
    ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  }
  ASSERT_TRUE(wait_until([&] { return kafka.read(dead_letters).size() >= failing; }, 120s)) << hookline.log();
  auto events = load.stop();
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 60s)) << waiting();
  EXPECT_EQ(failed().size(), static_cast<std::size_t>(failing));
  for (const auto& [id, attempts] : failed()) EXPECT_EQ(attempts, 4) << id;
  events.insert(events.end(), publisher.acknowledged().begin(), publisher.acknowledged().end());
  const auto report = account_of(events, {"w/0"});
  print("three restarts", report, 0);
  EXPECT_EQ(report.lost, 0);
  EXPECT_EQ(hookline.terminate()->code, 0);
}

// Half a minute of outage; in the long form two, which these delays make of what would be an hour with the usual ones.
TEST_F(RetryTopics, ADeadEndpointCostsItsNeighbourNothingAndItselfOnlyTime) {
  session_timeout = 3s;
  create_topics();
  const std::uint64_t rate = 300, outage = long_form() ? 120 : 30;  // seconds
  Receiver dead;
  dead.refuse();
  const auto hooks = webhook("well") + "---\n" +
                     fmt::format("name: ill\nevents: [incident]\nendpoints: [{{url: \"{}\"}}]\n"
                                 "retry: {{schedule: [1s, 2s, 4s, 8s, 16s, 30s, 30s, 30s, 30s, 30s], on: any_failure}}\n", dead.url("/ill/0"));
  HooklineProcess first(with_short_delays(hooks)), second(with_short_delays(hooks));
  ASSERT_TRUE(first.wait_ready()) << first.log();
  ASSERT_TRUE(second.wait_ready()) << second.log();
  Load load(kafka.bootstrap(), topic, static_cast<int>(rate));
  const auto slow = [&] {
    std::size_t late = 0;
    for (const auto& request : receiver.requests()) late += request.status / 100 != 2;
    return late;
  };
  ASSERT_TRUE(wait_until([&] { return receiver.count() > rate * outage * 2 / 3; }, 300s));
  first.kill9();  // in the middle of handing over
  const auto crash = std::chrono::steady_clock::now();
  first.start();
  ASSERT_TRUE(wait_until([&] { return receiver.count() > rate * outage; }, 300s));
  EXPECT_EQ(metric(second, R"(hookline_circuit_state{webhook="ill",endpoint="0"})"), 2) << second.log();
  const auto status = run_hookline({"status"}, {}, {{"HOOKLINE_URL", fmt::format("http://127.0.0.1:{}", second.admin_port())}});
  EXPECT_EQ(status.status.code, 0) << status.errors;
  EXPECT_NE(status.output.find("ill/0"), std::string::npos) << status.output;
  EXPECT_NE(status.output.find("open"), std::string::npos) << status.output;
  EXPECT_EQ(status.output.find("10s 0  1m 0  10m 0  1h 0  6h 0"), std::string::npos) << "something waits in retry topics: " << status.output;
  dead.accept();
  ASSERT_TRUE(wait_until([&] { return receiver.count() > rate * outage + 1000; }, 120s));
  const auto events = load.stop();
  ASSERT_TRUE(wait_until([&] { return lag() == 0; }, 60s)) << "the sources wait for nobody";
  ASSERT_TRUE(wait_until([&] { return dead.count() >= events.size(); }, 300s)) << dead.count();
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 120s)) << waiting();
  EXPECT_EQ(metric(first, "hookline_retry_backlog") + metric(second, "hookline_retry_backlog"), 0);
  Accounting account;
  account.expect(events, {"well/0", "ill/0"});
  account.received(receiver.requests());
  account.received(dead.requests());
  account.dead_lettered(kafka.read(dead_letters));
  const auto report = account.report();
  const DuplicateBound bound{.in_flight = 2 * 64 * 2, .open = 20'000, .siblings = 1};
  print("a dead endpoint, one kill", report, bound.of({crash}, receiver.requests()));
  EXPECT_EQ(report.lost, 0);
  EXPECT_LE(report.duplicates, bound.of({crash}, receiver.requests()));
  EXPECT_EQ(slow(), 0u);
  EXPECT_EQ(first.terminate()->code, 0) << first.log();
  EXPECT_EQ(second.terminate()->code, 0) << second.log();
}

TEST_F(RetryTopics, NoBacklogOfAHealthyReceiverIsCopiedThroughThem) {
  create_topics();
  Receiver slow({.record = Record::ids, .reaction = {.delay = 20ms}});
  const int events = long_form() ? 1'000'000 : 20'000;
  {
    Publisher publisher(kafka.bootstrap());
    publisher.publish_events(topic, events, 0, 600s);
  }
  HooklineProcess hookline(with_short_delays(fmt::format("name: slow\nevents: [incident]\nendpoints: [{{url: \"{}\"}}]\n", slow.url("/slow/0"))));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  ASSERT_TRUE(wait_until([&] { return slow.count() >= static_cast<std::uint64_t>(events) && all_committed(); }, 1800s, 200ms)) << hookline.log();
  for (const char* tier : {"10s", "1m", "10m", "1h", "6h"}) EXPECT_TRUE(kafka.read(prefix + ".retry." + tier).empty()) << tier;
  EXPECT_EQ(slow.count(), static_cast<std::size_t>(events));
  EXPECT_EQ(hookline.terminate()->code, 0);
}

// librdkafka gives a topic half a minute to turn up: a long test.
TEST_F(RetryTopics, ADeletedOneHoldsWhatNeedsItUntilItIsMadeAgain) {
  if (!long_form()) GTEST_SKIP() << "takes minutes: HOOKLINE_LONG=1";
  create_topics(1);
  const auto gone = prefix + ".retry.1m";
  receiver.on("/w/0", answers({500, 200}));
  HooklineProcess hookline(with_short_delays(webhook("w", "retry: {schedule: [3s], on: any_failure}\n")));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  kafka.admin().delete_topic(gone);
  Publisher publisher(kafka.bootstrap());
  publisher.publish_events(topic, 10);
  ASSERT_TRUE(wait_until([&] { return hookline.log().find("cannot write to " + gone) != std::string::npos; }, 180s)) << hookline.log();
  const auto status = hookline.get("/api/v1/status").body;
  EXPECT_NE(status.find("topic " + gone + " has not acknowledged it"), std::string::npos) << status;
  EXPECT_GT(lag(), 0);
  kafka.create_topic(gone, 2, {{"message.timestamp.type", "LogAppendTime"}});
  ASSERT_TRUE(wait_until([&] { return lag() == 0 && waiting() == 0; }, 300s)) << hookline.log();
  EXPECT_EQ(account_of(publisher.acknowledged(), {"w/0"}).lost, 0);
  EXPECT_TRUE(kafka.read(dead_letters).empty());
  EXPECT_EQ(hookline.terminate()->code, 0) << hookline.log();
}

}  // namespace
}  // namespace hookline::test
