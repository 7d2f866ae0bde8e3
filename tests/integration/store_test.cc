// Definitions in Kafka: two processes' stores on one log, and engines that work by what is stored.
#include <algorithm>
#include <atomic>
#include <thread>

#include "hookline/kafka/producer.h"
#include "hookline/state/store.h"
#include "integration/embedded_engine.h"

namespace hookline::test {
namespace {

using state::Name;
using state::Sort;

class StoredDefinitions : public EmbeddedEngine {
 protected:
  config::Configuration files;

  void SetUp() override {
    EmbeddedEngine::SetUp();
    load("[]");
  }

  void load(const std::string& webhooks) {
    files = configure(fmt::format("workers: 1\nwebhooks: {}\nsecrets: {{files: [\"{}/*\"]}}\n", webhooks, folder.path().string()));
  }

  std::unique_ptr<engine::Engine> started() { return EmbeddedEngine::started(files); }

  json::Tree hook(const std::string& path) const {
    return {{"name", "hook"}, {"events", {"incident"}}, {"endpoints", {{{"url", receiver.url(path)}}}}};
  }

  static void expect_stop(engine::Engine& engine) { EXPECT_TRUE(engine.stop()); }
};

const Name hook_name{Sort::webhook, "hook"};
const Name hook_switch{Sort::webhook_switch, "hook"};

TEST_F(StoredDefinitions, TwoWritersOfOneRevisionOneWinsAndBothHearIt) {
  auto producer = std::move(*kafka::Producer::open(kafka::producer_properties(files.settings)));
  const auto make = [&] {
    auto store = std::make_unique<state::Store>(kafka::client_properties(files.settings), "hookline.webhooks", *producer, [](auto) {});
    store->start();
    return store;
  };
  auto one = make(), two = make();
  EXPECT_FALSE(one->write(hook_name, 0, "early", hook("/x")));
  ASSERT_TRUE(wait_until([&] { return one->loaded() && two->loaded(); }, 30s));

  std::vector<core::Result<state::Written>> results(2, core::fail(core::ErrorCode::internal, ""));
  std::thread other([&] { results[1] = two->write(hook_name, 0, "two", hook("/two")); });
  results[0] = one->write(hook_name, 0, "one", hook("/one"));
  other.join();
  ASSERT_TRUE(results[0] && results[1]);
  EXPECT_NE(results[0]->applied, results[1]->applied);
  EXPECT_EQ(results[0]->revision, 1u);
  EXPECT_EQ(results[1]->revision, 1u);
  const std::string winner = results[0]->applied ? "one" : "two";
  ASSERT_TRUE(wait_until([&] { return one->snapshot()->documents.contains(hook_name) && two->snapshot()->documents.contains(hook_name); }, 30s));
  EXPECT_EQ(one->snapshot()->documents.at(hook_name).by, winner);
  EXPECT_EQ(two->snapshot()->documents.at(hook_name).by, winner);

  EXPECT_FALSE(one->write(hook_name, 7, "late", hook("/late"))->applied);
  EXPECT_TRUE(two->write(hook_name, 1, "two", std::nullopt)->applied);
  ASSERT_TRUE(wait_until([&] { return one->snapshot()->documents.empty(); }, 30s));
  EXPECT_EQ(one->write(hook_name, 0, "one", hook("/again"))->revision, 3u);

  // Somebody else's record changes nothing and stops nothing; a store that comes later holds the same.
  std::atomic<bool> written{false};
  producer->produce({.topic = "hookline.webhooks", .partition = 0, .key = "stray", .value = "\x01"}, 0,
                    std::make_shared<const kafka::ReportSink>([&](auto&&) { written = true; }));
  ASSERT_TRUE(wait_until([&] { return written.load(); }, 30s));
  auto three = make();
  ASSERT_TRUE(wait_until([&] { return three->loaded(); }, 30s));
  EXPECT_EQ(three->snapshot()->documents.at(hook_name).revision, 3u);
  EXPECT_EQ(three->snapshot()->foreign_records, 1u);
}

TEST_F(StoredDefinitions, AWebhookThatIsStoredDeliversAndASwitchStopsIt) {
  auto engine = started();
  ASSERT_TRUE(engine->store()->write(hook_name, 0, "test", hook("/hook"))->applied);
  publish(5, 0);
  ASSERT_TRUE(wait_until([&] { return receiver.count("/hook") == 5; }, 30s));
  ASSERT_TRUE(engine->store()->write(hook_switch, 0, "test", json::Tree{{"state", "off"}})->applied);
  EXPECT_EQ(engine->catalog().listing()->at(hook_name).position, engine::Switch::off);
  publish(5, 5);
  ASSERT_TRUE(wait_until([&] { return engine->metrics().events("incident", "unmatched").value() == 5; }, 30s));
  ASSERT_TRUE(engine->store()->write(hook_switch, 1, "test", json::Tree{{"state", "tripped"}})->applied);
  publish(5, 10);
  ASSERT_TRUE(wait_until([&] { return engine->metrics().dead_letters("disabled").value() == 5; }, 30s));
  EXPECT_EQ(receiver.count(), 5u);
  ASSERT_TRUE(engine->store()->write(hook_switch, 2, "test", json::Tree{{"state", "on"}})->applied);
  publish(5, 15);
  ASSERT_TRUE(wait_until([&] { return receiver.count("/hook") == 10; }, 30s));
  expect_stop(*engine);
}

TEST_F(StoredDefinitions, WhatWaitsWhenAWebhookTripsBecomesADeadLetterWithoutAnotherAttempt) {
  receiver.on("/sick", answer(500));
  auto engine = started();
  auto document = hook("/sick");
  document["retry"] = {{"schedule", {"3s", "3s"}}};
  ASSERT_TRUE(engine->store()->write(hook_name, 0, "test", document)->applied);
  publish(3, 0);
  ASSERT_TRUE(wait_until([&] { return receiver.count("/sick") == 3; }, 30s));
  ASSERT_TRUE(engine->store()->write(hook_switch, 0, "test", json::Tree{{"state", "tripped"}})->applied);
  ASSERT_TRUE(wait_until([&] { return engine->metrics().dead_letters("disabled").value() == 3; }, 30s));
  EXPECT_EQ(receiver.count(), 3u);
  expect_stop(*engine);
}

TEST_F(StoredDefinitions, AProcessThatCannotLoadAWebhookTakesNoEventsUntilItCan) {
  auto engine = started();
  auto document = hook("/hook");
  document["auth"] = {{"bearer", fmt::format("${{file:{}}}", (folder.path() / "token").string())}};
  ASSERT_TRUE(engine->store()->write(hook_name, 0, "elsewhere", document)->applied);
  EXPECT_FALSE(engine->readiness().ready);
  EXPECT_NE(engine->readiness().reasons.front().find("webhook hook, revision 1, cannot be loaded here"), std::string::npos);
  ASSERT_TRUE(wait_until([&] { return engine->watch(), engine->status().workers.empty(); }, 30s));  // it has left the group
  publish(3, 0);
  folder.write("token", "s3cret");
  ASSERT_TRUE(wait_until([&] { return engine->watch(), engine->readiness().ready; }, 60s));
  ASSERT_TRUE(wait_until([&] { return receiver.count("/hook") == 3; }, 30s));
  EXPECT_EQ(receiver.requests("/hook").front().header("authorization"), "Bearer s3cret");

  // A revision that does not load leaves the one before in force, and says so.
  document["auth"]["bearer"] = "${env:NOT_ALLOWED_HERE}";
  ASSERT_TRUE(engine->store()->write(hook_name, 1, "elsewhere", document)->applied);
  EXPECT_FALSE(engine->readiness().ready);
  EXPECT_NE(engine->readiness().reasons.front().find("revision 1 goes on"), std::string::npos);
  publish(3, 3);
  ASSERT_TRUE(wait_until([&] { return receiver.count("/hook") == 6; }, 30s));
  expect_stop(*engine);

  // Started anew it has no such revision: it waits.
  auto second = std::make_unique<engine::Engine>(files);
  std::atomic<bool> patient{true};
  std::thread starting([&] { (void)second->start([&] { return patient.load(); }); });
  EXPECT_TRUE(wait_until([&] {
    const auto reasons = second->readiness().reasons;
    return std::any_of(reasons.begin(), reasons.end(), [](const auto& r) { return r.find("no events are taken until it can") != r.npos; });
  }, 30s));
  EXPECT_TRUE(second->status().workers.empty());
  patient = false;
  starting.join();
}

TEST_F(StoredDefinitions, FilesAndStoredWebhooksWorkSideBySideOverAReload) {
  folder.write("file.yaml", fmt::format("name: filed\nevents: [incident]\nendpoints: [{{url: \"{}\"}}]\n", receiver.url("/filed")));
  load("[file.yaml]");
  auto engine = started();
  ASSERT_TRUE(engine->store()->write(hook_name, 0, "test", hook("/hook"))->applied);
  publish(2, 0);
  ASSERT_TRUE(wait_until([&] { return receiver.count("/hook") == 2 && receiver.count("/filed") == 2; }, 30s));
  load("[]");
  engine->adopt(files);
  publish(2, 2);
  ASSERT_TRUE(wait_until([&] { return receiver.count("/hook") == 4; }, 30s));
  EXPECT_EQ(receiver.count("/filed"), 2u);
  EXPECT_FALSE(engine->catalog().listing()->contains({Sort::webhook, "filed"}));
  expect_stop(*engine);
}

}  // namespace
}  // namespace hookline::test
