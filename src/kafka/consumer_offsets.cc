// Consumer: commits, and what the brokers know of offsets and topics.
#include <cstring>

#include <fmt/format.h>

#include "consumer_state.h"
#include "hookline/kafka/consumer.h"

namespace hookline::kafka {
namespace {

PartitionList make_list(rd_kafka_t* handle, const std::vector<const CommitEntry*>& entries) {
  PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(entries.size())));
  for (const CommitEntry* entry : entries) {
    auto* const element = rd_kafka_topic_partition_list_add(list.get(), entry->partition.topic.c_str(),
                                                            entry->partition.partition);
    element->offset = entry->offset;
    if (entry->metadata.empty()) continue;
    // Freed with the list, so it has to be of librdkafka's own.
    element->metadata = rd_kafka_mem_malloc(handle, entry->metadata.size());
    std::memcpy(element->metadata, entry->metadata.data(), entry->metadata.size());
    element->metadata_size = entry->metadata.size();
  }
  return list;
}

core::Error not_ours(const TopicPartition& partition) {
  return {core::ErrorCode::refused, fmt::format("{} belongs to this member no more", name(partition))};
}

}  // namespace

std::optional<std::uint64_t> Consumer::State::start_commit(const std::vector<CommitEntry>& entries,
                                                           PendingCommit pending) {
  // Neither librdkafka nor the broker would refuse them.
  const bool lost = rd_kafka_assignment_lost(handle()) != 0;
  std::vector<const CommitEntry*> ours;
  for (const auto& entry : entries) {
    if (!lost && slots.contains(entry.partition))
      ours.push_back(&entry);
    else
      pending.refused.emplace_back(entry.partition, not_ours(entry.partition));
  }
  if (ours.empty()) {
    finish(pending, {});
    return std::nullopt;
  }
  const auto list = make_list(handle(), ours);
  const auto sequence = ++commits_started;
  const auto code = rd_kafka_commit_queue(handle(), list.get(), commits_done.get(), on_commit,
                                          reinterpret_cast<void*>(static_cast<std::uintptr_t>(sequence)));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) {
    finish(pending, {.token = 0, .error = error_of(code, "committing"), .partitions = {}});
    return std::nullopt;
  }
  pending_commits.emplace(sequence, std::move(pending));
  return sequence;
}

void Consumer::State::finish(const PendingCommit& pending, CommitReport report) {
  if (pending.abandoned) return;
  report.token = pending.token;
  report.partitions.insert(report.partitions.end(), pending.refused.begin(), pending.refused.end());
  if (pending.waiting != nullptr) {
    *pending.waiting = std::move(report);
    return;
  }
  reports.push_back(std::move(report));
  wakeup.signal();
}

void Consumer::State::on_commit(rd_kafka_t* handle, rd_kafka_resp_err_t code,
                                rd_kafka_topic_partition_list_t* partitions, void* sequence) {
  auto& state = Client::owner_of<State>(rd_kafka_opaque(handle));
  auto found = state.pending_commits.extract(reinterpret_cast<std::uintptr_t>(sequence));
  if (found.empty()) return;
  CommitReport report;
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) report.error = error_of(code, "committing");
  for (int i = 0; partitions != nullptr && i < partitions->cnt; ++i) {
    const auto& element = partitions->elems[i];
    std::optional<core::Error> error;
    if (element.err != RD_KAFKA_RESP_ERR_NO_ERROR) error = error_of(element.err, "committing");
    report.partitions.emplace_back(TopicPartition{element.topic, element.partition}, std::move(error));
  }
  state.finish(found.mapped(), std::move(report));
}

void Consumer::State::serve_commits() {
  while (rd_kafka_queue_poll_callback(commits_done.get(), 0) > 0) {
  }
}

void Consumer::commit(const std::vector<CommitEntry>& entries, std::uint64_t token) {
  (void)state_->start_commit(entries, {.token = token, .refused = {}});
}

