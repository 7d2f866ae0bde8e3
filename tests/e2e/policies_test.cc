// Policies and batches on a real Kafka: each kind of source, thresholds over partitions and processes that come and
// go, several events in one request while processes are killed.
#include <map>
#include <set>

#include "proof.h"

namespace hookline::test {
namespace {

class Policies : public Proof {
 protected:
  HooklineOptions with(const std::string& webhooks, const std::string& policies, const std::string& more = {}) const {
    auto made = options(webhooks, "policies: [policies.yaml]\nshutdown: {grace: 2s}\n" + more);
    made.files["policies.yaml"] = policies;
    return made;
  }
  std::string only_policies(const std::string& name) const {
    return fmt::format("name: {}\ntrigger: policy\nendpoints: [{{url: \"{}\"}}]\nheaders: {{X-Policy: \"$policy $count $window\"}}\n", name,
                       receiver.url("/" + name));
  }
  std::set<std::string> ids_at(const std::string& path) {
    std::set<std::string> ids;
    for (const auto& request : receiver.requests(path)) ids.insert(event_id(request.body));
    return ids;
  }
  bool settled() { return all_committed() && kafka.admin().lag(group, prefix + ".thresholds") == 0; }
};

TEST_F(Policies, OfEachKindOfSourceReachTheirWebhooks) {
  create_topics(2);
  const std::vector<std::pair<std::string, std::string>> sources{{"by-host", "host: [web-3]"}, {"by-ip", "ip: [10.1.2.3]"},
                                                                 {"by-range", "ip_range: [10.0.0.0/8]"}, {"by-site", "site: [Berlin]"}};
  std::string webhooks = only_policies("any"), policies = "name: any\non: [incident]\nnotify: [any]\n";
  for (const auto& [name, source] : sources) {
    webhooks += "---\n" + only_policies(name);
    policies += fmt::format("---\nname: p-{0}\non: [incident_triggered]\nsource: {{ {1} }}\ncriteria: severity == \"high\"\nnotify: [{0}]\n", name, source);
    policies += fmt::format("---\nname: q-{0}\non: [incident_triggered]\nsource: {{ {1} }}\ncriteria: severity == \"high\"\nnotify: [{0}]\n", name, source);
  }
  HooklineProcess hookline(with(webhooks, policies));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  Publisher publisher(kafka.bootstrap());
  const auto publish = [&](const std::string& id, const std::string& fields) {
    publisher.publish(topic, {.id = id, .key = id, .value = fmt::format(R"({{"event_type":"incident_triggered","id":"{}",{}}})", id, fields), .headers = {}});
  };
  publish("host", R"("severity":"high","host":"web-3")");
  publish("mapped", R"("severity":"HIGH","source_ip":"::ffff:10.1.2.3")");
  publish("range", R"("severity":"high","srcIp":"10.200.0.1")");
  publish("site", R"("severity":"high","siteName":"Berlin")");
  publish("low", R"("severity":"low","host":"web-3","source_ip":"10.1.2.3","site":"Berlin")");
  publish("elsewhere", R"("severity":"high","host":"web-4","source_ip":"11.0.0.1","site":"Rome")");
  ASSERT_TRUE(publisher.flush(30s));
  ASSERT_TRUE(wait_until([&] { return receiver.requests("/any").size() >= 6 && settled(); }, 60s)) << hookline.log();
  using Ids = std::set<std::string>;
  EXPECT_EQ(ids_at("/any").size(), 6u);
  EXPECT_EQ(ids_at("/by-host"), (Ids{"host"}));
  EXPECT_EQ(ids_at("/by-ip"), (Ids{"mapped"}));
  EXPECT_EQ(ids_at("/by-range"), (Ids{"mapped", "range"}));
  EXPECT_EQ(ids_at("/by-site"), (Ids{"site"}));
  EXPECT_EQ(receiver.count(), 6u + 5u) << "each once, though two policies name each webhook";
  EXPECT_EQ(receiver.requests("/by-host").front().header("x-policy"), "p-by-host NA NA");
  EXPECT_EQ(hookline.terminate()->code, 0) << hookline.log();
}

TEST_F(Policies, AThresholdFiresOncePerGroupWhileProcessesAreKilledAndCome) {
  session_timeout = 3s;
  kafka.create_topic(topic, 6);
  create_own_topics(kafka, prefix, {}, 4);
  const auto made = with(only_policies("pager"), "name: storm\non: [incident]\nthreshold: {count: 20, within: 1h, per: host}\nnotify: [pager]\n");
  HooklineProcess first(made), second(made);
  ASSERT_TRUE(first.wait_ready()) << first.log();
  ASSERT_TRUE(second.wait_ready()) << second.log();

  constexpr int hosts = 60;
  const auto of_host = [](int number) {  // its events go to every partition
    return EventToPublish{.id = std::to_string(number), .key = std::to_string(number),
                          .value = fmt::format(R"({{"event_type":"incident_triggered","id":"{}","host":"h{}"}})", number, number % hosts),
                          .headers = {}};
  };
  Publisher publisher(kafka.bootstrap());
  publisher.publish_events(topic, hosts * 12, of_host);
  first.kill9();  // with all groups half full
  publisher.publish_events(topic, hosts * 7, of_host, hosts * 12);
  HooklineProcess third(made);
  ASSERT_TRUE(third.wait_ready()) << third.log();
  ASSERT_TRUE(wait_until([&] { return settled(); }, 60s)) << second.log();
  EXPECT_EQ(receiver.count(), 0u) << "19 of each";

  publisher.publish_events(topic, hosts, of_host, hosts * 19);
  ASSERT_TRUE(wait_until([&] { return receiver.count() >= hosts / 3; }, 60s)) << second.log() << third.log();
  second.kill9();  // in the middle of firing
  publisher.publish_events(topic, hosts * 10, of_host, hosts * 20);
  first.start();
  ASSERT_TRUE(first.wait_ready()) << first.log();
  ASSERT_TRUE(wait_until([&] { return settled() && receiver.count() >= hosts; }, 90s)) << first.log() << third.log();
  EXPECT_EQ(third.terminate()->code, 0) << third.log();
  publisher.publish_events(topic, hosts * 10, of_host, hosts * 30);
  ASSERT_TRUE(wait_until([&] { return settled(); }, 60s)) << first.log();

  std::map<std::string, std::set<std::string>> firings;  // of each host
  for (const auto& request : receiver.requests()) {
    const auto at = request.body.find("\"host\":\"h");
    firings[request.body.substr(at + 8)].insert(request.header("webhook-id"));
    EXPECT_EQ(request.header("x-policy"), "storm 20 1h");
  }
  EXPECT_EQ(firings.size(), static_cast<std::size_t>(hosts));
  for (const auto& [host, ids] : firings) EXPECT_EQ(ids.size(), 1u) << host;
  EXPECT_TRUE(kafka.read(dead_letters).empty());
  fmt::print("thresholds: {} groups, {} requests over two kills and a rebalance\n", firings.size(), receiver.count());
}

TEST_F(Policies, WithAShortWindowFireAgainInTheNext) {
  create_topics(3);
  HooklineProcess hookline(with(only_policies("pager"), "name: storm\non: [incident]\nthreshold: {count: 5, within: 10s, per: host}\nnotify: [pager]\n"));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  Publisher publisher(kafka.bootstrap());
  const std::int64_t now = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  const auto at = [&](int number) {  // by record time: one a second
    return EventToPublish{.id = std::to_string(number), .key = "k",
                          .value = fmt::format(R"({{"event_type":"incident_triggered","id":"{}","host":"h"}})", number), .headers = {},
                          .partition = -1, .timestamp = now - 60'000 + number * 1000};
  };
  publisher.publish_events(topic, 30, at);
  ASSERT_TRUE(wait_until([&] { return receiver.count() >= 3 && settled(); }, 60s)) << hookline.log();
  EXPECT_EQ(ids_at("/pager"), (std::set<std::string>{"4", "14", "24"}));
  EXPECT_EQ(hookline.terminate()->code, 0) << hookline.log();
}

/// The ids of the events in a body that is an array of them, or one on each line.
std::vector<std::string> members(const std::string& body) {
  std::vector<std::string> ids;
  constexpr std::string_view before = "\"id\":\"";
  for (auto at = body.find(before); at != std::string::npos; at = body.find(before, at + 1)) {
    const auto begin = at + before.size();
    ids.push_back(body.substr(begin, body.find('"', begin) - begin));
  }
  return ids;
}

TEST_F(Policies, BatchesLoseNothingOverAKill) {
  session_timeout = 3s;
  create_topics(4);
  const auto hook = [&](const std::string& name, const std::string& format) {
    return webhook(name, fmt::format("format: {}\nbatch: {{max_events: 20, max_wait: 200ms}}\npayload: '{{\"id\":\"$id\"}}'\n"
                                     "retry: {{schedule: [1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s], on: any_failure}}\n", format));
  };
  const auto hooks = hook("list", "array") + "---\n" + hook("lines", "ndjson");
  const auto busy = [](const ReceivedRequest& request, int) { return Reaction{.status = request.number % 5 == 0 ? 503 : 200, .delay = 5ms}; };
  receiver.on("/list/0", busy);
  receiver.on("/lines/0", [](const ReceivedRequest& request, int) { return Reaction{.status = members(request.body).size() > 10 ? 413 : 200}; });
  const auto made = options(hooks, "shutdown: {grace: 2s}\n");
  HooklineProcess first(made), second(made);
  ASSERT_TRUE(first.wait_ready()) << first.log();
  ASSERT_TRUE(second.wait_ready()) << second.log();
  Load load(kafka.bootstrap(), topic, 400, [](int number) {
    return EventToPublish{.id = std::to_string(number), .key = std::to_string(number),
                          .value = fmt::format(R"({{"event_type":"incident_triggered","id":"{}"}})", number), .headers = {}};
  });
  ASSERT_TRUE(wait_until([&] { return receiver.count("/list/0") > 40 && receiver.count("/lines/0") > 40; }, 60s)) << first.log();
  first.kill9();
  const auto before = receiver.count();
  ASSERT_TRUE(wait_until([&] { return receiver.count() > before + 40; }, 60s)) << second.log();
  first.start();
  ASSERT_TRUE(first.wait_ready()) << first.log();
  const auto& events = load.stop();
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 90s)) << waiting();

  std::size_t several = 0;
  for (const char* path : {"/list/0", "/lines/0"}) {
    std::map<std::string, int> delivered;
    for (const auto& request : receiver.requests(path)) {
      const auto ids = members(request.body);
      several += ids.size() > 1;
      EXPECT_LE(ids.size(), 20u);
      EXPECT_EQ(request.header("content-type"), path == std::string("/list/0") ? "application/json" : "application/x-ndjson");
      if (request.status / 100 != 2) continue;
      for (const auto& id : ids) ++delivered[id];
    }
    int lost = 0, twice = 0;
    for (const auto& event : events) {
      lost += !delivered.contains(event.id);
      twice += delivered[event.id] > 1;
    }
    fmt::print("batches {}: {} events in {} requests, lost {}, sent twice {}\n", path, events.size(), receiver.count(path), lost, twice);
    EXPECT_EQ(lost, 0);
  }
  EXPECT_GT(several, 50u);
  EXPECT_TRUE(kafka.read(dead_letters).empty());
  EXPECT_EQ(first.terminate()->code, 0) << first.log();
  EXPECT_EQ(second.terminate()->code, 0) << second.log();
}

}  // namespace
}  // namespace hookline::test
