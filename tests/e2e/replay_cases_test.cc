// What a replay leaves out and says so: creates of items that exist, pointers whose originals are gone, dead letters
// that were replayed (and no others, when the topic was made anew). What it leaves behind: no marks of dead letters
// that have expired. And how it is taken up again, by Ctrl-C on a terminal and by `--resume`.
#include <algorithm>
#include <set>

#include "replay_fixture.h"
#include "support/terminal.h"

namespace hookline::test {
namespace {

class ReplayCases : public Replays {
 protected:
  bool all_committed() { return Proof::all_committed() && kafka.admin().lag(group, prefix + ".ordered") == 0; }

  /// Tickets are made of stories, and the receiver answers with an id.
  std::string tickets() const {
    return fmt::format("name: tickets\nevents: [incident]\ncorrelation: {{key: story_id, response_id: id}}\nendpoints: [{{url: \"{}\"}}]\n",
                       receiver.url("/tickets"));
  }
  static EventToPublish story(int number) {
    auto event = test_event(number);
    event.value = fmt::format(R"({{"id": "{}", "event_type": "incident_triggered", "story_id": "s-{}"}})", event.id, number);
    return event;
  }
  CommandResult events(const HooklineProcess& hookline, std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"replay", "--config", hookline.config_path()});
    return run_hookline(std::move(arguments), {}, {}, 300s);
  }
  std::unique_ptr<Process> start_events(const HooklineProcess& hookline, const std::filesystem::path& output, const std::vector<std::string>& arguments) {
    std::vector<std::string> all{hookline_binary(), "replay", "--config", hookline.config_path()};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return std::make_unique<Process>(ProcessOptions{.arguments = all, .environment = {}, .directory = {}, .input = {}, .output = output, .errors = output});
  }
  static HttpAnswer post(const HooklineProcess& to, const std::string& target, const std::string& body) {
    return to.request("POST", target, body, {{"Content-Type", "application/json"}});
  }
  static std::string id_in(const std::string& text) {
    const auto at = text.find("rpl_");
    return at == std::string::npos ? std::string() : text.substr(at, 20);
  }
};

TEST_F(ReplayCases, CreatesOfItemsThatExistAreNamedAndNotSent) {
  create_topics(2);
  HooklineProcess hookline(options(tickets()));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  break_endpoint();
  Publisher publisher(kafka.bootstrap());
  publisher.publish_events(topic, 10, story);
  ASSERT_TRUE(wait_until([&] { return kafka.admin().size(dead_letters) == 10 && all_committed(); }, 60s)) << hookline.log();
  for (const int number : {1, 3, 4}) {  // meanwhile somebody made these by hand
    const auto set = hookline.request("PUT", fmt::format("/api/v1/correlations?webhook=tickets&key=s-{}", number), fmt::format(R"({{"id": "INC{}"}})", number));
    ASSERT_EQ(set.status, 200) << set.body;
  }
  receiver.otherwise([](const ReceivedRequest& request, int) { return Reaction{.body = fmt::format(R"({{"id": "made {}"}})", event_id(request.body))}; });
  receiver.forget();

  const auto dry = replay(hookline, {"--dry-run"});
  EXPECT_NE(dry.output.find("10 dead letters to replay\n3 of them would create what exists and are not sent: "), std::string::npos) << dry.output;
  for (const int number : {1, 3, 4}) EXPECT_NE(dry.output.find(fmt::format("tickets s-{} is INC{}", number, number)), std::string::npos) << dry.output;
  EXPECT_NE(dry.output.find("7 requests would go out; nothing was sent\n3 not sent: creates whose items exist: "), std::string::npos) << dry.output;
  EXPECT_EQ(dry.output.find("\"s-3\""), std::string::npos) << "no request for it is shown: " << dry.output;

  const auto looked = post(hookline, "/api/v1/dead-letters/replay", R"({"dry_run": true, "key": "e-000003"})");
  EXPECT_NE(looked.body.find(R"("skipped_creates":{"count":1,"items":[{"webhook":"tickets","key":"s-3","id":"INC3"}]})"), std::string::npos) << looked.body;
  const auto job = id_in(post(hookline, "/api/v1/dead-letters/replay", R"({"key": "e-000003"})").body);
  const auto told = [&] { return hookline.get("/api/v1/replays/" + job).body; };
  ASSERT_TRUE(wait_until([&] { return told().find(R"("state":"done")") != std::string::npos; }, 60s)) << told();
  EXPECT_NE(told().find(R"("sent":0)"), std::string::npos) << told();
  EXPECT_NE(told().find(R"("skipped_creates":{"count":1,)"), std::string::npos) << told();

  const auto real = replay(hookline, {"--wait", "--json"});
  EXPECT_EQ(real.status.code, 0) << real.errors;
  EXPECT_NE(real.output.find("\"sent\": 7"), std::string::npos) << real.output;
  EXPECT_NE(real.output.find("\"skipped_creates\": {\n    \"count\": 2,"), std::string::npos) << real.output;
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 60s));
  EXPECT_EQ(receiver.count("/tickets"), 7u);
  for (const auto& request : receiver.requests()) {
    for (const int number : {1, 3, 4}) EXPECT_NE(event_id(request.body), fmt::format("e-{:06}", number));
  }
  EXPECT_NE(list(hookline, {"--open"}).output.find("no dead letters"), std::string::npos) << "what exists needs nobody any more";

  // Past events: by now every story has its ticket.
  receiver.forget();
  const auto again = events(hookline, {"--kind", "incident", "--since", "1h", "--wait"});
  EXPECT_EQ(again.status.code, 0) << again.errors;
  EXPECT_NE(again.output.find("10 not sent: creates whose items exist: "), std::string::npos) << again.output;
  EXPECT_NE(again.output.find(" and 5 more\n"), std::string::npos) << again.output;
  EXPECT_NE(again.output.find("0 deliveries sent on their way for 10 records"), std::string::npos) << again.output;
  EXPECT_EQ(receiver.count(), 0u);
}

