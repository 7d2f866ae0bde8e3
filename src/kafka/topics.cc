// The specs of Hookline's own topics, in one table.
#include "topics.h"

#include <array>
#include <chrono>
#include <string_view>

#include <fmt/format.h>

#include "hookline/kafka/admin.h"

namespace hookline::kafka {
namespace {

using config::OwnTopic;

enum class Keep { queue, latest_per_key, delivery_log };
enum class Width { one, all };
/// Whose time a record carries. Where it may be old when it is written (a dead letter of an event of last
/// month), only the broker's keeps retention from deleting it at once; a tier's delay counts from it, too.
enum class Stamp { producer, broker };

struct Row {
  OwnTopic topic;
  Keep keep;
  Width width;
  Stamp stamp;
};

// Keyed topics that belong together are of one width: the tiers among themselves (a record goes from one to
// the next under the same key), correlations with ordered (their owner reads its share of both).
constexpr std::array<Row, config::own_topic_count> rows{{
    {OwnTopic::dead_letters, Keep::queue, Width::all, Stamp::broker},
    {OwnTopic::retry_10s, Keep::queue, Width::all, Stamp::broker},
    {OwnTopic::retry_1m, Keep::queue, Width::all, Stamp::broker},
    {OwnTopic::retry_10m, Keep::queue, Width::all, Stamp::broker},
    {OwnTopic::retry_1h, Keep::queue, Width::all, Stamp::broker},
    {OwnTopic::retry_6h, Keep::queue, Width::all, Stamp::broker},
    {OwnTopic::ordered, Keep::queue, Width::all, Stamp::broker},
    {OwnTopic::thresholds, Keep::queue, Width::all, Stamp::broker},
    {OwnTopic::webhooks, Keep::latest_per_key, Width::one, Stamp::producer},
    {OwnTopic::correlations, Keep::latest_per_key, Width::all, Stamp::producer},
    {OwnTopic::deliveries, Keep::delivery_log, Width::all, Stamp::broker},
    {OwnTopic::replays, Keep::latest_per_key, Width::all, Stamp::producer},
    {OwnTopic::notices, Keep::queue, Width::one, Stamp::producer},
    {OwnTopic::jobs, Keep::queue, Width::one, Stamp::producer},
}};

/// What waits here is the only copy: it outlives a month in which nobody looks.
constexpr auto queue_retention = std::chrono::days(30);

std::string ms(core::Duration duration) {
  return fmt::format("{}", std::chrono::duration_cast<std::chrono::milliseconds>(duration).count());
}

TopicSpec make_spec(const Row& row, const config::Settings& settings, std::int32_t partitions,
                    std::int16_t replication) {
  TopicSpec spec;
  spec.name = settings.topics[row.topic];
  spec.partitions = row.width == Width::one ? 1 : partitions;
  spec.replication = replication;

  auto& set = spec.settings;
  set["max.message.bytes"] = fmt::format("{}", largest_record(settings));
  set["unclean.leader.election.enable"] = "false";
  if (replication >= 3) set["min.insync.replicas"] = "2";
  set["message.timestamp.type"] = row.stamp == Stamp::broker ? "LogAppendTime" : "CreateTime";
  switch (row.keep) {
    case Keep::queue:
      set["cleanup.policy"] = "delete";
      set["retention.ms"] = ms(queue_retention);
      set["retention.bytes"] = "-1";
      break;
    case Keep::latest_per_key:
      set["cleanup.policy"] = "compact";
      set["segment.ms"] = ms(std::chrono::days(1));  // only closed segments are compacted
      break;
    case Keep::delivery_log:
      set["cleanup.policy"] = "delete";
      set["retention.ms"] = ms(settings.delivery_log.retention);
      break;
  }
  return spec;
}

}  // namespace

std::vector<TopicSpec> own_topics(const config::Settings& settings, std::int32_t partitions,
                                  std::int16_t replication) {
  std::vector<TopicSpec> specs;
  specs.reserve(rows.size());
  for (const auto& row : rows)
    specs.push_back(make_spec(row, settings, partitions, replication));
  return specs;
}

}  // namespace hookline::kafka
