#include "support/kafka_admin.h"

#include <algorithm>
#include <chrono>
#include <numeric>

#include "support/rdkafka.h"
#include "support/wait.h"

namespace hookline::test {
namespace {

constexpr int timeout_ms = 30000;

using AclBinding = Owned<rd_kafka_AclBinding_t, rd_kafka_AclBinding_destroy>;
using NewTopic = Owned<rd_kafka_NewTopic_t, rd_kafka_NewTopic_destroy>;
using Metadata = std::unique_ptr<const rd_kafka_metadata_t, Calls<rd_kafka_metadata_destroy>>;

std::string bytes(const void* data, std::size_t size) {
  return data == nullptr ? std::string() : std::string(static_cast<const char*>(data), size);
}

std::optional<std::string> optional_bytes(const void* data, std::size_t size) {
  if (data == nullptr) return std::nullopt;
  return bytes(data, size);
}

TopicRecord to_record(const rd_kafka_message_t& message) {
  TopicRecord record;
  record.topic = rd_kafka_topic_name(message.rkt);
  record.partition = message.partition;
  record.offset = message.offset;
  record.timestamp = rd_kafka_message_timestamp(&message, nullptr);
  record.key = optional_bytes(message.key, message.key_len);
  record.value = optional_bytes(message.payload, message.len);
  rd_kafka_headers_t* headers = nullptr;
  if (rd_kafka_message_headers(&message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR) {
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    for (std::size_t i = 0;
         rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR; ++i) {
      record.headers.emplace_back(name, bytes(value, size));
    }
  }
  return record;
}

}  // namespace

std::string TopicRecord::header(const std::string& name) const {
  auto const found =
      std::find_if(headers.begin(), headers.end(), [&](auto& header) { return header.first == name; });
  return found == headers.end() ? std::string() : found->second;
}

struct KafkaAdmin::Client {
  KafkaHandle client;
  KafkaQueue queue;

  explicit Client(const std::string& bootstrap)
      : client(make_client(RD_KAFKA_PRODUCER,
                           {{"bootstrap.servers", bootstrap}, {"reconnect.backoff.max.ms", "200"}})),
        queue(rd_kafka_queue_new(client.get())) {}

  /// Starts one admin operation and returns its whole answer.
  template <class Start>
  KafkaEvent ask(rd_kafka_admin_op_t operation, const std::string& what, Start start) {
    AdminOptions const options(rd_kafka_AdminOptions_new(client.get(), operation));
    char error[512];
    check(rd_kafka_AdminOptions_set_request_timeout(options.get(), timeout_ms, error, sizeof error), what);
    start(client.get(), options.get(), queue.get());
    KafkaEvent event(rd_kafka_queue_poll(queue.get(), timeout_ms + 5000));
    if (!event) kafka_failure(what, "no answer");
    if (rd_kafka_event_error(event.get()) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      kafka_failure(what, rd_kafka_event_error_string(event.get()));
    }
    return event;
  }

