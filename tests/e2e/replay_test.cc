// Delivering again: dead letters of an endpoint that was down, though both the service and the command are
// killed on the way; chosen by every selection; at a rate; beside live events; past events; what the pipeline
// refused, from its original bytes. The long form has 50,000 dead letters.
#include <map>
#include <set>

#include "replay_fixture.h"

namespace hookline::test {
namespace {

TEST_F(Replays, EachDeadLetterGoesOutThoughServiceAndCommandAreKilledOnTheWay) {
  session_timeout = 3s;
  create_topics();
  const int events = long_run() ? 50'000 : 3'000;
  HooklineProcess hookline(options(webhook("w")));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  const auto published = outage(hookline, events);
  TempDir folder;
  const auto output = folder.path() / "replay.log";

  std::vector<Instant> crashes;
  auto command = start_replay(hookline, output);
  ASSERT_TRUE(wait_until([&] { return receiver.count() > static_cast<std::uint64_t>(events) / 5; }, 120s)) << hookline.log();
  command->kill9();
  const auto sent_by_first = receiver.count();
  command = start_replay(hookline, output);  // the same again
  ASSERT_TRUE(wait_until([&] { return receiver.count() > std::min<std::uint64_t>(sent_by_first + static_cast<std::uint64_t>(events) / 5, events - 1); }, 120s)) << hookline.log();
  hookline.kill9();
  crashes.push_back(std::chrono::steady_clock::now());
  hookline.start();
  const auto ended = command->wait(300s);
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->code, 0);
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 120s)) << hookline.log();

  std::set<std::string> expected;
  for (const auto& letter : letters()) expected.insert(letter.header("hookline.delivery.id"));
  EXPECT_EQ(expected.size(), static_cast<std::size_t>(events));
  std::int64_t missing = 0, repeated = 0;
  const auto seen = receipts();
  for (const auto& id : expected) missing += seen.contains(id) ? 0 : 1;
  for (const auto& [id, count] : seen) repeated += count - 1;
  // The command's window, and what the service had in flight or had not committed.
  const DuplicateBound bound{.in_flight = 64 * 2, .open = 0, .siblings = 0, .commit_interval = 500ms};
  const auto most = bound.of(crashes, receiver.requests()) + 256;
  fmt::print("replay with kills: {} dead letters, missing {}, sent twice {} (bound {})\n", events, missing, repeated, most);
  EXPECT_EQ(missing, 0);
  EXPECT_LE(repeated, most);
  EXPECT_EQ(letters().size(), static_cast<std::size_t>(events)) << "none died again";
  // Nothing is left, and nothing is sent again.
  const auto before = receiver.count();
  const auto once_more = replay(hookline, {});
  EXPECT_EQ(once_more.status.code, 0) << once_more.errors;
  EXPECT_NE(once_more.output.find(fmt::format("nothing to replay; {} were replayed before", events)), std::string::npos) << once_more.output;
  EXPECT_EQ(receiver.count(), before);
  EXPECT_NE(list(hookline, {"--open"}).output.find("no dead letters"), std::string::npos);
  EXPECT_EQ(hookline.terminate()->code, 0);
}

