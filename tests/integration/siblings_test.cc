// Two workers of one process on the in-memory cluster: what one learns of an endpoint the other knows; and the storm
// guard from outside.
#include <algorithm>
#include <thread>

#include "integration/embedded_engine.h"

namespace hookline::test {
namespace {

class Siblings : public EmbeddedEngine {
 protected:
  std::unique_ptr<engine::Engine> engine;

  void TearDown() override {
    if (!engine) return;
    EXPECT_TRUE(engine->stop());
  }

  void start(const std::string& webhooks) {
    engine = started(configure(webhooks, "workers: 2\nretry_topics: {delays: [1s, 2s, 3s, 4s, 5s]}\n"));
    ASSERT_TRUE(wait_until([&] { return both_own_sources(); }, 60s));
  }

  bool both_own_sources() {
    const auto status = engine->status();
    return std::count_if(status.workers.begin(), status.workers.end(), [](const engine::WorkerStatus& worker) {
      return std::any_of(worker.partitions.begin(), worker.partitions.end(), [](const auto& p) { return p.topic == "incidents"; });
    }) == 2;
  }

  /// One event to each partition of the source topic, `rounds` times.
  void publish_to_all(int rounds, int first) {
    Publisher publisher(cluster->bootstrap_servers());
    publisher.publish_events("incidents", rounds * partitions, [](int number) {
      auto event = test_event(number);
      event.partition = number % partitions;
      return event;
    }, first);
  }
  std::size_t storms() {
    const auto status = engine->status();
    return static_cast<std::size_t>(std::count_if(status.workers.begin(), status.workers.end(), [](const auto& w) { return w.storm.has_value(); }));
  }
};

TEST_F(Siblings, AnEndpointThatAsksOneWorkerToWaitIsLeftAloneByBoth) {
  receiver.on("/hook", [](const ReceivedRequest& request, int seen) {
    if (event_id(request.body) == "e-000000" && seen == 0) return Reaction{.status = 429, .headers = {{"Retry-After", "4"}}};
    return Reaction{};
  });
  start(fmt::format("name: hook\nevents: [incident]\nendpoints: [{{url: \"{}\"}}]\n", receiver.url("/hook")));
  publish(1);
  ASSERT_TRUE(wait_until([&] { return receiver.count() == 1; }, 30s));
  ASSERT_TRUE(wait_until([&] { return engine->status().workers.size() == 2; }, 30s));  // news is a post away
  std::this_thread::sleep_for(1500ms);
  publish_to_all(10, 100);
  ASSERT_TRUE(wait_until([&] { return receiver.count() >= 41; }, 60s)) << receiver.count();
  const auto requests = receiver.requests("/hook");
  for (std::size_t i = 1; i < requests.size(); ++i) EXPECT_GE(requests[i].at - requests[0].at, 3900ms) << i;
}

// Three spellings of one address are three hosts.
TEST_F(Siblings, WhenNothingAnswersIntakeStopsInBothAndGoesOnByItself) {
  std::string webhooks;
  for (const char* host : {"127.0.0.1", "127.1", "2130706433"}) {
    webhooks += fmt::format("name: w{}\nevents: [incident]\nendpoints: [{{url: \"http://{}:{}/hook\"}}]\n"
                            "retry: {{schedule: [100ms, 100ms], on: any_failure}}\n---\n", webhooks.size(), host, receiver.port());
  }
  webhooks.resize(webhooks.size() - 4);
  receiver.refuse();
  start(webhooks);
  publish_to_all(25, 0);
  ASSERT_TRUE(wait_until([&] { return storms() == 2; }, 60s)) << "one tells the other";
  const auto readiness = engine->readiness();
  EXPECT_TRUE(readiness.ready);
  ASSERT_EQ(readiness.warnings.size(), 1u) << "told once, not by each worker";
  EXPECT_NE(readiness.warnings[0].find("failed before any HTTP answer, on 3 hosts"), std::string::npos) << readiness.warnings[0];
  EXPECT_NE(engine->exposition().find("hookline_storm_guard 1"), std::string::npos);
  const auto letters = [&] { return engine->metrics().dead_letters("exhausted").value() + engine->metrics().dead_letters("expired").value(); };
  const auto before = letters();
  publish_to_all(50, 1000);
  EXPECT_TRUE(holds_for([&] { return letters() == before && storms() == 2; }, 3s));
  receiver.accept();
  ASSERT_TRUE(wait_until([&] { return storms() == 0; }, 60s));
  ASSERT_TRUE(wait_until([&] { return receiver.count() + letters() >= 900; }, 120s)) << receiver.count() << " " << letters();
  EXPECT_EQ(letters(), before) << "what lived to see the storm was delivered";
  EXPECT_NE(engine->exposition().find("hookline_storm_guard 0"), std::string::npos);
}

}  // namespace
}  // namespace hookline::test
