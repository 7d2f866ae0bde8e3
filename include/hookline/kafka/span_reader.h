// Reads stretches of partitions outside of any group, oldest first within each partition, at the pace of
// whoever pulls: for replays. Commits nothing, joins nothing. One thread at a time; holds at most what
// librdkafka reads ahead (8 MiB).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hookline/core/result.h"
#include "hookline/core/time.h"
#include "hookline/kafka/properties.h"
#include "hookline/kafka/record.h"

namespace hookline::kafka {

/// Offsets from `from` up to but without `to`.
struct Span {
  TopicPartition partition;
  std::int64_t from = 0;
  std::int64_t to = 0;
};

class SpanReader {
 public:
  /// Errors: unavailable, refused, invalid.
  [[nodiscard]] static core::Result<std::unique_ptr<SpanReader>> open(const Properties& properties, std::vector<Span> spans);
  ~SpanReader();

  /// The next record; nullopt: nothing came within `wait`, or all is read. Offsets of a span that do not exist
  /// are passed over. Error: not_found (the log does not reach back to what is to be read next), refused.
  [[nodiscard]] core::Result<std::optional<OwnedRecord>> next(core::Duration wait);
  /// Has every span been read to its end?
  bool done() const;

 private:
  SpanReader();
  struct State;
  std::unique_ptr<State> state_;
};

/// One span per partition of the topic, empty where it holds nothing of them: from the first record that is not older than `since`
/// (nullopt: from its beginning) to the first that is not older than `until` (nullopt: the end that stands
/// now). Errors: not_found, refused, unavailable.
[[nodiscard]] core::Result<std::vector<Span>> look_up_spans(const Properties& properties, const std::string& topic,
                                                            std::optional<core::WallTime> since,
                                                            std::optional<core::WallTime> until);

}  // namespace hookline::kafka
