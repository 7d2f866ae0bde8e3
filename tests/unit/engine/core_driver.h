// Drives a WorkerCore by hand: gives it records, plays the receiver and the broker, moves the clock. For
// tests of single rules; the simulation is the place for everything at once. Header only.
#pragma once

#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "engine/worker_core.h"
#include "hookline/config/load.h"
#include "hookline/config/stored.h"

namespace hookline::engine {

/// `policies`: a JSON list of them.
inline std::shared_ptr<const Definitions> definitions_of(std::string_view yaml, std::string_view policies = "[]") {
  config::Configuration configuration;
  for (const auto& document : json::Tree::parse(policies)) {
    if (auto policy = config::parse_policy(document, "test", configuration.problems, config::SecretSource::system())) configuration.policies.push_back(std::move(*policy));
  }
  configuration.webhooks = config::parse_webhooks(yaml, "test.yaml", {}, configuration.problems);
  auto made = Definitions::compile(configuration, configuration.problems);
  if (config::has_errors(configuration.problems)) {
    for (const auto& problem : configuration.problems) fmt::print(stderr, "{}\n", config::format(problem));
    std::abort();
  }
  return made;
}

class CoreDriver {
 public:
  static constexpr std::string_view topic = "ops.incidents";

  explicit CoreDriver(std::string_view webhooks, CoreOptions options = {}, std::string_view policies = "[]")
      : tiers(options.tiers), core(options_of(std::move(options)), metrics) {
    inputs.definitions = definitions_of(webhooks, policies);
    step();
  }

  void own(std::int32_t partitions = 1, std::int64_t offset = 0, std::string metadata = {}) {
    inputs.assigned.emplace();
    for (std::int32_t p = 0; p < partitions; ++p) {
      inputs.assigned->push_back({{std::string(topic), p}, event::Kind::incident, Role::source, std::nullopt, offset, metadata});
    }
    for (std::uint8_t tier = 0; tier < tiers.size(); ++tier) {
      inputs.assigned->push_back({{tiers[tier].topic, 0}, event::Kind::alarm, Role::retry, tier, 0, ""});
    }
    step();
  }

  /// Acknowledges the oldest produce, which goes to a retry topic, and has that read with the next step.
  kafka::OwnedRecord hand_over() {
    auto record = std::move(produces.front().record);
    acknowledge();
    kept_.push_back(std::make_unique<kafka::OwnedRecord>(record));
    kept_.back()->timestamp = now.wall;
    kept_.back()->offset = next_offset_[record.topic]++;
    give_back(*kept_.back());
    return record;
  }
  /// A record of a retry topic is read with the next step.
  void give_back(const kafka::OwnedRecord& record) { returning_.push_back(&record); }
  const kafka::OwnedRecord& last_kept() const { return *kept_.back(); }

  /// One more record, to be taken with the next step.
  void record(std::string value, std::int64_t offset, std::int32_t partition = 0) {
    records_.push_back({std::move(value), offset, partition});
  }
  void event(std::int64_t offset, std::size_t padding = 0) {
    record(fmt::format(R"({{"event_type":"incident_triggered","n":{},"pad":"{}"}})", offset, std::string(padding, 'x')), offset);
  }

  /// One turn; what it put out is collected in `attempts`, `produces`, `commits` and the rest of `outputs`.
  void step(core::Duration later = {}) {
    now.mono += later;
    now.wall += std::chrono::duration_cast<std::chrono::milliseconds>(later);
    std::vector<event::RecordView> views;
    for (const auto& r : records_) {
      views.push_back({.topic = topic, .partition = r.partition, .offset = r.offset, .timestamp = now.wall, .key = "k",
                       .value = r.value, .headers = {}, .padded = false});
    }
    std::vector<std::vector<event::Header>> headers(returning_.size());
    for (std::size_t i = 0; i < returning_.size(); ++i) {
      const auto& r = *returning_[i];
      for (const auto& [name, value] : r.headers) headers[i].push_back({name, value ? std::optional<std::string_view>(*value) : std::nullopt});
      views.push_back({.topic = r.topic, .partition = 0, .offset = r.offset, .timestamp = r.timestamp, .key = *r.key,
                       .value = *r.value, .headers = headers[i], .padded = false});
    }
    inputs.records = views;
    core.step(now, inputs, outputs);
    records_.clear();
    returning_.clear();
    for (auto& request : outputs.attempts) attempts.push_back(std::move(request));
    for (auto& produce : outputs.produces) produces.push_back(std::move(produce));
    for (auto& commit : outputs.commits) commits.push_back(std::move(commit));
  }

  /// Answers the oldest attempt.
  void answer(int status, std::optional<std::string> retry_after = {}) {
    const auto request = std::move(attempts.front());
    attempts.erase(attempts.begin());
    inputs.answers.push_back({.id = request.id, .outcome = deliver::Outcome::answered, .status = status, .retry_after = std::move(retry_after)});
  }
  /// No attempt under way gets through. Gives how many there were.
  std::size_t fail_all(deliver::Outcome outcome = deliver::Outcome::connect) {
    for (const auto& request : attempts) inputs.answers.push_back({.id = request.id, .outcome = outcome, .error = "no"});
    return std::exchange(attempts, {}).size();
  }
  /// Acknowledges (or refuses) the oldest produce.
  void acknowledge(std::optional<core::Error> error = {}) {
    inputs.produced.push_back({.token = produces.front().token, .error = std::move(error)});
    produces.erase(produces.begin());
  }
  /// Reports the oldest commit.
  void report(std::optional<core::Error> error = {}) {
    kafka::CommitReport report{.token = commits.front().token, .error = std::move(error), .partitions = {}};
    for (const auto& entry : commits.front().entries) report.partitions.emplace_back(entry.partition, std::nullopt);
    inputs.commits.push_back(std::move(report));
    commits.erase(commits.begin());
  }

  std::vector<CoreOptions::Tier> tiers;
  core::Metrics metrics;
  core::Now now{core::MonoTime(std::chrono::hours(1)), core::WallTime(std::chrono::milliseconds(1'772'445'846'000))};
  Inputs inputs;
  Outputs outputs;
  std::vector<deliver::Request> attempts;
  std::vector<Produce> produces;
  std::vector<CommitRequest> commits;
  WorkerCore core;

 private:
  struct Record {
    std::string value;
    std::int64_t offset;
    std::int32_t partition;
  };
  static CoreOptions options_of(CoreOptions options) {
    options.cluster_id = "test";
    options.dead_letter_topic = "hookline.dead-letters";
    return options;
  }
  std::vector<Record> records_;
  std::vector<const kafka::OwnedRecord*> returning_;
  std::vector<std::unique_ptr<kafka::OwnedRecord>> kept_;
  std::map<std::string, std::int64_t> next_offset_;
};

}  // namespace hookline::engine
