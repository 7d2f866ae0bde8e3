#include "hookline/kafka/admin.h"

#include <algorithm>
#include <array>
#include <thread>

#include <fmt/format.h>

#include "client.h"

namespace hookline::kafka {
namespace {

/// librdkafka waits a little for the broker beyond the operation's own deadline.
constexpr auto grace = std::chrono::seconds(2);

using NewTopic = std::unique_ptr<rd_kafka_NewTopic_t, Returned<rd_kafka_NewTopic_destroy>>;
using TopicNames = std::unique_ptr<rd_kafka_TopicCollection_t, Returned<rd_kafka_TopicCollection_destroy>>;
using Resource = std::unique_ptr<rd_kafka_ConfigResource_t, Returned<rd_kafka_ConfigResource_destroy>>;

/// Nothing for what is well.
std::optional<core::Error> error_if(rd_kafka_resp_err_t code, const char* text, std::string_view what) {
  if (code == RD_KAFKA_RESP_ERR_NO_ERROR) return std::nullopt;
  auto error = error_of(code, what);
  if (text != nullptr && error.message.find(text) == std::string::npos)
    error.message += fmt::format(" ({})", text);
  return error;
}

core::Result<NewTopic> make_topic(const TopicSpec& spec) {
  std::array<char, 512> text{};
  NewTopic topic(
      rd_kafka_NewTopic_new(spec.name.c_str(), spec.partitions, spec.replication, text.data(), text.size()));
  if (!topic)
    return core::fail(core::ErrorCode::invalid, fmt::format("topic '{}': {}", spec.name, text.data()));
  for (const auto& [name, value] : spec.settings) {
    const auto code = rd_kafka_NewTopic_set_config(topic.get(), name.c_str(), value.c_str());
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
      return fail_with(code, fmt::format("topic '{}': {}", spec.name, name));
  }
  return topic;
}

/// What the metadata of one topic says of it.
TopicDescription description_of(const std::string& topic, const rd_kafka_metadata_topic& found) {
  TopicDescription result;
  result.name = topic;
  if (found.err == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) return result;
  result.error = error_if(found.err, nullptr, fmt::format("topic '{}'", topic));
  if (result.error) return result;
  result.exists = true;
  result.partitions = found.partition_cnt;
  result.leaderless = static_cast<std::int32_t>(
      std::count_if(found.partitions, found.partitions + found.partition_cnt, [](const auto& p) { return p.leader < 0; }));
  if (found.partition_cnt > 0)
    result.replication = static_cast<std::int16_t>(found.partitions[0].replica_cnt);
  return result;
}

}  // namespace

struct Admin::State {
  std::unique_ptr<Client> client;
  Queue answers;

  rd_kafka_t* handle() const { return client->get(); }

  AdminOptions options(rd_kafka_admin_op_t operation, core::Duration timeout) const {
    AdminOptions result(rd_kafka_AdminOptions_new(handle(), operation));
    std::array<char, 256> text{};
    (void)rd_kafka_AdminOptions_set_request_timeout(result.get(), std::max(1, to_timeout_ms(timeout)),
                                                    text.data(), text.size());
    return result;
  }

  /// The answer of type `type`; answers that came too late for earlier calls are passed over.
  core::Result<Event> wait(rd_kafka_event_type_t type, core::Duration timeout, std::string_view what) const {
    const auto end = std::chrono::steady_clock::now() + timeout + grace;
    while (true) {
      const auto left = end - std::chrono::steady_clock::now();
      if (left <= core::Duration::zero())
        return core::fail(core::ErrorCode::timeout, fmt::format("{}: no answer from Kafka", what));
      Event event(rd_kafka_queue_poll(answers.get(), to_timeout_ms(left)));
      if (!event || rd_kafka_event_type(event.get()) != type) continue;
      const auto code = rd_kafka_event_error(event.get());
      if (auto error = error_if(code, rd_kafka_event_error_string(event.get()), what))
        return tl::unexpected(std::move(*error));
      return event;
    }
  }
};

Admin::Admin() : state_(std::make_unique<State>()) {}
Admin::~Admin() = default;

core::Result<std::unique_ptr<Admin>> Admin::open(const Properties& properties) {
  std::unique_ptr<Admin> admin(new Admin);
  // A consumer, because a producer would have missing topics made when it asks for them.
  auto client = Client::make(RD_KAFKA_CONSUMER, properties);
  if (!client) return tl::unexpected(client.error());
  admin->state_->client = std::move(*client);
  admin->state_->answers.reset(rd_kafka_queue_new(admin->state_->handle()));
  return admin;
}

core::Result<std::vector<TopicDescription>> Admin::describe(const std::vector<std::string>& topics,
                                                            core::Duration timeout) {
  // One question each: a list of all topics would leave out those that may not be seen. DescribeTopics asks
  // the controller, which the embedded cluster has not got.
  std::vector<TopicDescription> result;
  const auto end = std::chrono::steady_clock::now() + timeout;
  for (const auto& topic : topics) {
    const auto metadata = state_->client->metadata(topic, end - std::chrono::steady_clock::now());
    if (!metadata) return tl::unexpected(metadata.error());
    result.push_back(description_of(topic, (*metadata)->topics[0]));
  }
  return result;
}

core::Result<std::map<std::string, std::string>> Admin::settings(const std::string& topic,
                                                                 core::Duration timeout) {
  const auto what = fmt::format("reading the settings of topic '{}'", topic);
  const Resource resource(rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  if (!resource) return core::fail(core::ErrorCode::invalid, fmt::format("{}: no such name", what));
  const auto options = state_->options(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout);
  std::array<rd_kafka_ConfigResource_t*, 1> resources{resource.get()};
  rd_kafka_DescribeConfigs(state_->handle(), resources.data(), resources.size(), options.get(),
                           state_->answers.get());
  auto event = state_->wait(RD_KAFKA_EVENT_DESCRIBECONFIGS_RESULT, timeout, what);
  if (!event) return tl::unexpected(event.error());

  std::size_t count = 0;
  const auto** const found =
      rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event->get()), &count);
  if (count != 1) return core::fail(core::ErrorCode::internal, fmt::format("{}: {} answers", what, count));
  if (auto error = error_if(rd_kafka_ConfigResource_error(found[0]),
                            rd_kafka_ConfigResource_error_string(found[0]), what))
    return tl::unexpected(std::move(*error));
  std::size_t entries = 0;
  const auto** const entry = rd_kafka_ConfigResource_configs(found[0], &entries);
  std::map<std::string, std::string> result;
  for (std::size_t i = 0; i < entries; ++i)
    if (const char* const value = rd_kafka_ConfigEntry_value(entry[i]))
      result.emplace(rd_kafka_ConfigEntry_name(entry[i]), value);
  return result;
}

