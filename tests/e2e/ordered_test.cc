// What goes out in order, and what creates and updates: on a real Kafka, through retries, a kill and a rolling
// restart, accounted for from outside, the order as the receiver saw it.
#include <map>

#include "proof.h"
#include "support/promises.h"

namespace hookline::test {
namespace {

/// {"id": "e-000042", "event_type": …, "story_id": "s-2", "n": 42}, with its story as key.
EventToPublish story_event(int number, const std::string& type, const std::string& story, int partition = -1) {
  auto event = test_event(number);
  event.key = story;
  event.value = fmt::format(R"({{"id": "{}", "event_type": "{}", "story_id": "{}", "n": {}}})", event.id, type, story, number);
  event.partition = partition;
  return event;
}

/// One of twenty.
std::string story_of(int number) { return fmt::format("s-{}", number % 20); }

std::string text_after(const std::string& body, const std::string& before) {
  const auto at = body.find(before);
  if (at == std::string::npos) return {};
  const auto from = at + before.size();
  return body.substr(from, body.find_first_of("\",}", from) - from);
}

class OrderedProof : public Proof {
 protected:
  bool all_committed() { return Proof::all_committed() && kafka.admin().lag(group, prefix + ".ordered") == 0; }

  HttpAnswer correlations(const HooklineProcess& hookline, const std::string& method, const std::string& query, const std::string& body = {}) {
    return hookline.request(method, "/api/v1/correlations" + query, body);
  }
};

TEST_F(OrderedProof, AKeyKeepsItsOrderOverRetriesAKillAndARollingRestart) {
  session_timeout = 3s;
  create_topics(4);
  // Every fifth event is refused twice: those behind it wait.
  receiver.on("/line/0", [](const ReceivedRequest& request, int seen) {
    const bool bad = std::stoi(text_after(request.body, "\"n\": ")) % 5 == 0;
    return Reaction{.status = bad && seen < 2 ? 503 : 200};
  });
  const auto hooks = webhook("line", "ordering: key\nretry: {schedule: [50ms, 100ms, 200ms, 200ms, 200ms, 200ms], on: any_failure}\n") + "---\n" + webhook("free");
  HooklineProcess first(options(hooks, "shutdown: {grace: 3s}\n")), second(options(hooks, "shutdown: {grace: 3s}\n"));
  ASSERT_TRUE(first.wait_ready(60s)) << first.log();
  ASSERT_TRUE(second.wait_ready(60s)) << second.log();
  Load load(kafka.bootstrap(), topic, 60, [](int n) { return story_event(n, "incident_updated", story_of(n)); });
  ASSERT_TRUE(wait_until([&] { return receiver.count("/line/0") > 100; }, 60s)) << first.log();
  first.kill9();
  const auto crash = std::chrono::steady_clock::now();
  first.start();
  ASSERT_TRUE(first.wait_ready(60s)) << first.log();
  const auto before = receiver.count("/line/0");
  ASSERT_TRUE(wait_until([&] { return receiver.count("/line/0") > before + 100; }, 60s)) << first.log();
  for (auto* process : {&first, &second}) {
    EXPECT_EQ(process->terminate()->code, 0) << process->log();
    process->start();
    ASSERT_TRUE(process->wait_ready(60s)) << process->log();
  }
  const auto events = load.stop();
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 120s)) << first.log() << second.log();
  const auto report = account_of(events, {"line/0", "free/0"});
  const DuplicateBound bound{.in_flight = 2 * 64 * 2, .open = 20'000, .siblings = 1};
  print("a kill and a rolling restart, in order", report, bound.of({crash}, receiver.requests()));
  EXPECT_EQ(report.lost, 0);
  EXPECT_LE(report.duplicates, bound.of({crash}, receiver.requests()));
  // A story is one partition: its events were acknowledged in their order.
  const auto broken = out_of_order(events, receiver.requests("/line/0"),
                                   [](const PublishedEvent& event) { return story_of(std::stoi(event.id.substr(event.id.find('-') + 1))); });
  EXPECT_TRUE(broken.empty()) << fmt::format("{}", fmt::join(broken, "\n"));
  EXPECT_EQ(first.terminate()->code, 0);
  EXPECT_EQ(second.terminate()->code, 0);
}

TEST_F(OrderedProof, CreatesAndUpdatesOfAStoryFindEachOther) {
  create_topics(4);
  receiver.on("/create", [](const ReceivedRequest& request, int) {
    const auto story = text_after(request.body, "\"story_id\": \"");
    if (story == "hopeless") return Reaction{.status = 400};
    return Reaction{.status = 201, .body = fmt::format(R"({{"link": {{"url": "item-{}", "text": "INC-{}"}}}})", story, story)};
  });
  const auto hooks = fmt::format(R"(name: tickets
events: [incident_triggered]
correlation: {{key: story_id, response_id: link.url}}
endpoints: [{{url: "{}"}}]
---
name: notes
events: [incident_resolved]
correlation: {{key: story_id, from: tickets, wait: 10s}}
endpoints: [{{url: "{}/$correlationId"}}]
)", receiver.url("/create"), receiver.url("/update"));
  HooklineProcess hookline(options(hooks));
  ASSERT_TRUE(hookline.wait_ready(60s)) << hookline.log();
  Publisher publisher(kafka.bootstrap());
  int number = 0;
  std::vector<PublishedEvent> events;
  const auto publish = [&](const std::string& type, const std::string& story, int partition) {
    publisher.publish(topic, story_event(number++, type, story, partition));
    ASSERT_TRUE(publisher.flush(30s));
  };
  // In other partitions than their creates, some before and some after them.
  for (int i = 0; i < 20; ++i) {
    const auto story = fmt::format("s-{}", i);
    if (i % 2 == 0) publish("incident_resolved", story, 3);
    publish("incident_triggered", story, i % 3);
    if (i % 2 == 1) publish("incident_resolved", story, 3);
  }
  publish("incident_triggered", "hopeless", 0);
  publish("incident_resolved", "hopeless", 0);
  publish("incident_resolved", "nobody", 1);
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 90s)) << hookline.log();

  std::map<std::string, std::uint64_t> created;
  for (const auto& request : receiver.requests("/create")) created[text_after(request.body, "\"story_id\": \"")] = request.number;
  EXPECT_EQ(created.size(), 21u);
  for (int i = 0; i < 20; ++i) {
    const auto updates = receiver.requests(fmt::format("/update/item-s-{}", i));
    ASSERT_EQ(updates.size(), 1u) << i;
    EXPECT_GT(updates[0].number, created[fmt::format("s-{}", i)]);
  }
  std::map<std::string, int> letters;
  for (const auto& letter : kafka.read(dead_letters)) {
    for (const auto& [name, value] : letter.headers) {
      if (name == "hookline.reason") ++letters[value];
    }
  }
  EXPECT_EQ(letters, (std::map<std::string, int>{{"correlation", 2}, {"rejected", 1}}));

  // By hand, and it is used at once; over a restart, too.
  auto listed = correlations(hookline, "GET", "?webhook=tickets&key=s-7");
  EXPECT_EQ(listed.status, 200) << listed.body;
  EXPECT_NE(listed.body.find(R"("id":"item-s-7","text":"INC-s-7")"), std::string::npos) << listed.body;
  const auto page = correlations(hookline, "GET", "?limit=3");
  EXPECT_NE(page.body.find(R"("next":"tickets/)"), std::string::npos) << page.body;
  EXPECT_EQ(correlations(hookline, "PUT", "?webhook=tickets&key=nobody", R"({"id": "item-nobody"})").status, 200);
  EXPECT_EQ(correlations(hookline, "PUT", "?webhook=notes&key=nobody", R"({"id": "x"})").status, 400);
  EXPECT_EQ(hookline.terminate()->code, 0) << hookline.log();
  hookline.start();
  ASSERT_TRUE(hookline.wait_ready(60s)) << hookline.log();
  publish("incident_resolved", "nobody", 2);
  ASSERT_TRUE(wait_until([&] { return receiver.count("/update/item-nobody") == 1; }, 60s)) << hookline.log();
  EXPECT_EQ(correlations(hookline, "DELETE", "?webhook=tickets&key=nobody").status, 204);
  EXPECT_EQ(hookline.terminate()->code, 0) << hookline.log();
}

}  // namespace
}  // namespace hookline::test
