// Reads a worker's share of PREFIX.correlations, outside of the group, and goes on as it grows: the partitions
// with the numbers of the ordered partitions that the worker owns. One per worker; its thread lives while the
// worker owns any, and holds no more than what is on its way to the worker.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hookline/kafka/properties.h"
#include "hookline/state/correlation_table.h"

namespace hookline::engine {

class CorrelationFeed {
 public:
  /// What was read, in the order of each partition's log. Called on the feed's thread.
  struct Batch {
    std::uint64_t serial = 0;               ///< of the follow() that it is for
    std::vector<state::CorrelationRecord> records;
    std::vector<std::int32_t> complete;     ///< partitions that have been read to their end: told once
  };
  using Take = std::function<void(Batch&&)>;

  CorrelationFeed(kafka::Properties properties, std::string topic, Take take);
  ~CorrelationFeed();

  /// From now on these partitions, from their beginnings, and no others; what is on its way of earlier ones is
  /// told by its serial. Does not wait. Returns the serial.
  std::uint64_t follow(std::vector<std::int32_t> partitions);

 private:
  class Run;
  const kafka::Properties properties_;
  const std::string topic_;
  const Take take_;
  std::uint64_t serial_ = 0;
  std::vector<std::unique_ptr<Run>> runs_;  ///< the last one, and those that have not ended yet
};

}  // namespace hookline::engine
