// The main job on the real thing: events acknowledged by a real Kafka come out of the built binary as
// webhooks, every one accounted for from outside, whatever crashes.
#include <csignal>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "e2e/proof.h"
#include "support/accounting.h"
#include "support/behaviours.h"
#include "support/hookline_process.h"
#include "support/kafka_cluster.h"
#include "support/publisher.h"
#include "support/wait.h"

namespace hookline::test {
namespace {

using namespace std::chrono_literals;

/// A topic per kind, a group, a receiver, and the configuration that joins them.
class Delivery : public ::testing::Test {
 protected:
  KafkaCluster& kafka = KafkaCluster::shared();
  Receiver receiver;
  const std::string topic = fresh_name("incidents");
  const std::string prefix = fresh_name("hookline");
  const std::string group = fresh_name("group");
  const std::string dead_letters = prefix + ".dead-letters";

  void create_topics(int partitions = 8) {
    kafka.create_topic(topic, partitions);
    create_own_topics(kafka, prefix);
  }

  HooklineOptions options(const std::string& webhooks, const std::string& more = {}) const {
    HooklineOptions made;
    made.config = fmt::format(R"(kafka:
  bootstrap.servers: "{}"
  group.id: {}
  session.timeout.ms: 6000
topics:
  incident: [{}]
  prefix: {}
webhooks: [webhooks.yaml]
egress: {{allow: ["127.0.0.1/32"]}}
{})", kafka.bootstrap(), group, topic, prefix, more);
    made.files["webhooks.yaml"] = webhooks;
    return made;
  }

  std::string webhook(const std::string& name, const std::string& more = {}) const {
    return fmt::format("name: {0}\nevents: [incident]\nendpoints: [{{url: \"{1}\"}}]\n{2}\n", name,
                       receiver.url("/" + name + "/0"), more);
  }

  /// Every record is committed: the group's offsets have reached the ends.
  bool all_committed() { return kafka.admin().lag(group, topic) == 0 && waiting_in_retry_topics(kafka, group, prefix) == 0; }

  Accounting account_of(const Publisher& publisher, const std::vector<std::string>& endpoints) {
    Accounting account;
    account.expect(publisher.acknowledged(), endpoints);
    account.received(receiver.requests());
    account.dead_lettered(kafka.read(dead_letters));
    return account;
  }
};

TEST_F(Delivery, ThreeLinesOfKafkaOneTopicAndOneWebhookDeliver) {
  create_topics(2);
  HooklineProcess hookline(options(webhook("first")));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  const auto sent = run_hookline({"send", "--config", hookline.config_path(), "--kind", "incident", "--key", "id"},
                                 test_event(1).value + "\n" + test_event(2).value + "\n");
  ASSERT_EQ(sent.status.code, 0) << sent.errors;
  ASSERT_TRUE(wait_until([&] { return receiver.count() == 2; }, 90s)) << hookline.log();
  const auto request = receiver.requests().front();
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.header("content-type"), "application/json");
  EXPECT_TRUE(request.header("user-agent").starts_with("Hookline/"));
  EXPECT_TRUE(request.header("webhook-id").starts_with("msg_"));
  EXPECT_FALSE(request.header("webhook-timestamp").empty());
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 90s));
  EXPECT_EQ(kafka.read(topic).front().key, event_id(*kafka.read(topic).front().value));
  EXPECT_EQ(hookline.terminate()->code, 0) << hookline.log();
}

TEST_F(Delivery, TwentyThousandEventsThroughThreeKillsAndPoisonLoseNothing) {
  create_topics();
  const auto webhooks = webhook("all") + "---\n" + webhook("high", "filter: severity == \"high\"");
  HooklineProcess hookline(options(webhooks));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();

  Publisher publisher(kafka.bootstrap());
  constexpr int events = 20'000;
  std::vector<std::string> poison;
  const auto make = [&](int number) {
    auto event = test_event(number);
    if (number % 100 == 7) {
      event.value = "{\"id\": \"" + event.id + "\", \"event_type\": \"incident_tri";  // cut off in mid-air
    }
    return event;
  };
  for (int part = 0; part < 4; ++part) {
    const auto seen = receiver.count();
    publisher.publish_events(topic, events / 4, make, part * events / 4);
    if (part == 3) break;
    ASSERT_TRUE(wait_until([&] { return receiver.count() > seen + 100; }, 60s)) << hookline.log();
    hookline.kill9();
    hookline.start();
  }
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 120s)) << hookline.log();
  EXPECT_EQ(hookline.terminate()->code, 0) << hookline.log();

  Accounting account;
  for (const auto& event : publisher.acknowledged()) {
    const int number = std::stoi(event.id.substr(2));
    if (number % 100 == 7) {
      account.expect(event.id, "/");  // a record's own dead letter: no webhook, no endpoint
    } else {
      account.expect(event.id, "all/0");
      if (number % 2 == 0) account.expect(event.id, "high/0");
    }
  }
  account.received(receiver.requests());
  account.dead_lettered(kafka.read(dead_letters));
  const auto report = account.report();
  EXPECT_TRUE(report.complete()) << report.text;
  RecordProperty("duplicates", std::to_string(report.duplicates));
  fmt::print("three kills: {}\n", report.text);
  for (const auto& letter : kafka.read(dead_letters)) EXPECT_EQ(letter.header("hookline.reason"), "decode");
}

