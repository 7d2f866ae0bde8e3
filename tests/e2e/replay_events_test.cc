// Past events delivered again, the pace of replays beside live events, and docs/replay.md: each of its commands
// is run here, in the order of the page, during an outage as it tells it.
#include <algorithm>
#include <fstream>
#include <sstream>

#include "replay_fixture.h"

namespace hookline::test {
namespace {

class PastEvents : public Replays {
 protected:
  static CommandResult replay_events(const HooklineProcess& hookline, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"replay", "--config", hookline.config_path(), "--kind", "incident", "--wait"});
    return run_hookline(std::move(arguments), {}, {}, 300s);
  }
  std::map<std::string, std::string> ids_by_event() const {
    std::map<std::string, std::string> ids;
    for (const auto& request : receiver.requests()) ids[request.target + " " + event_id(request.body)] = request.header("webhook-id");
    return ids;
  }
};

TEST_F(PastEvents, GoOutAgainWithTheirIdsToTheWebhookThatIsNamedOrToAll) {
  create_topics(4);
  HooklineProcess hookline(options(webhook("a") + "---\n" + webhook("b", "filter: severity == \"high\"\n", 2)));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  Publisher publisher(kafka.bootstrap());
  publisher.publish_events(topic, 100);
  ASSERT_TRUE(wait_until([&] { return receiver.count() == 200; }, 60s)) << hookline.log();
  const auto before = ids_by_event();
  receiver.forget();
  const auto all = replay_events(hookline, {"--since", "1h"});
  EXPECT_EQ(all.status.code, 0) << all.errors;
  EXPECT_EQ(receiver.count(), 200u) << all.output;
  EXPECT_EQ(ids_by_event(), before);

  receiver.forget();
  const auto one = replay_events(hookline, {"--since", "1h", "--webhook", "b", "--where", "document.number < 50"});
  EXPECT_EQ(one.status.code, 0) << one.errors;
  EXPECT_EQ(receiver.count("/b/0"), 25u) << one.output;
  EXPECT_EQ(receiver.count("/b/1"), 25u);
  EXPECT_EQ(receiver.count(), 50u);

  receiver.forget();
  const auto range = kafka.admin().offsets(topic)[2];
  const auto part = replay_events(hookline, {"--partition", "2", "--from-offset", "0", "--to-offset", std::to_string(range.end), "--webhook", "a"});
  EXPECT_EQ(part.status.code, 0) << part.errors;
  EXPECT_EQ(receiver.count(), static_cast<std::uint64_t>(range.end)) << part.output;
  EXPECT_EQ(replay_events(hookline, {"--since", "1h", "--webhook", "nobody"}).status.code, 2);
  EXPECT_EQ(replay_events(hookline, {}).status.code, 2);
}

// The live events' delay while a replay runs as fast as it may, against the same without one.
TEST_F(PastEvents, LiveEventsKeepTheirDelayWhileAReplayRuns) {
  create_topics(4);
  HooklineProcess hookline(options(webhook("w")));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  const int events = long_run() ? 20'000 : 2'000;
  outage(hookline, events);
  constexpr int first_live = 500'000;
  receiver.otherwise(after(5ms));
  std::map<std::string, Instant> sent;
  std::mutex mutex;
  Load load(kafka.bootstrap(), topic, 50, [&](int number) {
    auto event = test_event(first_live + number);
    const std::lock_guard lock(mutex);
    sent[event.id] = std::chrono::steady_clock::now();
    return event;
  });
  ASSERT_TRUE(wait_until([&] { return receiver.count() > 100; }, 60s)) << hookline.log();
  const auto began = std::chrono::steady_clock::now();
  const auto result = replay(hookline, {"--wait"});
  const auto ended = std::chrono::steady_clock::now();
  EXPECT_EQ(result.status.code, 0) << result.errors;
  load.stop();
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 60s));
  std::vector<std::chrono::milliseconds> quiet, busy;
  for (const auto& request : receiver.requests()) {
    const auto live = sent.find(event_id(request.body));
    if (live == sent.end()) continue;
    const auto delay = std::chrono::duration_cast<std::chrono::milliseconds>(request.at - live->second);
    (live->second >= began && live->second <= ended ? busy : quiet).push_back(delay);
  }
  const auto median = [](std::vector<std::chrono::milliseconds>& all) {
    std::sort(all.begin(), all.end());
    return all.empty() ? std::chrono::milliseconds(0) : all[all.size() / 2];
  };
  const auto before = median(quiet), during = median(busy);
  fmt::print("live events: median delay {} ms without, {} ms ({} events, at most {} ms) beside a replay of {}\n", before.count(), during.count(), busy.size(),
             busy.empty() ? 0 : busy.back().count(), events);
  ASSERT_FALSE(busy.empty());
  EXPECT_LT(during, before + 1000ms) << "the order of the backlog is not waited for";
}

