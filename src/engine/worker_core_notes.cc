// WorkerCore: what is told of deliveries for the delivery log. Called only where there is one.
#include <fmt/format.h>

#include "worker_core.h"

namespace hookline::engine {
namespace {

DeliveryNote note_of(const EndpointLane& lane, const HeldRecord& record, const std::string& id, core::WallTime at) {
  return {.id = id,
          .webhook = lane.webhook_name,
          .endpoint = lane.endpoint_name,
          .type = {},
          .kind = record.kind,
          .topic = std::string(record.view.topic),
          .partition = record.view.partition,
          .offset = record.view.offset,
          .timestamp = record.view.timestamp,
          .at = at,
          .delivered = false,
          .reason = {},
          .error = {},
          .number = 0,
          .status = {},
          .duration = {},
          .request = {},
          .response = {}};
}

}  // namespace

void WorkerCore::log_attempt(const Delivery& delivery, const deliver::Answer& answer, bool delivered) {
  auto note = note_of(lanes_[delivery.lane], *delivery.record, delivery.id, now_.wall);
  note.delivered = delivered;
  note.number = delivery.past.attempts + delivery.attempts;
  note.duration = answer.duration;
  if (answer.outcome == deliver::Outcome::answered) {
    note.status = answer.status;
    if (!delivered) note.error = fmt::format("HTTP {}", answer.status);
  } else {
    note.error = fmt::format("{}: {}", name(answer.outcome), answer.error);
  }
  note.request = answer.request;
  note.response = answer.body;
  out_->notes.push_back(std::move(note));
}

void WorkerCore::log_end(const Departure& departure) {
  const EndpointLane& lane = lanes_[*departure.lane];
  auto note = note_of(lane, *departure.record, departure.id, departure.at);
  note.reason = departure.reason;
  note.error = departure.error;
  if (lane.webhook) note.type = requests_.type_of(*lane.webhook, departure.record->view, departure.record->kind);
  out_->notes.push_back(std::move(note));
}

}  // namespace hookline::engine
