// The commands that need no Kafka, as a user meets them: what they print, where, and how they end.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/behaviours.h"
#include "support/hookline_process.h"
#include "support/receiver.h"
#include "support/temp_dir.h"

namespace hookline::test {
namespace {

using ::testing::Test;

class Commands : public Test {
 protected:
  Receiver receiver;
  TempDir folder;

  void SetUp() override {
    folder.write("hookline.yaml", R"(kafka: {bootstrap.servers: "localhost:1", group.id: g}
topics: {incident: [ops.incidents], alarm: [security.alarms]}
webhooks: [webhooks.yaml]
egress: {allow: ["127.0.0.1/32"]}
)");
    webhooks(fmt::format(R"(name: tickets
events: [incident_triggered]
filter: service == "card-payments" && severity in ["high", "critical"]
endpoints:
  - {{name: main, url: "{}/${{service}}"}}
headers: {{X-Team: "sre $type"}}
auth: {{bearer: "${{env:TICKETS_TOKEN}}"}}
payload: '{{"title": "$Title", "text": "$Event", "raw": ${{document}}}}'
---
name: chat
events: [incident]
template: slack
endpoints: [{{url: "${{env:CHAT_URL}}"}}]
)", receiver.url("/api")));
  }

  void webhooks(const std::string& yaml) { folder.write("webhooks.yaml", yaml); }
  std::string path(const std::string& name) const { return (folder.path() / name).string(); }

  CommandResult run(std::vector<std::string> arguments, std::string_view input = {}) {
    arguments.insert(arguments.begin() + 1, {"--config", path("hookline.yaml")});
    return run_hookline(std::move(arguments), input,
                        {{"TICKETS_TOKEN", "s3cr3t-token"}, {"CHAT_URL", receiver.url("/T0/B0/s3cr3t-path")}});
  }
};

TEST_F(Commands, AnEmptyChoiceIsNotEverything) {
  for (const char* option : {"--webhook", "--endpoint", "--since", "--until", "--where", "--to"}) {
    const auto refused = run_hookline({"dead-letters", "replay", "--config", "hookline.yaml", option, ""});
    EXPECT_EQ(refused.status.code, 2) << option;
    EXPECT_NE(refused.errors.find("is empty"), std::string::npos) << refused.errors;
  }
  EXPECT_EQ(run_hookline({"replay", "--config", "hookline.yaml", "--kind", "incident", "--since", "1h", "--webhook", ""}).status.code, 2);
}

TEST_F(Commands, ABadCommandLineEndsWithTwoAndHelpWithZero) {
  EXPECT_EQ(run_hookline({"run"}).status.code, 2);
  EXPECT_EQ(run_hookline({"no-such-command"}).status.code, 2);
  EXPECT_NE(run_hookline({"no-such-command"}).errors.find("hookline: unknown command or argument 'no-such-command'"), std::string::npos);
  EXPECT_NE(run_hookline({"topics", "--bogus"}).errors.find("hookline topics: unknown option '--bogus'"), std::string::npos);
  EXPECT_EQ(run_hookline({"send", "--kind", "nonsense", "--config", "x"}).status.code, 2);
  EXPECT_EQ(run_hookline({}).status.code, 2);
  for (const char* command : {"demo", "run", "validate", "render", "test", "sample", "send", "dead-letters", "replay", "topics", "webhooks", "status"}) {
    const auto help = run_hookline({command, "--help"});
    EXPECT_EQ(help.status.code, 0) << command;
    EXPECT_FALSE(help.output.empty()) << command;
  }
}

TEST_F(Commands, ValidateNamesEveryMistakeWithItsPlaceAndRunRefusesWithTheSameWords) {
  EXPECT_EQ(run({"validate"}).status.code, 0) << run({"validate"}).errors;
  webhooks(R"(name: tickets
evnts: [incident_triggered]
events: [incident_triggered]
filter: service = "x"
endpoints: [{url: "http://127.0.0.1:1/${service"}]
retry: {preset: often}
)");
  const auto validated = run({"validate"});
  EXPECT_EQ(validated.status.code, 3);
  for (const char* place : {"webhooks.yaml:2:1: error", "webhooks.yaml:4:", "webhooks.yaml:5:", "webhooks.yaml:6:"}) {
    EXPECT_NE(validated.errors.find(place), std::string::npos) << place << "\n" << validated.errors;
  }
  const auto refused = run({"run"});
  EXPECT_EQ(refused.status.code, 3);
  EXPECT_NE(refused.errors.find("webhooks.yaml:2:1: error"), std::string::npos) << refused.errors;
  const auto json = run({"validate", "--json"});
  EXPECT_EQ(json.status.code, 3);
  EXPECT_NE(json.output.find("\"valid\": false"), std::string::npos) << json.output;
}

TEST_F(Commands, ValidateWarnsOfAUrlThatThePolicyRefuses) {
  webhooks(R"(name: inside
events: [incident_triggered, incident_resolved]
endpoints: [{url: "http://10.0.0.1/hook"}]
ordering: key
)");
  const auto result = run({"validate"});
  EXPECT_EQ(result.status.code, 0) << result.errors;
  EXPECT_NE(result.errors.find("warning: egress.allow refuses"), std::string::npos) << result.errors;
}

TEST_F(Commands, SampleRenderAndExplainTakeAUserFromAnEventToTheRightWebhook) {
  const auto listed = run_hookline({"sample"});
  EXPECT_NE(listed.output.find("incident_triggered"), std::string::npos);
  const auto sample = run_hookline({"sample", "incident_triggered", "--json"});
  ASSERT_EQ(sample.status.code, 0);
  const auto rendered = run({"render", "--webhook", "tickets", "--event", "-", "--explain"}, sample.output);
  EXPECT_EQ(rendered.status.code, 0) << rendered.errors;
  for (const char* part : {"\"matched\": true", "\"method\": \"POST\"", "/api/card-payments", "\"X-Team\": \"sre incident_triggered\"",
                           "\"Authorization\": \"***\"", "card-payments", "\"terms\""}) {
    EXPECT_NE(rendered.output.find(part), std::string::npos) << part << "\n" << rendered.output;
  }
  EXPECT_EQ(rendered.output.find("s3cr3t"), std::string::npos);
  const auto chat = run({"render", "--webhook", "chat", "--event", "-"}, sample.output);
  EXPECT_EQ(chat.status.code, 0) << chat.errors;
  EXPECT_EQ(chat.output.find("s3cr3t"), std::string::npos) << chat.output;
  EXPECT_NE(chat.output.find("127.0.0.1"), std::string::npos);

  const auto other = run({"render", "--webhook", "tickets", "--event", "-", "--explain"},
                         R"({"event_type":"incident_triggered","service":"shipping","severity":"high"})");
  EXPECT_NE(other.output.find("\"matched\": false"), std::string::npos) << other.output;
  EXPECT_NE(other.output.find("shipping"), std::string::npos) << other.output;
  EXPECT_EQ(receiver.count(), 0u);  // it sends nothing
}

TEST_F(Commands, TestReallySendsAMarkedSampleAndTellsTheAnswer) {
  const auto good = run({"test", "--webhook", "tickets", "--json"});
  EXPECT_EQ(good.status.code, 0) << good.output << good.errors;
  EXPECT_NE(good.output.find("\"status\": 200"), std::string::npos) << good.output;
  ASSERT_EQ(receiver.count(), 1u);
  const auto request = receiver.requests().front();
  EXPECT_NE(request.body.find("[Test message]"), std::string::npos) << request.body;
  EXPECT_EQ(request.header("authorization"), "Bearer s3cr3t-token");

  receiver.otherwise(answer(403, "no ticket for you"));
  const auto bad = run({"test", "--webhook", "tickets"});
  EXPECT_EQ(bad.status.code, 1);
  EXPECT_NE(bad.output.find("HTTP 403"), std::string::npos) << bad.output;
  EXPECT_NE(bad.output.find("no ticket for you"), std::string::npos) << bad.output;
  EXPECT_EQ(run({"test", "--webhook", "nobody"}).status.code, 1);
}

TEST_F(Commands, TheDemoDoesWhatItSays) {
  const auto demo = run_hookline({"demo", "--exit", "--port", "0"}, {}, {}, std::chrono::seconds(120));
  EXPECT_EQ(demo.status.code, 0) << demo.output << demo.errors;
  EXPECT_NE(demo.output.find("every step did what it should"), std::string::npos) << demo.output;
  EXPECT_EQ(demo.output.find('\x1b'), std::string::npos);  // plain in a pipe
}

}  // namespace
}  // namespace hookline::test
