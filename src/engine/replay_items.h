// Items that exist already: what PREFIX.correlations tells of the keys of creates, so that a replay leaves those
// out that workers would not send, and can say which. Workers look again before each attempt. Blocking; one thread. Reads nothing until
// a create is met, follows the topic from then on, and holds every id, about 200 bytes each.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "hookline/core/result.h"
#include "hookline/core/time.h"
#include "hookline/engine/replay.h"
#include "hookline/kafka/follower.h"
#include "hookline/state/correlation_table.h"

namespace hookline::engine {

class ReplayItems {
 public:
  explicit ReplayItems(const ReplayGround& ground) : ground_(ground) {}

  /// Might a delivery of it create an item? Of "": of any webhook?
  bool creates(std::string_view webhook) const;
  /// The item that the delivery would create anew; nullopt: it creates none, or there is none yet. `original`: the
  /// event's record. Error: what Kafka says of the topic.
  [[nodiscard]] core::Result<std::optional<ExistingItem>> item_of(const Reentry& reentry, const kafka::OwnedRecord& original);

 private:
  core::Result<void> follow();

  const ReplayGround& ground_;
  std::unique_ptr<kafka::Follower> follower_;
  bool read_ = false;
  core::MonoTime next_poll_{};
  state::CorrelationTable table_;
  std::int64_t place_ = 0;  ///< of the next record: offsets of partitions do not compare
  event::Scratch scratch_;
};

}  // namespace hookline::engine
