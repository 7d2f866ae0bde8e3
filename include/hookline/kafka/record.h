// Records on their way out and in, owned or borrowed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hookline/core/time.h"

namespace hookline::kafka {

struct TopicPartition {
  std::string topic;
  std::int32_t partition = 0;
  bool operator==(const TopicPartition&) const = default;
  auto operator<=>(const TopicPartition&) const = default;
};

/// "topic[3]", for messages.
std::string name(const TopicPartition& partition);

using OwnedHeader = std::pair<std::string, std::optional<std::string>>;

struct OwnedRecord {
  std::string topic;
  std::int32_t partition = -1;
  std::int64_t offset = -1;
  core::WallTime timestamp{};
  std::optional<std::string> key;
  std::optional<std::string> value;
  std::vector<OwnedHeader> headers;
};

}  // namespace hookline::kafka
