// A look at the consumer group from outside, without joining it: what it has committed, and whether any
// process of it runs. Blocking calls with a deadline; one thread at a time.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hookline/core/result.h"
#include "hookline/core/time.h"
#include "hookline/kafka/properties.h"
#include "hookline/kafka/record.h"

namespace hookline::kafka {

class GroupLook {
 public:
  /// The group is that of `group.id`.
  [[nodiscard]] static core::Result<std::unique_ptr<GroupLook>> open(const Properties& properties);
  ~GroupLook();

  /// Committed offsets of the topic's partitions; none is there where nothing is committed.
  [[nodiscard]] core::Result<std::map<std::int32_t, std::int64_t>> committed(const std::string& topic, core::Duration timeout);
  /// How many members it has. Error: unavailable, also from brokers that do not tell (the embedded cluster).
  [[nodiscard]] core::Result<std::size_t> members(core::Duration timeout);

 private:
  GroupLook();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hookline::kafka