  Metadata metadata(const std::string& what, int milliseconds) {
    const rd_kafka_metadata_t* found = nullptr;
    check(rd_kafka_metadata(client.get(), 1, nullptr, &found, milliseconds), what);
    return Metadata(found);
  }
};

namespace {

void check_topics(const std::string& what, const rd_kafka_topic_result_t** results, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (rd_kafka_topic_result_error(results[i]) != RD_KAFKA_RESP_ERR_NO_ERROR) {
      const char* const text = rd_kafka_topic_result_error_string(results[i]);
      kafka_failure(what,
                    text != nullptr ? text : rd_kafka_err2name(rd_kafka_topic_result_error(results[i])));
    }
  }
}

/// Partitions that have a leader.
int usable_partitions(const rd_kafka_metadata_t& metadata, const std::string& topic) {
  for (int i = 0; i < metadata.topic_cnt; ++i) {
    auto const& found = metadata.topics[i];
    if (found.topic != topic || found.err != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    return static_cast<int>(std::count_if(found.partitions, found.partitions + found.partition_cnt,
                                          [](auto& partition) { return partition.leader >= 0; }));
  }
  return 0;
}

}  // namespace

KafkaAdmin::KafkaAdmin(std::string bootstrap)
    : bootstrap_(std::move(bootstrap)), client_(std::make_unique<Client>(bootstrap_)) {}

KafkaAdmin::~KafkaAdmin() = default;

bool KafkaAdmin::answers(int milliseconds) {
  const rd_kafka_metadata_t* found = nullptr;
  auto const error = rd_kafka_metadata(client_->client.get(), 0, nullptr, &found, milliseconds);
  Metadata const metadata(found);
  return error == RD_KAFKA_RESP_ERR_NO_ERROR && metadata->broker_cnt > 0;
}

void KafkaAdmin::create_topic(const std::string& name, int partitions,
                              const std::map<std::string, std::string>& settings) {
  auto const what = "creating topic " + name;
  char error[512];
  NewTopic topic(rd_kafka_NewTopic_new(name.c_str(), partitions, 1, error, sizeof error));
  if (!topic) kafka_failure(what, error);
  for (auto const& [key, value] : settings)
    check(rd_kafka_NewTopic_set_config(topic.get(), key.c_str(), value.c_str()), what);
  auto const event =
      client_->ask(RD_KAFKA_ADMIN_OP_CREATETOPICS, what, [&](auto* client, auto* options, auto* queue) {
        rd_kafka_NewTopic_t* all[] = {topic.get()};
        rd_kafka_CreateTopics(client, all, 1, options, queue);
      });
  std::size_t count = 0;
  auto** const results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  check_topics(what, results, count);
  if (!wait_until([&] { return this->partitions(name) == partitions; },
                  std::chrono::milliseconds(timeout_ms))) {
    kafka_failure(what, "it got no leader");
  }
}

void KafkaAdmin::delete_topic(const std::string& name) {
  auto const what = "deleting topic " + name;
  Owned<rd_kafka_DeleteTopic_t, rd_kafka_DeleteTopic_destroy> const topic(
      rd_kafka_DeleteTopic_new(name.c_str()));
  auto const event =
      client_->ask(RD_KAFKA_ADMIN_OP_DELETETOPICS, what, [&](auto* client, auto* options, auto* queue) {
        rd_kafka_DeleteTopic_t* all[] = {topic.get()};
        rd_kafka_DeleteTopics(client, all, 1, options, queue);
      });
  std::size_t count = 0;
  auto** const results =
      rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event.get()), &count);
  check_topics(what, results, count);
  (void)wait_until([&] { return partitions(name) == 0; }, std::chrono::milliseconds(timeout_ms));
  client_ = std::make_unique<Client>(bootstrap_);  // one that knew it would take a new one of its name for the same
}

void KafkaAdmin::add_partitions(const std::string& name, int total) {
  auto const what = "adding partitions to " + name;
  char error[512];
  Owned<rd_kafka_NewPartitions_t, rd_kafka_NewPartitions_destroy> const more(
      rd_kafka_NewPartitions_new(name.c_str(), static_cast<std::size_t>(total), error, sizeof error));
  if (!more) kafka_failure(what, error);
  auto const event =
      client_->ask(RD_KAFKA_ADMIN_OP_CREATEPARTITIONS, what, [&](auto* client, auto* options, auto* queue) {
        rd_kafka_NewPartitions_t* all[] = {more.get()};
        rd_kafka_CreatePartitions(client, all, 1, options, queue);
      });
  std::size_t count = 0;
  auto** const results =
      rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(event.get()), &count);
  check_topics(what, results, count);
  if (!wait_until([&] { return partitions(name) == total; }, std::chrono::milliseconds(timeout_ms))) {
    kafka_failure(what, "they got no leader");
  }
}

void KafkaAdmin::delete_records_before(const std::string& topic, std::int32_t partition,
                                       std::int64_t offset) {
  auto const what = "deleting records of " + topic;
  PartitionList const before(rd_kafka_topic_partition_list_new(1));
  rd_kafka_topic_partition_list_add(before.get(), topic.c_str(), partition)->offset = offset;
  Owned<rd_kafka_DeleteRecords_t, rd_kafka_DeleteRecords_destroy> const request(
      rd_kafka_DeleteRecords_new(before.get()));
  auto const event =
      client_->ask(RD_KAFKA_ADMIN_OP_DELETERECORDS, what, [&](auto* client, auto* options, auto* queue) {
        rd_kafka_DeleteRecords_t* all[] = {request.get()};
        rd_kafka_DeleteRecords(client, all, 1, options, queue);
      });
  auto const* const done =
      rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event.get()));
  check(done->elems[0].err, what);
}

