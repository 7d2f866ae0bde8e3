// Every metric that Hookline has: one row each. A new metric is a row here, an enumerator, and a
// function in metrics.h; docs/metrics.md follows from the rows.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "hookline/core/metrics.h"
#include "hookline/core/time.h"

namespace hookline::core {

enum class MetricType : std::uint8_t { counter, gauge, seconds_gauge, histogram };

struct MetricLabel {
  std::string_view name;
  std::string_view values = {};  ///< the closed set, separated by blanks; empty: names of the configuration
};

inline constexpr std::size_t max_labels = 3;

// In the order of the rows.
enum class Metric : std::uint8_t {
  events_consumed,
  events,
  filter_errors,
  deliveries,
  attempts,
  attempt_duration,
  end_to_end,
  dead_letters,
  in_flight,
  retry_backlog,
  consumer_lag,
  oldest_open,
  circuit_state,
  storm_guard,
  commits,
  stale_completions,
  stale_copies,
  vanished_records,
  lost_records,
  foreign_records,
  delivery_log_dropped,
};
inline constexpr std::size_t metric_count = static_cast<std::size_t>(Metric::delivery_log_dropped) + 1;

struct MetricRow {
  Metric metric;
  MetricType type;
  std::string_view name;
  std::array<MetricLabel, max_labels> labels;
  std::string_view help;
  std::span<const Duration> bounds = {};  ///< of a histogram's buckets
};

namespace metric_rows {

using namespace std::chrono_literals;

inline constexpr std::array<Duration, 15> attempt_bounds{1ms,   2ms, 5ms, 10ms, 25ms, 50ms, 100ms, 250ms,
                                                         500ms, 1s,  2s,  5s,   10s,  30s,  60s};
inline constexpr std::array<Duration, 17> end_to_end_bounds{10ms, 25ms, 50ms, 100ms, 250ms, 500ms, 1s, 2s, 5s,
                                                            10s,  30s,  1min, 5min,  30min, 2h,    8h, 24h};
static_assert(attempt_bounds.size() <= Histogram::max_buckets &&
              end_to_end_bounds.size() <= Histogram::max_buckets);

inline constexpr MetricLabel webhook{"webhook"}, endpoint{"endpoint"}, topic{"topic"}, partition{"partition"};
inline constexpr MetricLabel kind{"kind", "alarm audit detection incident"};
inline constexpr MetricLabel event_outcome{"outcome",
                                           "matched unmatched tombstone decode expired too_large skipped"};
inline constexpr MetricLabel delivery_outcome{"outcome", "delivered dead_lettered"};
inline constexpr MetricLabel attempt_result{"result",
                                            "1xx 2xx 3xx 4xx 5xx dns connect connect_timeout request_timeout "
                                            "tls reset protocol token egress invalid aborted"};
inline constexpr MetricLabel reason{
    "reason", "decode render exhausted rejected egress correlation disabled expired overflow too_large"};
inline constexpr MetricLabel tier{"tier", "10s 1m 10m 1h 6h"};
inline constexpr MetricLabel commit_result{"result", "success failure"};

}  // namespace metric_rows

inline constexpr std::array<MetricRow, metric_count> metric_table = [] {
  using namespace metric_rows;
  using M = Metric;
  using enum MetricType;
  // clang-format off
  return std::array<MetricRow, metric_count>{{
    {M::events_consumed, counter, "hookline_events_consumed_total", {topic},
     "Records polled from a topic, whatever became of them."},
    {M::events, counter, "hookline_events_total", {kind, event_outcome},
     "Source records by what became of them: `matched` at least one webhook, matched none, had no value (`tombstone`), "
     "went to the dead letters as a whole (`decode`, `expired`, `too_large`), or were finished before (`skipped`)."},
    {M::filter_errors, counter, "hookline_filter_errors_total", {webhook},
     "Events that a webhook's filter ended in an error for, so that they did not match; `hookline render --explain` says why."},
    {M::deliveries, counter, "hookline_deliveries_total", {webhook, delivery_outcome},
     "Deliveries that ended: with a 2xx, or acknowledged on the dead-letter topic."},
    {M::attempts, counter, "hookline_attempts_total", {webhook, endpoint, attempt_result},
     "HTTP requests by how they ended: the class of the answer's status, or what kept an answer from coming."},
    {M::attempt_duration, histogram, "hookline_attempt_duration_seconds", {},
     "How long one HTTP request took, from its start to its answer or failure.", attempt_bounds},
    {M::end_to_end, histogram, "hookline_end_to_end_seconds", {},
     "From a record's timestamp to the 2xx of a delivery, waits and retries included.", end_to_end_bounds},
    {M::dead_letters, counter, "hookline_dead_letters_total", {reason},
     "Records that the broker acknowledged on the dead-letter topic."},
    {M::in_flight, gauge, "hookline_in_flight", {},
     "HTTP requests that were started and have not ended."},
    {M::retry_backlog, gauge, "hookline_retry_backlog", {tier},
     "Records of the retry topics not passed on yet, in the partitions that this process owns."},
    {M::consumer_lag, gauge, "hookline_consumer_lag", {topic, partition},
     "Offsets from the lowest unfinished one to the end of a partition that this process owns."},
    {M::oldest_open, seconds_gauge, "hookline_oldest_open_seconds", {topic, partition},
     "For how long the oldest record has been taken and not finished; 0 if there is none."},
    {M::circuit_state, gauge, "hookline_circuit_state", {webhook, endpoint},
     "Circuit of an endpoint: 0 closed, 1 half-open (probing), 2 open."},
    {M::storm_guard, gauge, "hookline_storm_guard", {},
     "1 while the storm guard keeps a worker of this process from reading source topics, because nearly everything fails."},
    {M::commits, counter, "hookline_commits_total", {commit_result},
     "Partitions in offset commits, by the broker's answer; a failed one goes with the next commit."},
    {M::stale_completions, counter, "hookline_stale_completions_total", {},
     "Completions for a partition that another member owns by now; they settle nothing."},
    {M::stale_copies, counter, "hookline_stale_copies_total", {},
     "Copies of a waiting delivery, left by a crash, that were settled without being sent again."},
    {M::vanished_records, counter, "hookline_vanished_records_total", {},
     "Unfinished records that retention or compaction had removed when they were to be read again."},
    {M::lost_records, counter, "hookline_lost_records_total", {topic},
     "Offsets that the log no longer held when they were to be read for the first time: retention was faster than Hookline."},
    {M::foreign_records, counter, "hookline_foreign_records_total", {topic},
     "Records on a topic of Hookline's own that it does not understand and has passed over."},
    {M::delivery_log_dropped, counter, "hookline_delivery_log_dropped_total", {},
     "Entries of the delivery log that were dropped because it could not keep up; deliveries do not wait for it."},
  }};
  // clang-format on
}();

static_assert(
    [] {
      for (std::size_t i = 0; i < metric_count; ++i) {
        if (static_cast<std::size_t>(metric_table[i].metric) != i) return false;
      }
      return true;
    }(),
    "rows stand in the order of Metric");

constexpr const MetricRow& row_of(Metric metric) {
  return metric_table[static_cast<std::size_t>(metric)];
}

}  // namespace hookline::core
