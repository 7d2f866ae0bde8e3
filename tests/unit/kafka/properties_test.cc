#include "hookline/kafka/properties.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hookline/config/kafka_properties.h"

namespace hookline::kafka {
namespace {

using testing::HasSubstr;

config::Settings with(std::vector<std::pair<std::string, std::string>> properties) {
  config::Settings settings;
  for (auto& [name, value] : properties)
    settings.kafka.push_back({name, config::Secret(value), false});
  return settings;
}

std::optional<std::string> value(const Properties& properties, std::string_view name) {
  std::optional<std::string> result;
  for (const auto& [n, v] : properties)
    if (n == name) {
      EXPECT_FALSE(result) << name << " stands there twice";
      result = v;
    }
  return result;
}

TEST(Properties, librdkafka_takes_all_that_are_made) {
  const auto settings = with({{"bootstrap.servers", "localhost:1"},
                              {"group.id", "g"},
                              {"group.instance.id", "i"},
                              {"linger.ms", "1"},
                              {"compression.type", "lz4"},
                              {"session.timeout.ms", "10000"}});
  for (const auto& properties :
       {consumer_properties(settings, 0), producer_properties(settings), client_properties(settings)}) {
    const auto checked = check_properties(properties);
    EXPECT_TRUE(checked) << checked.error().message;
  }
}

TEST(Properties, extreme_event_sizes_stay_within_librdkafkas_bounds) {
  for (const std::uint64_t size :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{900} << 20, ~std::uint64_t{0}}) {
    auto settings = with({});
    settings.limits.event_size = size;
    EXPECT_TRUE(check_properties(consumer_properties(settings, 0))) << size;
    EXPECT_TRUE(check_properties(producer_properties(settings))) << size;
  }
}

struct Expectation {
  std::string_view name;
  std::string_view value;
};

// Each of these has lost, stalled or repeated events when it was otherwise (docs/decisions/librdkafka.md).
TEST(Properties, a_consumer_leaves_offsets_to_hookline) {
  const auto properties = consumer_properties(with({}), 0);
  for (const auto& [name, expected] : {Expectation{"enable.auto.commit", "false"},
                                       {"enable.auto.offset.store", "false"},
                                       {"auto.offset.reset", "error"},
                                       {"isolation.level", "read_committed"},
                                       {"partition.assignment.strategy", "roundrobin"},
                                       {"fetch.queue.backoff.ms", "10"},
                                       {"queued.max.messages.kbytes", "8192"},
                                       {"group.id", "hookline"},
                                       {"client.id", "hookline"},
                                       {"allow.auto.create.topics", "false"}})
    EXPECT_EQ(value(properties, name), expected) << name;
}

TEST(Properties, a_producer_waits_for_all_replicas_as_long_as_it_takes) {
  const auto properties = producer_properties(with({{"group.id", "g"}, {"group.instance.id", "i"}}));
  for (const auto& [name, expected] : {Expectation{"enable.idempotence", "true"},
                                       {"acks", "all"},
                                       {"message.timeout.ms", "0"},
                                       {"partitioner", "murmur2_random"},
                                       {"delivery.report.only.error", "false"},
                                       {"allow.auto.create.topics", "false"},
                                       {"linger.ms", "5"}})
    EXPECT_EQ(value(properties, name), expected) << name;
  EXPECT_EQ(value(properties, "group.id"), std::nullopt);
  EXPECT_EQ(value(properties, "group.instance.id"), std::nullopt);
}

TEST(Properties, what_a_user_sets_wins_where_it_is_theirs) {
  const auto settings =
      with({{"client.id", "mine"}, {"fetch.queue.backoff.ms", "20"}, {"linger.ms", "50"}, {"group.id", "g"}});
  EXPECT_EQ(value(consumer_properties(settings, 0), "client.id"), "mine");
  EXPECT_EQ(value(consumer_properties(settings, 0), "fetch.queue.backoff.ms"), "20");
  EXPECT_EQ(value(consumer_properties(settings, 0), "group.id"), "g");
  EXPECT_EQ(value(producer_properties(settings), "linger.ms"), "50");
}

TEST(Properties, what_is_hooklines_stays_so_whatever_is_written) {
  const auto settings = with({{"enable.auto.commit", "true"},
                              {"acks", "1"},
                              {"message.timeout.ms", "5"},
                              {"auto.offset.reset", "latest"},
                              {"message.max.bytes", "1000"},
                              {"partition.assignment.strategy", "cooperative-sticky"}});
  EXPECT_EQ(value(consumer_properties(settings, 0), "enable.auto.commit"), "false");
  EXPECT_EQ(value(consumer_properties(settings, 0), "auto.offset.reset"), "error");
  EXPECT_EQ(value(consumer_properties(settings, 0), "partition.assignment.strategy"), "roundrobin");
  EXPECT_EQ(value(producer_properties(settings), "acks"), "all");
  EXPECT_EQ(value(producer_properties(settings), "message.timeout.ms"), "0");
  EXPECT_NE(value(producer_properties(settings), "message.max.bytes"), "1000");
}

TEST(Properties, each_member_is_an_instance_of_its_own_and_look_ups_are_none) {
  const auto settings = with({{"group.instance.id", "host"}});
  EXPECT_EQ(value(consumer_properties(settings, 0), "group.instance.id"), "host-0");
  EXPECT_EQ(value(consumer_properties(settings, 11), "group.instance.id"), "host-11");
  EXPECT_EQ(value(client_properties(settings), "group.instance.id"), std::nullopt);
  EXPECT_EQ(value(client_properties(settings), "enable.auto.commit"), "false");
}

TEST(Properties, one_that_does_not_exist_or_has_a_wrong_value_is_named) {
  const auto unknown = check_properties({{"bootstrap.server", "x"}});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code, core::ErrorCode::invalid);
  EXPECT_THAT(unknown.error().message, HasSubstr("kafka.bootstrap.server"));
  const auto wrong = check_properties({{"session.timeout.ms", "soon"}});
  ASSERT_FALSE(wrong);
  EXPECT_THAT(wrong.error().message, HasSubstr("session.timeout.ms"));
}

TEST(Properties, owned_ones_are_told_with_a_reason) {
  const auto why = owned_property("enable.auto.commit");
  ASSERT_TRUE(why);
  EXPECT_FALSE(why->empty());
  EXPECT_EQ(owned_property("linger.ms"), std::nullopt);
  // Whatever Hookline sets against the user's word, the user has been told.
  for (const auto* const name :
       {"enable.auto.offset.store", "auto.offset.reset", "enable.partition.eof", "acks",
        "partition.assignment.strategy", "enable.idempotence", "message.timeout.ms", "partitioner",
        "delivery.report.only.error", "enable.gapless.guarantee", "message.max.bytes", "log.queue",
        "allow.auto.create.topics"})
    EXPECT_TRUE(owned_property(name)) << name;
}

}  // namespace
}  // namespace hookline::kafka
