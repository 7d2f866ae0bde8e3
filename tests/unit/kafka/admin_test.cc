#include "hookline/kafka/admin.h"

#include <algorithm>
#include <set>

#include "cluster.h"

namespace hookline::kafka {
namespace {

using config::OwnTopic;
using testing::Contains;
using testing::Pair;
using testing::SizeIs;

class AdminTest : public ClusterTest {
 protected:
  std::unique_ptr<Admin> admin() {
    auto opened = Admin::open(client_properties(settings()));
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }

  core::Result<std::vector<OwnedRecord>> read(const std::string& topic, core::Duration idle = 5s,
                                              std::size_t at_most = 1'000'000) {
    std::vector<OwnedRecord> records;
    const auto done =
        read_topic(client_properties(settings()), topic, std::nullopt, idle, [&](OwnedRecord&& record) {
          records.push_back(std::move(record));
          return records.size() < at_most;
        });
    if (!done) return tl::unexpected(done.error());
    return records;
  }
};

TEST_F(AdminTest, describes_topics_in_the_order_asked_for_and_says_which_are_missing) {
  create_topic("b", 3);
  create_topic("a", 1);
  cluster_->hide_topic("missing");
  const auto described = admin()->describe({"a", "missing", "b"}, patience);
  ASSERT_TRUE(described) << described.error().message;
  ASSERT_THAT(*described, SizeIs(3));
  EXPECT_EQ((*described)[0].name, "a");
  EXPECT_TRUE((*described)[0].exists);
  EXPECT_EQ((*described)[0].partitions, 1);
  EXPECT_EQ((*described)[0].replication, 1);
  EXPECT_EQ((*described)[1].name, "missing");
  EXPECT_FALSE((*described)[1].exists);
  EXPECT_FALSE((*described)[1].error);
  EXPECT_EQ((*described)[2].partitions, 3);
}

TEST_F(AdminTest, asking_for_nothing_needs_no_broker) {
  cluster_->set_broker_up(1, false);
  const auto one = admin();
  EXPECT_THAT(*one->describe({}, 100ms), SizeIs(0));
  EXPECT_THAT(*one->create({}, 100ms), SizeIs(0));
}

TEST_F(AdminTest, without_a_broker_calls_fail_in_time) {
  cluster_->set_broker_up(1, false);
  const auto one = admin();
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_FALSE(one->describe({"a"}, 200ms));
  EXPECT_FALSE(one->settings("a", 200ms));
  EXPECT_FALSE(one->create({{.name = "a", .settings = {}}}, 200ms));
  EXPECT_FALSE(one->cluster_id(200ms));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 15s);
}

TEST_F(AdminTest, a_topic_that_cannot_be_is_refused_before_anything_is_asked) {
  const auto made = admin()->create(
      {{.name = "ok", .settings = {}}, {.name = "bad", .partitions = -5, .settings = {}}}, patience);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, core::ErrorCode::invalid);
}

TEST_F(AdminTest, tells_the_cluster) {
  EXPECT_FALSE(admin()->cluster_id(patience).value_or("").empty());
}

TEST_F(AdminTest, read_topic_gives_all_that_stood_there_and_ends) {
  create_topic("log", 3);
  publish("log", 0, 700);
  publish("log", 2, 3);
  const auto records = read("log");
  ASSERT_TRUE(records) << records.error().message;
  EXPECT_THAT(*records, SizeIs(703));
  std::set<std::pair<std::int32_t, std::int64_t>> places;
  for (const auto& record : *records)
    places.emplace(record.partition, record.offset);
  EXPECT_THAT(places, SizeIs(703));
}

TEST_F(AdminTest, read_topic_ends_at_once_where_nothing_is) {
  create_topic("log", 2);
  const auto records = read("log", 10s);
  ASSERT_TRUE(records) << records.error().message;
  EXPECT_THAT(*records, SizeIs(0));
}

TEST_F(AdminTest, read_topic_stops_when_told) {
  create_topic("log", 1);
  publish("log", 0, 500);
  const auto records = read("log", 5s, 7);
  ASSERT_TRUE(records);
  EXPECT_THAT(*records, SizeIs(7));
}

TEST_F(AdminTest, read_topic_does_not_follow_what_is_written_meanwhile) {
  create_topic("log", 1);
  publish("log", 0, 10);
  std::size_t seen = 0;
  const auto done = read_topic(client_properties(settings()), "log", std::nullopt, 5s, [&](OwnedRecord&&) {
    publish("log", 0, 1);
    return ++seen < 100;
  });
  EXPECT_TRUE(done);
  EXPECT_EQ(seen, 10u);
}

TEST_F(AdminTest, read_topic_commits_nothing_and_disturbs_no_member) {
  create_topic("log", 1);
  publish("log", 0, 10);
  Member member(open());
  ASSERT_TRUE(member->subscribe({"log"}));
  ASSERT_TRUE(member.step_until([&] { return member.position_.size() == 1; }));
  ASSERT_TRUE(read("log"));
  EXPECT_TRUE(holds_for(
      [&] {
        member.step();
        return member.rebalances_ == 1;
      },
      300ms));
  const auto committed = member->committed({{"log", 0}}, patience);
  ASSERT_TRUE(committed);
  EXPECT_EQ(committed->at(0).offset, std::nullopt);
}

