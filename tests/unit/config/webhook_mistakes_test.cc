// Every mistake in a webhook: the line that a user reads, to the column.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reading.h"

namespace hookline::config {
namespace {

using ::testing::ElementsAreArray;

struct Case {
  const char* name;
  const char* yaml;
  std::vector<std::string> problems;
};

void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}

class WebhookMistake : public ::testing::TestWithParam<Case> {};

TEST_P(WebhookMistake, IsToldWithPlaceAndRemedy) {
  EXPECT_THAT(lines(read_webhooks(GetParam().yaml).problems), ElementsAreArray(GetParam().problems))
      << GetParam().yaml;
}

// One good webhook, so that each case shows only what it is about.
#define GOOD "name: a\nevents: [x]\nendpoints: [{url: https://h/}]\n"

const Case structure[] = {
    {"unknown_key",
     GOOD "concurency: 3\n",
     {"w.yaml:4:1: error: unknown key 'concurency'; did you mean 'concurrency'?"}},
    {"unknown_key_with_dashes",
     GOOD "rate-limit: 3/s\n",
     {"w.yaml:4:1: error: unknown key 'rate-limit'; did you mean 'rate_limit'?"}},
    {"unknown_nested_key",
     GOOD "timeout: {conect: 3s}\n",
     {"w.yaml:4:11: error: unknown key 'conect'; did you mean 'connect'?"}},
    {"unknown_key_like_nothing",
     GOOD "timeout:\n  zzzzzz: 3s\n",
     {"w.yaml:5:3: error: unknown key 'zzzzzz'; known here: connect or request"}},
    {"key_of_another_place",
     "name: a\nevents: [x]\nurl: https://h/\n",
     {"w.yaml:1:1: error: the key 'endpoints' is missing; add e.g. endpoints: "
      "[{\"url\":\"https://tickets.example.com/api\"}]",
      "w.yaml:3:1: error: unknown key 'url'; it belongs under 'endpoints'"}},
    {"merge_key",
     GOOD "<<: {http2: true}\n",
     {"w.yaml:4:1: error: unknown key '<<'; merge keys are not supported; write the keys out"}},
    {"missing_name",
     "events: [x]\nendpoints: [{url: https://h/}]\n",
     {"w.yaml:1:1: error: the key 'name' is missing; add e.g. name: payments-tickets"}},
    {"missing_events",
     "name: a\nendpoints: [{url: https://h/}]\n",
     {"w.yaml:1:1: error: the key 'events' is missing; add e.g. events: [incident_triggered], or trigger: "
      "policy"}},
    {"duplicate_key",
     GOOD "http2: true\nhttp2: false\n",
     {"w.yaml:5:1: error: the key 'http2' stands here twice; it is already set in line 4; keep one of them"}},
    {"duplicate_webhook",
     GOOD "---\n" GOOD,
     {"w.yaml:5:7: error: the webhook name 'a' is taken; it stands in w.yaml:1:7 already; names are unique"}},
    {"duplicate_endpoint",
     "name: a\nevents: [x]\nendpoints:\n  - {name: m, url: https://h/}\n  - {url: https://i/, name: m}\n",
     {"w.yaml:5:29: error: the endpoint name 'm' is taken; it is that of the endpoint in w.yaml:4:12 "
      "already"}},
    {"endpoint_named_like_a_position",
     "name: a\nevents: [x]\nendpoints:\n  - {name: '1', url: https://h/}\n  - {url: https://i/}\n",
     {"w.yaml:5:5: error: the endpoint name '1' is taken; it is that of the endpoint in w.yaml:4:12 "
      "already"}},
    {"list_of_webhooks",
     "- name: a\n",
     {"w.yaml:1:1: error: a list where one definition is expected; put each into a document of its own, with "
      "'---' between them"}},
    {"text_for_a_document", "hello\n", {"w.yaml:1:1: error: the document must be a mapping, not a text"}},
    {"no_value",
     GOOD "filter:\nhttp2: ~\n",
     {"w.yaml:4:1: error: 'filter' has no value; write an expression, or remove the key",
      "w.yaml:5:8: error: 'http2' has no value; write true or false, or remove the key"}},
    {"unknown_template",
     GOOD "template: slak\n",
     {"w.yaml:4:11: error: 'template' names a template that does not exist: 'slak'; there are none"}},
};
INSTANTIATE_TEST_SUITE_P(Structure, WebhookMistake, ::testing::ValuesIn(structure),
                         [](const auto& tested) { return tested.param.name; });

const Case values[] = {
    {"number_for_a_text",
     "name: 12\nevents: [x]\nendpoints: [{url: https://h/}]\n",
     {"w.yaml:1:7: error: 'name' must be a text, not the number 12; put it in quotes"}},
    {"truth_for_a_text",
     GOOD "description: true\n",
     {"w.yaml:4:14: error: 'description' must be a text, not true; put it in quotes"}},
    {"text_for_a_truth",
     GOOD "enabled: yes\n",
     {"w.yaml:4:10: error: 'enabled' must be true or false, not the text 'yes'"}},
    {"quoted_truth",
     GOOD "enabled: 'true'\n",
     {"w.yaml:4:10: error: 'enabled' must be true or false, not the text 'true'"}},
    {"text_for_a_number",
     GOOD "concurrency: many\n",
     {"w.yaml:4:14: error: 'concurrency' must be a whole number, not the text 'many'"}},
    {"fraction_for_a_whole_number",
     GOOD "concurrency: 1.5\n",
     {"w.yaml:4:14: error: 'concurrency' must be a whole number, not the number 1.5"}},
    {"number_out_of_bounds",
     GOOD "concurrency: 0\n",
     {"w.yaml:4:14: error: 'concurrency' cannot be 0; write 1 to 10000"}},
    {"negative_number",
     GOOD "max_text: -1\n",
     {"w.yaml:4:11: error: 'max_text' cannot be -1; write 0 to 1000000"}},
    {"number_beyond_all",
     GOOD "max_text: 99999999999999999999\n",
     {"w.yaml:4:11: error: 'max_text' cannot be 99999999999999999999; write 0 to 1000000"}},
    {"list_for_a_number",
     GOOD "concurrency: [1]\n",
     {"w.yaml:4:14: error: 'concurrency' must be a whole number, not a list"}},
    {"text_for_a_mapping",
     GOOD "retry: squadcast\n",
     {"w.yaml:4:8: error: 'retry' must be a mapping, not a text"}},
    {"text_for_a_list",
     "name: a\nevents: x\nendpoints: [{url: https://h/}]\n",
     {"w.yaml:2:9: error: 'events' must be a list of event patterns, not a text; write [a, b], or one '- ' "
      "per line"}},
    {"empty_list",
     "name: a\nevents: []\nendpoints: []\n",
     {"w.yaml:2:9: error: 'events' is empty; name at least one type, glob or kind",
      "w.yaml:3:12: error: 'endpoints' is empty; write at least one"}},
    {"bad_duration",
     GOOD "timeout: {request: 5 minutes}\n",
     {"w.yaml:4:20: error: 'timeout.request' must be a duration, not '5 minutes'; write e.g. 500ms, 10s, 5m, "
      "2h or 7d"}},
    {"duration_without_unit",
     GOOD "timeout: {request: 5}\n",
     {"w.yaml:4:20: error: 'timeout.request' must be a duration, not '5'; write e.g. 500ms, 10s, 5m, 2h or "
      "7d"}},
    {"duration_out_of_bounds",
     GOOD "timeout: {connect: 2h}\n",
     {"w.yaml:4:20: error: 'timeout.connect' cannot be 2h; write 10ms to 1m"}},
    {"bad_rate",
     GOOD "rate_limit: 100\n",
     {"w.yaml:4:13: error: 'rate_limit' must be a rate, not '100'; write e.g. 100/s, 600/m or 1000/h"}},
    {"word_out_of_a_set",
     GOOD "ordering: keys\n",
     {"w.yaml:4:11: error: 'ordering' must be none or key, not the text 'keys'; did you mean 'key'?"}},
    {"word_in_capitals",
     "name: a\nevents: [x]\nendpoints: [{url: https://h/, method: post}]\n",
     {"w.yaml:3:39: error: 'endpoints[0].method' must be POST, PUT or PATCH, not the text 'post'; did you "
      "mean 'POST'?"}},
    {"bad_name",
     "name: a b\nevents: [x]\nendpoints: [{url: https://h/}]\n",
     {"w.yaml:1:7: error: 'name' cannot be 'a b'; use letters, digits, '.', '_' and '-', beginning with a "
      "letter or digit"}},
    {"type_not_in_snake_case",
     "name: a\nevents: [x, incident.triggered]\nendpoints: [{url: https://h/}]\n",
     {"w.yaml:2:13: error: 'events[1]' cannot be 'incident.triggered'; types are written in snake case, e.g. "
      "incident_triggered, story_* or incident"}},
    {"bad_mail_address",
     GOOD "failure_email: [oncall]\n",
     {"w.yaml:4:17: error: 'failure_email[0]' cannot be 'oncall'; write e.g. oncall@example.com"}},
    {"bad_field_name",
     GOOD "fields: {1st: 'x'}\n",
     {"w.yaml:4:10: error: '1st' cannot be the name of a field; use letters, digits and '_', beginning with "
      "a letter"}},
    {"ratio_over_one",
     GOOD "disable_after: {failure_ratio: 60, window: 1h}\n",
     {"w.yaml:4:32: error: 'disable_after.failure_ratio' cannot be 60; write a number above 0, up to 1"}},
    {"mask_as_a_value",
     GOOD "auth: {bearer: '***'}\n",
     {"w.yaml:4:16: error: 'auth.bearer' is '***', which Hookline shows instead of a secret; write the "
      "secret, or a reference to it: ${env:NAME}"}},
    {"masked_url",
     "name: a\nevents: [x]\nendpoints: [{url: 'https://h/***'}]\n",
     {"w.yaml:3:19: error: 'endpoints[0].url' ends with '***', which Hookline shows instead of a secret; "
      "write the whole URL, or a reference to it: ${env:NAME}"}},
};
INSTANTIATE_TEST_SUITE_P(Values, WebhookMistake, ::testing::ValuesIn(values),
                         [](const auto& tested) { return tested.param.name; });

#define URL(text) "name: a\nevents: [x]\nendpoints: [{url: " text "}]\n"

const Case requests[] = {
    {"relative_url",
     URL("/path"),
     {"w.yaml:3:19: error: 'endpoints[0].url' is not an absolute URL; write e.g. "
      "https://hooks.example.com/path"}},
    {"other_scheme",
     URL("ftp://h/"),
     {"w.yaml:3:19: error: 'endpoints[0].url' has a scheme other than http and https; write e.g. "
      "https://hooks.example.com/path"}},
    {"url_without_host",
     URL("'https:///p'"),
     {"w.yaml:3:19: error: 'endpoints[0].url' has no host; write e.g. https://hooks.example.com/path"}},
    {"credentials_in_a_url_are_not_repeated",
     URL("'https://u:hunter2@h/'"),
     {"w.yaml:3:19: error: 'endpoints[0].url' holds a user name: credentials belong under `auth`; write e.g. "
      "https://hooks.example.com/path"}},
    {"reserved_headers",
     GOOD "headers: {host: a, CONTENT-LENGTH: 1, Webhook-Id: x}\n",
     {"w.yaml:4:11: error: the header 'host' cannot be set; it follows from the URL",
      "w.yaml:4:20: error: the header 'CONTENT-LENGTH' cannot be set; it follows from the body",
      "w.yaml:4:39: error: the header 'Webhook-Id' cannot be set; id, timestamp and signature are Hookline's "
      "own"}},
    {"reserved_headers_under_auth",
     GOOD "auth: {headers: {Expect: x, Upgrade: x, Connection: x, Transfer-Encoding: x}}\n",
     {"w.yaml:4:18: error: the header 'Expect' cannot be set; Hookline never waits for '100 Continue'",
      "w.yaml:4:29: error: the header 'Upgrade' cannot be set; set `http2` instead",
      "w.yaml:4:41: error: the header 'Connection' cannot be set; Hookline keeps connections open by itself",
      "w.yaml:4:56: error: the header 'Transfer-Encoding' cannot be set; it follows from the body"}},
    {"header_name_with_blank",
     GOOD "headers: {X Team: a}\n",
     {"w.yaml:4:11: error: 'X Team' is not the name of a header; use letters, digits and '-'"}},
    {"header_of_two_lines",
     GOOD "headers: {X: \"a\\r\\nb\"}\n",
     {"w.yaml:4:14: error: 'headers.X' holds a line break or a NUL; a header is one line"}},
    {"secret_header_of_two_lines_is_not_repeated",
     GOOD "headers: {X: 'v ${env:BREAK}'}\n",
     {"w.yaml:4:14: error: 'headers.X' holds a line break or a NUL; a header is one line"}},
    {"header_twice_by_case",
     GOOD "headers: {X-A: a, x-a: b}\n",
     {"w.yaml:4:19: error: the header 'x-a' stands here twice; names of headers are case-insensitive; keep "
      "one"}},
    {"header_of_auth",
     GOOD "headers: {authorization: x}\nauth: {bearer: y}\n",
     {"w.yaml:4:11: error: the header 'authorization' is set by `auth` in line 5 too; keep one of them"}},
    {"two_kinds_of_auth",
     GOOD "auth:\n  bearer: x\n  basic: {username: u, password: p}\n",
     {"w.yaml:6:3: error: 'bearer' and 'basic' exclude each other; 'bearer' stands in line 5; keep one"}},
    {"no_kind_of_auth",
     GOOD "auth: {}\n",
     {"w.yaml:4:7: error: 'auth' is empty; write one of bearer, basic, headers or oauth2, or remove the "
      "key"}},
    {"user_name_with_colon",
     GOOD "auth: {basic: {username: 'a:b', password: p}}\n",
     {"w.yaml:4:26: error: 'auth.basic.username' holds a ':' or a line break; HTTP's basic authentication "
      "has no way to send it"}},
    {"oauth_without_secret",
     GOOD "auth: {oauth2: {token_url: https://l/, client_id: x}}\n",
     {"w.yaml:4:16: error: the key 'client_secret' is missing; add e.g. client_secret: ${env:OAUTH_SECRET}"}},
    {"secret_of_the_wrong_type_is_not_repeated",
     GOOD "auth: {bearer: 987654321}\n",
     {"w.yaml:4:16: error: 'auth.bearer' must be a text, not a number; put it in quotes"}},
    {"short_signing_secret_is_not_repeated",
     GOOD "signing: {secrets: [whsec_aGVsbG8=]}\n",
     {"w.yaml:4:21: error: 'signing.secrets[0]' has 5 bytes; a signing secret is 24 to 64 bytes in base64, "
      "with or without 'whsec_' before it: openssl rand -base64 32"}},
    {"signing_secret_that_is_no_base64",
     GOOD "signing: {secrets: ['%%%']}\n",
     {"w.yaml:4:21: error: 'signing.secrets[0]' is not base64; a signing secret is 24 to 64 bytes in base64, "
      "with or without 'whsec_' before it: openssl rand -base64 32"}},
    {"signing_secret_for_a_list_is_not_repeated",
     GOOD "signing: {secrets: hunter2}\n",
     {"w.yaml:4:20: error: 'signing.secrets' must be a list of secrets, not a text; write [a, b], or one '- "
      "' per line"}},
    {"bad_proxy",
     GOOD "proxy: proxy.local:3128\n",
     {"w.yaml:4:8: error: 'proxy' is not the URL of a proxy; write none, or e.g. "
      "http://proxy.example.com:3128"}},
    {"missing_ca_file",
     GOOD "tls: {ca: /etc/hookline/nope.pem}\n",
     {"w.yaml:4:11: error: 'tls.ca' names the file '/etc/hookline/nope.pem', which cannot be read; check "
      "that it exists, is readable and may be used here"}},
    {"certificate_without_key",
     GOOD "tls: {cert: /etc/hookline/ca.pem}\n",
     {"w.yaml:4:7: error: 'cert' without 'key'; add 'key', or remove 'cert'"}},
};
INSTANTIATE_TEST_SUITE_P(Requests, WebhookMistake, ::testing::ValuesIn(requests),
                         [](const auto& tested) { return tested.param.name; });

const Case constraints[] = {
    {"preset_and_schedule",
     GOOD "retry:\n  preset: squadcast\n  schedule: [1s]\n",
     {"w.yaml:6:3: error: 'preset' and 'schedule' exclude each other; 'preset' stands in line 5; keep one"}},
    {"batch_of_objects",
     GOOD "format: object\nbatch: {max_events: 10}\n",
     {"w.yaml:5:21: error: 'batch.max_events' is 10, but `format: object` holds one event; set format in "
      "line 4 to array or ndjson"}},
    {"batch_of_objects_by_default",
     GOOD "batch: {max_events: 10}\n",
     {"w.yaml:4:21: error: 'batch.max_events' is 10, but `format: object` holds one event; add format: array "
      "or format: ndjson"}},
    {"correlation_of_two_endpoints",
     "name: a\nevents: [x]\nendpoints: [{url: https://h/}, {url: https://i/}]\ncorrelation: {key: id, "
     "response_id: id}\n",
     {"w.yaml:3:12: error: 'endpoints' has 2 endpoints, but a correlated webhook has one; keep one, or "
      "remove the correlation in line 4"}},
    {"correlation_of_batches",
     GOOD "correlation: {key: id, response_id: id}\nformat: array\nbatch: {max_events: 2}\n",
     {"w.yaml:6:21: error: 'batch.max_events' is more than 1, but a correlated webhook sends one event at a "
      "time; remove batch or correlation"}},
    {"correlation_on_both_sides",
     GOOD "correlation: {key: id, response_id: id, from: b}\n",
     {"w.yaml:4:41: error: 'response_id' and 'from' exclude each other; 'response_id' stands in line 4; keep "
      "one"}},
    {"correlation_on_no_side",
     GOOD "correlation: {key: id}\n",
     {"w.yaml:4:14: error: 'correlation' needs 'response_id' or 'from'; response_id on the webhook that "
      "creates, from on the one that updates"}},
    {"wait_on_the_creating_side",
     GOOD "correlation: {key: id, response_id: id, wait: 1s}\n",
     {"w.yaml:4:41: error: 'wait' without 'from'; add 'from', or remove 'wait'"}},
    {"formatting_without_payload",
     GOOD "event_formatting: default\n",
     {"w.yaml:4:19: error: 'event_formatting' needs a payload; write a payload that uses $Title and $Event, "
      "or remove event_formatting"}},
    {"jira_for_more_than_detections",
     "name: a\nevents: [detection_created, detection]\nendpoints: [{url: https://h/}]\npayload: "
     "'{}'\nevent_formatting: jira\n",
     {"w.yaml:2:29: error: 'detection' can match events that `event_formatting: jira` has no form for; with "
      "jira all of `events` begin with detection_"}},
    {"max_age_within_the_schedule",
     GOOD "retry: {schedule: [1h], max_age: 10m}\n",
     {"w.yaml:4:34: warning: 'retry.max_age' ends the delivery before its schedule of 1h does; raise it, or "
      "shorten the schedule"}},
    {"wait_for_nobody",
     GOOD "batch: {max_wait: 1s}\n",
     {"w.yaml:4:19: warning: 'batch.max_wait' has no effect while max_events is 1; raise max_events"}},
    {"events_beside_policies",
     GOOD "trigger: policy\n",
     {"w.yaml:2:9: warning: 'events' is not used: with `trigger: policy` only policies reach this webhook; "
      "remove it"}},
    {"tls_without_https",
     "name: a\nevents: [x]\nendpoints: [{url: http://h/}]\ntls: {ca: /etc/hookline/ca.pem}\n",
     {"w.yaml:4:6: warning: 'tls' has no effect: no endpoint is https; use https"}},
    {"unverified_tls",
     GOOD "tls: {verify: false}\n",
     {"w.yaml:4:15: warning: 'tls.verify' is off: anybody can answer as the receiver; name the receiver's "
      "authority in `ca`"}},
    {"secret_in_a_payload",
     GOOD "payload: '{\"a\": \"${env:TOKEN}\"}'\n",
     {"w.yaml:4:10: warning: 'payload' holds ${env:…} or ${file:…}, which is no secret reference here but a "
      "placeholder with a default; put secrets into headers, auth or url"}},
};
INSTANTIATE_TEST_SUITE_P(Constraints, WebhookMistake, ::testing::ValuesIn(constraints),
                         [](const auto& tested) { return tested.param.name; });

const Case references[] = {
    {"unset_variable",
     GOOD "auth: {bearer: '${env:NOPE}'}\n",
     {"w.yaml:4:17: error: the environment variable NOPE is not set, or may not be read here; set NOPE, or "
      "write the value another way"}},
    {"every_unset_variable_at_its_place",
     GOOD "headers:\n  X: ä ${env:NOPE} ${env:TOKEN} ${env:NONE}\n",
     {"w.yaml:5:8: error: the environment variable NOPE is not set, or may not be read here; set NOPE, or "
      "write the value another way",
      "w.yaml:5:33: error: the environment variable NONE is not set, or may not be read here; set NONE, or "
      "write the value another way"}},
    {"missing_file",
     GOOD "auth: {bearer: '${file:/run/nope}'}\n",
     {"w.yaml:4:17: error: the file '/run/nope' cannot be read; check that it exists, is readable and may be "
      "used here"}},
    {"unclosed",
     GOOD "auth: {bearer: '${env:NOPE'}\n",
     {"w.yaml:4:17: error: '${' is not closed; close the reference with '}'"}},
    {"nameless",
     GOOD "auth: {bearer: '${env:}'}\n",
     {"w.yaml:4:17: error: an empty reference; write ${env:NAME} or ${file:PATH}"}},
    {"bad_name",
     GOOD "auth: {bearer: '${env:A B}'}\n",
     {"w.yaml:4:17: error: 'A B' is not the name of an environment variable; write ${env:NAME}"}},
    {"no_utf8",
     GOOD "auth: {bearer: '${env:BYTES}'}\n",
     {"w.yaml:4:17: error: the environment variable BYTES does not hold UTF-8 text; encode it, e.g. as "
      "base64"}},
    {"empty",
     GOOD "auth: {bearer: '${env:EMPTY}'}\n",
     {"w.yaml:4:16: error: 'auth.bearer' is empty; check where the secret comes from"}},
    {"of_the_wrong_type",
     GOOD "concurrency: ${env:TOKEN}\n",
     {"w.yaml:4:14: error: 'concurrency' must be a whole number, not a text"}},
    {"no_word_of_the_set",
     GOOD "ordering: ${env:TOKEN}\n",
     {"w.yaml:4:11: error: 'ordering' must be none or key, not ***"}},
    {"no_duration",
     GOOD "timeout: {connect: \"${env:TOKEN}\"}\n",
     {"w.yaml:4:20: error: 'timeout.connect' must be a duration, not ***; write e.g. 500ms, 10s, 5m, 2h or "
      "7d"}},
    {"no_name",
     "name: ${env:DOLLAR}\nevents: [x]\nendpoints: [{url: https://h/}]\n",
     {"w.yaml:1:7: error: 'name' cannot be ***; use letters, digits, '.', '_' and '-', beginning with a "
      "letter or digit"}},
    {"no_url",
     URL("'${env:TOKEN}'"),
     {"w.yaml:3:19: error: 'endpoints[0].url' is not an absolute URL; write e.g. "
      "https://hooks.example.com/path"}},
};
INSTANTIATE_TEST_SUITE_P(References, WebhookMistake, ::testing::ValuesIn(references),
                         [](const auto& tested) { return tested.param.name; });

TEST(WebhookMistakes, AreAllToldInOneRunInTheOrderOfLines) {
  const auto read = read_webhooks(
      "name: a b\n"
      "events: [A]\n"
      "endpoints: [{url: x, methd: y}]\n"
      "retry: {schedule: [1x]}\n"
      "zzz: 1\n"
      "---\n"
      "name: b\n");
  EXPECT_EQ(read.problems.size(), 8u);
  EXPECT_TRUE(
      std::is_sorted(read.problems.begin(), read.problems.end(), [](const Problem& x, const Problem& y) {
        return std::tuple(x.place.line, x.place.column) < std::tuple(y.place.line, y.place.column);
      }));
  EXPECT_TRUE(read.webhooks.empty());
}

TEST(WebhookMistakes, OfOneWebhookLeaveTheOthersAlone) {
  const auto read = read_webhooks("name: a\n---\nname: b\nevents: [x]\nendpoints: [{url: https://h/}]\n");
  ASSERT_EQ(read.webhooks.size(), 1u);
  EXPECT_EQ(read.webhooks[0].name, "b");
  EXPECT_EQ(read.webhooks[0].place.line, 3u);
}

TEST(WebhookMistakes, CarryTheJsonPointerForTheApi) {
  const auto read = read_webhooks(GOOD "retry: {schedule: [1s, 5x]}\n");
  ASSERT_EQ(read.problems.size(), 1u);
  EXPECT_EQ(read.problems[0].place.pointer, "/retry/schedule/1");
}

TEST(WebhookMistakes, AreBoundedInNumber) {
  std::string yaml = GOOD;
  for (int i = 0; i < 5000; ++i)
    yaml += "unknown" + std::to_string(i) + ": 1\n";
  EXPECT_EQ(read_webhooks(yaml).problems.size(), 1000u);
  EXPECT_TRUE(read_webhooks(yaml).webhooks.empty());
}

}  // namespace
}  // namespace hookline::config
