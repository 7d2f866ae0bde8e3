#include <algorithm>

#include <gtest/gtest.h>

#include "core_driver.h"
#include "hookline/state/correlation.h"

namespace hookline::engine {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view webhooks = R"(
name: line
events: [incident_acknowledged]
ordering: key
endpoints: [{url: "https://line.example.com/"}]
retry: {schedule: [3s, 30s, 2m], on: any_failure, max_age: 1h}
---
name: make
events: [incident_triggered]
correlation: {key: story, response_id: result.id, expires: 1d}
endpoints: [{url: "https://make.example.com/"}]
retry: {schedule: [3s], on: any_failure}
payload: '{"create": "$n"}'
---
name: mend
events: [incident_resolved]
correlation: {key: story, from: make, wait: 60s, on_404: create}
endpoints: [{url: "https://mend.example.com/$correlationId"}]
retry: {schedule: [3s], on: transient}
payload: '{"update": "$n"}'
---
name: touch
events: [incident_updated]
correlation: {key: story, from: make, wait: 10s}
endpoints: [{url: "https://touch.example.com/${correlationId:none}"}]
retry: {schedule: [3s], on: transient}
)";

// What creates, as simple as can be.
constexpr std::string_view make = R"(
name: make
events: [incident_triggered]
correlation: {key: story, response_id: result.id}
endpoints: [{url: "https://make.example.com/"}]
payload: '{"create": "$n"}'
)";

// `line` and `mend` before somebody gave them an order.
const std::string without_order = std::string(make) + R"(---
name: line
events: [incident_acknowledged]
endpoints: [{url: "https://line.example.com/"}]
retry: {schedule: [3s], on: any_failure}
format: ndjson
batch: {max_events: 2}
payload: '{"line": "$n"}'
---
name: mend
events: [incident_resolved]
endpoints: [{url: "https://mend.example.com/"}]
concurrency: 1
retry: {schedule: [3s], on: transient}
payload: '{"update": "$n"}'
)";

// `mend` in another order than that of its correlation.
const std::string by_record_key = std::string(make) + R"(---
name: mend
events: [incident_resolved]
ordering: key
endpoints: [{url: "https://mend.example.com/"}]
payload: '{"update": "$n"}'
)";

// `mend` creates items of its own.
const std::string creating = std::string(make) + R"(---
name: mend
events: [incident_resolved]
correlation: {key: story, response_id: result.id}
endpoints: [{url: "https://other.example.com/"}]
retry: {schedule: [3s], on: transient}
payload: '{"own": "$n"}'
)";

/// Plays Kafka for the ordered topic and the correlations: what is acknowledged is read with the next step.
class Ordered : public ::testing::Test {
 protected:
  Ordered() { own(); }

  void own(std::int64_t offset = 0, bool complete = true) {
    driver.inputs.assigned.emplace();
    driver.inputs.assigned->push_back({{std::string(CoreDriver::topic), 0}, event::Kind::incident, Role::source, std::nullopt, next_event, ""});
    driver.inputs.assigned->push_back({{"ordered", 0}, event::Kind::alarm, Role::ordered, std::nullopt, offset, ""});
    driver.step();
    driver.inputs.correlations = written;
    if (complete) driver.inputs.correlations_complete = {0};
    driver.step();
    driver.step(1ms);
    driver.step(1ms);
  }

  void event(std::string_view type, std::string_view story) {
    record(type, story);
    driver.step();
    settle_down();
  }

  void record(std::string_view type, std::string_view story) {
    driver.record(fmt::format(R"({{"event_type":"incident_{}","n":{},"story":"{}"}})", type, next_event, story), next_event);
    ++next_event;
  }
  /// With the next step.
  void revise(std::string_view yaml) { driver.inputs.definitions = definitions_of(yaml); }

