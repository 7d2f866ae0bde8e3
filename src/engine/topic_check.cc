#include "topic_check.h"

#include <algorithm>
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

constexpr core::Duration usual_deadline = std::chrono::seconds(10);
constexpr core::Duration settings_deadline = std::chrono::seconds(2);  // a nicety: not worth a long wait
using config::OwnTopic;

/// Hookline's own topics that it cannot do without.
constexpr std::array needed_topics{OwnTopic::dead_letters, OwnTopic::retry_10s, OwnTopic::retry_1m,
                                         OwnTopic::retry_10m,    OwnTopic::retry_1h,  OwnTopic::retry_6h,
                                         OwnTopic::ordered,      OwnTopic::correlations, OwnTopic::thresholds,
                                         OwnTopic::webhooks, OwnTopic::notices, OwnTopic::jobs};

/// What waits in the ordered topic waits as long as retries take: days, at worst.
constexpr core::Duration ordered_stay = std::chrono::hours(42);

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

/// What has to be kept, in a topic that deletes by age, would be gone some day.
std::optional<std::string> compaction_problem(const TopicSettings& described, const std::string& topic, std::string_view what) {
  const auto entry = described.find("cleanup.policy");
  if (entry == described.end() || entry->second == "compact") return std::nullopt;
  return fmt::format("topic {} holds {} and has cleanup.policy={}, which deletes them some day: set cleanup.policy=compact on it", topic, what,
                     entry->second);
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
    return fmt::format("topic {} holds what waits and has cleanup.policy={}: set cleanup.policy=delete on it", topic,
                       policy->second);
  }
  const auto retention = retention_of(described);
  const core::Duration least = std::max<core::Duration>(4 * delay, std::chrono::hours(24));
  if (!retention || *retention >= least) return std::nullopt;
  return fmt::format("topic {} holds what waits and keeps records for {} only: set retention.ms={} or more on it", topic,
                     core::format_duration(*retention), least / std::chrono::milliseconds(1));
}

/// Describing may be forbidden, and nothing that it finds is worth not starting for want of an answer: after one
/// that does not come no other is waited for.
class OwnTopicCheck {
 public:
  OwnTopicCheck(kafka::Admin& admin, const config::Settings& settings) : admin_(admin), settings_(settings) {}

  std::optional<std::string> problem(OwnTopic topic, const std::string& name) {
    const bool retry = OwnTopic::retry_10s <= topic && topic <= OwnTopic::retry_6h;
    const bool counts = topic == OwnTopic::thresholds;
    const bool compacted = topic == OwnTopic::webhooks || topic == OwnTopic::correlations;
    const bool queue = topic == OwnTopic::dead_letters || topic == OwnTopic::ordered || retry || counts;
    if (!answers_ || (!compacted && !queue)) return std::nullopt;
    const auto described = admin_.settings(name, settings_deadline);
    answers_ = described.has_value();
    if (!described) return std::nullopt;
    if (retry) {
      const auto tier = static_cast<std::size_t>(topic) - static_cast<std::size_t>(OwnTopic::retry_10s);
      retention[tier] = retention_of(*described);
      if (auto problem = waiting_problem(*described, settings_.retry_delays[tier], name)) return problem;
    }
    if (counts) {
      if (auto problem = waiting_problem(*described, {}, name)) return problem;
    }
    if (topic == OwnTopic::ordered) {
      if (auto problem = waiting_problem(*described, ordered_stay, name)) return problem;
    }
    if (compacted) return compaction_problem(*described, name, topic == OwnTopic::webhooks ? "definitions" : "the ids of items");
    return size_problem(*described, settings_, name);
  }

  std::vector<std::optional<core::Duration>> retention = std::vector<std::optional<core::Duration>>(config::retry_tier_count);

 private:
  kafka::Admin& admin_;
  const config::Settings& settings_;
  bool answers_ = true;
};

