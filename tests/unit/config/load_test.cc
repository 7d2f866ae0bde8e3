// hookline.yaml with the files that it names: globs, templates, policies, and what only shows together.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reading.h"

namespace hookline::config {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr const char* base = "kafka: {bootstrap.servers: b:9092, group.id: g}\ntopics: {incident: [ops]}\n";

std::string webhook(const std::string& name, const std::string& more = "") {
  return "name: " + name + "\nevents: [x]\nendpoints: [{url: https://h/}]\n" + more;
}

std::string settings(const std::string& more) {
  return base + more;
}

std::vector<std::string> names(const std::vector<Webhook>& webhooks) {
  std::vector<std::string> out;
  for (const auto& w : webhooks)
    out.push_back(w.name);
  return out;
}

TEST(Loading, TakesWebhooksFromGlobsInOrderOfNameEachFileOnce) {
  const Folder folder;
  folder.write("webhooks/b.yaml", webhook("b1") + "---\n" + webhook("b2"));
  folder.write("webhooks/a.yaml", webhook("a1"));
  folder.write("webhooks/c.txt", "no webhook");
  const auto loaded = load_text(
      folder, settings("webhooks: [webhooks/*.yaml, webhooks/a.yaml, ./webhooks/../webhooks/b.yaml]\n"));
  EXPECT_THAT(lines(loaded.problems), IsEmpty());
  EXPECT_THAT(names(loaded.webhooks), ElementsAre("a1", "b1", "b2"));
}

TEST(Loading, NamesFilesAsTheUserDid) {
  const Folder folder;
  folder.write("conf/webhooks/a.yaml", "nam: a\n");
  folder.write("conf/hookline.yaml", settings("webhooks: [webhooks/*.yaml]\n"));
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  const auto loaded = load("conf/hookline.yaml", usual_secrets().source());
  std::filesystem::current_path(before);
  ASSERT_FALSE(loaded.problems.empty());
  EXPECT_EQ(loaded.problems.front().place.file, "conf/webhooks/a.yaml");
}

TEST(Loading, TellsMistakesOfAllFilesInOneRun) {
  const Folder folder;
  folder.write("webhooks/a.yaml", webhook("a", "zzzzzz: 1\n"));
  folder.write("webhooks/b.yaml", "foo: [\n");
  folder.write("policies/p.yaml", "name: p\non: [x]\nnotify: [b]\n");
  const auto loaded =
      load_text(folder, settings("webhooks: [webhooks/*.yaml]\npolicies: [policies/p.yaml]\nworkers: x\n"));
  EXPECT_THAT(lines(loaded.problems),
              ElementsAre("hookline.yaml:5:10: error: 'workers' must be a whole number, not the text 'x'",
                          ::testing::StartsWith(
                              "webhooks/a.yaml:4:1: error: unknown key 'zzzzzz'; known here: name, "),
                          "webhooks/b.yaml:2:1: error: a '[' is not closed before this; close it with ']'",
                          "policies/p.yaml:3:10: error: the policy notifies a webhook that does not exist: "
                          "'b'; did you mean 'a'?"));
}

TEST(Loading, WarnsOfAGlobThatMatchesNothingAndRefusesAFileThatIsNotThere) {
  const Folder folder;
  const auto loaded = load_text(folder, settings("webhooks: ['w/*.yaml', w/a.yaml]\n"));
  EXPECT_THAT(
      lines(loaded.problems),
      ElementsAre(
          "hookline.yaml:3:13: warning: 'w/*.yaml' matches no file; paths are relative to this file",
          "hookline.yaml:3:24: error: the file 'w/a.yaml' cannot be read: No such file or directory"));
}

TEST(Loading, RefusesAFolderForAFile) {
  const Folder folder;
  folder.write("webhooks/a.yaml", webhook("a"));
  const auto loaded = load_text(folder, settings("webhooks: [webhooks]\n"));
  EXPECT_THAT(lines(loaded.problems),
              ElementsAre("hookline.yaml:3:12: error: the file 'webhooks' cannot be read: Is a directory"));
}

TEST(Loading, OfASettingsFileThatIsNotThereIsOneProblem) {
  const auto loaded = load("/nowhere/hookline.yaml", usual_secrets().source());
  EXPECT_THAT(lines(loaded.problems),
              ElementsAre("/nowhere/hookline.yaml: error: the file '/nowhere/hookline.yaml' cannot be read: "
                          "No such file or directory"));
}

TEST(Loading, TellsDuplicateNamesWithBothPlaces) {
  const Folder folder;
  folder.write("webhooks/a.yaml", webhook("same"));
  folder.write("webhooks/b.yaml", webhook("same"));
  folder.write("p.yaml", "name: p\non: [x]\nnotify: [same]\n---\nname: p\non: [x]\nnotify: [same]\n");
  const auto loaded = load_text(folder, settings("webhooks: [webhooks/*.yaml]\npolicies: [p.yaml]\n"));
  EXPECT_THAT(lines(loaded.problems),
              ElementsAre("webhooks/b.yaml:1:7: error: the webhook name 'same' is taken; it stands in "
                          "webhooks/a.yaml:1:7 already; names are unique",
                          "p.yaml:5:7: error: the policy name 'p' is taken; it stands in p.yaml:1:7 already; "
                          "names are unique"));
}

TEST(Loading, WarnsOfMailWithoutAMailServer) {
  const Folder folder;
  folder.write("a.yaml", webhook("a", "failure_email: [o@example.com]\n"));
  EXPECT_THAT(lines(load_text(folder, settings("webhooks: [a.yaml]\n")).problems),
              ElementsAre("a.yaml:1:1: warning: the webhook 'a' wants mail, but there is no mail server; set "
                          "smtp in the settings"));
}

TEST(Loading, ReadsSecretsAndCertificatesBesideTheFileThatNamesThem) {
  const Folder folder;
  folder.write("webhooks/a.yaml", webhook("a", "auth: {bearer: '${file:token}'}\ntls: {ca: ca.pem}\n"));
  folder.write("webhooks/token", "abc\n");
  folder.write("webhooks/ca.pem", "certificate");
  const auto loaded = load(folder.write("hookline.yaml", settings("webhooks: [webhooks/*.yaml]\n")));
  EXPECT_THAT(lines(loaded.problems), IsEmpty());
  EXPECT_EQ(std::get<BearerAuth>(loaded.webhooks.at(0).auth).token.reveal(), "abc");
  EXPECT_EQ(loaded.webhooks.at(0).tls.ca, (folder.path() / "webhooks/ca.pem").string());
}

TEST(OwnTemplates, MayBeUsedByWebhooks) {
  const Folder folder;
  folder.write("t.yaml", "name: mine\ndescription: Ours\npayload: |\n  {\"a\": \"$Title\"}\nordering: key\n");
  folder.write("w.yaml", webhook("a", "template: mine\n"));
  const auto loaded = load_text(folder, settings("templates: [t.yaml]\nwebhooks: [w.yaml]\n"));
  EXPECT_THAT(lines(loaded.problems), IsEmpty());
  EXPECT_EQ(loaded.webhooks.at(0).ordering, Ordering::key);
  const auto problem = problem_in(*loaded.webhooks.at(0).payload, {7, 1, "wrong", "", false});
  EXPECT_TRUE(problem.place.file.ends_with("t.yaml"));
  EXPECT_EQ(problem.place.line, 4u);
  EXPECT_EQ(problem.place.column, 10u);
}

TEST(OwnTemplates, AreCheckedInTheirFileOnce) {
  const Folder folder;
  folder.write("t.yaml", "name: mine\nretry: {preset: fast}\nordring: key\ntemplate: x\n");
  folder.write("w.yaml", webhook("a", "template: mine\n") + "---\n" + webhook("b", "template: mine\n"));
  const auto loaded = load_text(folder, settings("templates: [t.yaml]\nwebhooks: [w.yaml]\n"));
  EXPECT_THAT(lines(loaded.problems),
              ::testing::IsSupersetOf(
                  {std::string("t.yaml:2:17: error: 'retry.preset' must be standard, squadcast or wallarm, "
                               "not the text 'fast'"),
                   std::string("t.yaml:3:1: error: unknown key 'ordring'; did you mean 'ordering'?")}));
  EXPECT_TRUE(loaded.webhooks.empty());
}

TEST(OwnTemplates, CannotTakeTheNameOfAShippedOne) {
  const Folder folder;
  folder.write("t.yaml", "name: slack\nordering: key\n");
  const auto loaded = load_text(folder, settings("templates: [t.yaml]\n"));
  ASSERT_EQ(loaded.problems.size(), 1u);
  EXPECT_THAT(format(loaded.problems[0]),
              ::testing::StartsWith("t.yaml:1:7: error: the template name 'slack' is taken; "));
}

std::vector<std::string> together(const std::string& webhooks, const std::string& policies = "") {
  const Folder folder;
  folder.write("w.yaml", webhooks);
  folder.write("p.yaml", policies);
  return lines(load_text(folder, settings("webhooks: [w.yaml]\npolicies: [p.yaml]\n")).problems);
}

TEST(Together, ACorrelationNeedsItsCreator) {
  EXPECT_THAT(together(webhook("a", "correlation: {key: id, from: createe}\n") + "---\n" +
                       webhook("create", "correlation: {key: id, response_id: id}\n")),
              ElementsAre("w.yaml:4:30: error: 'correlation.from' names a webhook that does not exist: "
                          "'createe'; did you mean 'create'?"));
  EXPECT_THAT(together(webhook("a", "correlation: {key: id, from: b}\n") + "---\n" + webhook("b")),
              ElementsAre("w.yaml:4:30: error: 'correlation.from' names 'b', which creates nothing; set "
                          "correlation.response_id there (w.yaml:6)"));
}

TEST(Together, ABrokenWebhookIsStillThere) {
  const auto problems =
      together(webhook("a", "correlation: {key: id, from: b}\n") + "---\n" + webhook("b", "concurrency: x\n"),
               "name: p\non: [x]\nnotify: [b]\n");
  EXPECT_THAT(problems,
              ElementsAre("w.yaml:9:14: error: 'concurrency' must be a whole number, not the text 'x'"));
}

TEST(Together, APolicyNotifiesWebhooksByNameOrGlob) {
  EXPECT_THAT(together(webhook("tickets-a") + "---\n" + webhook("tickets-b"),
                       "name: p\non: [x]\nnotify: ['tickets-*', tickets-a]\n"),
              IsEmpty());
  EXPECT_THAT(together(webhook("tickets-a"), "name: p\non: [x]\nnotify: ['ticket-*', tickets-b]\n"),
              ElementsAre("p.yaml:3:11: warning: 'ticket-*' matches no webhook",
                          "p.yaml:3:22: error: the policy notifies a webhook that does not exist: "
                          "'tickets-b'; did you mean 'tickets-a'?"));
}

TEST(Together, AWebhookForPoliciesIsNamedByOne) {
  const std::string quiet = "name: a\ntrigger: policy\nendpoints: [{url: https://h/}]\n";
  EXPECT_THAT(together(quiet),
              ElementsAre("w.yaml:1:1: warning: no policy notifies the webhook 'a', so nothing reaches it; "
                          "name it in a policy's notify, or set trigger: event"));
  EXPECT_THAT(together(quiet, "name: p\non: [x]\nnotify: [a]\n"), IsEmpty());
}

TEST(Together, AJiraWebhookGetsDetectionsOnlyFromPoliciesToo) {
  const std::string jira =
      "name: a\ntrigger: policy\nendpoints: [{url: https://h/}]\npayload: '{\"t\": \"$Title\", \"e\": "
      "\"$Event\"}'\nevent_formatting: jira\n";
  EXPECT_THAT(
      together(jira, "name: p\non: [detection_created, story_created]\nnotify: [a]\n"),
      ElementsAre("p.yaml:2:25: error: 'story_created' can bring events to 'a' that its `event_formatting: "
                  "jira` has no form for; with jira all types begin with detection_"));
}

struct PolicyCase {
  const char* yaml;
  const char* problem;
};

TEST(Policies, TellTheirMistakes) {
  const PolicyCase cases[] = {
      {"name: p\nnotify: [a]\n",
       "p.yaml:1:1: error: the key 'on' is missing; add e.g. on: [\"story_created\",\"story_updated\"]"},
      {"name: p\non: [x]\nnotify: []\n", "p.yaml:3:9: error: 'notify' is empty; write at least one"},
      {"name: p\non: [x]\nnotify: [a]\nsource: {ip: [10.0.0.0/8]}\n",
       "p.yaml:4:15: error: 'source.ip[0]' is not an address in numbers; write e.g. 10.1.2.3 or 2001:db8::1, "
       "or use ip_range or host"},
      {"name: p\non: [x]\nnotify: [a]\nsource: {ip_range: [10.1.0.0/8]}\n",
       "p.yaml:4:21: error: 'source.ip_range[0]' is not a network; '10.1.0.0/8' is an address within a "
       "network: did you mean 10.0.0.0/8?"},
      {"name: p\non: [x]\nnotify: [a]\nsource: {ip: [10.0.0.1], host: [h]}\n",
       "p.yaml:4:26: error: 'ip' and 'host' exclude each other; 'ip' stands in line 4; keep one"},
      {"name: p\non: [x]\nnotify: [a]\nsource: all\n",
       "p.yaml:4:9: error: 'source' must be a mapping, not a text"},
      {"name: p\non: [x]\nnotify: [a]\nthreshold: {count: 0, within: 1m}\n",
       "p.yaml:4:20: error: 'threshold.count' cannot be 0; write 1 to 1000000"},
      {"name: p\non: [x]\nnotify: [a]\nthreshold: {count: 3}\n",
       "p.yaml:4:12: error: the key 'within' is missing; add e.g. within: 10m"},
      {"name: p\non: [X]\nnotify: [a]\n",
       "p.yaml:2:6: error: 'on[0]' cannot be 'X'; types are written in snake case, e.g. incident_triggered, "
       "story_* or incident"},
  };
  for (const auto& c : cases)
    EXPECT_THAT(together(webhook("a"), c.yaml), ElementsAre(c.problem)) << c.yaml;
}

TEST(Policies, HoldEverySettingOfTheHandbooksExample) {
  const Folder folder;
  folder.write("w.yaml", webhook("servicenow-create"));
  folder.write("p.yaml", R"yaml(name: critical-hosts
on: [story_created, story_updated]
source: { ip_range: [10.0.0.0/8] }
criteria: severity in ["high", "critical"]
threshold: { count: 100, within: 10m, per: source_ip }
notify: [servicenow-create]
)yaml");
  const auto loaded = load_text(folder, settings("webhooks: [w.yaml]\npolicies: [p.yaml]\n"));
  EXPECT_THAT(lines(loaded.problems), IsEmpty());
  const auto& p = loaded.policies.at(0);
  EXPECT_EQ(p.source.of, SourceMatch::Of::ip_range);
  EXPECT_THAT(p.source.values, ElementsAre("10.0.0.0/8"));
  EXPECT_EQ(p.criteria->value, "severity in [\"high\", \"critical\"]");
  EXPECT_EQ(p.threshold->count, 100u);
  EXPECT_EQ(p.threshold->within, std::chrono::minutes(10));
  EXPECT_EQ(p.threshold->per, "source_ip");
  EXPECT_EQ(p.notify.at(0).value, "servicenow-create");
}

TEST(SecretScopes, ReachOnlyWhatTheyName) {
  const Folder folder;
  folder.write("allowed/token", "yes");
  folder.write("other/token", "no");
  ASSERT_EQ(::setenv("HOOKLINE_TEST_ALLOWED", "yes", 1), 0);
  ASSERT_EQ(::setenv("OTHER_TEST_SECRET", "no", 1), 0);
  const auto source = SecretSource::within({{"HOOKLINE_*"}, {(folder.path() / "allowed/*").string()}});
  EXPECT_EQ(source.env("HOOKLINE_TEST_ALLOWED"), "yes");
  EXPECT_EQ(source.env("OTHER_TEST_SECRET"), std::nullopt);
  EXPECT_EQ(source.file(folder.path() / "allowed/token"), "yes");
  EXPECT_EQ(source.file(folder.path() / "other/token"), std::nullopt);
  EXPECT_EQ(source.file(folder.path() / "allowed/../other/token"), std::nullopt);
  EXPECT_EQ(SecretSource::within({}).env("HOOKLINE_TEST_ALLOWED"), std::nullopt);
}

}  // namespace
}  // namespace hookline::config