  /// Acknowledges everything that is on its way; what is for the ordered topic comes back from there.
  void settle_down() {
    while (!driver.produces.empty()) {
      const auto record = driver.produces.front().record;
      if (record.topic == "ordered") {
        driver.hand_over();
      } else {
        kafka::ProduceReport report{.token = driver.produces.front().token, .error = {}, .partition = record.partition, .offset = -1};
        if (record.topic == "correlations") {
          report.offset = static_cast<std::int64_t>(written.size());
          written.push_back({record.partition, report.offset, *record.key, record.value});
        } else {
          letters.push_back(settle::parse_dead_letter(record.headers).value());
        }
        driver.inputs.produced.push_back(report);
        driver.produces.erase(driver.produces.begin());
      }
      driver.step(1ms);
    }
    driver.step(1ms);
  }
  void answer(int status, std::string body = {}) {
    const auto request = driver.attempts.front();
    driver.attempts.erase(driver.attempts.begin());
    driver.inputs.answers.push_back({.id = request.id, .outcome = deliver::Outcome::answered, .status = status, .body = std::move(body)});
    driver.step();
    settle_down();
  }
  std::vector<std::string> sent() const {
    std::vector<std::string> urls;
    for (const auto& request : driver.attempts) urls.push_back(request.url + " " + request.body);
    return urls;
  }
  std::optional<state::Correlation> item(const std::string& story) const {
    const auto last = std::find_if(written.rbegin(), written.rend(), [&](const auto& r) { return r.key == "make/" + story; });
    if (last == written.rend() || !last->value) return std::nullopt;
    return state::parse_correlation(*last->value).value();
  }

  CoreDriver driver{webhooks, CoreOptions{.ordered_topic = "ordered", .correlations_topic = "correlations", .session_timeout = 240h}};
  std::int64_t next_event = 0;
  std::vector<state::CorrelationRecord> written;
  std::vector<settle::ParsedDeadLetter> letters;
};

using Sent = std::vector<std::string>;

TEST_F(Ordered, OneDeliveryOfAKeyIsInFlightAndTheNextOneFollowsItsEnd) {
  event("acknowledged", "a");
  event("acknowledged", "b");  // of the same record key
  ASSERT_EQ(driver.attempts.size(), 1u);
  answer(500);
  EXPECT_TRUE(driver.attempts.empty()) << "it waits, and its key with it";
  driver.step(5s);
  ASSERT_EQ(driver.attempts.size(), 1u);
  EXPECT_NE(driver.attempts[0].body.find("\"n\":0"), std::string::npos);
  answer(200);
  ASSERT_EQ(driver.attempts.size(), 1u);
  EXPECT_NE(driver.attempts[0].body.find("\"n\":1"), std::string::npos);
}

TEST_F(Ordered, AfterADeadLetterTheKeyGoesOn) {
  event("acknowledged", "a");
  event("acknowledged", "a");
  for (int i = 0; i < 4; ++i) {
    ASSERT_EQ(driver.attempts.size(), 1u) << i;
    answer(500);
    driver.step(3min);
  }
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].reason, settle::Reason::exhausted);
  ASSERT_EQ(driver.attempts.size(), 1u);
  EXPECT_NE(driver.attempts[0].body.find("\"n\":1"), std::string::npos);
}

TEST_F(Ordered, OfOneKeyOneRecordAtATimeGoesToTheTopic) {
  driver.record(R"({"event_type":"incident_acknowledged","n":0})", next_event++);
  driver.record(R"({"event_type":"incident_acknowledged","n":1})", next_event++);
  driver.step();
  ASSERT_EQ(driver.produces.size(), 1u) << "one that is refused for a moment is not overtaken";
  driver.acknowledge(core::Error{core::ErrorCode::refused, "not now"});
  driver.step();
  EXPECT_TRUE(driver.produces.empty());
  driver.step(1s);
  ASSERT_EQ(driver.produces.size(), 1u);
  EXPECT_NE(driver.produces[0].record.value->find("\"n\":0"), std::string::npos);
  settle_down();
  ASSERT_EQ(driver.attempts.size(), 1u);
  EXPECT_NE(driver.attempts[0].body.find("\"n\":0"), std::string::npos);
}

