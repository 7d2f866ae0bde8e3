// What a webhook's YAML means: values, defaults, secrets, templates.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hookline/config/presets.h"
#include "reading.h"

namespace hookline::config {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

#define GOOD "name: a\nevents: [x]\nendpoints: [{url: https://h/}]\n"

Webhook good(std::string_view yaml, const std::vector<TemplateSource>& templates = {}) {
  auto read = read_webhooks(yaml, templates);
  EXPECT_THAT(lines(read.problems), IsEmpty()) << yaml;
  return read.webhooks.empty() ? Webhook{} : read.webhooks.front();
}

TEST(Webhooks, HaveTheDocumentedDefaults) {
  const auto w = good(GOOD);
  EXPECT_TRUE(w.enabled);
  EXPECT_EQ(w.trigger, Trigger::event);
  EXPECT_EQ(w.endpoints.at(0).name, "0");
  EXPECT_EQ(w.endpoints.at(0).method, Method::post);
  EXPECT_FALSE(w.filter);
  EXPECT_FALSE(w.payload);
  EXPECT_EQ(w.event_formatting, EventFormatting::none);
  EXPECT_EQ(w.format, BodyFormat::object);
  EXPECT_EQ(w.batch.max_events, 1u);
  EXPECT_EQ(w.ordering, Ordering::none);
  EXPECT_EQ(w.retry.schedule, standard_retry().schedule);
  EXPECT_EQ(w.retry.on, RetryOn::transient);
  EXPECT_EQ(w.timeout.connect, seconds(5));
  EXPECT_EQ(w.timeout.request, seconds(15));
  EXPECT_TRUE(w.tls.verify);
  EXPECT_TRUE(w.proxy.empty());
  EXPECT_FALSE(w.http2);
  EXPECT_EQ(w.concurrency, 64u);
  EXPECT_FALSE(w.rate_limit);
  EXPECT_FALSE(w.disable_after);
}

TEST(Webhooks, HoldEverySettingOfTheHandbooksExample) {
  const auto w = good(R"yaml(
name: payments-tickets
description: Tickets for payment incidents
enabled: true
events: [incident_triggered, "story_*"]
trigger: event
filter: service in ["payments", "checkout"] && !(alert_source == "squadcastui")
endpoints:
  - name: main
    url: https://tickets.example.com/api/incidents/${service}
    method: PUT
headers: { X-Team: sre, X-Level: 3 }
auth: { bearer: "${env:TOKEN}" }
fields:
  action: 'type == "incident_resolved" ? "resolve" : "trigger"'
payload: |
  {"title": "$Title", "message": "$Event", "level": "${severity:medium}", "action": "$action", "raw": ${document}}
event_formatting: slack
escape: slack
max_text: 3000
format: array
batch: { max_events: 20, max_wait: 2s }
ordering: key
retry: { schedule: [1s, 5s, 30s, 2m], on: any_failure, max_age: 1h }
timeout: { connect: 3s, request: 20s }
tls: { verify: true, ca: /etc/hookline/ca.pem, cert: /etc/hookline/ca.pem, key: /etc/hookline/ca.pem }
proxy: http://proxy.example.com:3128
http2: true
secret_url: true
signing: { secrets: ["${env:WHSEC}"] }
concurrency: 8
rate_limit: 600/m
disable_after: { failure_ratio: 0.6, window: 12h, min_attempts: 30 }
failure_email: [oncall@example.com]
)yaml");
  EXPECT_EQ(w.description, "Tickets for payment incidents");
  EXPECT_EQ(w.events.at(1).value, "story_*");
  EXPECT_EQ(w.filter->value, R"(service in ["payments", "checkout"] && !(alert_source == "squadcastui"))");
  EXPECT_EQ(w.endpoints.at(0).name, "main");
  EXPECT_EQ(w.endpoints.at(0).url.value, "https://tickets.example.com/api/incidents/${service}");
  EXPECT_FALSE(w.endpoints.at(0).url_secret);
  EXPECT_EQ(w.endpoints.at(0).method, Method::put);
  EXPECT_EQ(w.headers.at(1).name, "X-Level");
  EXPECT_EQ(w.headers.at(1).value.value, "3");
  EXPECT_EQ(std::get<BearerAuth>(w.auth).token.reveal(), "t0ken-value");
  EXPECT_EQ(w.fields.at(0).first, "action");
  EXPECT_EQ(w.event_formatting, EventFormatting::slack);
  EXPECT_EQ(w.escape, TextEscape::slack);
  EXPECT_EQ(w.max_text, 3000u);
  EXPECT_EQ(w.format, BodyFormat::array);
  EXPECT_EQ(w.batch.max_events, 20u);
  EXPECT_EQ(w.batch.max_wait, seconds(2));
  EXPECT_EQ(w.ordering, Ordering::key);
  EXPECT_THAT(w.retry.schedule, ElementsAre(seconds(1), seconds(5), seconds(30), minutes(2)));
  EXPECT_EQ(w.retry.on, RetryOn::any_failure);
  EXPECT_EQ(w.retry.max_age, hours(1));
  EXPECT_EQ(w.timeout.request, seconds(20));
  EXPECT_EQ(w.tls.ca, "/etc/hookline/ca.pem");
  EXPECT_EQ(w.proxy.reveal(), "http://proxy.example.com:3128");
  EXPECT_TRUE(w.http2 && w.secret_url);
  EXPECT_EQ(w.signing_secrets.size(), 1u);
  EXPECT_EQ(w.concurrency, 8u);
  EXPECT_EQ(w.rate_limit, 10.0);
  EXPECT_EQ(w.disable_after->failure_ratio, 0.6);
  EXPECT_EQ(w.disable_after->min_attempts, 30u);
  EXPECT_THAT(w.failure_email, ElementsAre("oncall@example.com"));
}

TEST(Webhooks, MayBeJson) {
  const auto w = good(
      "{\"name\": \"a\", \"events\": [\"x\"],\n\t\"endpoints\": [{\"url\": \"https:\\/\\/h/\"}], "
      "\"concurrency\": 3, \"payload\": \"{\\\"a\\\": 1}\\n\"}");
  EXPECT_EQ(w.endpoints.at(0).url.value, "https://h/");
  EXPECT_EQ(w.concurrency, 3u);
  EXPECT_EQ(w.payload->value, "{\"a\": 1}\n");
}

TEST(Webhooks, MayShareValuesByAlias) {
  const auto w = good("name: &n a\nevents: &e [x, y]\nendpoints: [{url: https://h/}]\ndescription: *n\n");
  EXPECT_EQ(w.description, "a");
}

TEST(RetrySettings, OfThePresetsAreThoseOfTheHandbook) {
  const auto squadcast = good(GOOD "retry: {preset: squadcast}\n").retry;
  EXPECT_THAT(squadcast.schedule, ElementsAre(seconds(5), seconds(30), minutes(2)));
  EXPECT_EQ(squadcast.on, RetryOn::any_failure);
  EXPECT_EQ(squadcast.max_age, minutes(15));
  const auto wallarm = good(GOOD "retry: {preset: wallarm}\n").retry;
  EXPECT_THAT(wallarm.schedule,
              ElementsAre(seconds(1), seconds(3), seconds(5), seconds(10), seconds(10), seconds(0),
                          seconds(1), seconds(3), seconds(5), seconds(30), minutes(1), minutes(1), minutes(3),
                          minutes(5), minutes(10), minutes(30)));
  EXPECT_EQ(wallarm.on, RetryOn::any_failure);
  const auto standard = good(GOOD "retry: {}\n").retry;
  EXPECT_THAT(standard.schedule,
              ElementsAre(seconds(5), minutes(5), minutes(30), hours(2), hours(5), hours(10), hours(10)));
  EXPECT_EQ(standard.on, RetryOn::transient);
  EXPECT_EQ(standard.max_age, 2 * (seconds(5) + minutes(35) + hours(27)));
}

TEST(RetrySettings, MayOverrideWhatAPresetRetriesAndForHowLong) {
  const auto retry = good(GOOD "retry: {preset: squadcast, on: transient, max_age: 2d}\n").retry;
  EXPECT_EQ(retry.on, RetryOn::transient);
  EXPECT_EQ(retry.max_age, days(2));
}

TEST(RetrySettings, WithAScheduleRetryTransientFailuresForTwiceAsLongButAtLeastAQuarterHour) {
  EXPECT_EQ(good(GOOD "retry: {schedule: [1s]}\n").retry.max_age, minutes(15));
  EXPECT_EQ(good(GOOD "retry: {schedule: [1h, 1h]}\n").retry.max_age, hours(4));
  EXPECT_EQ(good(GOOD "retry: {schedule: [1h]}\n").retry.on, RetryOn::transient);
  EXPECT_THAT(good(GOOD "retry: {schedule: []}\n").retry.schedule, IsEmpty());
}

TEST(Correlations, OfTheUpdatingSideWaitAMinuteByDefault) {
  const auto w = good(GOOD "correlation: {key: story_id, from: creator}\n");
  EXPECT_EQ(w.correlation->from, "creator");
  EXPECT_EQ(w.correlation->wait, minutes(1));
  EXPECT_EQ(w.correlation->from_place.line, 4u);
  EXPECT_EQ(w.correlation->from_place.column, 36u);
}

TEST(Correlations, OfTheCreatingSideAreKeptNinetyDaysByDefault) {
  EXPECT_EQ(good(GOOD "correlation: {key: id, response_id: result.id}\n").correlation->expires, days(90));
  EXPECT_FALSE(
      good(GOOD "correlation: {key: id, response_id: result.id, expires: none}\n").correlation->expires);
}

TEST(Secrets, AreInsertedOnceAndMarkedAsLiteral) {
  const auto w = good(GOOD "headers: {X-A: 'v=${env:DOLLAR};t=${env:TOKEN} ${type}'}\n");
  const auto& value = w.headers.at(0).value;
  EXPECT_EQ(value.value, "v=pa$$word ${type} $Title;t=t0ken-value ${type}");
  EXPECT_THAT(value.literal, ElementsAre(Text::Literal{2, 23, 13}, Text::Literal{28, 11, 12}));
  EXPECT_TRUE(w.headers.at(0).secret);
  EXPECT_EQ(masked(value), "v=***;t=*** ${type}");
}

TEST(Secrets, OfFilesLoseTheirLastLineBreak) {
  EXPECT_EQ(std::get<BearerAuth>(good(GOOD "auth: {bearer: '${file:/run/secret}'}\n").auth).token.reveal(),
            "from-file");
}

TEST(Secrets, AreTypedLikePlainValues) {
  EXPECT_EQ(good(GOOD "concurrency: \"${env:NUMBER}\"\n").concurrency, 7u);
}

TEST(Secrets, MakeTheUrlThatHoldsThemSecret) {
  const auto w =
      good("name: a\nevents: [x]\nendpoints: [{url: '${env:HOOK}'}, {url: 'https://h/${service}'}]\n");
  EXPECT_TRUE(w.endpoints.at(0).url_secret);
  EXPECT_EQ(w.endpoints.at(0).url.literal.size(), 1u);
  EXPECT_FALSE(w.endpoints.at(1).url_secret);
}

TEST(Secrets, AreNotLookedForInPayloadFieldsAndFilter) {
  auto read = read_webhooks(
      GOOD "payload: '${env:TOKEN}'\nfields: {f: '\"${env:TOKEN}\"'}\nfilter: '\"${env:TOKEN}\" == title'\n");
  ASSERT_FALSE(has_errors(read.problems));
  EXPECT_EQ(read.webhooks.at(0).payload->value, "${env:TOKEN}");
  EXPECT_EQ(read.webhooks.at(0).fields.at(0).second.value, "\"${env:TOKEN}\"");
  EXPECT_EQ(read.webhooks.at(0).filter->value, "\"${env:TOKEN}\" == title");
}

TEST(Secrets, AreNeverPrinted) {
  const auto w = good(GOOD "auth: {bearer: hunter2}\n");
  EXPECT_EQ(fmt::format("{}", std::get<BearerAuth>(w.auth).token), "***");
}

TemplateSource made_template(json::Tree keys) {
  return {"tickets", "", std::move(keys), nullptr, {"t.yaml", 1, 1, ""}, nullptr};
}

TEST(Templates, GiveTheirKeysAndTheWebhooksOwnWin) {
  const auto tickets = made_template(
      {{"payload", "{\"a\": 1}"}, {"headers", {{"X-A", "1"}, {"X-B", "2"}}}, {"ordering", "key"}});
  const auto w = good(GOOD "template: tickets\nheaders: {X-C: 3}\n", {tickets});
  EXPECT_EQ(w.template_name, "tickets");
  EXPECT_EQ(w.payload->value, "{\"a\": 1}");
  EXPECT_EQ(w.ordering, Ordering::key);
  ASSERT_EQ(w.headers.size(), 1u);
  EXPECT_EQ(w.headers.at(0).name, "X-C");
  EXPECT_THAT(w.inherited, ElementsAre("payload", "ordering"));
}

TEST(Templates, MayBringTheEndpoints) {
  const auto pager = made_template({{"endpoints", {{{"url", "https://pager.example.com/"}}}}});
  EXPECT_EQ(good("name: a\nevents: [x]\ntemplate: tickets\n", {pager}).endpoints.size(), 1u);
}

TEST(Templates, AreSuggestedWhenMisspelled) {
  const auto read = read_webhooks(GOOD "template: tickts\n", {made_template({{"ordering", "key"}})});
  EXPECT_THAT(lines(read.problems), ElementsAre("w.yaml:4:11: error: 'template' names a template that does "
                                                "not exist: 'tickts'; did you mean 'tickets'?"));
}

TEST(ShippedTemplates, AreReadFromTheBinary) {
  const auto templates = shipped_templates();
  for (const auto& source : templates) {
    EXPECT_FALSE(source.description.empty()) << source.name;
    EXPECT_FALSE(source.keys.empty()) << source.name;
    EXPECT_EQ(source.keys.find("name"), source.keys.end());
    EXPECT_TRUE(source.source) << source.name;
  }
  const auto names = [&] {
    std::vector<std::string> out;
    for (const auto& source : templates)
      out.push_back(source.name);
    return out;
  }();
  EXPECT_THAT(names, ::testing::IsSupersetOf({"slack", "teams", "servicenow-create", "all-fields"}));
}

}  // namespace
}  // namespace hookline::config