TEST_F(ReplayCases, PointersAreFollowedToTheirOriginalsWhereverTheseAreStillThere) {
  kafka.create_topic(topic, 1);
  kafka.create_topic(dead_letters, 1, {{"max.message.bytes", "400000"}, {"message.timestamp.type", "LogAppendTime"}});
  for (const char* tier : retry_tiers) kafka.create_topic(prefix + ".retry." + tier, 1, {{"message.timestamp.type", "LogAppendTime"}});
  HooklineProcess hookline(options(webhook("w"), "limits: {event_size: 64KiB}\n"));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  break_endpoint();
  Publisher publisher(kafka.bootstrap());
  publisher.publish_events(topic, 4, [](int number) {
    auto event = test_event(number);
    event.key = std::string(500'000, static_cast<char>('a' + number));  // more than the dead-letter topic takes
    return event;
  });
  ASSERT_TRUE(wait_until([&] { return kafka.admin().size(dead_letters) == 4 && all_committed(); }, 60s)) << hookline.log();
  for (const auto& letter : letters()) ASSERT_EQ(letter.header("hookline.pointer"), "true");
  mend_endpoint();
  receiver.forget();

  const auto third = list(hookline, {"--where", "document.number == 2", "--items"});
  ASSERT_TRUE(third.output.starts_with("msg_")) << third.output << third.errors;
  EXPECT_EQ(occurrences(third.output, "\n"), 1) << third.output;
  const auto id = third.output.substr(0, third.output.find(' '));
  const auto shown = run_hookline({"dead-letters", "show", "--config", hookline.config_path(), id});
  EXPECT_NE(shown.output.find("\"id\": \"e-000002\""), std::string::npos) << shown.output.substr(0, 2000);
  EXPECT_NE(hookline.get("/api/v1/dead-letters/" + id).body.find(R"("id":"e-000002")"), std::string::npos);
  EXPECT_NE(hookline.get("/api/v1/dead-letters/groups?where=document.number%20%3C%202").body.find(R"("total":2)"), std::string::npos);

  kafka.admin().delete_records_before(topic, 0, 2);  // the first two are gone
  const auto rest = list(hookline, {"--where", "document.number < 3"});
  EXPECT_NE(rest.output.find("1 dead letter, 0 of them replayed"), std::string::npos) << rest.output;
  EXPECT_NE(rest.output.find("2 more only point to their originals, which are gone from the log"), std::string::npos) << rest.output;
  const auto first = letters().front().header("hookline.delivery.id");
  const auto lost = run_hookline({"dead-letters", "show", "--config", hookline.config_path(), first});
  EXPECT_NE(lost.output.find("\"original\": \"gone from the log\""), std::string::npos) << lost.output;

  const auto small = replay(hookline, {"--where", "document.number == 2"});
  EXPECT_NE(small.output.find("1 not sent: it is too large for the retry topic"), std::string::npos) << small.output;
  auto config = read_file(hookline.config_path());
  hookline.write("config.yaml", config.replace(config.find("64KiB"), 5, "512KiB"));
  const auto one = replay(hookline, {"--where", "document.number < 3", "--wait"});
  EXPECT_EQ(one.status.code, 0) << one.errors;
  EXPECT_NE(one.output.find("1 dead letter to replay; 2 more only point to originals that are gone"), std::string::npos) << one.output;
  ASSERT_EQ(receiver.count(), 1u) << one.output;
  EXPECT_EQ(event_id(receiver.requests()[0].body), "e-000002");
  EXPECT_EQ(receiver.requests()[0].header("webhook-id"), id);
  const auto all = replay(hookline, {"--wait"});
  EXPECT_EQ(all.status.code, 0) << all.errors;
  EXPECT_NE(all.output.find("2 not sent: it is a pointer, and its original is gone from the log"), std::string::npos) << all.output;
  EXPECT_EQ(receiver.count(), 2u) << all.output;
  EXPECT_EQ(events_received(), (std::set<std::string>{"e-000002", "e-000003"}));
}

TEST_F(ReplayCases, MarksGoWithTheirDeadLettersAndDoNotCountForThoseOfATopicMadeAnew) {
  create_topics(2);
  HooklineProcess hookline(options(webhook("w")));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  const auto marks = [&] {
    std::map<std::string, bool> present;
    for (const auto& record : kafka.read(prefix + ".replays")) {
      if (record.key && record.key->starts_with(dead_letters + "-")) present[*record.key] = record.value.has_value();
    }
    return std::count_if(present.begin(), present.end(), [](const auto& mark) { return mark.second; });
  };
  outage(hookline, 20);
  EXPECT_EQ(replay(hookline, {"--wait"}).status.code, 0);
  EXPECT_EQ(marks(), 20);
  const auto ranges = kafka.admin().offsets(dead_letters);
  for (std::size_t p = 0; p < ranges.size(); ++p) kafka.admin().delete_records_before(dead_letters, static_cast<std::int32_t>(p), ranges[p].end);
  EXPECT_EQ(replay(hookline, {"--dry-run"}).status.code, 0);
  EXPECT_EQ(marks(), 20) << "a look takes nothing back";
  outage(hookline, 5, 100);
  const auto second = replay(hookline, {"--wait"});
  EXPECT_EQ(second.status.code, 0) << second.errors;
  EXPECT_EQ(receiver.count(), 5u);
  EXPECT_EQ(marks(), 5) << "those of the twenty that are gone were taken back";

  EXPECT_EQ(hookline.terminate()->code, 0);
  kafka.admin().delete_topic(dead_letters);
  kafka.create_topic(dead_letters, 2, {{"message.timestamp.type", "LogAppendTime"}});
  hookline.start();
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  outage(hookline, 40, 200);
  const auto anew = replay(hookline, {"--wait"});
  EXPECT_EQ(anew.status.code, 0) << anew.errors;
  EXPECT_EQ(receiver.count(), 40u) << "some stand where others were replayed before: " << anew.output;
}

TEST_F(ReplayCases, AReplayOfEventsThatIsBrokenOffIsTakenUpAgainByItsId) {
  create_topics(4);
  HooklineProcess hookline(options(webhook("w")));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  Publisher publisher(kafka.bootstrap());
  publisher.publish_events(topic, 600);
  ASSERT_TRUE(wait_until([&] { return receiver.count() == 600 && all_committed(); }, 60s)) << hookline.log();
  receiver.forget();
  TempDir folder;
  const auto output = folder.path() / "replay.log";
  auto command = start_events(hookline, output, {"--kind", "incident", "--since", "1h", "--rate", "60/s"});
  ASSERT_TRUE(wait_until([&] { return receiver.count() > 60; }, 60s)) << read_file(output);
  command->signal(SIGINT);
  ASSERT_EQ(command->wait(60s)->code, 1);
  const auto id = id_in(read_file(output));
  EXPECT_NE(read_file(output).find(fmt::format("broken off; to go on: hookline replay --config {} --resume {}\n", hookline.config_path(), id)), std::string::npos) << read_file(output);
  ASSERT_TRUE(wait_until([&] { return waiting() == 0; }, 60s));
  const auto first = receiver.count();
  EXPECT_LT(first, 600u);

  // Again, and killed: it goes on from what it noted last.
  command = start_events(hookline, output, {"--resume", id});
  ASSERT_TRUE(wait_until([&] { return receiver.count() > first + 180; }, 60s)) << read_file(output);
  command->kill9();
  ASSERT_TRUE(wait_until([&] { return waiting() == 0; }, 60s));
  EXPECT_EQ(events_received().size(), receiver.count()) << "so far nothing went twice";
  const auto rest = events(hookline, {"--resume", id, "--wait"});
  EXPECT_EQ(rest.status.code, 0) << rest.errors << rest.output;
  EXPECT_NE(rest.output.find("of 600 records are behind it"), std::string::npos) << rest.output;
  EXPECT_EQ(events_received().size(), 600u);
  const auto repeated = receiver.count() - 600;
  fmt::print("taken up again after Ctrl-C and after kill -9: 600 events, sent twice {}\n", repeated);
  EXPECT_LE(repeated, 60u * 3 + 256);  // what was sent since the last note, and what was on its way
  const auto told = [&] { return hookline.get("/api/v1/replays/" + id).body; };  // the service hears of it a moment later
  EXPECT_TRUE(wait_until([&] { return told().find(R"("state":"done")") != std::string::npos; }, 60s)) << told();
  EXPECT_NE(told().find(R"("done":600)"), std::string::npos) << told();

  EXPECT_NE(events(hookline, {"--resume", id}).output.find("nothing is left of it"), std::string::npos);
  EXPECT_EQ(receiver.count(), 600 + repeated);
  const auto unknown = events(hookline, {"--resume", "rpl_0"});
  EXPECT_EQ(unknown.status.code, 1);
  EXPECT_NE(unknown.errors.find("there is no replay rpl_0"), std::string::npos) << unknown.errors;
  const auto job = id_in(post(hookline, "/api/v1/replays", R"({"what": "events", "kind": "incident", "since": "1h", "limit": 1})").body);
  EXPECT_NE(events(hookline, {"--resume", job}).errors.find("a job of the service, which goes on by itself"), std::string::npos);
}

TEST_F(ReplayCases, OnATerminalItAsksShowsABarAndCtrlCLeavesAStateToGoOnFrom) {
  create_topics(4);
  HooklineProcess hookline(options(webhook("w")));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  outage(hookline, 900);
  const std::vector<std::string> command{hookline_binary(), "dead-letters", "replay", "--config", hookline.config_path(), "--rate", "100/s"};
  Terminal refused(command);
  ASSERT_TRUE(refused.wait_for("Go on? [y/N] ")) << refused.drawn();
  EXPECT_NE(refused.drawn().find("900 dead letters to replay"), std::string::npos) << refused.drawn();
  refused.type("n\n");
  EXPECT_EQ(refused.wait()->code, 1);
  EXPECT_NE(refused.drawn().find("nothing was sent"), std::string::npos) << refused.drawn();
  EXPECT_EQ(receiver.count(), 0u);

  Terminal broken(command);
  ASSERT_TRUE(broken.wait_for("Go on? [y/N] ")) << broken.drawn();
  broken.type("y\n");
  ASSERT_TRUE(broken.wait_for("\r\x1b[K[")) << broken.drawn();
  ASSERT_TRUE(broken.wait_for("/s, ")) << "the rate: " << broken.drawn();
  ASSERT_TRUE(broken.wait_for("s left")) << broken.drawn();
  broken.type("\x03");
  EXPECT_EQ(broken.wait()->code, 1);
  EXPECT_NE(broken.drawn().find("broken off; to go on: the same command\r\n"), std::string::npos) << broken.drawn();
  const auto echo = broken.drawn().find("^C");  // the terminal's own; the bar is drawn over it
  if (echo != std::string::npos) { EXPECT_NE(broken.drawn().find("\r\x1b[K[", echo), std::string::npos) << broken.drawn(); }
  ASSERT_TRUE(wait_until([&] { return waiting() == 0; }, 60s));
  const auto first = receiver.count();
  EXPECT_GT(first, 0u);
  EXPECT_LT(first, 900u);

  Terminal rest(command);
  ASSERT_TRUE(rest.wait_for("Go on? [y/N] ")) << rest.drawn();
  EXPECT_NE(rest.drawn().find(fmt::format("{} dead letters to replay; {} were replayed before", 900 - first, first)), std::string::npos) << rest.drawn();
  rest.type("y\n");
  EXPECT_EQ(rest.wait()->code, 0);
  EXPECT_NE(rest.drawn().find(fmt::format("[##############################] {0} of {0}", 900 - first)), std::string::npos) << rest.drawn();
  ASSERT_TRUE(wait_until([&] { return waiting() == 0; }, 60s));
  EXPECT_EQ(receiver.count(), 900u);
  EXPECT_EQ(receipts().size(), 900u);
}

}  // namespace
}  // namespace hookline::test
