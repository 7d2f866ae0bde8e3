// docs/policies.md promises that its examples are run. Here they are.
#include <fstream>
#include <map>
#include <sstream>

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "hookline/config/stored.h"
#include "hookline/engine/definitions.h"
#include "hookline/rule/counter.h"

namespace hookline::engine {
namespace {

struct Block {
  int line = 0;
  std::string info, text;
  /// The value behind `name:`.
  std::string part(const std::string& name) const {
    std::istringstream lines(text);
    for (std::string entry; std::getline(lines, entry);) {
      if (!entry.starts_with(name + ":")) continue;
      const auto value = entry.find_first_not_of(' ', name.size() + 1);
      return value == std::string::npos ? "" : entry.substr(value);
    }
    return {};
  }
};

std::vector<Block> blocks() {
  std::ifstream file(HOOKLINE_SOURCE_DIR "/docs/policies.md");
  std::vector<Block> found;
  bool inside = false;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.starts_with("```")) {
      inside = !inside;
      if (inside) found.push_back({number, line.substr(3), {}});
    } else if (inside) {
      found.back().text += line + "\n";
    }
  }
  return found;
}

std::shared_ptr<const Definitions> definitions(const std::vector<Block>& all) {
  config::Configuration configuration;
  auto& problems = configuration.problems;
  for (const auto& block : all) {
    if (block.info == "yaml webhooks") configuration.webhooks = config::parse_webhooks(block.text, "docs/policies.md", {}, problems);
    if (block.info != "yaml policies") continue;
    for (const auto& document : config::parse_documents(block.text, "docs/policies.md", problems)) {
      auto policy = config::parse_policy(document, "docs/policies.md", problems, config::SecretSource::system());
      if (policy) configuration.policies.push_back(std::move(*policy));
    }
  }
  config::check_together(configuration.webhooks, configuration.policies, problems);
  auto made = Definitions::compile(configuration, problems);
  EXPECT_FALSE(config::has_errors(problems));
  return made;
}

std::string result_of(const Definitions& made, const Block& block) {
  const std::string json = block.part("event");
  const event::RecordView record{.topic = "t", .partition = 0, .offset = 0, .timestamp = {}, .key = std::nullopt, .value = json, .headers = {}, .padded = false};
  event::Scratch scratch;
  const auto event = made.index().reader().read(record, event::parse_kind(block.part("kind")).value(), scratch);
  if (!event) return event.error().message;
  rule::Index::Scratch match;
  made.index().match(*event, match);
  std::vector<std::string> reached;
  for (const auto& one : match.reached) {
    const bool alone = one.policy == rule::Index::Reached::by_itself;
    reached.push_back(made.matched(one.webhook).name + (alone ? "" : fmt::format(" ({})", made.policies()[one.policy].name)));
  }
  std::string text = reached.empty() ? "nobody" : fmt::format("{}", fmt::join(reached, ", "));
  for (const auto policy : match.counting) text += ", counted by " + made.policies()[policy].name;
  return text;
}

core::WallTime at(const std::string& clock) {
  return core::WallTime(std::chrono::hours(24 * 20000 + std::stoi(clock.substr(0, 2))) + std::chrono::minutes(std::stoi(clock.substr(3))));
}

std::string firings(const Block& block) {
  rule::Counter counter;
  const rule::Counter::Threshold threshold{static_cast<std::uint32_t>(std::stoul(block.part("count"))), std::chrono::minutes(std::stoi(block.part("within")))};
  std::istringstream events(block.part("events"));
  std::vector<std::string> fired;
  std::uint64_t origin = 0;
  for (std::string clock; events >> clock;) {
    if (counter.count("g", {++origin, at(clock)}, threshold)) fired.push_back(clock);
  }
  return fmt::format("{}", fmt::join(fired, " "));
}

TEST(PoliciesHandbook, EveryExampleGivesTheResultThatItShows) {
  const auto all = blocks();
  const auto made = definitions(all);
  int events = 0, windows = 0;
  for (const auto& block : all) {
    SCOPED_TRACE("docs/policies.md:" + std::to_string(block.line));
    if (block.info == "policy" && ++events) {
      EXPECT_EQ(result_of(*made, block), block.part("result"));
    } else if (block.info == "threshold" && ++windows) {
      EXPECT_EQ(firings(block), block.part("fires"));
    }
  }
  EXPECT_GE(events, 6);
  EXPECT_GE(windows, 3);
}

TEST(PoliciesHandbook, TheFirstPolicyOfThePageIsRight) {
  for (const auto& block : blocks()) {
    if (block.info != "yaml") continue;
    config::Problems problems;
    for (const auto& document : config::parse_documents(block.text, "docs/policies.md", problems)) {
      EXPECT_TRUE(config::parse_policy(document, "docs/policies.md", problems, config::SecretSource::system()));
    }
    EXPECT_FALSE(config::has_errors(problems)) << "docs/policies.md:" << block.line;
  }
}

}  // namespace
}  // namespace hookline::engine
