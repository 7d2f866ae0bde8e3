// What Hookline measures of itself, for Prometheus. One table names every metric (src/core/metrics_table.h;
// docs/metrics.md is generated from it); one function per metric gives the handle of a label set.
//
// Owned by whoever wires the process, passed by reference. Any thread. A look-up takes a mutex: do it
// once and keep the handle, which lives as long as the Metrics and is a relaxed atomic: no lock, ever.
// All workers share a handle, so what happens per record is summed up over a turn and added once.
// Labels come from closed sets or are names of the configuration, which bounds the series; a value
// outside of its closed set counts as "other".
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "hookline/core/time.h"

namespace hookline::core {

/// Only grows.
class Counter {
 public:
  void add(std::uint64_t count = 1) { value_.fetch_add(count, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Goes up and down. A whole number, or seconds to the nanosecond.
class Gauge {
 public:
  void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void add(std::int64_t delta) { value_.fetch_add(delta, std::memory_order_relaxed); }
  void set(Duration value) { set(value.count()); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// Durations in buckets, each up to and including its bound.
class Histogram {
 public:
  static constexpr std::size_t max_buckets = 20;

  /// `bounds` ascend, at most max_buckets of them, and outlive the histogram.
  explicit Histogram(std::span<const Duration> bounds) : bounds_(bounds) {}

  /// A negative duration (clocks of two machines) counts as zero.
  void observe(Duration duration);

  std::span<const Duration> bounds() const { return bounds_; }
  /// Observations in bucket `i` alone; i == bounds().size(): above all of them.
  std::uint64_t count(std::size_t i) const { return counts_[i].load(std::memory_order_relaxed); }
  Duration sum() const { return Duration(sum_.load(std::memory_order_relaxed)); }

 private:
  std::span<const Duration> bounds_;
  std::array<std::atomic<std::uint64_t>, max_buckets + 1> counts_{};
  std::atomic<std::int64_t> sum_{0};
};

class Metrics {
 public:
  Metrics();
  ~Metrics();

  // In the order of the table, where each is explained.
  Counter& events_consumed(std::string_view topic);
  Counter& events(std::string_view kind, std::string_view outcome);
  Counter& filter_errors(std::string_view webhook);
  Counter& deliveries(std::string_view webhook, std::string_view outcome);
  Counter& attempts(std::string_view webhook, std::string_view endpoint, std::string_view result);
  Histogram& attempt_duration();
  Histogram& end_to_end();
  Counter& dead_letters(std::string_view reason);
  Gauge& in_flight();
  Gauge& retry_backlog(std::string_view tier);
  Gauge& consumer_lag(std::string_view topic, std::int32_t partition);
  Gauge& oldest_open(std::string_view topic, std::int32_t partition);
  Gauge& circuit_state(std::string_view webhook, std::string_view endpoint);
  Gauge& storm_guard();
  Counter& commits(std::string_view result);
  Counter& stale_completions();
  Counter& stale_copies();
  Counter& vanished_records();
  Counter& lost_records(std::string_view topic);
  Counter& foreign_records(std::string_view topic);
  Counter& delivery_log_dropped();

  /// Webhook and endpoint.
  using Endpoints = std::set<std::pair<std::string, std::string>>;
  /// The exposition has the series of these endpoints and their webhooks, and of no others. Handles stay valid.
  void show_endpoints(const Endpoints& living);
  /// Takes the series of a partition that is not owned any more out of the exposition. Handles stay valid; looking one
  /// up again brings it back.
  void forget_partition(std::string_view topic, std::int32_t partition);

  /// Prometheus text format, version 0.0.4.
  std::string exposition() const;

 private:
  struct Store;
  std::unique_ptr<Store> store_;
};

/// docs/metrics.md, from the table.
std::string metrics_handbook();

}  // namespace hookline::core