TEST_F(Replays, ASelectionIsWhatANaiveFilterTakesAndDryRunsSendNothing) {
  create_topics(4);
  HooklineProcess hookline(options(webhook("a") + "---\n" + webhook("b", "filter: number < 40\n", 2)));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  break_endpoint();
  receiver.on("/b/1", answer(410));
  Publisher publisher(kafka.bootstrap());
  publisher.publish_events(topic, 100);
  ASSERT_TRUE(wait_until([&] { return kafka.admin().size(dead_letters) == 180; }, 60s)) << hookline.log();
  mend_endpoint();
  receiver.on("/b/1", answer());
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 60s));
  const auto all = letters();
  const auto number = [](const TopicRecord& r) { return std::stoi(event_id(*r.value).substr(2)); };
  struct Case {
    std::vector<std::string> arguments;
    std::function<bool(const TopicRecord&)> naive;
  };
  const std::vector<Case> cases{
      {{}, [](const TopicRecord&) { return true; }},
      {{"--webhook", "b"}, [](const TopicRecord& r) { return r.header("hookline.webhook") == "b"; }},
      {{"--webhook", "b", "--endpoint", "1"}, [](const TopicRecord& r) { return r.header("hookline.webhook") == "b" && r.header("hookline.endpoint") == "1"; }},
      {{"--status", "410"}, [](const TopicRecord& r) { return r.header("hookline.http.status") == "410"; }},
      {{"--reason", "rejected,decode"}, [](const TopicRecord&) { return true; }},
      {{"--class", "pipeline"}, [](const TopicRecord&) { return false; }},
      {{"--key", "e-000007"}, [](const TopicRecord& r) { return r.key == "e-000007"; }},
      {{"--id", all[3].header("hookline.delivery.id")}, [&](const TopicRecord& r) { return r.header("hookline.delivery.id") == all[3].header("hookline.delivery.id"); }},
      {{"--where", "severity == \"high\" && document.number > 20"}, [&](const TopicRecord& r) { return number(r) % 2 == 0 && number(r) > 20; }},
      {{"--until", "1h"}, [](const TopicRecord&) { return false; }},
      {{"--since", "1h"}, [](const TopicRecord&) { return true; }},
  };
  receiver.forget();
  for (const auto& [arguments, naive] : cases) {
    const auto expected = std::count_if(all.begin(), all.end(), naive);
    auto dry = arguments;
    dry.insert(dry.end(), {"--dry-run", "--json"});
    const auto result = replay(hookline, dry);
    const auto name = fmt::format("{}", fmt::join(arguments, " "));
    EXPECT_EQ(result.status.code, expected == 0 && name.starts_with("--id") ? 1 : 0) << name << result.errors;
    EXPECT_NE(result.output.find(fmt::format("\"selected\": {},", expected)), std::string::npos) << name << "\n" << result.output.substr(0, 500);
    for (const auto& letter : all) {
      const bool in = result.output.find("\"" + letter.header("hookline.delivery.id") + "\"") != std::string::npos;
      EXPECT_EQ(in, naive(letter)) << name << " " << event_id(*letter.value);
    }
  }
  EXPECT_EQ(receiver.count(), 0u) << "a dry run sends nothing";
  // One of them for real: only to the endpoint that failed, under the same id, with the bytes of the event.
  const auto real = replay(hookline, {"--webhook", "b", "--endpoint", "1", "--wait"});
  EXPECT_EQ(real.status.code, 0) << real.errors;
  EXPECT_NE(real.output.find("40 dead letters to replay"), std::string::npos) << real.output;
  EXPECT_NE(real.output.find("40 of them taken by workers, 0 became dead letters again"), std::string::npos) << real.output;
  EXPECT_EQ(receiver.count("/b/1"), 40u);
  EXPECT_EQ(receiver.count(), 40u);
  std::set<std::string> ids;
  for (const auto& letter : all) {
    if (letter.header("hookline.endpoint") == "1") ids.insert(letter.header("hookline.delivery.id"));
  }
  for (const auto& [id, count] : receipts()) {
    EXPECT_EQ(ids.count(id), 1u);
    EXPECT_EQ(count, 1);
  }
  // Elsewhere, under new ids.
  receiver.forget();
  const auto moved = replay(hookline, {"--webhook", "b", "--endpoint", "0", "--limit", "5", "--to", "a", "--wait", "--yes"});
  EXPECT_EQ(moved.status.code, 0) << moved.errors << moved.output;
  EXPECT_EQ(receiver.count("/a/0"), 5u);
  // What was replayed is sent again only when asked for.
  EXPECT_EQ(replay(hookline, {"--webhook", "b", "--endpoint", "1"}).output.find("40 dead letters"), std::string::npos);
  receiver.forget();
  const auto again = replay(hookline, {"--webhook", "b", "--endpoint", "1", "--again", "--wait"});
  EXPECT_EQ(again.status.code, 0) << again.errors;
  EXPECT_EQ(receiver.count("/b/1"), 40u);
}

TEST_F(Replays, WhatFailsAgainIsANewDeadLetterWithItsHistoryAndDoesNotLoop) {
  create_topics(2);
  HooklineProcess hookline(options(webhook("w")));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  outage(hookline, 20);
  break_endpoint();
  const auto result = replay(hookline, {"--wait", "--json"});
  EXPECT_EQ(result.status.code, 0) << result.errors;
  EXPECT_NE(result.output.find("\"failed_again\": 20"), std::string::npos) << result.output;
  EXPECT_EQ(receiver.count(), 20u) << "each once";
  ASSERT_EQ(letters().size(), 40u);
  std::map<std::string, std::multiset<std::string>> attempts;
  for (const auto& letter : letters()) attempts[letter.header("hookline.delivery.id")].insert(letter.header("hookline.attempts"));
  EXPECT_EQ(attempts.size(), 20u);
  for (const auto& [id, numbers] : attempts) EXPECT_EQ(numbers, (std::multiset<std::string>{"1", "2"})) << id;
  mend_endpoint();
  receiver.forget();
  EXPECT_NE(list(hookline, {"--open", "--json"}).output.find("\"total\": 20"), std::string::npos);
  const auto good = replay(hookline, {"--wait", "--json"});
  EXPECT_NE(good.output.find("\"failed_again\": 0"), std::string::npos) << good.output;
  EXPECT_EQ(receiver.count(), 20u);
}

// Pipeline failures: after the mapping is mended, from the original bytes, under the ids that they would have had.
TEST_F(Replays, WhatCouldNotBeDecodedGoesOutFromItsOriginalBytesWhenTheMappingIsMended) {
  create_topics(2);
  HooklineProcess hookline(options(webhook("w")));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  Publisher publisher(kafka.bootstrap());
  // The type stands where nobody looks for it.
  publisher.publish_events(topic, 10, [](int n) {
    auto event = test_event(n);
    event.value = fmt::format(R"({{"id": "{}", "what": "ticket_opened"}})", event.id);
    return event;
  });
  ASSERT_TRUE(wait_until([&] { return kafka.admin().size(dead_letters) == 10; }, 60s)) << hookline.log();
  EXPECT_NE(list(hookline).output.find("pipeline  decode"), std::string::npos) << list(hookline).output;
  const auto too_early = replay(hookline, {"--class", "pipeline"});
  EXPECT_EQ(too_early.status.code, 0) << too_early.errors;
  EXPECT_NE(too_early.output.find("10 not sent"), std::string::npos) << too_early.output;
  EXPECT_EQ(hookline.terminate()->code, 0);
  hookline.write("config.yaml", read_file(hookline.config_path()) + "attributes: {incident: {type: [what]}}\n");
  hookline.start();
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  const auto result = replay(hookline, {"--class", "pipeline", "--wait"});
  EXPECT_EQ(result.status.code, 0) << result.errors << result.output;
  EXPECT_EQ(receiver.count(), 10u) << result.output;
  EXPECT_NE(list(hookline, {"--open"}).output.find("no dead letters"), std::string::npos);
}

}  // namespace
}  // namespace hookline::test
