// Nobody waits for a sick receiver: ten webhooks of which five are ill, each in its way, and five that must not notice.
#include <algorithm>
#include <set>

#include "proof.h"
#include "support/port.h"

namespace hookline::test {
namespace {

class Isolation : public Proof {
 protected:
  static constexpr int healthy = 5;

  std::string sick(const std::string& name, const std::string& url) const {
    return fmt::format("---\nname: {}\nevents: [incident]\ntimeout: {{connect: 3s, request: 3s}}\n"
                       "retry: {{schedule: [1s, 2s, 4s, 8s, 16s], on: any_failure}}\nendpoints: [{{url: \"{}\"}}]\n", name, url);
  }
};

TEST_F(Isolation, FiveSickWebhooksCostTheFiveHealthyOnesNothing) {
  create_topics();
  constexpr int rate = 60, seconds = 15;  // x 10 deliveries: far below what two cores do
  receiver.on("/hang/0", hang());
  receiver.on("/fails/0", answer(500));
  receiver.on("/busy/0", retry_after("10", 429));
  receiver.on("/drips/0", drip(1s));
  std::string hooks;
  std::vector<std::string> endpoints;
  std::set<std::string> names;
  for (int i = 0; i < healthy; ++i) {
    const auto name = fmt::format("well-{}", i);
    hooks += (i > 0 ? "---\n" : "") + webhook(name);
    endpoints.push_back(name + "/0");
    names.insert(name);
  }
  hooks += sick("hang", receiver.url("/hang/0")) + sick("fails", receiver.url("/fails/0")) + sick("busy", receiver.url("/busy/0")) +
           sick("drips", receiver.url("/drips/0")) + sick("refuses", fmt::format("http://127.0.0.1:{}/refuses/0", fresh_port()));
  HooklineProcess hookline(options(hooks, "shutdown: {grace: 2s}\n"));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();

  std::vector<Instant> published;
  published.reserve(100'000);
  Load load(kafka.bootstrap(), topic, rate, [&](int number) {
    published.push_back(std::chrono::steady_clock::now());
    return test_event(number);
  });
  const auto of_the_healthy = [&] {
    std::uint64_t count = 0;
    for (const auto& endpoint : endpoints) count += receiver.count("/" + endpoint);
    return count;
  };
  const auto committed = [&] {
    std::int64_t sum = 0;
    for (const auto& one : kafka.committed(group, topic)) sum += one.offset;
    return sum;
  };
  std::int64_t last = 0;
  for (int step = 1; step <= 3; ++step) {  // offsets keep moving
    ASSERT_TRUE(wait_until([&] { return of_the_healthy() >= static_cast<std::uint64_t>(healthy * rate * seconds * step / 3); }, 120s)) << of_the_healthy();
    ASSERT_TRUE(wait_until([&] { return committed() > last; }, 30s)) << last << hookline.log();
    last = committed();
  }
  const auto status = run_hookline({"status", "--url", fmt::format("http://127.0.0.1:{}", hookline.admin_port())});
  const auto as_json = run_hookline({"status", "--json", "--url", fmt::format("http://127.0.0.1:{}", hookline.admin_port())});
  const auto events = load.stop();
  ASSERT_TRUE(wait_until([&] { return of_the_healthy() >= healthy * events.size(); }, 60s)) << of_the_healthy();
  ASSERT_TRUE(wait_until([&] { return lag() == 0; }, 60s)) << "no source record waits for a sick one";

  std::map<std::string, int> attempts;  // nothing of the healthy ones was refused, parked or sent twice
  std::vector<double> delays;
  for (const auto& endpoint : endpoints) {
    for (const auto& request : receiver.requests("/" + endpoint)) {
      ++attempts[request.header("webhook-id")];
      delays.push_back(std::chrono::duration<double>(request.at - published.at(std::stoul(event_id(request.body).substr(2)))).count());
    }
  }
  EXPECT_EQ(attempts.size(), healthy * events.size());
  EXPECT_EQ(delays.size(), healthy * events.size());
  std::size_t waited = 0;
  for (const char* tier : retry_tiers) {
    for (const auto& record : kafka.read(prefix + ".retry." + tier)) {
      ++waited;
      EXPECT_FALSE(names.contains(record.header("hookline.webhook"))) << record.header("hookline.webhook");
    }
  }
  EXPECT_GT(waited, events.size()) << "what the sick ones cannot take stands there";
  std::sort(delays.begin(), delays.end());
  const auto p99 = delays.at(delays.size() * 99 / 100);
  fmt::print("isolation: {} events, delay of the healthy {:.3f} s (median), {:.3f} s (99th percentile), {:.3f} s (slowest); {} records in retry topics\n",
             events.size(), delays.at(delays.size() / 2), p99, delays.back(), waited);
  EXPECT_LT(p99, 10.0);

  // What an operator sees meanwhile.
  EXPECT_EQ(status.status.code, 0) << status.errors;
  for (const char* text : {"waiting in retry topics:", "well-0/0", "refuses/0", "open", "could not connect"}) {
    EXPECT_NE(status.output.find(text), std::string::npos) << text << "\n" << status.output;
  }
  for (const char* text : {"\"warnings\": []", "\"retry_backlog\": {", "\"held_by\"", "\"circuit\": \"closed\"", "\"storm\": null"}) {
    EXPECT_NE(as_json.output.find(text), std::string::npos) << text << "\n" << as_json.output;
  }
  EXPECT_EQ(hookline.terminate()->code, 0) << hookline.log();
}

TEST(StatusCommand, WithNobodyThereSaysSoAndEndsWithOne) {
  const auto result = run_hookline({"status", "--url", fmt::format("http://127.0.0.1:{}", fresh_port())});
  EXPECT_EQ(result.status.code, 1);
  EXPECT_FALSE(result.errors.empty());
}

}  // namespace
}  // namespace hookline::test
