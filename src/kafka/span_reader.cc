#include "hookline/kafka/span_reader.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "batch_state.h"
#include "client.h"

namespace hookline::kafka {
namespace {

constexpr auto lookup_timeout = std::chrono::seconds(10);

core::Result<std::int64_t> offset_of(rd_kafka_t* handle, const TopicPartition& partition, core::WallTime time, std::int64_t end) {
  const auto what = fmt::format("looking up {} by time", name(partition));
  const auto list = make_list({partition});
  list->elems[0].offset = core::to_unix_ms(time);
  const auto code = rd_kafka_offsets_for_times(handle, list.get(), to_timeout_ms(lookup_timeout));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(code, what);
  if (list->elems[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(list->elems[0].err, what);
  return list->elems[0].offset < 0 ? end : list->elems[0].offset;  // nothing is as young as that
}

core::Result<Span> span_of(rd_kafka_t* handle, const TopicPartition& partition, std::optional<core::WallTime> since,
                           std::optional<core::WallTime> until) {
  Span span{partition, 0, 0};
  const auto code = rd_kafka_query_watermark_offsets(handle, partition.topic.c_str(), partition.partition, &span.from, &span.to,
                                                     to_timeout_ms(lookup_timeout));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(code, fmt::format("asking for the ends of {}", name(partition)));
  const auto end = span.to;
  if (since) {
    const auto from = offset_of(handle, partition, *since, end);
    if (!from) return tl::unexpected(from.error());
    span.from = *from;
  }
  if (until) {
    const auto to = offset_of(handle, partition, *until, end);
    if (!to) return tl::unexpected(to.error());
    span.to = *to;
  }
  return span;
}

}  // namespace

struct SpanReader::State {
  std::unique_ptr<Client> client;
  std::map<TopicPartition, Span> open;  ///< without those that were read to their end

  rd_kafka_t* handle() const { return client->get(); }

  core::Result<void> begin(const std::vector<Span>& spans) {
    std::vector<TopicPartition> partitions;
    for (const auto& span : spans) {
      if (span.from >= span.to) continue;
      partitions.push_back(span.partition);
      open.emplace(span.partition, span);
    }
    if (partitions.empty()) return {};
    const auto list = make_list(partitions);
    for (int i = 0; i < list->cnt; ++i) list->elems[i].offset = open.at(partitions[static_cast<std::size_t>(i)]).from;
    const auto code = rd_kafka_assign(handle(), list.get());
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(code, "reading a stretch of a topic");
    return {};
  }

  core::Result<std::optional<OwnedRecord>> take(rd_kafka_message_t& message) {
    const TopicPartition from{message.rkt != nullptr ? rd_kafka_topic_name(message.rkt) : "", message.partition};
    switch (message.err) {
      case RD_KAFKA_RESP_ERR_NO_ERROR: break;
      case RD_KAFKA_RESP_ERR__PARTITION_EOF: open.erase(from); return std::nullopt;
      case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
        return core::fail(core::ErrorCode::not_found, fmt::format("{}: what was to be read next is gone from the log", name(from)));
      case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
      case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION: return fail_with(message.err, fmt::format("reading {}", name(from)));
      default: return std::nullopt;  // librdkafka tries again
    }
    const auto span = open.find(from);
    if (span == open.end()) return std::nullopt;
    const auto to = span->second.to;
    if (message.offset + 1 >= to) open.erase(span);
    if (message.offset >= to) return std::nullopt;
    return owned(view_of(message, from.topic));
  }
};

SpanReader::SpanReader() : state_(std::make_unique<State>()) {}
SpanReader::~SpanReader() = default;

core::Result<std::unique_ptr<SpanReader>> SpanReader::open(const Properties& properties, std::vector<Span> spans) {
  auto own = properties;
  own.emplace_back("enable.partition.eof", "true");
  own.emplace_back("auto.offset.reset", "error");
  own.emplace_back("queued.max.messages.kbytes", "8192");
  own.emplace_back("fetch.queue.backoff.ms", "10");
  std::unique_ptr<SpanReader> reader(new SpanReader);
  auto client = Client::make(RD_KAFKA_CONSUMER, own);
  if (!client) return tl::unexpected(client.error());
  reader->state_->client = std::move(*client);
  (void)rd_kafka_poll_set_consumer(reader->state_->handle());
  if (auto begun = reader->state_->begin(spans); !begun) return tl::unexpected(begun.error());
  return reader;
}

core::Result<std::optional<OwnedRecord>> SpanReader::next(core::Duration wait) {
  using OwnedMessage = std::unique_ptr<rd_kafka_message_t, Returned<rd_kafka_message_destroy>>;
  const auto end = std::chrono::steady_clock::now() + wait;
  while (!done()) {
    const auto left = std::max(core::Duration{}, core::Duration(end - std::chrono::steady_clock::now()));
    const OwnedMessage message(rd_kafka_consumer_poll(state_->handle(), to_timeout_ms(left)));
    if (!message) return std::nullopt;
    auto taken = state_->take(*message);
    if (!taken || *taken) return taken;
  }
  return std::nullopt;
}

bool SpanReader::done() const { return state_->open.empty(); }

core::Result<std::vector<Span>> look_up_spans(const Properties& properties, const std::string& topic,
                                              std::optional<core::WallTime> since, std::optional<core::WallTime> until) {
  auto client = Client::make(RD_KAFKA_CONSUMER, properties);
  if (!client) return tl::unexpected(client.error());
  const auto count = (*client)->partition_count(topic, lookup_timeout);
  if (!count) return tl::unexpected(count.error());
  std::vector<Span> spans;
  for (std::int32_t partition = 0; partition < *count; ++partition) {
    const auto span = span_of((*client)->get(), {topic, partition}, since, until);
    if (!span) return tl::unexpected(span.error());
    spans.push_back(*span);
  }
  return spans;
}

}  // namespace hookline::kafka
