// How a delivery is taken up again after its end: as a record on the shortest retry topic, due now, which a
// worker of the group treats as any other that waits. So a replay goes through the same pipeline, with the
// webhook as it is then, and is held by Kafka from its acknowledgement on.
//
// The delivery keeps its id. Its attempts are counted anew, those before stand in settle::Past, and so does
// the generation: a number that is higher than that of every earlier life of the delivery, by which workers
// tell a re-entry from copies of what came before (src/engine/copies.h). Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hookline/config/settings.h"
#include "hookline/core/time.h"
#include "hookline/event/kind.h"
#include "hookline/kafka/record.h"
#include "hookline/settle/dead_letter.h"

namespace hookline::engine {

/// One delivery that is to be attempted (again), to this endpoint alone.
struct Reentry {
  std::string webhook, endpoint;
  std::string delivery_id;
  event::Kind kind = event::Kind::alarm;  ///< of the event
  settle::Past past;                      ///< its generation is that of this re-entry
  settle::PolicyNote policy;              ///< that brought it about; without name: none
};

/// The record to produce. `original` is the event's record: its topic, partition, offset and timestamp are where
/// it came from. Hookline's own headers on it are left out.
kafka::OwnedRecord reentry_record(const Reentry& reentry, const kafka::OwnedRecord& original, const config::Topics& topics,
                                  core::WallTime now);

/// What a delivery has behind it that died as `letter` and is taken up again. `marked`: the generation of a
/// re-entry of the same letter, if there was one. The same again for the same letter, so that a replay that was
/// broken off between the re-entry and its mark makes a copy, which a worker that remembers does not send.
settle::Past past_of(const settle::ParsedDeadLetter& letter, std::optional<std::int64_t> marked);

/// The event's record that the dead letter carries, at the place where it came from. Not for pointers.
kafka::OwnedRecord original_of(const settle::ParsedDeadLetter& letter, kafka::OwnedRecord record);

/// The kind of the events of a source topic (or of the notices); nullopt: it is not configured (any more).
std::optional<event::Kind> kind_of_topic(const config::Topics& topics, std::string_view topic);

}  // namespace hookline::engine