TEST_F(Ordered, NothingIsTakenBeforeTheCorrelationsHaveBeenRead) {
  own(0, false);
  event("acknowledged", "a");
  EXPECT_TRUE(driver.attempts.empty());
  driver.inputs.correlations_complete = {0};
  driver.step();
  driver.step(1ms);
  ASSERT_EQ(driver.outputs.resume_from.size(), 1u);
  EXPECT_EQ(driver.outputs.resume_from[0].offset, 0);
  driver.give_back(driver.last_kept());
  driver.step();
  EXPECT_EQ(driver.attempts.size(), 1u);
}

TEST_F(Ordered, TheNextOwnerKnowsTheAttemptsThatWereMade) {
  event("acknowledged", "a");
  answer(500);
  driver.step(3500ms);
  ASSERT_EQ(driver.attempts.size(), 1u);
  answer(500);
  driver.inputs.revocation = Inputs::Revocation::lost;
  driver.step();
  own();
  driver.give_back(driver.last_kept());
  driver.step();
  EXPECT_TRUE(driver.attempts.empty()) << "its time has not come";
  driver.step(36s);
  ASSERT_EQ(driver.attempts.size(), 1u);
  answer(500);
  driver.step(3min);
  ASSERT_EQ(driver.attempts.size(), 1u);
  answer(500);
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].attempts, 4u);
  EXPECT_FALSE(written.back().value) << "what was written down is taken back";
}

TEST_F(Ordered, AnAttemptThatADrainBreaksOffCounts) {
  event("acknowledged", "a");
  ASSERT_EQ(driver.attempts.size(), 1u);
  driver.inputs.revocation = Inputs::Revocation::revoked;
  driver.step();
  driver.step(6s);
  EXPECT_EQ(driver.outputs.aborts.size(), 1u);
  ASSERT_EQ(driver.produces.size(), 1u);
  EXPECT_EQ(state::parse_progress(*driver.produces[0].record.value)->attempts, 1u);
}

TEST_F(Ordered, WithoutARecordKeyEachIsOnItsOwn) {
  for (int i = 0; i < 2; ++i) {
    const auto value = fmt::format(R"({{"event_type":"incident_acknowledged","n":{}}})", i);
    const event::RecordView record{.topic = CoreDriver::topic, .partition = 0, .offset = i, .timestamp = driver.now.wall, .key = std::nullopt,
                                   .value = value, .headers = {}, .padded = false};
    driver.inputs.records = std::span(&record, 1);
    driver.core.step(driver.now, driver.inputs, driver.outputs);
    for (auto& produce : driver.outputs.produces) driver.produces.push_back(std::move(produce));
  }
  ASSERT_EQ(driver.produces.size(), 2u);
  EXPECT_NE(driver.produces[0].record.key, driver.produces[1].record.key);
}

TEST_F(Ordered, AnUpdateGoesToTheItemThatWasCreated) {
  event("triggered", "s1");
  event("resolved", "s1");
  EXPECT_EQ(sent(), Sent{R"(https://make.example.com/ {"create": "0"})"});
  answer(201, R"({"result":{"id":4711,"text":"INC4711"}})");
  EXPECT_EQ(sent(), Sent{R"(https://mend.example.com/4711 {"update": "1"})"});
  ASSERT_TRUE(item("s1"));
  EXPECT_EQ(item("s1")->text, "INC4711");
  EXPECT_EQ(*item("s1")->expires - item("s1")->at, 24h);
}

TEST_F(Ordered, AnUpdateThatComesFirstLetsTheCreateGoFirst) {
  event("resolved", "s1");
  EXPECT_TRUE(driver.attempts.empty());
  event("triggered", "s1");
  EXPECT_EQ(sent(), Sent{R"(https://make.example.com/ {"create": "1"})"});
  answer(201, R"({"result":{"id":"x"}})");
  EXPECT_EQ(sent(), Sent{R"(https://mend.example.com/x {"update": "0"})"});
}

