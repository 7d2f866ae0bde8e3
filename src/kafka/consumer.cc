#include "hookline/kafka/consumer.h"

#include <algorithm>

#include "consumer_state.h"

namespace hookline::kafka {
namespace {

/// More faults than this between two looks say nothing new.
constexpr std::size_t faults_at_most = 1000;

ConsumerFault::What what_of(rd_kafka_resp_err_t code) {
  using What = ConsumerFault::What;
  switch (code) {
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
      return What::offset_out_of_range;
    case RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID:
    case RD_KAFKA_RESP_ERR__FENCED:
      return What::fenced;
    case RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED:
      return What::max_poll_exceeded;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
      return What::authorization;
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
      return What::unknown_topic;
    case RD_KAFKA_RESP_ERR__FATAL:
      return What::fatal;
    default:
      return What::other;
  }
}

}  // namespace

Consumer::Consumer() : state_(std::make_unique<State>()) {}
Consumer::~Consumer() = default;

Consumer::State::~State() {
  while (!holders.empty())
    holders.back()->clear();
}

core::Result<std::unique_ptr<Consumer>> Consumer::open(const Properties& properties) {
  std::unique_ptr<Consumer> consumer(new Consumer);
  auto& state = *consumer->state_;
  auto client = Client::make(RD_KAFKA_CONSUMER, properties,
                             {.owner = &state, .rebalance = State::on_rebalance, .error = State::on_error});
  if (!client) return tl::unexpected(client.error());
  state.client = std::move(*client);
  // Errors of the client as a whole come up with the records, in one queue.
  if (rd_kafka_poll_set_consumer(state.handle()) != RD_KAFKA_RESP_ERR_NO_ERROR)
    return core::fail(core::ErrorCode::invalid, "kafka.group.id is missing");
  state.records.reset(rd_kafka_queue_get_consumer(state.handle()));
  state.commits_done.reset(rd_kafka_queue_new(state.handle()));
  state.wakeup.watch(state.records.get());
  state.wakeup.watch(state.commits_done.get());
  return consumer;
}

core::Result<void> Consumer::subscribe(const std::vector<std::string>& topics) {
  const PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(topics.size())));
  for (const auto& topic : topics)
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), RD_KAFKA_PARTITION_UA);
  const auto code = rd_kafka_subscribe(state_->handle(), list.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(code, "subscribing");
  return {};
}

int Consumer::event_fd() const {
  return state_->wakeup.fd();
}

void Consumer::poll(Batch& batch, std::size_t max, core::Duration timeout) {
  auto& state = *state_;
  batch.clear();
  if (state.fill(batch.state(), max) || state.has_news() || timeout <= core::Duration::zero()) return;

  const auto end = std::chrono::steady_clock::now() + timeout;
  while (true) {
    // Cleared before looking: what comes in between signals again.
    const auto left = end - std::chrono::steady_clock::now();
    if (left <= core::Duration::zero() || !state.wakeup.wait(left)) return;
    state.wakeup.clear();
    if (state.fill(batch.state(), max) || state.has_news()) return;
  }
}

bool Consumer::State::fill(Batch::State& batch, std::size_t max) {
  serve_commits();
  if (closing_queue) {
    serve_closing();
    return false;
  }
  if (batch.raw.size() < max) batch.raw.resize(max);
  const auto count = rd_kafka_consume_batch_queue(records.get(), 0, batch.raw.data(), max);
  if (count > 0) take(batch, static_cast<std::size_t>(count));
  // The descriptor is written when a queue becomes non-empty, not while it stays so.
  if (rd_kafka_queue_length(records.get()) > 0) wakeup.signal();
  return !batch.messages.empty();
}

void Consumer::State::take(Batch::State& batch, std::size_t count) {
  batch.messages.reserve(count);
  const rd_kafka_topic_t* topic = nullptr;
  std::int32_t partition = -1;
  std::string_view topic_name;
  Slot* slot = nullptr;
  for (std::size_t i = 0; i < count; ++i) {
    rd_kafka_message_t* const message = batch.raw[i];
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF ? add_end(*message) : add_fault(*message);
      rd_kafka_message_destroy(message);
      continue;
    }
    // Records come in runs of one partition, so the look-up is rare.
    if (message->rkt != topic || message->partition != partition) {
      topic = message->rkt;
      partition = message->partition;
      topic_name = rd_kafka_topic_name(topic);
      const auto found = slots.find(PartitionLess::View{topic_name, partition});
      slot = found == slots.end() || !found->second.assigned ? nullptr : &found->second;
    }
    if (slot == nullptr) {  // of an assignment that is over
      rd_kafka_message_destroy(message);
      continue;
    }
    slot->next = message->offset + 1;
    batch.messages.push_back(view_of(*message, topic_name));
  }
  if (batch.messages.empty()) return;
  batch.holders = &holders;
  holders.push_back(&batch);
}

