#include "hookline/kafka/group_look.h"

#include <algorithm>

#include <fmt/format.h>

#include "client.h"

namespace hookline::kafka {

struct GroupLook::State {
  std::string group;
  std::unique_ptr<Client> client;
};

GroupLook::GroupLook() : state_(std::make_unique<State>()) {}
GroupLook::~GroupLook() = default;

core::Result<std::unique_ptr<GroupLook>> GroupLook::open(const Properties& properties) {
  std::unique_ptr<GroupLook> look(new GroupLook);
  for (const auto& [name, value] : properties) {
    if (name == "group.id") look->state_->group = value;
  }
  auto client = Client::make(RD_KAFKA_CONSUMER, properties);
  if (!client) return tl::unexpected(client.error());
  look->state_->client = std::move(*client);
  return look;
}

core::Result<std::map<std::int32_t, std::int64_t>> GroupLook::committed(const std::string& topic, core::Duration timeout) {
  const auto count = state_->client->partition_count(topic, timeout);
  if (!count) return tl::unexpected(count.error());
  std::vector<TopicPartition> partitions;
  for (std::int32_t p = 0; p < *count; ++p) partitions.push_back({topic, p});
  const auto list = make_list(partitions);
  const auto code = rd_kafka_committed(state_->client->get(), list.get(), to_timeout_ms(timeout));
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(code, fmt::format("reading what the group has committed of {}", topic));
  std::map<std::int32_t, std::int64_t> result;
  for (int i = 0; i < list->cnt; ++i) {
    if (list->elems[i].offset >= 0) result[list->elems[i].partition] = list->elems[i].offset;
  }
  return result;
}

core::Result<std::size_t> GroupLook::members(core::Duration timeout) {
  const auto what = fmt::format("asking for the members of group {}", state_->group);
  const struct rd_kafka_group_list* found = nullptr;
  const auto code = rd_kafka_list_groups(state_->client->get(), state_->group.c_str(), &found, to_timeout_ms(timeout));
  const std::unique_ptr<const rd_kafka_group_list, Returned<rd_kafka_group_list_destroy>> owner(found);
  if (code != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(code, what);
  std::size_t members = 0;
  for (int i = 0; i < found->group_cnt; ++i) {
    const auto& group = found->groups[i];
    if (group.err != RD_KAFKA_RESP_ERR_NO_ERROR) return fail_with(group.err, what);
    members += static_cast<std::size_t>(std::max(group.member_cnt, 0));
  }
  return members;
}

}  // namespace hookline::kafka
