// Consumer: which partitions are read, from where, and which rest.
#include <algorithm>

#include <fmt/format.h>

#include "consumer_state.h"
#include "hookline/kafka/consumer.h"

namespace hookline::kafka {
namespace {

constexpr int seek_timeout_ms = 5000;

tl::unexpected<core::Error> not_assigned(const TopicPartition& partition) {
  return core::fail(core::ErrorCode::not_found,
                    fmt::format("{} is not assigned to this member", name(partition)));
}

template <class Slots>
std::vector<TopicPartition> paused_ones(const Slots& slots) {
  std::vector<TopicPartition> result;
  for (const auto& [partition, slot] : slots)
    if (slot.paused) result.push_back(partition);
  return result;
}

}  // namespace

core::Result<void> Consumer::assign(const std::vector<Assignment>& partitions) {
  auto& state = *state_;
  if (closed()) return core::fail(core::ErrorCode::unavailable, "this member has left the group");
  const bool answers = state.unanswered.has_value();
  if (answers && *state.unanswered != Rebalance::What::assigned)
    return core::fail(core::ErrorCode::unavailable, "the partitions were revoked before they were taken");

  decltype(state.slots) slots;
  std::vector<TopicPartition> names;
  for (const auto& [partition, offset] : partitions) {
    if (offset < 0)
      return core::fail(core::ErrorCode::invalid,
                        fmt::format("{}: no such offset: {}", name(partition), offset));
    if (answers && !state.slots.contains(partition)) return not_assigned(partition);
    slots.emplace(partition, Slot{.next = offset, .assigned = true});
    names.push_back(partition);
  }
  const auto list = make_list(names);
  for (std::size_t i = 0; i < partitions.size(); ++i)
    list->elems[i].offset = partitions[i].offset;

  // librdkafka keeps the pause of a partition that comes back: without this it would stand still.
  if (auto resumed = state.toggle(paused_ones(state.slots), false); !resumed) return resumed;
  const auto code = rd_kafka_assign(state.handle(), list.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(code, "taking partitions");
  state.slots = std::move(slots);
  state.unanswered.reset();
  return {};
}

core::Result<void> Consumer::unassign() {
  auto& state = *state_;
  if (!closed()) {
    (void)state.toggle(paused_ones(state.slots), false);
    const auto code = rd_kafka_assign(state.handle(), nullptr);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(code, "giving partitions back");
  }
  state.slots.clear();
  state.unanswered.reset();
  return {};
}

bool Consumer::assignment_lost() const {
  return rd_kafka_assignment_lost(state_->handle()) != 0;
}

core::Result<void> Consumer::seek(const TopicPartition& partition, std::int64_t offset) {
  auto& state = *state_;
  const auto slot = state.slots.find(partition);
  if (slot == state.slots.end() || !slot->second.assigned) return not_assigned(partition);
  if (offset < 0)
    return core::fail(core::ErrorCode::invalid,
                      fmt::format("{}: no such offset: {}", name(partition), offset));

  if (slot->second.stopped) return state.restart_at(partition, offset);
  const auto what = fmt::format("seeking {}", name(partition));
  const auto list = make_list({partition});
  list->elems[0].offset = offset;
  const ErrorObject error(rd_kafka_seek_partitions(state.handle(), list.get(), seek_timeout_ms));
  if (error) return tl::unexpected(error_of(*error, what));
  // It stopped just now, and its fault waits in the queue.
  if (list->elems[0].err == RD_KAFKA_RESP_ERR__STATE) return state.restart_at(partition, offset);
  if (list->elems[0].err != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(list->elems[0].err, what);
  slot->second.next = offset;
  return {};
}

core::Result<void> Consumer::State::restart_at(const TopicPartition& moved, std::int64_t offset) {
  // A partition that was out of range cannot be sought: librdkafka has stopped its fetcher, and under the
  // eager protocol only a new assignment of everything starts one.
  // Assigning would also wipe out that the assignment is lost, before its rebalance has told so.
  if (unanswered || rd_kafka_assignment_lost(handle()) != 0)
    return core::fail(core::ErrorCode::unavailable,
                      fmt::format("{} cannot move while the group rebalances", name(moved)));
  std::vector<TopicPartition> names;
  for (const auto& [partition, slot] : slots)
    if (slot.assigned && (!slot.stopped || partition == moved)) names.push_back(partition);
  const auto list = make_list(names);
  for (std::size_t i = 0; i < names.size(); ++i)
    list->elems[i].offset = names[i] == moved ? offset : slots.find(names[i])->second.next;

  const auto code = rd_kafka_assign(handle(), list.get());
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(code, fmt::format("moving {}", name(moved)));
  auto& slot = slots.find(moved)->second;
  slot.next = offset;
  slot.stopped = false;
  return {};
}

core::Result<void> Consumer::State::toggle(const std::vector<TopicPartition>& partitions, bool pause) {
  std::vector<TopicPartition> names;
  for (const auto& partition : partitions) {
    const auto slot = slots.find(partition);
    // Resuming what is not paused would rewind it in older versions of librdkafka.
    if (slot != slots.end() && slot->second.assigned && slot->second.paused != pause)
      names.push_back(partition);
  }
  if (names.empty()) return {};

  const auto list = make_list(names);
  const auto code = pause ? rd_kafka_pause_partitions(handle(), list.get())
                          : rd_kafka_resume_partitions(handle(), list.get());
  const std::string_view what = pause ? "pausing" : "resuming";
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(code, what);
  core::Result<void> result;
  for (int i = 0; i < list->cnt; ++i) {
    const TopicPartition& partition = names[static_cast<std::size_t>(i)];
    if (list->elems[i].err == RD_KAFKA_RESP_ERR_NO_ERROR)
      slots.find(partition)->second.paused = pause;
    else
      result = fail_with(list->elems[i].err, fmt::format("{} {}", what, name(partition)));
  }
  return result;
}

void Consumer::State::wake_fetchers(const std::vector<TopicPartition>& partitions) {
  // librdkafka's fetching thread does not hear of a resumed partition: it may sleep on for a second, unless
  // it is sent where the partition stands already.
  std::vector<TopicPartition> names;
  for (const auto& partition : partitions) {
    const auto slot = slots.find(partition);
    if (slot != slots.end() && slot->second.assigned && !slot->second.stopped) names.push_back(partition);
  }
  if (names.empty()) return;
  const auto list = make_list(names);
  for (std::size_t i = 0; i < names.size(); ++i)
    list->elems[i].offset = slots.find(names[i])->second.next;
  const ErrorObject ignored(rd_kafka_seek_partitions(handle(), list.get(), seek_timeout_ms));
}

core::Result<void> Consumer::pause(const std::vector<TopicPartition>& partitions) {
  return state_->toggle(partitions, true);
}

core::Result<void> Consumer::resume(const std::vector<TopicPartition>& partitions) {
  std::vector<TopicPartition> paused;
  for (const auto& partition : partitions) {
    const auto slot = state_->slots.find(partition);
    if (slot != state_->slots.end() && slot->second.paused) paused.push_back(partition);
  }
  auto resumed = state_->toggle(paused, false);
  state_->wake_fetchers(paused);
  return resumed;
}

}  // namespace hookline::kafka