core::Result<std::vector<std::optional<core::Error>>> Admin::create(const std::vector<TopicSpec>& topics,
                                                                    core::Duration timeout) {
  if (topics.empty()) return std::vector<std::optional<core::Error>>{};
  std::vector<NewTopic> owned;
  std::vector<rd_kafka_NewTopic_t*> raw;
  for (const auto& spec : topics) {
    auto topic = make_topic(spec);
    if (!topic) return tl::unexpected(topic.error());
    raw.push_back(topic->get());
    owned.push_back(std::move(*topic));
  }
  const auto end = std::chrono::steady_clock::now() + timeout;
  const auto options = state_->options(RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout);
  std::array<char, 256> text{};
  // Without it the controller answers before it has made anything.
  (void)rd_kafka_AdminOptions_set_operation_timeout(options.get(), std::max(1, to_timeout_ms(timeout)),
                                                    text.data(), text.size());
  rd_kafka_CreateTopics(state_->handle(), raw.data(), raw.size(), options.get(), state_->answers.get());
  auto event = state_->wait(RD_KAFKA_EVENT_CREATETOPICS_RESULT, timeout, "creating topics");
  if (!event) return tl::unexpected(event.error());

  std::size_t count = 0;
  const auto** const made =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event->get()), &count);
  std::vector<std::optional<core::Error>> result(topics.size());
  for (std::size_t i = 0; i < topics.size(); ++i) {
    const auto what = fmt::format("creating topic '{}'", topics[i].name);
    const auto* const* const one = std::find_if(
        made, made + count, [&](const auto* t) { return topics[i].name == rd_kafka_topic_result_name(t); });
    if (one == made + count) {
      result[i] = core::Error{core::ErrorCode::internal, fmt::format("{}: no answer for it", what)};
      continue;
    }
    const auto code = rd_kafka_topic_result_error(*one);
    if (code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
      result[i] = error_if(code, rd_kafka_topic_result_error_string(*one), what);
  }
  // Brokers hear of new topics a little after the controller has made them; what comes next has to find them.
  for (std::size_t i = 0; i < topics.size(); ++i)
    if (!result[i]) wait_until_known(topics[i].name, end);
  return result;
}

void Admin::wait_until_known(const std::string& topic, std::chrono::steady_clock::time_point end) {
  while (std::chrono::steady_clock::now() < end) {
    const auto found = describe({topic}, end - std::chrono::steady_clock::now());
    if (!found || found->front().exists || found->front().error) return;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

core::Result<std::map<std::string, std::string>> Admin::topic_ids(const std::vector<std::string>& topics,
                                                                  core::Duration timeout) {
  std::vector<const char*> names;
  for (const auto& topic : topics) names.push_back(topic.c_str());
  const TopicNames collection(rd_kafka_TopicCollection_of_topic_names(names.data(), names.size()));
  const auto options = state_->options(RD_KAFKA_ADMIN_OP_DESCRIBETOPICS, timeout);
  rd_kafka_DescribeTopics(state_->handle(), collection.get(), options.get(), state_->answers.get());
  auto event = state_->wait(RD_KAFKA_EVENT_DESCRIBETOPICS_RESULT, timeout, "asking for the ids of topics");
  if (!event) return tl::unexpected(event.error());
  std::size_t count = 0;
  const auto** const found =
      rd_kafka_DescribeTopics_result_topics(rd_kafka_event_DescribeTopics_result(event->get()), &count);
  std::map<std::string, std::string> ids;
  for (std::size_t i = 0; i < count; ++i) {
    const auto* const error = rd_kafka_TopicDescription_error(found[i]);
    if (error != nullptr && rd_kafka_error_code(error) != RD_KAFKA_RESP_ERR_NO_ERROR) continue;
    const auto* const id = rd_kafka_TopicDescription_topic_id(found[i]);
    if (id != nullptr) ids.emplace(rd_kafka_TopicDescription_name(found[i]), rd_kafka_Uuid_base64str(id));
  }
  return ids;
}

core::Result<std::string> Admin::cluster_id(core::Duration timeout) {
  return state_->client->cluster_id(timeout);
}

}  // namespace hookline::kafka
