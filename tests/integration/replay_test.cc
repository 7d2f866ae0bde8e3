// What a replay makes of a broker that refuses what it writes, or does not answer.
#include <functional>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "embedded_engine.h"
#include "hookline/engine/replay.h"
#include "hookline/settle/dead_letter.h"

namespace hookline::test {
namespace {

using namespace std::chrono_literals;
using config::OwnTopic;
using engine::Replay;

/// Passes on what it may; the rest is refused, or never heard of again.
class Doorkeeper : public kafka::Producer {
 public:
  enum class Verdict { passes, refused, lost };
  Doorkeeper(kafka::Producer& real, std::function<Verdict(const kafka::OwnedRecord&)> judge) : real_(real), judge_(std::move(judge)) {}

  void produce(kafka::OwnedRecord record, std::uint64_t token, std::shared_ptr<const kafka::ReportSink> sink) override {
    const auto verdict = judge_(record);
    if (verdict == Verdict::passes) return real_.produce(std::move(record), token, std::move(sink));
    if (verdict == Verdict::lost) return;
    std::vector<kafka::ProduceReport> reports;
    reports.push_back({.token = token, .error = core::Error{core::ErrorCode::refused, "not authorised"}});
    (*sink)(std::move(reports));
  }
  core::Result<void> flush(core::Duration timeout) override { return real_.flush(timeout); }
  std::size_t pending() const override { return 0; }
  std::uint64_t rebirths() const override { return 0; }

 private:
  kafka::Producer& real_;
  std::function<Verdict(const kafka::OwnedRecord&)> judge_;
};

class Replaying : public EmbeddedEngine {
 protected:
  Replaying() {
    configuration = configure(fmt::format("name: w\nevents: [\"*\"]\nendpoints: [{{url: \"{}\"}}]\n", receiver.url("/w")), "");
    definitions = engine::Definitions::compile(configuration, configuration.problems);
    producer = std::move(*kafka::Producer::open(kafka::producer_properties(configuration.settings)));
  }
  engine::ReplayRequest request(const char* text) { return *engine::parse_replay(*json::parse_tree(text), asked); }

  config::Configuration configuration;
  std::shared_ptr<const engine::Definitions> definitions;
  std::unique_ptr<kafka::Producer> producer;
  const core::WallTime asked = core::read_clock().wall;
};

TEST_F(Replaying, EventsThatTheBrokerRefusesAreTakenUpAgain) {
  publish(50);
  int passed = 0;
  Doorkeeper door(*producer, [&](const kafka::OwnedRecord&) { return passed < 5 ? ++passed, Doorkeeper::Verdict::passes : Doorkeeper::Verdict::refused; });
  std::map<kafka::TopicPartition, std::int64_t> position;
  std::uint64_t sent = 0;
  for (int turn = 0; turn < 3; ++turn) {
    Replay replay(request(R"({"what":"events","kind":"incident","partition":0,"from_offset":0,"to_offset":1000})"),
                  {configuration.settings, "x", definitions, &door, "rpl_1", asked});
    ASSERT_TRUE(replay.survey());
    replay.begin_at(position);
    EXPECT_FALSE(replay.run({.watch = {}, .say = {}, .dry = {}})) << "the broker refuses";
    position = replay.position();
    sent += replay.counts().sent;
  }
  EXPECT_EQ(sent, 5u);
  ASSERT_EQ(position.size(), 1u);
  EXPECT_EQ(position.begin()->second, 5) << "nothing is passed over that has not been taken";
}

TEST_F(Replaying, WhatIsNotAcknowledgedAtTheEndIsNotDone) {
  static const auto nobody = std::make_shared<const kafka::ReportSink>([](std::vector<kafka::ProduceReport>&&) {});
  for (int i = 0; i < 30; ++i) {
    const auto id = fmt::format("msg_{:032x}", i);
    const settle::DeadLetter letter{.reason = settle::Reason::rejected, .webhook = "w", .endpoint = "0", .delivery_id = id,
                                    .attempts = 1, .http_status = {}, .error = "x", .origin = {"incidents", 0, i, core::from_unix_ms(1000)},
                                    .failed_at = asked, .past = {}};
    kafka::OwnedRecord record{.topic = configuration.settings.topics[OwnTopic::dead_letters]};
    record.partition = 0;
    record.value = R"({"event_type":"incident_triggered"})";
    record.headers = settle::dead_letter_headers(letter, {});
    producer->produce(std::move(record), 0, nobody);
  }
  ASSERT_TRUE(producer->flush(30s));
  int reentries = 0;
  Doorkeeper door(*producer, [&](const kafka::OwnedRecord& record) {
    return record.topic == configuration.settings.topics[OwnTopic::retry_10s] && ++reentries > 10 ? Doorkeeper::Verdict::lost : Doorkeeper::Verdict::passes;
  });
  Replay replay(request("{}"), {configuration.settings, "x", definitions, &door, "rpl_1", asked});
  const auto survey = replay.survey();
  ASSERT_TRUE(survey);
  EXPECT_EQ(survey->chosen, 30u);
  const auto outcome = replay.run({.watch = {}, .say = {}, .dry = {}});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, core::ErrorCode::timeout);
  EXPECT_EQ(replay.counts().done, 10u);
}

}  // namespace
}  // namespace hookline::test
