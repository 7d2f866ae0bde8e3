// What `validate` says of webhooks once they are compiled: mistakes that the YAML alone does not show.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/network.h"
#include "hookline/config/load.h"
#include "hookline/engine/definitions.h"

namespace hookline::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// The problems of one webhook that takes incident_triggered unless `keys` says otherwise.
std::vector<std::string> problems_of(const std::string& keys) {
  config::Configuration configuration;
  configuration.settings.egress = {config::parse_egress_rule("public").value()};
  std::string yaml = "name: w\n" + keys;
  if (keys.find("events:") == std::string::npos) yaml += "events: [incident_triggered]\n";
  if (keys.find("endpoints:") == std::string::npos) yaml += "endpoints: [{url: https://h.example.com/x}]\n";
  configuration.webhooks =
      config::parse_webhooks(yaml, "w.yaml", config::shipped_templates(), configuration.problems);
  static_cast<void>(Definitions::compile(configuration, configuration.problems));
  std::vector<std::string> lines;
  for (const auto& problem : configuration.problems) lines.push_back(config::format(problem));
  return lines;
}

TEST(WebhookChecks, APlainWebhookHasNothingToSay) {
  EXPECT_THAT(problems_of("payload: '{\"a\": \"$Title\"}'\n"), IsEmpty());
}

TEST(WebhookChecks, AnAddressThatEgressRefusesIsTold) {
  EXPECT_THAT(problems_of("endpoints: [{url: 'http://10.1.2.3/x'}]\n"),
              ElementsAre(HasSubstr("w.yaml:2:20: warning: egress.allow refuses this URL: egress.allow does not name 10.1.2.3:80")));
  EXPECT_THAT(problems_of("endpoints: [{url: 'http://localhost:9/x'}]\n"), ElementsAre(HasSubstr("(loopback)")));
}

TEST(WebhookChecks, AHostOfPlaceholdersIsOneErrorAndNoQuestionOfEgress) {
  EXPECT_THAT(problems_of("endpoints: [{url: 'https://$host/x'}]\n"),
              ElementsAre(HasSubstr("w.yaml:2:28: error: a placeholder in the host or port of a URL")));
}

TEST(WebhookChecks, ATypeThatIsNearlyOneOfTheCatalogueIsAskedAbout) {
  EXPECT_THAT(problems_of("events: [incident_trigered]\n"),
              ElementsAre(HasSubstr("w.yaml:2:10: warning: no type of the catalogue is called 'incident_trigered'; "
                                    "did you mean 'incident_triggered'?")));
  EXPECT_THAT(problems_of("events: [incidents]\n"), ElementsAre(HasSubstr("did you mean 'incident'?")));
  EXPECT_THAT(problems_of("events: [order_paid, incident_task_closed, audit, 'incident_notes_*']\nordering: none\n"),
              ElementsAre(HasSubstr("several incident types")));
}

TEST(WebhookChecks, SeveralIncidentTypesWantAnOrder) {
  const auto several = HasSubstr("several incident types without `ordering: key`");
  EXPECT_THAT(problems_of("events: [incident_triggered, incident_resolved]\n"), ElementsAre(several));
  EXPECT_THAT(problems_of("events: [incident]\n"), ElementsAre(several));
  EXPECT_THAT(problems_of("events: [incident_resolved, vuln]\n"), IsEmpty());
}

TEST(WebhookChecks, ABatchOfWhatGoesOutInOrderHasNoEffect) {
  const std::string batch = "events: [incident_triggered]\nformat: array\nbatch: {max_events: 5}\n";
  EXPECT_THAT(problems_of(batch), IsEmpty());
  EXPECT_THAT(problems_of(batch + "ordering: key\n"), ElementsAre(HasSubstr("`batch` has no effect with `ordering: key`")));
}

TEST(WebhookChecks, ACorrelationIdWantsSomebodyWhoGivesIt) {
  EXPECT_THAT(problems_of("endpoints: [{url: 'https://h.example.com/$correlationId', method: PUT}]\n"),
              ElementsAre(HasSubstr("w.yaml:2:20: warning: the URL uses correlationId, but this webhook has no `correlation.from`")));
  EXPECT_THAT(problems_of("payload: '{\"id\": \"$correlationId\"}'\n"), ElementsAre(HasSubstr("the payload uses correlationId")));
}

TEST(WebhookChecks, PutToAFixedUrlIsAskedAbout) {
  EXPECT_THAT(problems_of("endpoints: [{url: 'https://h.example.com/x', method: PUT}]\n"),
              ElementsAre(HasSubstr("w.yaml:2:20: warning: PUT to a URL without placeholders")));
  EXPECT_THAT(problems_of("endpoints: [{url: 'https://h.example.com/$story_id', method: PATCH}]\n"), IsEmpty());
}

TEST(WebhookChecks, EventFormattingWantsTitleAndEventAsValues) {
  EXPECT_THAT(problems_of("event_formatting: slack\npayload: '{\"a\": \"$Title\", \"$Event\": 1}'\n"),
              ElementsAre(HasSubstr("error: event_formatting is set, but the payload does not use $Event as a value")));
  EXPECT_THAT(problems_of("event_formatting: slack\npayload: '[\"$Title\", \"$Event\"]'\n"),
              ElementsAre(HasSubstr("$Title"), HasSubstr("$Event")));
  EXPECT_THAT(problems_of("template: jira\n" "events: [detection_created]\npayload: '{\"a\": \"$Title\"}'\n"),
              ::testing::Contains(HasSubstr("the payload does not use $Event as a value")));
}

TEST(WebhookChecks, ADefaultThatBreaksTheJsonIsAnErrorAtItsPlace) {
  EXPECT_THAT(problems_of("payload: |\n  {\"a\": \"${service:say \"hi\"}\"}\n"),
              ElementsAre(HasSubstr("w.yaml:3:10: error: '${' is not closed within its string")));
  EXPECT_THAT(problems_of("payload: '{\"a\": $service EUR}'\n"), ElementsAre(HasSubstr("error: ',' or '}' is missing here")));
}

TEST(WebhookChecks, ASlashBeforeANameThatWouldResolveIsAskedAbout) {
  EXPECT_THAT(problems_of("payload: '{\"a\": \"/$service\", \"b\": \"/$nothing_known\"}'\n"),
              ElementsAre(HasSubstr("w.yaml:2:18: warning: '/$service' writes '$service' as it stands")));
}

}  // namespace
}  // namespace hookline::engine