core::Result<void> Consumer::commit_now(const std::vector<CommitEntry>& entries, core::Duration timeout) {
  auto& state = *state_;
  if (entries.empty()) return {};
  std::optional<CommitReport> report;
  const auto sequence = state.start_commit(entries, {.token = 0, .refused = {}, .waiting = &report});
  const auto end = std::chrono::steady_clock::now() + timeout;
  while (!report) {
    const auto left = end - std::chrono::steady_clock::now();
    if (left <= core::Duration::zero()) {
      auto& pending = state.pending_commits.at(*sequence);
      pending.waiting = nullptr;
      pending.abandoned = true;
      return core::fail(core::ErrorCode::timeout, "committing: no answer in time; it may have happened");
    }
    (void)rd_kafka_queue_poll_callback(state.commits_done.get(), to_timeout_ms(left));
  }
  if (report->error) return tl::unexpected(*report->error);
  for (const auto& [partition, error] : report->partitions)
    if (error)
      return tl::unexpected(core::Error{error->code, fmt::format("{}: {}", name(partition), error->message)});
  return {};
}

core::Result<std::vector<Committed>> Consumer::committed(const std::vector<TopicPartition>& partitions,
                                                         core::Duration timeout) {
  std::vector<Committed> result;
  if (partitions.empty()) return result;
  const auto list = kafka::make_list(partitions);
  const auto code = rd_kafka_committed(state_->handle(), list.get(), to_timeout_ms(timeout));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(code, "reading committed offsets");
  for (int i = 0; i < list->cnt; ++i) {
    const auto& element = list->elems[i];
    if (element.err != RD_KAFKA_RESP_ERR_NO_ERROR)
      return fail_with(element.err, fmt::format("reading the committed offset of {}[{}]", element.topic,
                                                element.partition));
    Committed committed{{element.topic, element.partition}, std::nullopt, {}};
    if (element.offset >= 0) {
      committed.offset = element.offset;
      // No terminator comes back with it.
      if (element.metadata != nullptr)
        committed.metadata.assign(static_cast<const char*>(element.metadata), element.metadata_size);
    }
    result.push_back(std::move(committed));
  }
  return result;
}

core::Result<Watermarks> Consumer::watermarks(const TopicPartition& partition, core::Duration timeout) {
  Watermarks result;
  const auto code =
      rd_kafka_query_watermark_offsets(state_->handle(), partition.topic.c_str(), partition.partition,
                                       &result.low, &result.high, to_timeout_ms(timeout));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
    return fail_with(code, fmt::format("asking for the ends of {}", name(partition)));
  return result;
}

std::optional<std::int64_t> Consumer::cached_high(const TopicPartition& partition) const {
  std::int64_t low = 0;
  std::int64_t high = 0;
  const auto code = rd_kafka_get_watermark_offsets(state_->handle(), partition.topic.c_str(),
                                                   partition.partition, &low, &high);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR || high < 0) return std::nullopt;
  return high;
}

core::Result<std::int64_t> Consumer::offset_at(const TopicPartition& partition, core::WallTime time,
                                               core::Duration timeout) {
  const auto what = fmt::format("looking up {} by time", name(partition));
  const auto list = kafka::make_list({partition});
  list->elems[0].offset = core::to_unix_ms(time);
  const auto code = rd_kafka_offsets_for_times(state_->handle(), list.get(), to_timeout_ms(timeout));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(code, what);
  if (list->elems[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(list->elems[0].err, what);
  if (list->elems[0].offset >= 0) return list->elems[0].offset;
  // Nothing is as young as that: what comes next is.
  return watermarks(partition, timeout).map([](const Watermarks& ends) { return ends.high; });
}

core::Result<std::int32_t> Consumer::partition_count(const std::string& topic, core::Duration timeout) {
  return state_->client->partition_count(topic, timeout);
}

core::Result<std::string> Consumer::cluster_id(core::Duration timeout) {
  return state_->client->cluster_id(timeout);
}

}  // namespace hookline::kafka