TEST_F(Ordered, AnUpdateWithoutCreateWaitsAndIsDeadThen) {
  event("resolved", "s1");
  driver.step(59s);
  EXPECT_TRUE(driver.attempts.empty());
  EXPECT_TRUE(letters.empty());
  driver.step(2s);
  settle_down();
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].reason, settle::Reason::correlation);
  EXPECT_EQ(letters[0].error, "webhook make has created nothing for 'make/s1' within 1m");
}

TEST_F(Ordered, ADefaultStandsInForTheItemThatNobodyCreated) {
  event("updated", "s1");
  driver.step(11s);
  ASSERT_EQ(driver.attempts.size(), 1u);
  EXPECT_EQ(driver.attempts[0].url, "https://touch.example.com/none");
}

TEST_F(Ordered, ACreateWhoseKeyHasAnItemIsNotSent) {
  event("triggered", "s1");
  event("triggered", "s1");
  answer(201, R"({"result":{"id":"x"}})");
  EXPECT_TRUE(driver.attempts.empty()) << "it counts as delivered";
  EXPECT_EQ(driver.metrics.deliveries("make", "delivered").value(), 2);
  EXPECT_EQ(item("s1")->id, "x");
}

TEST_F(Ordered, ACreateIsSettledWhenItsIdIsAcknowledged) {
  event("triggered", "s1");
  const auto request = driver.attempts.front();
  driver.attempts.clear();
  driver.inputs.answers.push_back({.id = request.id, .outcome = deliver::Outcome::answered, .status = 200, .body = R"({"result":{"id":"x"}})"});
  driver.step();
  driver.commits.clear();
  driver.step(30s);
  const auto committed = [&] {
    std::int64_t offset = -1;
    for (const auto& commit : driver.commits) {
      for (const auto& entry : commit.entries) offset = entry.partition.topic == "ordered" ? entry.offset : offset;
    }
    return offset;
  };
  EXPECT_NE(committed(), 1);
  while (!driver.commits.empty()) driver.report();
  settle_down();
  driver.step(1s);
  EXPECT_EQ(committed(), 1);
}

TEST_F(Ordered, A2xxWithoutIdCountsAsDelivered) {
  event("triggered", "s1");
  answer(201, "thanks");
  EXPECT_EQ(driver.metrics.deliveries("make", "delivered").value(), 1);
  EXPECT_FALSE(item("s1"));
}

TEST_F(Ordered, AnUpdateWhoseItemIsGoneGoesAsACreate) {
  event("triggered", "s1");
  answer(201, R"({"result":{"id":"x"}})");
  event("resolved", "s1");
  EXPECT_EQ(sent(), Sent{R"(https://mend.example.com/x {"update": "1"})"});
  answer(404);
  EXPECT_EQ(sent(), Sent{R"(https://make.example.com/ {"create": "1"})"});
  answer(201, R"({"result":{"id":"y"}})");
  EXPECT_EQ(item("s1")->id, "y");
  EXPECT_TRUE(letters.empty());
  event("resolved", "s1");
  EXPECT_EQ(sent(), Sent{R"(https://mend.example.com/y {"update": "2"})"});
}

TEST_F(Ordered, AnIdThatIsSetByHandIsUsedAtOnce) {
  event("resolved", "s1");
  const state::Correlation set{.webhook = "make", .key = "s1", .id = "by-hand", .text = {}, .at = driver.now.wall, .expires = {}, .replaces = true,
                               .by = "ada"};
  driver.inputs.correlations = {{0, 100, "make/s1", state::value_of(set)}};
  driver.step();
  settle_down();
  EXPECT_EQ(sent(), Sent{R"(https://mend.example.com/by-hand {"update": "0"})"});
}

