#include "hookline/kafka/follower.h"

#include <algorithm>

#include <fmt/format.h>

#include "batch_state.h"
#include "client.h"

namespace hookline::kafka {
namespace {

constexpr auto lookup_timeout = std::chrono::seconds(10);
constexpr int batch = 1000;  // of one poll, so that the caller gets its turn

}  // namespace

struct Follower::State {
  std::string topic;
  std::string what;
  std::unique_ptr<Client> client;
  std::map<std::int32_t, std::int64_t> behind;  ///< partition -> the end that stood at the beginning

  rd_kafka_t* handle() const { return client->get(); }

  core::Result<std::int64_t> first_offset(std::int32_t partition, std::int64_t low, std::int64_t high,
                                          std::optional<core::WallTime> since) const {
    if (!since) return low;
    const auto list = make_list({{topic, partition}});
    list->elems[0].offset = core::to_unix_ms(*since);
    const auto code = rd_kafka_offsets_for_times(handle(), list.get(), to_timeout_ms(lookup_timeout));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(code, what);
    if (list->elems[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(list->elems[0].err, what);
    return list->elems[0].offset < 0 ? high : list->elems[0].offset;
  }

  core::Result<void> begin(std::optional<core::WallTime> since, const std::optional<std::vector<std::int32_t>>& only) {
    const auto count = client->partition_count(topic, lookup_timeout);
    if (!count) return tl::unexpected(count.error());
    std::vector<TopicPartition> partitions;
    for (std::int32_t p = 0; p < *count; ++p) {
      if (!only || std::find(only->begin(), only->end(), p) != only->end()) partitions.push_back({topic, p});
    }
    if (only && partitions.size() < only->size()) {
      return core::fail(core::ErrorCode::not_found, fmt::format("{}: it has only {} partitions", what, *count));
    }
    const auto list = make_list(partitions);
    for (std::size_t i = 0; i < partitions.size(); ++i) {
      const auto p = partitions[i].partition;
      std::int64_t low = 0, high = 0;
      const auto code = rd_kafka_query_watermark_offsets(handle(), topic.c_str(), p, &low, &high,
                                                         to_timeout_ms(lookup_timeout));
      if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(code, what);
      const auto first = first_offset(p, low, high, since);
      if (!first) return tl::unexpected(first.error());
      list->elems[i].offset = *first;
      if (*first < high) behind.emplace(p, high);
    }
    const auto code = rd_kafka_assign(handle(), list.get());
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(code, what);
    return {};
  }

  core::Result<void> on_message(rd_kafka_message_t& message,
                                const std::function<void(OwnedRecord&&)>& take) {
    switch (message.err) {
      case RD_KAFKA_RESP_ERR_NO_ERROR: {
        const auto end = behind.find(message.partition);
        if (end != behind.end() && message.offset + 1 >= end->second) behind.erase(end);
        take(owned(view_of(message, topic)));
        return {};
      }
      case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        behind.erase(message.partition);  // a compacted log may end in records that are never handed out
        return {};
      case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
      case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        return fail_with(message.err, what);
      default:
        return {};
    }
  }
};

Follower::Follower() : state_(std::make_unique<State>()) {}
Follower::~Follower() = default;

core::Result<std::unique_ptr<Follower>> Follower::open(const Properties& properties, const std::string& topic,
                                                       std::optional<core::WallTime> since,
                                                       std::optional<std::vector<std::int32_t>> only) {
  auto own = properties;
  own.emplace_back("enable.partition.eof", "true");
  own.emplace_back("auto.offset.reset", "earliest");  // a log that was cut or made anew is read again
  std::unique_ptr<Follower> follower(new Follower);
  State& state = *follower->state_;
  state.topic = topic;
  state.what = fmt::format("reading topic '{}'", topic);
  auto client = Client::make(RD_KAFKA_CONSUMER, own);
  if (!client) return tl::unexpected(client.error());
  state.client = std::move(*client);
  (void)rd_kafka_poll_set_consumer(state.handle());
  if (auto begun = state.begin(since, only); !begun) return tl::unexpected(begun.error());
  return follower;
}

core::Result<void> Follower::poll(core::Duration wait, const std::function<void(OwnedRecord&&)>& take) {
  using OwnedMessage = std::unique_ptr<rd_kafka_message_t, Returned<rd_kafka_message_destroy>>;
  for (int i = 0; i < batch; ++i) {
    const OwnedMessage message(rd_kafka_consumer_poll(state_->handle(), i == 0 ? to_timeout_ms(wait) : 0));
    if (!message) return {};
    if (auto taken = state_->on_message(*message, take); !taken) return taken;
  }
  return {};
}

bool Follower::caught_up() const {
  return state_->behind.empty();
}

}  // namespace hookline::kafka
