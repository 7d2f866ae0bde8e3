// Which deliveries come of a dead letter or of a past event, by the definitions in force now. One thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hookline/core/crypto.h"
#include "hookline/core/result.h"
#include "hookline/engine/replay.h"

namespace hookline::engine {

class ReplayTargets {
 public:
  explicit ReplayTargets(const ReplayGround& ground) : ground_(ground) {}

  /// To the endpoint that failed; of a failure before any webhook, to all that match now; with `to`, to that
  /// webhook's. `original`: the event's record. Error: why nothing can be sent; said of many, so one of a few texts.
  [[nodiscard]] core::Result<std::vector<Reentry>> of_letter(const settle::ParsedDeadLetter& letter, const kafka::OwnedRecord& original,
                                                             const std::string& to, std::optional<std::int64_t> marked);

  /// To all that match; `only`: to this webhook alone. Empty: none does. Error: it is not an event.
  [[nodiscard]] core::Result<std::vector<Reentry>> of_event(const kafka::OwnedRecord& original, event::Kind kind, const std::string& only,
                                                            const settle::Past& past);

  /// Why nothing can be delivered to the webhook now; nullopt: it can.
  std::optional<std::string> objection_to(const std::string& webhook) const;

 private:
  std::string delivery_id(const kafka::OwnedRecord& original, const std::string& webhook, const std::string& endpoint);

  const ReplayGround& ground_;
  core::Hasher hasher_;
  event::Scratch scratch_;
  rule::Index::Scratch match_;
};

}  // namespace hookline::engine