void KafkaAdmin::forbid_writing(const std::string& topic) {
  auto const what = "forbidding to write topic " + topic;
  char error[512];
  auto const binding = [&](rd_kafka_AclOperation_t operation, rd_kafka_AclPermissionType_t permission) {
    return AclBinding(rd_kafka_AclBinding_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str(), RD_KAFKA_RESOURCE_PATTERN_LITERAL, "User:*",
                                              "*", operation, permission, error, sizeof error));
  };
  auto const all = binding(RD_KAFKA_ACL_OPERATION_ALL, RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW);
  auto const write = binding(RD_KAFKA_ACL_OPERATION_WRITE, RD_KAFKA_ACL_PERMISSION_TYPE_DENY);
  if (!all || !write) kafka_failure(what, error);
  auto const event = client_->ask(RD_KAFKA_ADMIN_OP_CREATEACLS, what, [&](auto* client, auto* options, auto* queue) {
    rd_kafka_AclBinding_t* both[] = {all.get(), write.get()};
    rd_kafka_CreateAcls(client, both, 2, options, queue);
  });
  std::size_t count = 0;
  auto** const results = rd_kafka_CreateAcls_result_acls(rd_kafka_event_CreateAcls_result(event.get()), &count);
  for (std::size_t i = 0; i < count; ++i) {
    if (auto const* failed = rd_kafka_acl_result_error(results[i]); failed != nullptr) kafka_failure(what, rd_kafka_error_string(failed));
  }
}

void KafkaAdmin::allow_writing(const std::string& topic) {
  auto const what = "allowing to write topic " + topic;
  char error[512];
  AclBinding const filter(rd_kafka_AclBindingFilter_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str(), RD_KAFKA_RESOURCE_PATTERN_LITERAL,
                                                        nullptr, nullptr, RD_KAFKA_ACL_OPERATION_WRITE,
                                                        RD_KAFKA_ACL_PERMISSION_TYPE_DENY, error, sizeof error));
  if (!filter) kafka_failure(what, error);
  client_->ask(RD_KAFKA_ADMIN_OP_DELETEACLS, what, [&](auto* client, auto* options, auto* queue) {
    rd_kafka_AclBindingFilter_t* one[] = {filter.get()};
    rd_kafka_DeleteAcls(client, one, 1, options, queue);
  });
}

std::vector<std::string> KafkaAdmin::topics() {
  auto const metadata = client_->metadata("listing topics", timeout_ms);
  std::vector<std::string> names;
  for (int i = 0; i < metadata->topic_cnt; ++i)
    names.emplace_back(metadata->topics[i].topic);
  std::sort(names.begin(), names.end());
  return names;
}

int KafkaAdmin::partitions(const std::string& topic) {
  return usable_partitions(*client_->metadata("looking for topic " + topic, timeout_ms), topic);
}

int KafkaAdmin::usable(const std::string& topic) {
  int count = 0;
  if (!wait_until([&] { return (count = partitions(topic)) > 0; }, std::chrono::milliseconds(timeout_ms)))
    kafka_failure(topic, "there is no such topic, or it has no leader");
  return count;
}

std::vector<OffsetRange> KafkaAdmin::offsets(const std::string& topic) {
  std::vector<OffsetRange> ranges(static_cast<std::size_t>(usable(topic)));
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    auto code = RD_KAFKA_RESP_ERR_NO_ERROR;
    const auto asked = [&] {
      code = rd_kafka_query_watermark_offsets(client_->client.get(), topic.c_str(), static_cast<std::int32_t>(i),
                                              &ranges[i].begin, &ranges[i].end, timeout_ms);
      // A broker that is short of time loses and finds its partitions again.
      return code != RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION && code != RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE &&
             code != RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
    };
    (void)wait_until(asked, std::chrono::milliseconds(timeout_ms));
    check(code, "offsets of " + topic);
  }
  return ranges;
}

std::int64_t KafkaAdmin::size(const std::string& topic) {
  auto const ranges = offsets(topic);
  return std::accumulate(ranges.begin(), ranges.end(), std::int64_t{0},
                         [](auto sum, auto& range) { return sum + range.end - range.begin; });
}

std::vector<TopicRecord> KafkaAdmin::read(const std::string& topic) {
  auto const what = "reading topic " + topic;
  auto const ranges = offsets(topic);
  auto const consumer = make_client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", bootstrap_},
                                                        {"group.id", "hookline-test-reader"},
                                                        {"enable.auto.commit", "false"},
                                                        {"enable.partition.eof", "true"},
                                                        {"auto.offset.reset", "error"},
                                                        {"fetch.queue.backoff.ms", "10"},
                                                        {"fetch.wait.max.ms", "10"}});
  rd_kafka_poll_set_consumer(consumer.get());
  PartitionList const assignment(rd_kafka_topic_partition_list_new(1));
  std::vector<bool> open(ranges.size(), false);
  for (std::size_t i = 0; i < ranges.size(); ++i) {
    if (ranges[i].begin == ranges[i].end) continue;
    open[i] = true;
    rd_kafka_topic_partition_list_add(assignment.get(), topic.c_str(), static_cast<std::int32_t>(i))->offset =
        ranges[i].begin;
  }
  check(rd_kafka_assign(consumer.get(), assignment.get()), what);

  std::vector<TopicRecord> records;
  while (std::find(open.begin(), open.end(), true) != open.end()) {
    KafkaMessage const message(rd_kafka_consumer_poll(consumer.get(), timeout_ms));
    if (!message) kafka_failure(what, "no answer");
    auto const partition = static_cast<std::size_t>(message->partition);
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      open[partition] = false;
    } else if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (message->offset < ranges[partition].end) records.push_back(to_record(*message));
      if (message->offset + 1 >= ranges[partition].end) open[partition] = false;
    } else if (message->partition >= 0 && message->err != RD_KAFKA_RESP_ERR__TRANSPORT) {
      kafka_failure(what, rd_kafka_message_errstr(message.get()));
    }
  }
  rd_kafka_consumer_close(consumer.get());
  std::sort(records.begin(), records.end(), [](auto& left, auto& right) {
    return std::pair(left.partition, left.offset) < std::pair(right.partition, right.offset);
  });
  return records;
}

