// Reading a whole topic outside of any group.
#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "batch_state.h"
#include "client.h"
#include "hookline/kafka/admin.h"

namespace hookline::kafka {
namespace {

using Take = std::function<bool(OwnedRecord&&)>;

constexpr auto lookup_timeout = std::chrono::seconds(10);

struct Range {
  std::int64_t from = 0;
  std::int64_t end = 0;  ///< the offset after the last one wanted
};

class TopicReader {
 public:
  TopicReader(std::string topic, core::Duration idle_timeout)
      : topic_(std::move(topic)),
        what_(fmt::format("reading topic '{}'", topic_)),
        idle_timeout_(idle_timeout) {}

  core::Result<void> open(Properties properties);
  core::Result<void> find_ranges(std::optional<core::WallTime> since);
  core::Result<void> read(const Take& take);

 private:
  core::Result<Range> range_of(std::int32_t partition, std::optional<core::WallTime> since) const;
  core::Result<void> assign() const;
  /// False: `take` has had enough.
  core::Result<bool> on_message(rd_kafka_message_t& message, const Take& take);

  rd_kafka_t* handle() const { return client_->get(); }

  const std::string topic_;
  const std::string what_;
  const core::Duration idle_timeout_;
  std::unique_ptr<Client> client_;
  Queue queue_;
  core::MonoTime last_record_{};
  std::map<std::int32_t, Range> open_;  ///< the partitions that are not at their end yet
};

core::Result<void> TopicReader::open(Properties properties) {
  // A compacted or transactional log may end in records that are never handed out: only the broker's word
  // that the end is reached says so.
  properties.emplace_back("enable.partition.eof", "true");
  auto client = Client::make(RD_KAFKA_CONSUMER, properties);
  if (!client) return tl::unexpected(client.error());
  client_ = std::move(*client);
  (void)rd_kafka_poll_set_consumer(handle());
  queue_.reset(rd_kafka_queue_get_consumer(handle()));
  if (!queue_) return core::fail(core::ErrorCode::invalid, "kafka.group.id is missing");
  return {};
}

core::Result<Range> TopicReader::range_of(std::int32_t partition, std::optional<core::WallTime> since) const {
  Range range;
  const auto code = rd_kafka_query_watermark_offsets(handle(), topic_.c_str(), partition, &range.from,
                                                     &range.end, to_timeout_ms(lookup_timeout));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(code, what_);
  if (!since) return range;

  const auto list = make_list({{topic_, partition}});
  list->elems[0].offset = core::to_unix_ms(*since);
  const auto times = rd_kafka_offsets_for_times(handle(), list.get(), to_timeout_ms(lookup_timeout));
  if (times != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(times, what_);
  if (list->elems[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(list->elems[0].err, what_);
  range.from = list->elems[0].offset < 0 ? range.end : list->elems[0].offset;
  return range;
}

core::Result<void> TopicReader::find_ranges(std::optional<core::WallTime> since) {
  const auto count = client_->partition_count(topic_, lookup_timeout);
  if (!count) return tl::unexpected(count.error());
  for (std::int32_t partition = 0; partition < *count; ++partition) {
    const auto range = range_of(partition, since);
    if (!range) return tl::unexpected(range.error());
    if (range->from < range->end) open_.emplace(partition, *range);
  }
  return {};
}

core::Result<void> TopicReader::assign() const {
  std::vector<TopicPartition> partitions;
  for (const auto& [partition, range] : open_)
    partitions.push_back({topic_, partition});
  const auto list = make_list(partitions);
  for (int i = 0; i < list->cnt; ++i)
    list->elems[i].offset = open_.at(list->elems[i].partition).from;
  const auto code = rd_kafka_assign(handle(), list.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(code, what_);
  return {};
}

core::Result<bool> TopicReader::on_message(rd_kafka_message_t& message, const Take& take) {
  switch (message.err) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      break;
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      open_.erase(message.partition);
      return true;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
      return core::fail(core::ErrorCode::unavailable,
                        fmt::format("{}: its oldest records were deleted meanwhile; try again", what_));
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return fail_with(message.err, what_);
    default:
      return true;  // librdkafka tries again; if that never helps, the idle timeout ends it
  }
  last_record_ = core::read_clock().mono;
  const auto range = open_.find(message.partition);
  if (range == open_.end()) return true;
  const bool wanted = message.offset < range->second.end;
  if (message.offset + 1 >= range->second.end) open_.erase(range);
  return !wanted || take(owned(view_of(message, topic_)));
}

core::Result<void> TopicReader::read(const Take& take) {
  if (open_.empty()) return {};
  if (auto assigned = assign(); !assigned) return assigned;
  std::array<rd_kafka_message_t*, 256> messages{};
  last_record_ = core::read_clock().mono;
  while (!open_.empty()) {
    // A batch waits until it is full or the time is over: short, so that a few records come at once.
    const auto count = rd_kafka_consume_batch_queue(queue_.get(), 20, messages.data(), messages.size());
    core::Result<bool> more = true;
    for (ssize_t i = 0; i < count; ++i) {
      if (more && *more) more = on_message(*messages[static_cast<std::size_t>(i)], take);
      rd_kafka_message_destroy(messages[static_cast<std::size_t>(i)]);
    }
    if (!more) return tl::unexpected(more.error());
    if (!*more) return {};
    if (core::read_clock().mono - last_record_ >= idle_timeout_)
      return core::fail(core::ErrorCode::timeout,
                        fmt::format("{}: nothing came for {} ms, and {} partitions are not at their end",
                                    what_, to_timeout_ms(idle_timeout_), open_.size()));
  }
  return {};
}

}  // namespace

core::Result<void> read_topic(const Properties& properties, const std::string& topic,
                              std::optional<core::WallTime> since, core::Duration idle_timeout,
                              const std::function<bool(OwnedRecord&&)>& take) {
  TopicReader reader(topic, idle_timeout);
  if (auto opened = reader.open(properties); !opened) return opened;
  if (auto found = reader.find_ranges(since); !found) return found;
  return reader.read(take);
}

}  // namespace hookline::kafka