TEST_F(PastEvents, ARateIsKept) {
  create_topics(4);
  HooklineProcess hookline(options(webhook("w")));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  const int seconds = long_run() ? 60 : 5, rate = 50;
  outage(hookline, rate * seconds);
  const auto result = replay(hookline, {"--rate", "50/s", "--wait"});
  EXPECT_EQ(result.status.code, 0) << result.errors;
  const auto requests = receiver.requests();
  ASSERT_EQ(requests.size(), static_cast<std::size_t>(rate * seconds));
  const std::chrono::duration<double> span = requests.back().at - requests.front().at;
  const double kept = static_cast<double>(requests.size() - 1) / span.count();
  fmt::print("a rate of {}/s for {} s: {:.2f}/s\n", rate, seconds, kept);
  if (long_run()) {
    EXPECT_NEAR(kept, rate, rate * 0.05);
  } else {
    std::vector<std::chrono::steady_clock::duration> gaps;  // what the workers take up late comes closer together
    for (std::size_t i = 1; i < requests.size(); ++i) gaps.push_back(requests[i].at - requests[i - 1].at);
    std::nth_element(gaps.begin(), gaps.begin() + gaps.size() / 2, gaps.end());
    EXPECT_GT(gaps[gaps.size() / 2], 1000ms / rate * 2 / 3);
  }
}

/// The commands of the page, in its order.
std::vector<std::string> commands_of(const std::string& file) {
  std::ifstream in(file);
  std::vector<std::string> commands;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("hookline ")) commands.push_back(line);
  }
  return commands;
}

/// Words of a shell line, quotes taken off.
std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  std::string word;
  bool quoted = false, any = false;
  for (const char c : line) {
    if (c == '\'') {
      quoted = !quoted;
      any = true;
    } else if (c == ' ' && !quoted) {
      if (any) words.push_back(std::exchange(word, {}));
      any = false;
    } else {
      word += c;
      any = true;
    }
  }
  if (any) words.push_back(word);
  return words;
}

TEST_F(PastEvents, TheHandbookPageWalksThroughAnOutage) {
  create_topics(4);
  HooklineProcess hookline(options(webhook("payments")));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  outage(hookline, 40);
  Publisher poison(kafka.bootstrap());
  poison.publish_events(topic, 3, [](int n) {
    auto event = test_event(n);
    event.value = fmt::format(R"({{"id": "{}", "what": "ticket_opened"}})", event.id);
    return event;
  }, 1000);
  ASSERT_TRUE(wait_until([&] { return letters().size() == 43; }, 60s)) << hookline.log();
  const auto commands = commands_of(HOOKLINE_SOURCE_DIR "/docs/replay.md");
  ASSERT_EQ(commands.size(), 10u) << "the page has changed: let this test tell its story, too";
  std::string id;
  for (const auto& letter : letters()) id = letter.header("hookline.delivery.id").empty() ? id : letter.header("hookline.delivery.id");
  std::vector<std::string> outputs;
  for (const auto& command : commands) {
    if (command.find("--class pipeline") != std::string::npos) {  // "mend the mapping … attributes need a restart"
      EXPECT_EQ(hookline.terminate()->code, 0);
      hookline.write("config.yaml", read_file(hookline.config_path()) + "attributes: {incident: {type: [what]}}\n");
      hookline.start();
      ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
    }
    auto words = words_of(command);
    words.erase(words.begin());
    for (auto& word : words) {
      if (word == "hookline.yaml") word = hookline.config_path();
      if (word == "msg_…") word = id;
    }
    const auto result = run_hookline(words);
    EXPECT_EQ(result.status.code, 0) << command << "\n" << result.errors << result.output;
    outputs.push_back(result.output);
  }
  EXPECT_NE(outputs[0].find("43 dead letters, 0 of them replayed"), std::string::npos) << outputs[0];
  EXPECT_NE(outputs[2].find(id), std::string::npos) << outputs[2];
  EXPECT_NE(outputs[3].find("40 requests would go out; nothing was sent"), std::string::npos) << outputs[3];
  EXPECT_NE(outputs[4].find("5 of them taken by workers, 0 became dead letters again"), std::string::npos) << outputs[4];
  EXPECT_NE(outputs[5].find("35 deliveries sent on their way"), std::string::npos) << outputs[5];
  EXPECT_NE(outputs[6].find("3 deliveries sent on their way"), std::string::npos) << outputs[6];
  EXPECT_NE(outputs[7].find("no dead letters"), std::string::npos) << outputs[7];
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 60s)) << hookline.log();
  EXPECT_EQ(receipts().size(), 43u);
  EXPECT_EQ(letters().size(), 43u);
}

}  // namespace
}  // namespace hookline::test
