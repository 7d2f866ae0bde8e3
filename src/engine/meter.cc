#include "meter.h"

#include <algorithm>

namespace hookline::engine {
namespace {

constexpr std::array<std::string_view, record_outcome_count> outcome_names{
    "matched", "unmatched", "tombstone", "decode", "expired", "too_large", "skipped"};

/// The label of an attempt: the class of its status, or what kept an answer from coming.
std::string_view result_of(const deliver::Answer& answer) {
  static constexpr std::array<std::string_view, 5> classes{"1xx", "2xx", "3xx", "4xx", "5xx"};
  if (answer.outcome != deliver::Outcome::answered) return name(answer.outcome);
  const int index = answer.status / 100 - 1;
  return index >= 0 && index < 5 ? classes[static_cast<std::size_t>(index)] : "protocol";
}

}  // namespace

Meter::Meter(core::Metrics& metrics)
    : metrics_(metrics),
      in_flight_gauge_(metrics.in_flight()),
      attempt_duration_(metrics.attempt_duration()),
      end_to_end_(metrics.end_to_end()) {
  for (const auto kind : event::kinds) {
    for (std::size_t o = 0; o < record_outcome_count; ++o) {
      events_[static_cast<std::size_t>(kind)][o] = &metrics.events(event::name(kind), outcome_names[o]);
    }
  }
}

void Meter::record(std::string_view topic, event::Kind kind, RecordOutcome outcome) {
  ++counted_[static_cast<std::size_t>(kind)][static_cast<std::size_t>(outcome)];
  if (topic.data() != last_topic_.data()) {
    if (last_consumed_) last_consumed_->add(std::exchange(consumed_, 0));
    const auto known = std::find_if(topics_.begin(), topics_.end(),
                                    [&](const auto& entry) { return entry.first.data() == topic.data(); });
    last_consumed_ = known != topics_.end() ? known->second
                                            : topics_.emplace_back(topic, &metrics_.events_consumed(topic)).second;
    last_topic_ = topic;
  }
  ++consumed_;
}

LaneMeter Meter::lane(const std::string& webhook, const std::string& endpoint) {
  return {&metrics_.deliveries(webhook, "delivered"), &metrics_.deliveries(webhook, "dead_lettered"),
          &metrics_.attempts(webhook, endpoint, "2xx")};
}

void Meter::attempt_ended(const LaneMeter& lane, const std::string& webhook, const std::string& endpoint,
                          const deliver::Answer& answer) {
  --in_flight_;
  attempt_duration_.observe(answer.duration);
  const auto result = result_of(answer);
  if (result == "2xx") {
    lane.success->add();
  } else {
    metrics_.attempts(webhook, endpoint, result).add();
  }
}

void Meter::delivered(const LaneMeter& lane, core::Duration end_to_end) {
  lane.delivered->add();
  end_to_end_.observe(end_to_end);
}

void Meter::flush() {
  if (last_consumed_ && consumed_ > 0) last_consumed_->add(std::exchange(consumed_, 0));
  for (std::size_t k = 0; k < counted_.size(); ++k) {
    for (std::size_t o = 0; o < record_outcome_count; ++o) {
      if (counted_[k][o] > 0) events_[k][o]->add(std::exchange(counted_[k][o], 0));
    }
  }
  if (in_flight_ != 0) in_flight_gauge_.add(std::exchange(in_flight_, 0));
}

}  // namespace hookline::engine