TEST_F(Ordered, WhatHasExpiredIsForgottenAndTakenBack) {
  event("triggered", "s1");
  answer(201, R"({"result":{"id":"x"}})");
  driver.step(25h);
  settle_down();
  EXPECT_FALSE(item("s1"));
  event("triggered", "s1");
  EXPECT_EQ(driver.attempts.size(), 1u) << "and created again";
}

TEST_F(Ordered, AnOpenCircuitKeepsTheOrderAndAgeEndsIt) {
  for (int i = 0; i < 3; ++i) event("acknowledged", "a");
  for (int i = 0; i < 600 && letters.empty(); ++i) {
    driver.step(1min);
    while (!driver.attempts.empty()) answer(503);
  }
  ASSERT_FALSE(letters.empty());
  for (int i = 0; i < 600 && letters.size() < 3; ++i) {
    driver.step(1min);
    while (!driver.attempts.empty()) answer(503);
  }
  ASSERT_EQ(letters.size(), 3u);
  EXPECT_LT(letters[0].origin_offset, letters[1].origin_offset);
  EXPECT_LT(letters[1].origin_offset, letters[2].origin_offset);
}

TEST_F(Ordered, WhatWaitsInALaneGoesIntoTheOrderThatItsWebhookGets) {
  revise(without_order);
  event("triggered", "s1");
  answer(201, R"({"result":{"id":"x"}})");
  for (int i = 0; i < 3; ++i) event("resolved", "s1");
  EXPECT_EQ(sent(), Sent{R"(https://mend.example.com/ {"update": "1"})"});
  revise(webhooks);
  record("resolved", "s1");  // behind what has waited
  driver.step();
  settle_down();
  EXPECT_EQ(sent(), (Sent{R"(https://mend.example.com/ {"update": "1"})", R"(https://mend.example.com/x {"update": "2"})"}));
  answer(503);  // what was in flight meanwhile, as its first attempt
  for (const auto* update : {"2", "3", "4"}) {
    EXPECT_EQ(sent(), Sent{fmt::format(R"(https://mend.example.com/x {{"update": "{}"}})", update)});
    answer(200);
  }
  EXPECT_TRUE(driver.attempts.empty());
  driver.step(4s);
  EXPECT_EQ(sent(), Sent{R"(https://mend.example.com/x {"update": "1"})"});
  answer(503);
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].attempts, 2u);
}

TEST_F(Ordered, WhatWaitsForItsNextAttemptGoesIntoTheOrderThatItsWebhookGets) {
  revise(without_order);
  event("triggered", "s1");
  answer(201, R"({"result":{"id":"x"}})");
  event("resolved", "s1");
  answer(503);
  revise(webhooks);
  driver.step(1s);
  settle_down();
  EXPECT_TRUE(driver.attempts.empty()) << "its time has not come";
  event("resolved", "s1");
  EXPECT_TRUE(driver.attempts.empty()) << "it waits behind the other";
  driver.step(3s);
  EXPECT_EQ(sent(), Sent{R"(https://mend.example.com/x {"update": "1"})"});
}

TEST_F(Ordered, ABatchThatWasTooLargeGoesIntoTheOrderThatItsWebhookGot) {
  revise(without_order);
  record("acknowledged", "a");
  record("acknowledged", "b");
  driver.step();
  ASSERT_EQ(driver.attempts.size(), 1u);
  EXPECT_EQ(driver.attempts[0].body, "{\"line\":\"0\"}\n{\"line\":\"1\"}\n");
  revise(webhooks);
  driver.step();
  answer(413);
  for (const auto* n : {"\"n\":0", "\"n\":1"}) {
    ASSERT_EQ(driver.attempts.size(), 1u) << n;
    EXPECT_NE(driver.attempts[0].body.find(n), std::string::npos);
    answer(200);
  }
}

