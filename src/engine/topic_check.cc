#include "topic_check.h"

#include <array>
#include <charconv>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "hookline/core/units.h"

namespace hookline::engine {
namespace {

constexpr core::Duration deadline = std::chrono::seconds(10);
constexpr core::Duration settings_deadline = std::chrono::seconds(2);  // a nicety: not worth a long wait
using config::OwnTopic;

/// Hookline's own topics that it cannot do without.
constexpr std::array needed_topics{OwnTopic::dead_letters, OwnTopic::retry_10s, OwnTopic::retry_1m,
                                         OwnTopic::retry_10m,    OwnTopic::retry_1h,  OwnTopic::retry_6h,
                                         OwnTopic::webhooks, OwnTopic::notices, OwnTopic::jobs};

constexpr std::uint64_t record_slack = 256 << 10;  // headers that Hookline adds

using TopicSettings = std::map<std::string, std::string>;

/// What the dead-letter topic, or a retry topic, could not take of the events that are allowed in; that becomes
/// a pointer.
std::optional<std::string> size_problem(const TopicSettings& described, const config::Settings& settings, const std::string& topic) {
  const auto entry = described.find("max.message.bytes");
  if (entry == described.end()) return std::nullopt;
  std::uint64_t allowed = 0;
  std::from_chars(entry->second.data(), entry->second.data() + entry->second.size(), allowed);
  const std::uint64_t needed = settings.limits.event_size + record_slack;
  if (allowed >= needed) return std::nullopt;
  return fmt::format("topic {} takes records of {}, but limits.event_size needs {}: set max.message.bytes={} on it", topic,
                     core::format_size(allowed), core::format_size(needed), needed);
}

/// Definitions in a topic that deletes by age would be gone some day.
std::optional<std::string> compaction_problem(const TopicSettings& described, const std::string& topic) {
  const auto entry = described.find("cleanup.policy");
  if (entry == described.end() || entry->second == "compact") return std::nullopt;
  return fmt::format("topic {} holds definitions and has cleanup.policy={}, which deletes them some day: set cleanup.policy=compact on it",
                     topic, entry->second);
}

/// For how long the topic keeps records; nullopt: for ever.
std::optional<core::Duration> retention_of(const TopicSettings& described) {
  const auto entry = described.find("retention.ms");
  if (entry == described.end()) return std::nullopt;
  std::int64_t ms = -1;
  std::from_chars(entry->second.data(), entry->second.data() + entry->second.size(), ms);
  if (ms < 0 || ms > std::chrono::duration_cast<std::chrono::milliseconds>(core::Duration::max()).count()) return std::nullopt;
  return std::chrono::milliseconds(ms);
}

/// What waits in a retry topic has no other copy: compaction or a short retention would take it.
std::optional<std::string> waiting_problem(const TopicSettings& described, core::Duration delay, const std::string& topic) {
  const auto policy = described.find("cleanup.policy");
  if (policy != described.end() && policy->second.find("compact") != std::string::npos) {
    return fmt::format("topic {} holds deliveries that wait and has cleanup.policy={}: set cleanup.policy=delete on it", topic,
                       policy->second);
  }
  const auto retention = retention_of(described);
  const core::Duration least = std::max<core::Duration>(4 * delay, std::chrono::hours(24));
  if (!retention || *retention >= least) return std::nullopt;
  return fmt::format("topic {} holds deliveries that wait and keeps records for {} only: set retention.ms={} or more on it", topic,
                     core::format_duration(*retention), least / std::chrono::milliseconds(1));
}

/// Describing may be forbidden, and nothing that it finds is worth not starting for want of an answer: after one
/// that does not come no other is waited for.
class OwnTopicCheck {
 public:
  OwnTopicCheck(kafka::Admin& admin, const config::Settings& settings) : admin_(admin), settings_(settings) {}

  std::optional<std::string> problem(OwnTopic topic, const std::string& name) {
    const bool retry = OwnTopic::retry_10s <= topic && topic <= OwnTopic::retry_6h;
    if (!answers_ || (topic != OwnTopic::dead_letters && topic != OwnTopic::webhooks && !retry)) return std::nullopt;
    const auto described = admin_.settings(name, settings_deadline);
    answers_ = described.has_value();
    if (!described) return std::nullopt;
    if (retry) {
      const auto tier = static_cast<std::size_t>(topic) - static_cast<std::size_t>(OwnTopic::retry_10s);
      retention[tier] = retention_of(*described);
      if (auto problem = waiting_problem(*described, settings_.retry_delays[tier], name)) return problem;
    }
    return topic == OwnTopic::webhooks ? compaction_problem(*described, name) : size_problem(*described, settings_, name);
  }

  std::vector<std::optional<core::Duration>> retention = std::vector<std::optional<core::Duration>>(config::retry_tier_count);

 private:
  kafka::Admin& admin_;
  const config::Settings& settings_;
  bool answers_ = true;
};

}  // namespace

core::Result<CheckedTopics> check_topics(kafka::Admin& admin, const config::Settings& settings) {
  std::vector<std::string> names;
  for (const auto& kind : settings.topics.sources) names.insert(names.end(), kind.begin(), kind.end());
  const std::size_t sources = names.size();
  for (const auto topic : needed_topics) names.push_back(settings.topics[topic]);

  const auto topics = admin.describe(names, deadline);
  if (!topics) return tl::unexpected(topics.error());
  std::vector<std::string> missing_sources, missing_own, problems;
  std::size_t partitions = 0;
  OwnTopicCheck own(admin, settings);
  for (std::size_t i = 0; i < topics->size(); ++i) {
    const auto& topic = (*topics)[i];
    if (topic.error && topic.error->code != core::ErrorCode::not_found) {
      problems.push_back(fmt::format("topic {}: {}", topic.name, topic.error->message));
    } else if (!topic.exists) {
      (i < sources ? missing_sources : missing_own).push_back(topic.name);
    } else if (i < sources) {
      partitions += static_cast<std::size_t>(topic.partitions);
    } else if (auto problem = own.problem(needed_topics[i - sources], topic.name)) {
      problems.push_back(std::move(*problem));
    }
  }
  const bool missing = !missing_sources.empty() || !missing_own.empty();
  if (missing) {
    auto all = missing_sources;
    all.insert(all.end(), missing_own.begin(), missing_own.end());
    problems.push_back(fmt::format("missing topics: {}; make them with: hookline topics create --config {}{}",
                                   fmt::join(all, ", "), settings.file, missing_sources.empty() ? "" : " --sources"));
  }
  if (problems.empty()) return CheckedTopics{partitions, std::move(own.retention)};
  return core::fail(missing ? core::ErrorCode::not_found : core::ErrorCode::refused,
                    fmt::format("{}", fmt::join(problems, "\n")));
}

}  // namespace hookline::engine
