// Reads a topic outside of any group and goes on as it grows: for what every process must know (the
// definitions) or one of them (counts for a single job). Commits nothing, joins nothing. One thread at a
// time; holds at most what librdkafka reads ahead.
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

class Follower {
 public:
  /// From the beginning of every partition, or from the first record that is not older than `since`. `only`:
  /// of these partitions and no others. Errors: not_found, refused, unavailable.
  [[nodiscard]] static core::Result<std::unique_ptr<Follower>> open(const Properties& properties,
                                                                    const std::string& topic,
                                                                    std::optional<core::WallTime> since,
                                                                    std::optional<std::vector<std::int32_t>> only = {});
  ~Follower();

  /// Waits at most `wait` for a record, then hands over all that are there. Error: the topic is gone or may
  /// not be read; open another then. Everything else librdkafka tries again by itself.
  [[nodiscard]] core::Result<void> poll(core::Duration wait, const std::function<void(OwnedRecord&&)>& take);

  /// Has every partition been read to the end that stood when it was opened?
  bool caught_up() const;

 private:
  Follower();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hookline::kafka