TEST_F(Delivery, ProcessesThatJoinAndLeaveLoseNothingAndRepeatNothing) {
  create_topics();
  HooklineProcess first(options(webhook("all")));
  ASSERT_TRUE(first.wait_ready()) << first.log();
  Publisher publisher(kafka.bootstrap());
  publisher.publish_events(topic, 4000);
  {
    HooklineProcess second(options(webhook("all")));
    ASSERT_TRUE(second.wait_ready(60s)) << second.log();
    publisher.publish_events(topic, 4000, 4000);
    EXPECT_EQ(second.terminate()->code, 0) << second.log();
  }
  publisher.publish_events(topic, 4000, 8000);
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 90s)) << first.log();
  EXPECT_EQ(first.terminate()->code, 0);
  const auto report = account_of(publisher, {"all/0"}).report();
  EXPECT_TRUE(report.complete()) << report.text;
  EXPECT_EQ(report.duplicates, 0) << report.text;
}

TEST_F(Delivery, AnEndpointThatAnswers500TwiceGetsItsEventsWithTheThirdAttempt) {
  create_topics(2);
  receiver.on("/flaky/0", answers({500, 500, 200}));
  HooklineProcess hookline(options(webhook("flaky", "retry: {schedule: [100ms, 200ms, 400ms]}")));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  Publisher publisher(kafka.bootstrap());
  constexpr int events = 4;  // so few that the circuit stays closed: with it, when an attempt comes depends on others
  publisher.publish_events(topic, events);
  ASSERT_TRUE(wait_until([&] { return receiver.count() == 3 * events; }, 60s)) << receiver.count();
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 90s));
  const auto report = account_of(publisher, {"flaky/0"}).report();
  EXPECT_TRUE(report.complete()) << report.text;
  EXPECT_EQ(report.received, events) << report.text;
  EXPECT_EQ(report.dead_lettered, 0) << report.text;
  EXPECT_EQ(receiver.count(), 3u * events);
}

TEST_F(Delivery, AnEndpointThatAlwaysFailsEndsInDeadLettersWithEverythingThatAReplayNeeds) {
  create_topics(2);
  receiver.on("/dead/0", answer(503));
  receiver.on("/gone/0", answer(410));
  const auto webhooks = webhook("dead", "retry: {schedule: [50ms, 50ms]}") + "---\n" + webhook("gone") + "---\n" + webhook("well");
  HooklineProcess hookline(options(webhooks));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  Publisher publisher(kafka.bootstrap());
  constexpr int events = 3;  // too few for a circuit to open
  publisher.publish_events(topic, events, [](int number) {
    auto event = test_event(number);
    event.headers = {{"trace", "abc"}, {"trace", "def"}, {"hookline.reason", "forged"}};
    return event;
  });
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 60s)) << hookline.log();
  const auto report = account_of(publisher, {"dead/0", "gone/0", "well/0"}).report();
  EXPECT_TRUE(report.complete()) << report.text;
  EXPECT_EQ(report.dead_lettered, 2 * events) << report.text;
  EXPECT_EQ(receiver.count("/dead/0"), 3u * events);
  EXPECT_EQ(receiver.count("/gone/0"), 1u * events);  // a final answer is not tried again

  const auto letters = kafka.read(dead_letters);
  const auto sources = kafka.read(topic);
  for (const auto& letter : letters) {
    const bool dead = letter.header("hookline.webhook") == "dead";
    EXPECT_EQ(letter.header("hookline.reason"), dead ? "exhausted" : "rejected");
    EXPECT_EQ(letter.header("hookline.attempts"), dead ? "3" : "1");
    EXPECT_EQ(letter.header("hookline.http.status"), dead ? "503" : "410");
    EXPECT_EQ(letter.header("hookline.endpoint"), "0");
    EXPECT_EQ(letter.header("hookline.origin.topic"), topic);
    EXPECT_EQ(letter.header("__connect.errors.topic"), topic);
    EXPECT_EQ(letter.header("trace"), "abc");
    const auto source = std::find_if(sources.begin(), sources.end(), [&](const TopicRecord& record) {
      return std::to_string(record.partition) == letter.header("hookline.origin.partition") &&
             std::to_string(record.offset) == letter.header("hookline.origin.offset");
    });
    ASSERT_NE(source, sources.end());
    EXPECT_EQ(letter.key, source->key);
    EXPECT_EQ(letter.value, source->value);
    EXPECT_EQ(letter.header("hookline.origin.timestamp"), std::to_string(source->timestamp));
  }
  const auto listed = run_hookline({"dead-letters", "list", "--config", hookline.config_path(), "--json"});
  ASSERT_EQ(listed.status.code, 0) << listed.errors;
  EXPECT_NE(listed.output.find(fmt::format("\"total\": {}", 2 * events)), std::string::npos) << listed.output;
  const auto shown = run_hookline({"dead-letters", "show", "--config", hookline.config_path(), letters.front().header("hookline.delivery.id")});
  EXPECT_EQ(shown.status.code, 0) << shown.errors;
  EXPECT_NE(shown.output.find(event_id(*letters.front().value)), std::string::npos) << shown.output;
  EXPECT_EQ(hookline.metric("hookline_dead_letters_total{reason=\"exhausted\"}"), events);
}

