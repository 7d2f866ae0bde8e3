// What one process does for the whole group: whoever owns partition 0 of PREFIX.jobs sums up how attempts
// end and disables webhooks that fail too much (disable_after), and tells of those that fail or have
// recovered. Every process publishes its counts there. A thread of its own; nothing of it touches deliveries.
//
// Counts are best effort: those of the last seconds before a crash are missing. A change of the owner may
// repeat a notice of the last minute.
#pragma once

#include <functional>
#include <memory>

#include "hookline/config/settings.h"
#include "hookline/engine/engine.h"
#include "hookline/kafka/producer.h"
#include "hookline/state/store.h"

namespace hookline::engine {

class Jobs {
 public:
  /// `engine`, `producer` and `store` outlive it.
  Jobs(Engine& engine, kafka::Producer& producer, state::Store& store);
  ~Jobs();

  /// A worker of this process owns the group's single jobs now, or not any more: each says so in turns. Any thread.
  void own(bool owned);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hookline::engine