std::vector<CommittedOffset> KafkaAdmin::committed(const std::string& group, const std::string& topic) {
  auto const what = "committed offsets of " + group;
  int const count = usable(topic);
  PartitionList const wanted(rd_kafka_topic_partition_list_new(count));
  rd_kafka_topic_partition_list_add_range(wanted.get(), topic.c_str(), 0, count - 1);
  Owned<rd_kafka_ListConsumerGroupOffsets_t, rd_kafka_ListConsumerGroupOffsets_destroy> const request(
      rd_kafka_ListConsumerGroupOffsets_new(group.c_str(), wanted.get()));
  auto const event = client_->ask(RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, what,
                                   [&](auto* client, auto* options, auto* queue) {
                                     rd_kafka_ListConsumerGroupOffsets_t* all[] = {request.get()};
                                     rd_kafka_ListConsumerGroupOffsets(client, all, 1, options, queue);
                                   });
  std::size_t groups = 0;
  auto** const results = rd_kafka_ListConsumerGroupOffsets_result_groups(
      rd_kafka_event_ListConsumerGroupOffsets_result(event.get()), &groups);
  if (auto const* const error = rd_kafka_group_result_error(results[0]))
    kafka_failure(what, rd_kafka_error_string(error));
  std::vector<CommittedOffset> committed(static_cast<std::size_t>(count));
  auto const* const found = rd_kafka_group_result_partitions(results[0]);
  for (int i = 0; i < found->cnt; ++i) {
    auto const& element = found->elems[i];
    auto& entry = committed.at(static_cast<std::size_t>(element.partition));
    entry.offset = element.offset < 0 ? -1 : element.offset;
    entry.metadata = bytes(element.metadata, element.metadata_size);
  }
  return committed;
}

std::int64_t KafkaAdmin::lag(const std::string& group, const std::string& topic) {
  auto const ends = offsets(topic);
  auto const done = committed(group, topic);
  std::int64_t lag = 0;
  for (std::size_t i = 0; i < std::min(ends.size(), done.size()); ++i)
    lag += ends[i].end - (done[i].offset < 0 ? ends[i].begin : done[i].offset);
  return lag;
}

void KafkaAdmin::commit(const std::string& group, const std::string& topic, std::int32_t partition,
                        CommittedOffset committed) {
  auto const what = "committing for " + group;
  PartitionList const list(rd_kafka_topic_partition_list_new(1));
  auto* const element = rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), partition);
  element->offset = committed.offset;
  if (!committed.metadata.empty()) {  // freed by the list
    element->metadata = rd_kafka_mem_malloc(client_->client.get(), committed.metadata.size());
    committed.metadata.copy(static_cast<char*>(element->metadata), committed.metadata.size());
    element->metadata_size = committed.metadata.size();
  }
  Owned<rd_kafka_AlterConsumerGroupOffsets_t, rd_kafka_AlterConsumerGroupOffsets_destroy> const request(
      rd_kafka_AlterConsumerGroupOffsets_new(group.c_str(), list.get()));
  auto const event = client_->ask(RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS, what,
                                   [&](auto* client, auto* options, auto* queue) {
                                     rd_kafka_AlterConsumerGroupOffsets_t* all[] = {request.get()};
                                     rd_kafka_AlterConsumerGroupOffsets(client, all, 1, options, queue);
                                   });
  std::size_t groups = 0;
  auto** const results = rd_kafka_AlterConsumerGroupOffsets_result_groups(
      rd_kafka_event_AlterConsumerGroupOffsets_result(event.get()), &groups);
  if (auto const* const error = rd_kafka_group_result_error(results[0]))
    kafka_failure(what, rd_kafka_error_string(error));
  check(rd_kafka_group_result_partitions(results[0])->elems[0].err, what);
}

}  // namespace hookline::test
