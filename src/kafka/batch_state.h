// The inside of a Batch: messages of librdkafka and Hookline's view of them, side by side. Worker's thread.
#pragma once

#include <vector>

#include "handle.h"
#include "hookline/kafka/consumer.h"

namespace hookline::kafka {

/// `message` as Hookline sees it; `topic` is its topic's name and lives as long.
Message view_of(rd_kafka_message_t& message, std::string_view topic);
/// The same with bytes of its own.
OwnedRecord owned(const Message& message);

struct Batch::State {
  State() = default;
  ~State() { clear(); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  /// Gives the messages back and forgets the views.
  void clear();

  std::vector<rd_kafka_message_t*> raw;  ///< where librdkafka writes; `messages` own what is in use
  std::vector<Message> messages;
  /// The consumer's list of batches that hold its messages; they must go before it does. Null: holds none.
  std::vector<State*>* holders = nullptr;
};

}  // namespace hookline::kafka