TEST_F(Ordered, WhatWaitsByItsRecordsKeyGoesOverToTheCorrelationThatItsWebhookGets) {
  revise(by_record_key);
  event("triggered", "s1");
  answer(201, R"({"result":{"id":"x"}})");
  event("resolved", "s1");
  for (int i = 0; i < 2; ++i) event("resolved", "s1");
  driver.record(R"({"event_type":"incident_resolved","n":4})", next_event++);
  driver.step();
  settle_down();
  EXPECT_EQ(sent(), Sent{R"(https://mend.example.com/ {"update": "1"})"});
  revise(webhooks);
  driver.step();
  answer(200);
  EXPECT_EQ(sent(), Sent{R"(https://mend.example.com/x {"update": "2"})"});
  answer(200);
  EXPECT_EQ(sent(), Sent{R"(https://mend.example.com/x {"update": "3"})"});
  answer(200);
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].origin_offset, 4);
  EXPECT_EQ(letters[0].error, "the event has no value for correlation.key");
}

TEST_F(Ordered, AnUpdateWhoseWebhookCreatesByNowIsSentAndNotTakenForDone) {
  event("triggered", "s1");
  answer(201, R"({"result":{"id":"x"}})");
  event("resolved", "s1");
  EXPECT_EQ(sent(), Sent{R"(https://mend.example.com/x {"update": "1"})"});
  answer(503);
  revise(creating);
  driver.step();
  for (int i = 0; i < 10 && driver.attempts.empty(); ++i) {
    driver.step(1s);
    settle_down();
  }
  EXPECT_EQ(sent(), Sent{R"(https://other.example.com/ {"own": "1"})"});
  answer(201, R"({"result":{"id":"y"}})");
  event("resolved", "s1");
  EXPECT_TRUE(sent().empty()) << "its item exists now";
  EXPECT_TRUE(letters.empty());
}

TEST_F(Ordered, WhatIsNextInItsLaneGoesOverToTheCorrelation) {
  revise(by_record_key);
  event("triggered", "s1");
  answer(201, R"({"result":{"id":"x"}})");
  event("resolved", "s1");
  const auto request = driver.attempts.front();
  driver.attempts.clear();
  driver.inputs.answers.push_back({.id = request.id, .outcome = deliver::Outcome::answered, .status = 429, .retry_after = "20"});
  driver.step();
  settle_down();
  driver.step(10s);  // its next attempt would be due, its endpoint is to be left alone
  EXPECT_TRUE(driver.attempts.empty());
  revise(webhooks);
  driver.step();
  for (int i = 0; i < 30; ++i) driver.step(1s);
  settle_down();
  EXPECT_EQ(sent(), Sent{R"(https://mend.example.com/x {"update": "1"})"});
  EXPECT_TRUE(letters.empty());
}

TEST_F(Ordered, WhatWaitsInOrderGoesOutOneByOneWhenItsWebhookLosesIt) {
  event("triggered", "s1");
  answer(201, R"({"result":{"id":"x"}})");
  for (int i = 0; i < 3; ++i) event("resolved", "s1");
  EXPECT_EQ(sent(), Sent{R"(https://mend.example.com/x {"update": "1"})"});
  revise(without_order);
  driver.step();
  answer(503);
  driver.step(4s);
  for (const auto* update : {"1", "2", "3"}) {
    EXPECT_EQ(sent(), Sent{fmt::format(R"(https://mend.example.com/ {{"update": "{}"}})", update)});
    answer(200);
  }
  EXPECT_TRUE(driver.attempts.empty() && letters.empty());
}

TEST_F(Ordered, StatusNamesWhatHoldsAPartition) {
  event("acknowledged", "a");
  const auto status = driver.core.status(driver.now);
  const auto partition = std::find_if(status.partitions.begin(), status.partitions.end(), [](const auto& p) { return p.topic == "ordered"; });
  ASSERT_TRUE(partition != status.partitions.end() && partition->holder);
  EXPECT_EQ(partition->holder->webhook, "line");
  EXPECT_EQ(partition->holder->endpoint, "0");
}

}  // namespace
}  // namespace hookline::engine