TEST_F(Delivery, ASigtermUnderLoadSendsNothingTwice) {
  create_topics();
  receiver.on("/all/0", after(50ms));  // four seconds of work
  HooklineProcess hookline(options(webhook("all")));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  Publisher publisher(kafka.bootstrap());
  publisher.publish_events(topic, 10'000);
  for (int stop = 0; stop < 3; ++stop) {
    const auto seen = receiver.count();
    ASSERT_TRUE(wait_until([&] { return receiver.count() > seen + 500; }, 60s)) << hookline.log();
    ASSERT_EQ(hookline.terminate()->code, 0) << hookline.log();
    hookline.start();
  }
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 120s)) << hookline.log();
  const auto report = account_of(publisher, {"all/0"}).report();
  EXPECT_TRUE(report.complete()) << report.text;
  EXPECT_EQ(report.duplicates, 0) << report.text;
}

TEST_F(Delivery, ARecordThatTheDeadLetterTopicCannotHoldBecomesAPointerAndBlocksNothing) {
  kafka.create_topic(topic, 1);
  kafka.create_topic(dead_letters, 1, {{"max.message.bytes", "400000"}});
  HooklineProcess hookline(options(webhook("all"), "limits: {event_size: 64KiB}\n"));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  Publisher publisher(kafka.bootstrap());
  auto giant = test_event(0);
  giant.key = std::string(500'000, 'k');
  giant.value = "not an event";
  publisher.publish(topic, giant);
  publisher.publish_events(topic, 5, 1);
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 60s)) << hookline.log();
  EXPECT_EQ(receiver.count(), 5u);
  const auto letters = kafka.read(dead_letters);
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].header("hookline.pointer"), "true");
  EXPECT_EQ(letters[0].header("hookline.origin.offset"), "0");
  EXPECT_FALSE(letters[0].key.has_value());
}

TEST_F(Delivery, AMissingTopicIsNamedWithTheCommandThatMakesIt) {
  HooklineProcess hookline(options(webhook("all")));
  ASSERT_TRUE(wait_until([&] { return !hookline.running(); }, 90s));
  EXPECT_NE(hookline.log().find(topic), std::string::npos) << hookline.log();
  EXPECT_NE(hookline.log().find("hookline topics create"), std::string::npos) << hookline.log();
  const auto made = run_hookline({"topics", "create", "--config", hookline.config_path(), "--sources", "--partitions", "3"});
  ASSERT_EQ(made.status.code, 0) << made.errors << made.output;
  hookline.start();
  EXPECT_TRUE(hookline.wait_ready()) << hookline.log();
  EXPECT_EQ(run_hookline({"topics", "create", "--config", hookline.config_path()}).status.code, 0);  // again: nothing to do
}

TEST_F(Delivery, ARetryTopicThatWouldForgetWhatWaitsIsRefused) {
  kafka.create_topic(topic, 1);
  kafka.create_topic(prefix + ".retry.1h", 1, {{"retention.ms", "60000"}});
  HooklineProcess hookline(options(webhook("all")));
  ASSERT_TRUE(wait_until([&] { return !hookline.running(); }, 90s));
  EXPECT_NE(hookline.log().find("keeps records for 1m only: set retention.ms=86400000"), std::string::npos) << hookline.log();
}

TEST_F(Delivery, AReloadTakesEffectForNewEventsAndABadOneChangesNothing) {
  create_topics(1);
  HooklineProcess hookline(options(webhook("old")));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  Publisher publisher(kafka.bootstrap());
  publisher.publish_events(topic, 1);
  ASSERT_TRUE(wait_until([&] { return receiver.count("/old/0") == 1; }, 90s));

  hookline.write("webhooks.yaml", "name: broken\nevnts: [incident]\n");
  hookline.signal(SIGHUP);
  ASSERT_TRUE(wait_until([&] { return hookline.log().find("evnts") != std::string::npos; }, 90s));
  hookline.write("webhooks.yaml", webhook("new"));
  hookline.signal(SIGHUP);
  ASSERT_TRUE(wait_until([&] { return hookline.log().find("reload: 1 webhooks") != std::string::npos; }, 90s));
  publisher.publish_events(topic, 1, 1);
  ASSERT_TRUE(wait_until([&] { return receiver.count("/new/0") == 1; }, 90s)) << hookline.log();
  EXPECT_EQ(receiver.count("/old/0"), 1u);
}

}  // namespace
}  // namespace hookline::test
