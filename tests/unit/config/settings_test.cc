// hookline.yaml: what its settings mean, and every mistake in them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hookline/config/kafka_properties.h"
#include "reading.h"

namespace hookline::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

#define GOOD "kafka: {bootstrap.servers: b:9092, group.id: g}\ntopics: {incident: [ops]}\n"

Settings good(std::string_view yaml) {
  const Folder folder;
  const auto loaded = load_text(folder, yaml);
  EXPECT_THAT(lines(loaded.problems), IsEmpty()) << yaml;
  return loaded.settings;
}

TEST(Settings, HaveTheDocumentedDefaults) {
  const auto s = good(GOOD);
  EXPECT_EQ(s.group_id(), "g");
  EXPECT_EQ(s.topics[OwnTopic::dead_letters], "hookline.dead-letters");
  EXPECT_EQ(s.topics[OwnTopic::retry_10s], "hookline.retry.10s");
  EXPECT_EQ(s.topics[OwnTopic::jobs], "hookline.jobs");
  EXPECT_EQ(s.start.at, Start::At::earliest);
  EXPECT_FALSE(s.max_event_age);
  EXPECT_FALSE(s.workers);
  EXPECT_EQ(s.admin.address, "127.0.0.1");
  EXPECT_EQ(s.admin.port, 8080);
  EXPECT_TRUE(s.admin.tokens.empty());
  EXPECT_TRUE(s.admin.metrics_public);
  ASSERT_EQ(s.egress.size(), 1u);
  EXPECT_TRUE(s.egress[0].everything_public);
  EXPECT_EQ(s.limits.in_flight, 20000u);
  EXPECT_EQ(s.limits.memory, 256u << 20);
  EXPECT_EQ(s.limits.event_size, 1u << 20);
  EXPECT_EQ(s.limits.response_size, 64u << 10);
  EXPECT_EQ(s.commit_interval, milliseconds(250));
  EXPECT_EQ(s.shutdown_grace, seconds(20));
  EXPECT_EQ(s.delivery_log.bodies, DeliveryLog::Bodies::failures);
  EXPECT_TRUE(s.storm_guard);
  EXPECT_FALSE(s.smtp);
}

