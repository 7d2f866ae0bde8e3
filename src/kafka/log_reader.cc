#include "hookline/kafka/log_reader.h"

#include <algorithm>
#include <array>
#include <deque>

#include <fmt/format.h>

#include "batch_state.h"
#include "client.h"

namespace hookline::kafka {
namespace {

constexpr std::int64_t first_stretch = 100;
constexpr std::int64_t longest_stretch = 2000;

/// Offsets of one partition that are wanted: from `from` up to but without `to`.
struct Span {
  TopicPartition of;
  std::int64_t from = 0, to = 0;
};

/// A consumer that is assigned one set of spans after the other.
class Spans {
 public:
  static core::Result<std::unique_ptr<Spans>> open(Properties properties, core::MonoTime deadline) {
    // A log may end, or have gaps, in records that are never handed out: only the end that the broker tells says so.
    properties.emplace_back("enable.partition.eof", "true");
    properties.emplace_back("auto.offset.reset", "error");
    properties.emplace_back("fetch.wait.max.ms", "50");
    properties.emplace_back("fetch.error.backoff.ms", "20");
    std::unique_ptr<Spans> reader(new Spans(deadline));
    auto client = Client::make(RD_KAFKA_CONSUMER, properties);
    if (!client) return tl::unexpected(client.error());
    reader->client_ = std::move(*client);
    (void)rd_kafka_poll_set_consumer(reader->handle());
    return reader;
  }

  core::Duration left() const { return std::max(core::Duration{}, core::Duration(deadline_ - core::read_clock().mono)); }

  core::Result<std::pair<std::int64_t, std::int64_t>> watermarks(const TopicPartition& partition) const {
    std::int64_t low = 0, high = 0;
    const auto code = rd_kafka_query_watermark_offsets(handle(), partition.topic.c_str(), partition.partition, &low, &high,
                                                       to_timeout_ms(left()));
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(code, what(partition.topic));
    return std::pair(low, high);
  }

  const Client& client() const { return *client_; }

  core::Result<void> read(const std::vector<Span>& spans, const std::function<bool(OwnedRecord&&)>& take) {
    std::map<TopicPartition, std::int64_t> open;
    std::vector<TopicPartition> partitions;
    for (const auto& span : spans) {
      open.emplace(span.of, span.to);
      partitions.push_back(span.of);
    }
    if (open.empty()) return {};
    const auto list = make_list(partitions);
    for (std::size_t i = 0; i < spans.size(); ++i)
      list->elems[i].offset = spans[i].from;
    if (const auto code = rd_kafka_assign(handle(), list.get()); code != RD_KAFKA_RESP_ERR_NO_ERROR)
      return fail_with(code, what(spans.front().of.topic));
    while (!open.empty()) {
      using Message = std::unique_ptr<rd_kafka_message_t, Returned<rd_kafka_message_destroy>>;
      const Message message(rd_kafka_consumer_poll(handle(), to_timeout_ms(std::min<core::Duration>(left(), std::chrono::milliseconds(100)))));
      if (message) {
        const auto more = on_message(*message, open, take);
        if (!more) return tl::unexpected(more.error());
        if (!*more) return {};
      }
      if (!open.empty() && left() == core::Duration{})
        return core::fail(core::ErrorCode::timeout, fmt::format("{}: Kafka did not answer in time", what(spans.front().of.topic)));
    }
    return {};
  }

 private:
  explicit Spans(core::MonoTime deadline) : deadline_(deadline) {}

  rd_kafka_t* handle() const { return client_->get(); }
  static std::string what(const std::string& topic) { return fmt::format("reading topic '{}'", topic); }

  /// False: `take` has had enough.
  static core::Result<bool> on_message(rd_kafka_message_t& message, std::map<TopicPartition, std::int64_t>& open,
                                       const std::function<bool(OwnedRecord&&)>& take) {
    if (message.rkt == nullptr) return true;  // a word of the client, of no partition
    const std::string topic = rd_kafka_topic_name(message.rkt);
    const auto found = open.find({topic, message.partition});
    switch (message.err) {
      case RD_KAFKA_RESP_ERR_NO_ERROR: {
        if (found == open.end()) return true;
        const bool wanted = message.offset < found->second;
        if (message.offset + 1 >= found->second) open.erase(found);
        return !wanted || take(owned(view_of(message, topic)));
      }
      case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        if (found != open.end()) open.erase(found);
        return true;
      case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
        return core::fail(core::ErrorCode::not_found, fmt::format("{}: retention has removed it", what(topic)));
      case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
      case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
      case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION: return fail_with(message.err, what(topic));
      default: return true;  // librdkafka tries again; the deadline ends it
    }
  }

  std::unique_ptr<Client> client_;
  const core::MonoTime deadline_;
};

}  // namespace

struct BackwardReader::State {
  struct Part {
    std::int64_t low = 0;
    std::int64_t loaded = 0;        ///< records from here on are in `records` or were handed out
    std::int64_t stretch = first_stretch;
    std::deque<OwnedRecord> records;  ///< newest last

