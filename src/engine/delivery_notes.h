// What a worker tells of each attempt and each dead letter, for the delivery log: values that leave the core with
// its outputs, and the thread that writes them to PREFIX.deliveries by a producer of its own.
//
// Best effort: nothing waits for it. What comes while 20,000 notes or 32 MiB wait, or while the broker owes
// acknowledgements for as many, is dropped and counted.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hookline/config/settings.h"
#include "hookline/core/metrics.h"
#include "hookline/core/result.h"
#include "hookline/deliver/request.h"
#include "hookline/event/kind.h"
#include "hookline/settle/dead_letter.h"

namespace hookline::engine {

struct DeliveryNote {
  std::string id, webhook, endpoint;
  std::string type;                      ///< of the event, if `request` does not tell
  event::Kind kind = event::Kind::alarm;
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  core::WallTime timestamp{};
  core::WallTime at{};
  bool delivered = false;
  std::optional<settle::Reason> reason;  ///< of a dead letter: then there is no attempt here
  std::string error;                     ///< of the attempt, or of the dead letter
  std::uint32_t number = 0;              ///< of the attempt
  std::optional<int> status;
  core::Duration duration{};
  std::shared_ptr<const deliver::Request> request;
  std::string response;
};

class DeliveryNotes {
 public:
  /// Error: invalid, a property that librdkafka does not take.
  [[nodiscard]] static core::Result<std::unique_ptr<DeliveryNotes>> open(const config::Settings& settings, core::Metrics& metrics);
  /// Writes what waits, for a second at most.
  ~DeliveryNotes();

  /// Takes all notes, and leaves the list empty. Any thread; never waits for Kafka.
  void add(std::vector<DeliveryNote>& notes);

 private:
  DeliveryNotes();
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hookline::engine