TEST(Settings, HoldEverySettingOfTheHandbooksExample) {
  const auto s = good(R"yaml(
kafka:
  bootstrap.servers: localhost:9092
  group.id: hookline
  sasl.password: ${env:TOKEN}
  client.id: ${env:TOKEN}
  queued.max.messages.kbytes: 8192
  socket.keepalive.enable: true
topics:
  alarm: [security.alarms]
  audit: [security.audit]
  detection: [security.detections, more]
  incident: [ops.incidents]
  prefix: hl
  names: {dead-letters: lost, retry.1h: later}
start: 1h
max_event_age: 1d
workers: 4
webhooks: []
attributes: {incident: {service: [meta.service, 'labels["app.k8s.io/name"]'], type: kind}}
secrets: { env: [HOOKLINE_*], files: [/run/secrets/*] }
admin:
  listen: 0.0.0.0:9090
  tokens:
    - {name: ci, token: abc, scopes: [read, operate]}
  metrics_public: false
egress:
  allow: [public, 10.20.0.0/16, 127.0.0.1/32:9000]
limits: { in_flight: 100, memory: 64MiB, event_size: 2MiB, response_size: 1024 }
commit: { interval: 1s }
shutdown: { grace: 5s }
delivery_log: { bodies: all, max_body: 1KiB, retention: 1h }
storm_guard: { enabled: false }
smtp: { url: "smtp://localhost:25", from: hookline@example.com, username: u, password: p, tls: none }
)yaml");
  ASSERT_EQ(s.kafka.size(), 6u);
  EXPECT_EQ(s.kafka[0].name, "bootstrap.servers");
  EXPECT_FALSE(s.kafka[0].secret);
  EXPECT_EQ(s.kafka[2].value.reveal(), "t0ken-value");
  EXPECT_TRUE(s.kafka[2].secret);
  EXPECT_TRUE(s.kafka[3].secret);
  EXPECT_EQ(s.kafka[4].value.reveal(), "8192");
  EXPECT_EQ(s.kafka[5].value.reveal(), "true");
  EXPECT_THAT(s.topics.sources[2], ElementsAre("security.detections", "more"));
  EXPECT_EQ(s.topics[OwnTopic::dead_letters], "lost");
  EXPECT_EQ(s.topics[OwnTopic::retry_1h], "later");
  EXPECT_EQ(s.topics[OwnTopic::retry_6h], "hl.retry.6h");
  EXPECT_EQ(s.start.at, Start::At::age);
  EXPECT_EQ(s.start.age, hours(1));
  EXPECT_EQ(s.max_event_age, hours(24));
  EXPECT_EQ(s.workers, 4u);
  ASSERT_EQ(s.attributes[3].size(), 2u);
  EXPECT_EQ(s.attributes[3][0].first, "service");
  EXPECT_EQ(s.attributes[3][0].second.at(1).value, "labels[\"app.k8s.io/name\"]");
  EXPECT_EQ(s.attributes[3][1].second.at(0).value, "kind");
  EXPECT_THAT(s.secrets.env, ElementsAre("HOOKLINE_*"));
  EXPECT_EQ(s.admin.address, "0.0.0.0");
  ASSERT_EQ(s.admin.tokens.size(), 1u);
  EXPECT_THAT(s.admin.tokens[0].scopes, ElementsAre(Token::Scope::read, Token::Scope::operate));
  EXPECT_FALSE(s.admin.metrics_public);
  EXPECT_EQ(s.egress.size(), 3u);
  EXPECT_EQ(s.limits.response_size, 1024u);
  EXPECT_EQ(s.commit_interval, seconds(1));
  EXPECT_EQ(s.shutdown_grace, seconds(5));
  EXPECT_EQ(s.delivery_log.max_body, 1024u);
  EXPECT_FALSE(s.storm_guard);
  EXPECT_EQ(s.smtp->tls, Smtp::TlsMode::none);
  EXPECT_EQ(s.smtp->password.reveal(), "p");
}

TEST(Settings, OneTokenHasAllRights) {
  const auto s = good(GOOD "admin: {token: '${env:TOKEN}'}\n");
  ASSERT_EQ(s.admin.tokens.size(), 1u);
  EXPECT_EQ(s.admin.tokens[0].value.reveal(), "t0ken-value");
  EXPECT_THAT(s.admin.tokens[0].scopes,
              ElementsAre(Token::Scope::read, Token::Scope::operate, Token::Scope::admin));
}

TEST(Settings, StartIsAWordOrAnAge) {
  EXPECT_EQ(good(GOOD "start: latest\n").start.at, Start::At::latest);
  EXPECT_EQ(good(GOOD "start: 90s\n").start.age, seconds(90));
}

TEST(Settings, EmptyListsAndMappingsMayBeLeftBlank) {
  EXPECT_TRUE(good(GOOD "webhooks:\npolicies:\nadmin:\nsecrets:\n").secrets.env.empty());
}

TEST(Settings, PathsOfKafkaStartAtTheFile) {
  const Folder folder;
  const auto loaded = load_text(folder,
                                "kafka: {bootstrap.servers: b, group.id: g, ssl.ca.location: ca.pem, "
                                "ssl.key.location: /k}\ntopics: {alarm: [a]}\n");
  EXPECT_EQ(loaded.settings.kafka.at(2).value.reveal(), (folder.path() / "ca.pem").string());
  EXPECT_EQ(loaded.settings.kafka.at(3).value.reveal(), "/k");
}

struct Case {
  const char* name;
  const char* yaml;
  std::vector<std::string> problems;
};
void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}

class SettingsMistake : public ::testing::TestWithParam<Case> {};

TEST_P(SettingsMistake, IsToldWithPlaceAndRemedy) {
  const Folder folder;
  EXPECT_THAT(lines(load_text(folder, GetParam().yaml).problems), ElementsAreArray(GetParam().problems))
      << GetParam().yaml;
}

#define AT "hookline.yaml:"

const Case cases[] = {
    {"empty", "", {AT "1:1: error: the file is empty; begin with config/hookline.yaml as an example"}},
    {"a_list", "- kafka\n", {AT "1:1: error: the document must be a mapping, not a list"}},
    {"two_documents",
     GOOD "---\na: 1\n",
     {AT "4:1: error: a second document; the settings are one document: remove '---'"}},
    {"nothing_required",
     "workers: 2\n",
     {AT "1:1: error: the key 'kafka' is missing; add e.g. kafka: "
         "{\"bootstrap.servers\":\"localhost:9092\",\"group.id\":\"hookline\"}",
      AT "1:1: error: the key 'topics' is missing; add e.g. topics: {\"incident\":[\"ops.incidents\"]}"}},
    {"unknown_key", GOOD "webhook: []\n", {AT "3:1: error: unknown key 'webhook'; did you mean 'webhooks'?"}},
    {"kafka_without_servers_and_group",
     "kafka: {}\ntopics: {alarm: [a]}\n",
     {AT "1:8: error: the key 'bootstrap.servers' is missing; add e.g. bootstrap.servers: localhost:9092",
      AT "1:8: error: the key 'group.id' is missing; add e.g. group.id: hookline"}},
    {"kafka_owned",
     "kafka:\n  bootstrap.servers: b\n  group.id: g\n  enable.auto.commit: false\n  auto.offset.reset: "
     "earliest\ntopics: {alarm: [a]}\n",
     {AT "4:3: error: 'enable.auto.commit' belongs to Hookline: Hookline commits an offset only once its "
         "event is settled; remove it",
      AT "5:3: error: 'auto.offset.reset' belongs to Hookline: a reset would skip or repeat events unasked: "
         "set `start`; remove it"}},
    {"kafka_empty",
     "kafka: {bootstrap.servers: '', group.id: '${env:EMPTY}'}\ntopics: {alarm: [a]}\n",
     {AT "1:28: error: 'kafka.bootstrap.servers' is empty; Kafka cannot be reached without it",
      AT "1:42: error: 'kafka.group.id' is empty; Kafka cannot be reached without it"}},
    {"kafka_list",
     "kafka: {bootstrap.servers: [b], group.id: g}\ntopics: {alarm: [a]}\n",
     {AT "1:28: error: 'kafka.bootstrap.servers' must be a text or number, not a list"}},
    {"no_source_topic",
     "kafka: {bootstrap.servers: b, group.id: g}\ntopics: {prefix: x, alarm: []}\n",
     {AT "2:9: error: no source topic; name at least one, e.g. incident: [ops.incidents]"}},
    {"topic_of_two_kinds",
     "kafka: {bootstrap.servers: b, group.id: g}\ntopics:\n  alarm: [x, y]\n  incident: [y]\n",
     {AT "4:14: error: the topic 'y' stands here twice; it stands in line 3 already; a topic has one kind"}},
    {"own_topic_as_source",
     "kafka: {bootstrap.servers: b, group.id: g}\ntopics: {alarm: [hl.jobs], prefix: hl}\n",
     {AT "2:18: error: the topic 'hl.jobs' is Hookline's own 'jobs'; read another topic, or change "
         "`topics.prefix`"}},
    {"own_topics_alike",
     "kafka: {bootstrap.servers: b, group.id: g}\ntopics: {alarm: [a], names: {jobs: x, notices: x}}\n",
     {AT "2:36: error: 'notices' and 'jobs' would be one topic; give each its own name"}},
    {"topic_wildcard",
     "kafka: {bootstrap.servers: b, group.id: g}\ntopics: {alarm: ['^sec.*']}\n",
     {AT "2:18: error: 'topics.alarm[0]' cannot be '^sec.*'; names of topics have letters, digits, '.', '_' "
         "and '-', no wildcards"}},
    {"bad_start",
     GOOD "start: earlist\n",
     {AT
      "3:8: error: 'start' must be earliest, latest or a duration, not 'earlist'; did you mean 'earliest'?"}},
    {"bad_workers",
     GOOD "workers: none\n",
     {AT "3:10: error: 'workers' must be a whole number, not the text 'none'"}},
    {"bad_attributes",
     GOOD "attributes: {incidents: {a: b}, alarm: {'a b': x, c: 'a..b'}}\n",
     {AT "3:14: error: unknown key 'incidents'; did you mean 'incident'?",
      AT "3:41: error: 'a b' cannot be the name of an attribute; use letters, digits and '_', beginning with "
         "a letter",
      AT "3:57: error: 'attributes.alarm.c' is not a JSON path: a name or an index is missing after '.'; "
         "names are letters, digits and _; quote others: [\"content-type\"]"}},
    {"open_admin",
     GOOD "admin: {listen: '0.0.0.0:8080'}\n",
     {AT "3:17: error: the admin API would be open to other machines without a token; set admin.token, or listen on "
         "127.0.0.1"}},
    {"open_admin_by_name",
     GOOD "admin: {listen: '[::]:8080', tokens: []}\n",
     {AT "3:17: error: the admin API would be open to other machines without a token; set admin.token, or listen on "
         "127.0.0.1"}},
    {"unset_admin_token",
     GOOD "admin:\n  listen: 0.0.0.0:8080\n  token: ${env:HOOKLINE_ADMIN_TOKEN}\n",
     {AT "5:10: error: the environment variable HOOKLINE_ADMIN_TOKEN is not set, or may not be read here; "
         "set HOOKLINE_ADMIN_TOKEN, or write the value another way"}},
    {"empty_admin_token",
     GOOD "admin: {token: '${env:EMPTY}'}\n",
     {AT "3:16: error: 'admin.token' is empty; check where the secret comes from"}},
    {"bad_listen",
     GOOD "admin: {listen: 8080}\n",
     {AT "3:17: error: 'admin.listen' must be a text, not the number 8080; put it in quotes"}},
    {"listen_on_a_name",
     GOOD "admin: {listen: 'example.com:80'}\n",
     {AT
      "3:17: error: 'admin.listen' is not an address to listen on; write e.g. 127.0.0.1:8080 or [::1]:8080"}},
    {"token_and_tokens",
     GOOD "admin: {token: a, tokens: [{name: a, token: b, scopes: [read]}]}\n",
     {AT "3:19: error: 'token' and 'tokens' exclude each other; 'token' stands in line 3; keep one"}},
    {"bad_scope",
     GOOD "admin: {tokens: [{name: a, token: b, scopes: [read]}, {name: a, token: c, scopes: [write]}]}\n",
     {AT "3:84: error: 'admin.tokens[1].scopes[0]' must be read, operate or admin, not the text 'write'"}},
    {"token_names_alike",
     GOOD "admin:\n  tokens:\n    - {name: a, token: b, scopes: [read]}\n    - {name: a, token: c, scopes: "
          "[read]}\n",
     {AT "6:14: error: the token name 'a' is taken; it stands in line 5 already"}},
    {"bad_egress",
     GOOD "egress: {allow: [publik, 10.1.0.0/8, 10.0.0.0/33, '10.0.0.0/8:0']}\n",
     {AT "3:18: error: 'egress.allow[0]' is neither public nor a network; did you mean 'public'?",
      AT "3:26: error: 'egress.allow[1]' is neither public nor a network; '10.1.0.0/8' is an address within "
         "a network: did you mean 10.0.0.0/8?",
      AT "3:38: error: 'egress.allow[2]' is neither public nor a network; '10.0.0.0/33' is not a network: "
         "write e.g. 10.0.0.0/8 or 2001:db8::/32",
      AT
      "3:51: error: 'egress.allow[3]' is neither public nor a network; '0' is not a port: write 1 to 65535"}},
    {"event_larger_than_memory",
     GOOD "limits:\n  memory: 16MiB\n  event_size: 8MiB\n",
     {AT "5:15: error: event_size 8MiB is more than a quarter of memory 16MiB; raise memory in line 4, or "
         "lower event_size"}},
    {"bad_size",
     GOOD "limits: {memory: 1GB}\n",
     {AT
      "3:18: error: 'limits.memory' must be a size, not '1GB'; write e.g. 64KiB, 8MiB or a number of bytes"}},
    {"size_out_of_bounds",
     GOOD "limits: {memory: 1KiB}\n",
     {AT "3:18: error: 'limits.memory' cannot be 1KiB; write 16MiB to 1024GiB"}},
    {"bad_word",
     GOOD "delivery_log: {bodies: failure}\n",
     {AT "3:24: error: 'delivery_log.bodies' must be all, failures or none, not the text 'failure'; did you "
         "mean 'failures'?"}},
    {"truth_for_a_mapping",
     GOOD "storm_guard: true\n",
     {AT "3:14: error: 'storm_guard' must be a mapping, not a truth value"}},
    {"bad_smtp",
     GOOD "smtp: {url: 'mail:25', username: u}\n",
     {AT "3:7: error: the key 'from' is missing; add e.g. from: hookline@example.com",
      AT "3:13: error: 'smtp.url' cannot be 'mail:25'; write e.g. smtp://mail.example.com:25",
      AT "3:24: error: 'username' without 'password'; add 'password', or remove 'username'"}},
};
INSTANTIATE_TEST_SUITE_P(Table, SettingsMistake, ::testing::ValuesIn(cases),
                         [](const auto& tested) { return tested.param.name; });

TEST(KafkaProperties, ThatHooklineOwnsAreRefusedWithTheReason) {
  for (const auto* name : {"enable.auto.commit", "enable.auto.offset.store", "auto.offset.reset",
                           "enable.idempotence", "acks", "message.timeout.ms"}) {
    EXPECT_TRUE(owned_kafka_property(name)) << name;
  }
  for (const auto* name : {"isolation.level", "fetch.queue.backoff.ms", "group.instance.id",
                           "compression.type", "linger.ms", "security.protocol"}) {
    EXPECT_FALSE(owned_kafka_property(name)) << name;
  }
}

TEST(KafkaProperties, ThatAreSecretNeedNoReferenceToBeMasked) {
  const auto s =
      good("kafka: {bootstrap.servers: b, group.id: g, sasl.password: hunter2}\ntopics: {alarm: [a]}\n");
  EXPECT_EQ(to_tree(s)["kafka"]["sasl.password"], "***");
}

}  // namespace
}  // namespace hookline::config