void Consumer::State::serve_closing() {
  // Only rd_kafka_consumer_poll() serves what closing needs; records that still come belong to nobody.
  while (rd_kafka_message_t* const message = rd_kafka_consumer_poll(handle(), 0)) {
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR) add_fault(*message);
    rd_kafka_message_destroy(message);
  }
}

void Consumer::State::add_fault(ConsumerFault fault) {
  if (faults.size() < faults_at_most) faults.push_back(std::move(fault));
}

void Consumer::State::add_fault(rd_kafka_resp_err_t code, std::optional<TopicPartition> partition,
                                std::string text) {
  if (code == RD_KAFKA_RESP_ERR__PARTITION_EOF) return;
  auto what = what_of(code);
  if (what == ConsumerFault::What::fatal)
    if (const auto fatal = client->fatal_error()) {
      if (what_of(fatal->first) == ConsumerFault::What::fenced) what = ConsumerFault::What::fenced;
      text = fatal->second;
    }
  std::int64_t position = -1;
  if (what == ConsumerFault::What::offset_out_of_range) {
    const auto slot = partition ? slots.find(*partition) : slots.end();
    if (slot == slots.end() || !slot->second.assigned) return;  // of an assignment that is over
    slot->second.stopped = true;
    position = slot->second.next;
  }
  add_fault({what, std::move(partition), std::move(text), position});
}

void Consumer::State::add_fault(const rd_kafka_message_t& message) {
  std::optional<TopicPartition> partition;
  if (message.rkt != nullptr) partition = TopicPartition{rd_kafka_topic_name(message.rkt), message.partition};
  const char* const text = rd_kafka_message_errstr(&message);
  add_fault(message.err, std::move(partition), text != nullptr ? text : rd_kafka_err2str(message.err));
}

void Consumer::State::add_end(const rd_kafka_message_t& message) {
  const TopicPartition partition{rd_kafka_topic_name(message.rkt), message.partition};
  const auto slot = slots.find(partition);
  if (slot == slots.end() || !slot->second.assigned) return;  // of an assignment that is over
  slot->second.next = message.offset;
  ends.push_back({partition, message.offset});
}

void Consumer::State::on_error(rd_kafka_t*, int code, const char* text, void* opaque) {
  Client::owner_of<State>(opaque).add_fault(static_cast<rd_kafka_resp_err_t>(code), std::nullopt,
                                            text != nullptr ? text : "");
}

void Consumer::State::on_rebalance(rd_kafka_t* handle, rd_kafka_resp_err_t code,
                                   rd_kafka_topic_partition_list_t* partitions, void* opaque) {
  auto& state = Client::owner_of<State>(opaque);
  Rebalance rebalance{Rebalance::What::assigned, to_vector(*partitions)};
  switch (code) {
    case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS:
      state.slots.clear();
      for (const auto& partition : rebalance.partitions)
        state.slots.emplace(partition, Slot{});
      break;
    case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS:
      rebalance.what =
          rd_kafka_assignment_lost(handle) != 0 ? Rebalance::What::lost : Rebalance::What::revoked;
      break;
    default:
      rebalance.what = Rebalance::What::lost;
      state.add_fault(code, std::nullopt, rd_kafka_err2str(code));
  }
  state.unanswered = rebalance.what;
  state.rebalance = std::move(rebalance);
}

std::optional<Rebalance> Consumer::take_rebalance() {
  return std::exchange(state_->rebalance, std::nullopt);
}
std::vector<ConsumerFault> Consumer::take_faults() {
  return std::exchange(state_->faults, {});
}
std::vector<ReachedEnd> Consumer::take_ends() {
  return std::exchange(state_->ends, {});
}
std::vector<CommitReport> Consumer::take_commit_reports() {
  return std::exchange(state_->reports, {});
}

void Consumer::begin_close() {
  auto& state = *state_;
  if (state.closing_queue) return;
  state.closing_queue.reset(rd_kafka_queue_new(state.handle()));
  state.wakeup.watch(state.closing_queue.get());
  const ErrorObject error(rd_kafka_consumer_close_queue(state.handle(), state.closing_queue.get()));
  // After a fatal error there is nothing left to leave in order.
  state.close_failed = error != nullptr;
  state.wakeup.signal();
}

bool Consumer::closed() const {
  return state_->close_failed || (state_->closing_queue && rd_kafka_consumer_closed(state_->handle()) != 0);
}

}  // namespace hookline::kafka
