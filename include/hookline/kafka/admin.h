// Topics: do they exist, with what partitions and settings, may they be used; and making them.
// Blocking calls with a deadline; for start-up and the command line.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hookline/core/result.h"
#include "hookline/core/time.h"
#include "hookline/kafka/properties.h"
#include "hookline/kafka/record.h"

namespace hookline::kafka {

struct TopicDescription {
  std::string name;
  bool exists = false;
  std::int32_t partitions = 0;
  std::int16_t replication = 0;
  std::int32_t leaderless = 0;       ///< partitions that no broker leads now
  std::optional<core::Error> error;  ///< e.g. refused: not authorised
};

struct TopicSpec {
  std::string name;
  std::int32_t partitions = 1;
  std::int16_t replication = -1;                ///< -1: the broker's default
  std::map<std::string, std::string> settings;  ///< cleanup.policy, retention.ms, …
};

class Admin {
 public:
  static core::Result<std::unique_ptr<Admin>> open(const Properties& properties);
  ~Admin();

  core::Result<std::vector<TopicDescription>> describe(const std::vector<std::string>& topics,
                                                       core::Duration timeout);
  /// The settings of a topic as the broker reports them.
  core::Result<std::map<std::string, std::string>> settings(const std::string& topic, core::Duration timeout);
  /// One entry per topic: nullopt if made (or there already), else why not. Waits, within `timeout`, until
  /// the brokers know what was made.
  core::Result<std::vector<std::optional<core::Error>>> create(const std::vector<TopicSpec>& topics,
                                                               core::Duration timeout);
  core::Result<std::string> cluster_id(core::Duration timeout);
  /// What Kafka itself tells topics of one name apart by: another one after the topic was deleted and made again.
  /// Of those that there are; error: also where a cluster does not tell them (the embedded one).
  core::Result<std::map<std::string, std::string>> topic_ids(const std::vector<std::string>& topics, core::Duration timeout);

 private:
  Admin();
  void wait_until_known(const std::string& topic, std::chrono::steady_clock::time_point end);
  struct State;
  std::unique_ptr<State> state_;
};

/// Reads a topic outside of any group, from the beginning (or `since`) to the end that stood at the
/// start; calls `take` for each record until it returns false.
core::Result<void> read_topic(const Properties& properties, const std::string& topic,
                              std::optional<core::WallTime> since, core::Duration idle_timeout,
                              const std::function<bool(OwnedRecord&&)>& take);

/// The specs of Hookline's own topics: what each needs to do its job (docs/operations.md).
std::vector<TopicSpec> own_topics(const config::Settings& settings, std::int32_t partitions,
                                  std::int16_t replication);

}  // namespace hookline::kafka