    bool empty() const { return records.empty() && loaded <= low; }
  };

  std::unique_ptr<Spans> reader;
  std::map<TopicPartition, Part> parts;
  ReadBackTo position;

  core::Result<void> find(const std::string& topic, const ReadBackTo& from, const std::optional<std::string>& key) {
    const auto count = reader->client().partition_count(topic, reader->left());
    if (!count) return tl::unexpected(count.error());
    // The producer's partitioner; it looks at nothing but the key and the count.
    const auto only = key ? rd_kafka_msg_partitioner_murmur2(nullptr, key->data(), key->size(), *count, nullptr, nullptr) : -1;
    for (std::int32_t p = 0; p < *count; ++p) {
      if (key && p != only) continue;
      const TopicPartition partition{topic, p};
      const auto marks = reader->watermarks(partition);
      if (!marks) return tl::unexpected(marks.error());
      const auto [low, high] = *marks;
      const auto wanted = from.find(partition);
      const auto end = wanted == from.end() ? high : std::clamp(wanted->second, low, high);
      parts.emplace(partition, Part{.low = low, .loaded = end});
      position[partition] = end;
    }
    return {};
  }

  /// The next stretch of every partition that has run out.
  core::Result<void> load() {
    std::vector<Span> spans;
    for (auto& [partition, part] : parts) {
      if (!part.records.empty() || part.loaded <= part.low) continue;
      const auto from = std::max(part.low, part.loaded - part.stretch);
      spans.push_back({partition, from, part.loaded});
      part.loaded = from;
      part.stretch = std::min(part.stretch * 3, longest_stretch);
    }
    return reader->read(spans, [&](OwnedRecord&& record) {
      parts.at({record.topic, record.partition}).records.push_back(std::move(record));
      return true;
    });
  }

  bool must_load() const {
    return std::any_of(parts.begin(), parts.end(), [](const auto& p) { return p.second.records.empty() && !p.second.empty(); });
  }
};

BackwardReader::BackwardReader() : state_(std::make_unique<State>()) {}
BackwardReader::~BackwardReader() = default;

core::Result<std::unique_ptr<BackwardReader>> BackwardReader::open(const Properties& properties, const std::vector<std::string>& topics,
                                                                   core::MonoTime deadline, const ReadBackTo& from,
                                                                   const std::optional<std::string>& key) {
  std::unique_ptr<BackwardReader> result(new BackwardReader);
  auto reader = Spans::open(properties, deadline);
  if (!reader) return tl::unexpected(reader.error());
  result->state_->reader = std::move(*reader);
  for (const auto& topic : topics) {
    if (auto found = result->state_->find(topic, from, key); !found) return tl::unexpected(found.error());
  }
  return result;
}

core::Result<std::optional<OwnedRecord>> BackwardReader::next() {
  while (state_->must_load()) {
    if (auto loaded = state_->load(); !loaded) return tl::unexpected(loaded.error());
  }
  State::Part* newest = nullptr;
  for (auto& [partition, part] : state_->parts) {
    if (part.records.empty()) continue;
    if (newest == nullptr || part.records.back().timestamp > newest->records.back().timestamp) newest = &part;
  }
  if (newest == nullptr) return std::nullopt;
  auto record = std::move(newest->records.back());
  newest->records.pop_back();
  state_->position[{record.topic, record.partition}] = record.offset;
  return record;
}

const ReadBackTo& BackwardReader::position() const { return state_->position; }

bool BackwardReader::at_beginning() const {
  return std::all_of(state_->parts.begin(), state_->parts.end(), [](const auto& p) { return p.second.empty(); });
}

core::Result<OwnedRecord> read_record(const Properties& properties, const TopicPartition& partition, std::int64_t offset,
                                      core::MonoTime deadline) {
  std::optional<OwnedRecord> found;
  const auto done = read_span(properties, partition, offset, offset + 1, deadline, [&](OwnedRecord&& record) {
    if (record.offset == offset) found = std::move(record);
    return false;
  });
  if (!done) return tl::unexpected(done.error());
  if (found) return std::move(*found);
  return core::fail(core::ErrorCode::not_found, fmt::format("{} has no record {}: retention or compaction may have removed it",
                                                            name(partition), offset));
}

core::Result<void> read_span(const Properties& properties, const TopicPartition& partition, std::int64_t from, std::int64_t to,
                             core::MonoTime deadline, const std::function<bool(OwnedRecord&&)>& take) {
  auto reader = Spans::open(properties, deadline);
  if (!reader) return tl::unexpected(reader.error());
  const auto marks = (*reader)->watermarks(partition);
  if (!marks) return tl::unexpected(marks.error());
  const auto first = std::max(from, marks->first);
  const auto end = std::min(to, marks->second);
  if (first >= end) return {};
  return (*reader)->read({{partition, first, end}}, take);
}

}  // namespace hookline::kafka
