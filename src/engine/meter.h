// A worker's hand on the metrics: what happens per record is summed up over a turn and added once;
// label sets are looked up once and kept. One per worker.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hookline/core/metrics.h"
#include "hookline/deliver/request.h"
#include "hookline/event/kind.h"
#include "hookline/settle/dead_letter.h"

namespace hookline::engine {

/// What became of a record as a whole.
enum class RecordOutcome : std::uint8_t { matched, unmatched, tombstone, decode, expired, too_large, skipped };
inline constexpr std::size_t record_outcome_count = 7;

/// The handles of one endpoint, kept in its lane.
struct LaneMeter {
  core::Counter* delivered = nullptr;
  core::Counter* dead_lettered = nullptr;
  core::Counter* success = nullptr;  ///< attempts with a 2xx: the common result
};

class Meter {
 public:
  explicit Meter(core::Metrics& metrics);

  void record(std::string_view topic, event::Kind kind, RecordOutcome outcome);
  void returned(std::string_view topic) { metrics_.events_consumed(topic).add(); }
  void stale_copy() { metrics_.stale_copies().add(); }
  void filter_error(const std::string& webhook) { metrics_.filter_errors(webhook).add(); }
  LaneMeter lane(const std::string& webhook, const std::string& endpoint);
  void attempt_started() { ++in_flight_; }
  void attempt_ended(const LaneMeter& lane, const std::string& webhook, const std::string& endpoint,
                     const deliver::Answer& answer);
  void delivered(const LaneMeter& lane, core::Duration end_to_end);
  void dead_letter(settle::Reason reason) { metrics_.dead_letters(settle::name(reason)).add(); }
  void commit(bool success) { metrics_.commits(success ? "success" : "failure").add(); }
  void vanished(std::uint64_t count) {
    if (count > 0) metrics_.vanished_records().add(count);
  }
  void lost(std::string_view topic, std::int64_t count) {
    if (count > 0) metrics_.lost_records(topic).add(static_cast<std::uint64_t>(count));
  }
  void stale_completion() { metrics_.stale_completions().add(); }

  /// Adds up what the turn counted.
  void flush();

 private:
  core::Metrics& metrics_;
  std::vector<std::pair<std::string_view, core::Counter*>> topics_;  ///< by the interned name
  std::string_view last_topic_;
  core::Counter* last_consumed_ = nullptr;
  std::uint64_t consumed_ = 0;
  std::array<std::array<core::Counter*, record_outcome_count>, 4> events_{};
  std::array<std::array<std::uint64_t, record_outcome_count>, 4> counted_{};
  std::int64_t in_flight_ = 0;
  core::Gauge& in_flight_gauge_;
  core::Histogram& attempt_duration_;
  core::Histogram& end_to_end_;
};

}  // namespace hookline::engine