/// The owner of a partition of the one reads the partition of that number of the other.
std::optional<std::string> width_problem(const std::vector<kafka::TopicDescription>& topics, const config::Settings& settings) {
  const auto width = [&](OwnTopic which) {
    const auto found = std::find_if(topics.begin(), topics.end(), [&](const auto& t) { return t.name == settings.topics[which]; });
    return found != topics.end() && found->exists ? found->partitions : 0;
  };
  const auto ordered = width(OwnTopic::ordered), correlations = width(OwnTopic::correlations);
  if (ordered == 0 || correlations == 0 || ordered == correlations) return std::nullopt;
  return fmt::format("topics {} and {} have {} and {} partitions, and must have the same number: add to the smaller one",
                     settings.topics[OwnTopic::ordered], settings.topics[OwnTopic::correlations], ordered, correlations);
}

/// What the brokers say of the topics that are needed.
struct Survey {
  std::size_t partitions = 0;                           ///< of the source topics
  std::vector<std::pair<OwnTopic, std::string>> own;    ///< that are there
  std::vector<std::string> missing_sources, missing_own, leaderless;
  std::vector<std::string> problems;

  bool missing() const { return !missing_sources.empty() || !missing_own.empty(); }
  std::optional<std::string> missing_line(const config::Settings& settings) const {
    if (!missing()) return std::nullopt;
    auto all = missing_sources;
    all.insert(all.end(), missing_own.begin(), missing_own.end());
    return fmt::format("missing topics: {}; make them with: hookline topics create --config {}{}", fmt::join(all, ", "), settings.file,
                       missing_sources.empty() ? "" : " --sources");
  }
};

core::Result<Survey> survey_topics(kafka::Admin& admin, const config::Settings& settings, core::Duration timeout) {
  std::vector<std::string> names;
  for (const auto& kind : settings.topics.sources) names.insert(names.end(), kind.begin(), kind.end());
  const std::size_t sources = names.size();
  for (const auto topic : needed_topics) names.push_back(settings.topics[topic]);
  const auto topics = admin.describe(names, timeout);
  if (!topics) return tl::unexpected(topics.error());
  Survey survey;
  for (std::size_t i = 0; i < topics->size(); ++i) {
    const auto& topic = (*topics)[i];
    if (topic.error && topic.error->code != core::ErrorCode::not_found) {
      survey.problems.push_back(fmt::format("topic {}: {}", topic.name, topic.error->message));
    } else if (!topic.exists) {
      (i < sources ? survey.missing_sources : survey.missing_own).push_back(topic.name);
    } else if (i < sources) {
      survey.partitions += static_cast<std::size_t>(topic.partitions);
    } else {
      survey.own.emplace_back(needed_topics[i - sources], topic.name);
    }
    if (topic.leaderless > 0) survey.leaderless.push_back(topic.name);
  }
  if (auto problem = width_problem(*topics, settings)) survey.problems.push_back(std::move(*problem));
  return survey;
}

}  // namespace

core::Result<CheckedTopics> check_topics(kafka::Admin& admin, const config::Settings& settings) {
  auto survey = survey_topics(admin, settings, usual_deadline);
  if (!survey) return tl::unexpected(survey.error());
  OwnTopicCheck own(admin, settings);
  for (const auto& [topic, name] : survey->own) {
    if (auto problem = own.problem(topic, name)) survey->problems.push_back(std::move(*problem));
  }
  if (auto missing = survey->missing_line(settings)) survey->problems.push_back(std::move(*missing));
  if (survey->problems.empty()) return CheckedTopics{survey->partitions, std::move(own.retention)};
  return core::fail(survey->missing() ? core::ErrorCode::not_found : core::ErrorCode::refused,
                    fmt::format("{}", fmt::join(survey->problems, "\n")));
}

core::Result<void> find_missing(kafka::Admin& admin, const config::Settings& settings, core::Duration deadline) {
  auto survey = survey_topics(admin, settings, deadline);
  if (!survey) return tl::unexpected(survey.error());
  auto problems = std::move(survey->problems);
  if (auto missing = survey->missing_line(settings)) problems.push_back(std::move(*missing));
  for (const auto& name : survey->leaderless) problems.push_back(fmt::format("topic {}: partitions without a leader: a broker is gone", name));
  if (problems.empty()) return {};
  return core::fail(survey->missing() ? core::ErrorCode::not_found : core::ErrorCode::refused,
                    fmt::format("{}", fmt::join(problems, "; ")));
}

}  // namespace hookline::engine
