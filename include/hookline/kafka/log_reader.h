// Reads topics outside of any group, newest record first, as people look at logs: the delivery log, dead
// letters, the latest events. Partitions are merged by time; where producers set the time, only as well as
// they do. Commits nothing, joins nothing. One thread at a time; holds a stretch of at most 2,000 records of
// each partition. Blocking, with a deadline.
#pragma once

#include <cstdint>
#include <functional>
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

/// Where reading goes on, partition by partition: records from this offset on have been handed out.
using ReadBackTo = std::map<TopicPartition, std::int64_t>;

class BackwardReader {
 public:
  /// From the end of every partition, or from where `from` says; with `key` only of the partition where
  /// records of that key are. Everything ends at `deadline`. Errors:
  /// not_found, refused, unavailable.
  [[nodiscard]] static core::Result<std::unique_ptr<BackwardReader>> open(const Properties& properties,
                                                                          const std::vector<std::string>& topics,
                                                                          core::MonoTime deadline,
                                                                          const ReadBackTo& from = {},
                                                                          const std::optional<std::string>& key = {});
  ~BackwardReader();

  /// The next older record; nullopt at the beginning of the logs. Error: timeout, or what Kafka says.
  [[nodiscard]] core::Result<std::optional<OwnedRecord>> next();

  const ReadBackTo& position() const;
  /// Has everything been handed out?
  bool at_beginning() const;

 private:
  BackwardReader();
  struct State;
  std::unique_ptr<State> state_;
};

/// One record. Errors: not_found (retention or compaction took it, or it was never there), timeout, or what Kafka says.
[[nodiscard]] core::Result<OwnedRecord> read_record(const Properties& properties, const TopicPartition& partition,
                                                    std::int64_t offset, core::MonoTime deadline);

/// Records of one partition from `from` up to but without `to`, oldest first, until `take` returns false.
[[nodiscard]] core::Result<void> read_span(const Properties& properties, const TopicPartition& partition, std::int64_t from,
                                           std::int64_t to, core::MonoTime deadline,
                                           const std::function<bool(OwnedRecord&&)>& take);

}  // namespace hookline::kafka