TEST_F(AdminTest, read_topic_of_a_missing_topic_says_so) {
  cluster_->hide_topic("missing");
  const auto missing = read("missing");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, core::ErrorCode::not_found);
}

TEST_F(AdminTest, read_topic_gives_up_when_nothing_comes) {
  constexpr std::int16_t fetch = 1;
  create_topic("log", 1);
  publish("log", 0, 10);
  cluster_->fail_requests(fetch, 6, 1000);  // NOT_LEADER_FOR_PARTITION, again and again
  const auto begun = std::chrono::steady_clock::now();
  const auto records = read("log", 500ms);
  cluster_->stop_failing(fetch);
  ASSERT_FALSE(records);
  EXPECT_EQ(records.error().code, core::ErrorCode::timeout);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 10s);
}

// The specs of Hookline's own topics.

config::Settings named() {
  config::Settings settings;
  for (std::size_t i = 0; i < config::own_topic_count; ++i)
    settings.topics.own[i] = "hookline." + std::to_string(i);
  settings.limits.event_size = 1 << 20;
  settings.delivery_log.retention = std::chrono::hours(48);
  return settings;
}

TopicSpec spec_of(const std::vector<TopicSpec>& specs, OwnTopic topic) {
  const auto name = named().topics[topic];
  const auto found =
      std::find_if(specs.begin(), specs.end(), [&](const auto& spec) { return spec.name == name; });
  EXPECT_NE(found, specs.end());
  return *found;
}

TEST(OwnTopics, are_all_there_each_once) {
  const auto specs = own_topics(named(), 6, 3);
  std::set<std::string> names;
  for (const auto& spec : specs)
    names.insert(spec.name);
  EXPECT_THAT(names, SizeIs(config::own_topic_count));
  EXPECT_THAT(specs, SizeIs(config::own_topic_count));
}

TEST(OwnTopics, tiers_are_alike_and_counted_from_the_brokers_time) {
  const auto specs = own_topics(named(), 6, 3);
  for (const auto topic : {OwnTopic::retry_10s, OwnTopic::retry_1m, OwnTopic::retry_10m, OwnTopic::retry_1h,
                           OwnTopic::retry_6h}) {
    const auto spec = spec_of(specs, topic);
    EXPECT_EQ(spec.partitions, 6);
    EXPECT_THAT(spec.settings, Contains(Pair("message.timestamp.type", "LogAppendTime")));
    EXPECT_THAT(spec.settings, Contains(Pair("cleanup.policy", "delete")));
  }
  EXPECT_EQ(spec_of(specs, OwnTopic::ordered).partitions, spec_of(specs, OwnTopic::correlations).partitions);
}

// A dead letter keeps the timestamp of its event, which may be old: retention must not count from it.
TEST(OwnTopics, what_carries_an_event_is_kept_from_when_it_was_written) {
  const auto specs = own_topics(named(), 6, 3);
  for (const auto topic : {OwnTopic::dead_letters, OwnTopic::ordered, OwnTopic::thresholds})
    EXPECT_THAT(spec_of(specs, topic).settings, Contains(Pair("message.timestamp.type", "LogAppendTime")));
}

TEST(OwnTopics, state_is_compacted_and_single_jobs_have_one_partition) {
  const auto specs = own_topics(named(), 6, 3);
  for (const auto topic : {OwnTopic::webhooks, OwnTopic::correlations, OwnTopic::replays})
    EXPECT_THAT(spec_of(specs, topic).settings, Contains(Pair("cleanup.policy", "compact")));
  EXPECT_EQ(spec_of(specs, OwnTopic::webhooks).partitions, 1);
  EXPECT_EQ(spec_of(specs, OwnTopic::jobs).partitions, 1);
  EXPECT_THAT(spec_of(specs, OwnTopic::deliveries).settings, Contains(Pair("retention.ms", "172800000")));
}

TEST(OwnTopics, take_what_the_producer_may_send) {
  auto settings = named();
  const auto producer = producer_properties(settings);
  const auto limit = std::find_if(producer.begin(), producer.end(),
                                  [](const auto& p) { return p.first == "message.max.bytes"; });
  ASSERT_NE(limit, producer.end());
  EXPECT_EQ(limit->second, std::to_string((1 << 20) + (256 << 10)));
  for (const auto& spec : own_topics(settings, 6, 3)) {
    EXPECT_THAT(spec.settings, Contains(Pair("max.message.bytes", limit->second))) << spec.name;
    EXPECT_THAT(spec.settings, Contains(Pair("min.insync.replicas", "2"))) << spec.name;
    EXPECT_EQ(spec.replication, 3);
  }
  for (const auto& spec : own_topics(settings, 6, 1))
    EXPECT_FALSE(spec.settings.contains("min.insync.replicas"));
}

}  // namespace
}  // namespace hookline::kafka
