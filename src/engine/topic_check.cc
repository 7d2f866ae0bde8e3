#include "topic_check.h"

#include <charconv>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "hookline/core/units.h"

namespace hookline::engine {
namespace {

constexpr core::Duration deadline = std::chrono::seconds(10);
constexpr core::Duration settings_deadline = std::chrono::seconds(2);  // a nicety: not worth a long wait
constexpr std::uint64_t record_slack = 256 << 10;  // headers that Hookline adds

/// What the dead-letter topic could not take of the events that are allowed in.
std::optional<std::string> size_problem(kafka::Admin& admin, const config::Settings& settings, const std::string& topic) {
  const auto described = admin.settings(topic, settings_deadline);
  if (!described) return std::nullopt;  // describing may be forbidden; what does not fit becomes a pointer
  const auto entry = described->find("max.message.bytes");
  if (entry == described->end()) return std::nullopt;
  std::uint64_t allowed = 0;
  std::from_chars(entry->second.data(), entry->second.data() + entry->second.size(), allowed);
  const std::uint64_t needed = settings.limits.event_size + record_slack;
  if (allowed >= needed) return std::nullopt;
  return fmt::format("topic {} takes records of {}, but limits.event_size needs {}: set max.message.bytes={} on it", topic,
                     core::format_size(allowed), core::format_size(needed), needed);
}

}  // namespace

core::Result<std::size_t> check_topics(kafka::Admin& admin, const config::Settings& settings) {
  std::vector<std::string> names;
  for (const auto& kind : settings.topics.sources) names.insert(names.end(), kind.begin(), kind.end());
  const std::size_t sources = names.size();
  names.push_back(settings.topics[config::OwnTopic::dead_letters]);

  const auto topics = admin.describe(names, deadline);
  if (!topics) return tl::unexpected(topics.error());
  std::vector<std::string> missing_sources, missing_own, problems;
  std::size_t partitions = 0;
  for (std::size_t i = 0; i < topics->size(); ++i) {
    const auto& topic = (*topics)[i];
    if (topic.error && topic.error->code != core::ErrorCode::not_found) {
      problems.push_back(fmt::format("topic {}: {}", topic.name, topic.error->message));
    } else if (!topic.exists) {
      (i < sources ? missing_sources : missing_own).push_back(topic.name);
    } else if (i < sources) {
      partitions += static_cast<std::size_t>(topic.partitions);
    } else if (auto problem = size_problem(admin, settings, topic.name)) {
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
  if (problems.empty()) return partitions;
  return core::fail(missing ? core::ErrorCode::not_found : core::ErrorCode::refused,
                    fmt::format("{}", fmt::join(problems, "\n")));
}

}  // namespace hookline::engine
