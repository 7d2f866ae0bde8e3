#include "hookline/core/metrics.h"

#include <algorithm>
#include <cstdlib>
#include <initializer_list>
#include <map>
#include <mutex>
#include <vector>

#include <fmt/format.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "metrics_table.h"

namespace hookline::core {
namespace {

bool in_set(std::string_view values, std::string_view value) {
  while (!values.empty()) {
    const auto end = std::min(values.find(' '), values.size());
    if (values.substr(0, end) == value) return true;
    values.remove_prefix(std::min(end + 1, values.size()));
  }
  return false;
}

using LabelValues = std::array<std::string, max_labels>;

/// One label set of one metric; which of the three counts is the row's type.
struct Series {
  explicit Series(const MetricRow& row) : histogram(row.bounds) {}
  Counter counter;
  Gauge gauge;
  Histogram histogram;
  bool hidden = false;
};

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

prometheus::ClientMetric collect(const MetricRow& row, const LabelValues& values, const Series& series) {
  prometheus::ClientMetric metric;
  for (std::size_t i = 0; i < max_labels && !row.labels[i].name.empty(); ++i) {
    metric.label.push_back({std::string(row.labels[i].name), values[i]});
  }
  switch (row.type) {
    case MetricType::counter:
      metric.counter.value = static_cast<double>(series.counter.value());
      break;
    case MetricType::gauge:
      metric.gauge.value = static_cast<double>(series.gauge.value());
      break;
    case MetricType::seconds_gauge:
      metric.gauge.value = seconds(Duration(series.gauge.value()));
      break;
    case MetricType::histogram: {
      std::uint64_t cumulative = 0;
      for (std::size_t i = 0; i < row.bounds.size(); ++i) {
        cumulative += series.histogram.count(i);
        metric.histogram.bucket.push_back({cumulative, seconds(row.bounds[i])});
      }
      metric.histogram.sample_count = cumulative + series.histogram.count(row.bounds.size());
      metric.histogram.sample_sum = seconds(series.histogram.sum());
      break;
    }
  }
  return metric;
}

prometheus::MetricType prometheus_type(MetricType type) {
  switch (type) {
    case MetricType::counter:
      return prometheus::MetricType::Counter;
    case MetricType::gauge:
    case MetricType::seconds_gauge:
      return prometheus::MetricType::Gauge;
    case MetricType::histogram:
      return prometheus::MetricType::Histogram;
  }
  std::abort();
}

}  // namespace

void Histogram::observe(Duration duration) {
  duration = std::max(duration, Duration::zero());
  const auto bucket =
      static_cast<std::size_t>(std::lower_bound(bounds_.begin(), bounds_.end(), duration) - bounds_.begin());
  counts_[bucket].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(duration.count(), std::memory_order_relaxed);
}

struct Metrics::Store {
  mutable std::mutex mutex;  // guards the maps; what the series hold is atomic
  std::array<std::map<LabelValues, std::unique_ptr<Series>>, metric_count> families;

  Series& series(Metric metric, std::initializer_list<std::string_view> values) {
    const MetricRow& row = row_of(metric);
    LabelValues key;
    std::size_t i = 0;
    for (const auto value : values) {
      const auto& label = row.labels[i];
      key[i++] = label.values.empty() || in_set(label.values, value) ? value : "other";
    }
    const std::lock_guard lock(mutex);
    auto& slot = families[static_cast<std::size_t>(metric)][key];
    if (!slot) slot = std::make_unique<Series>(row);
    slot->hidden = false;
    return *slot;
  }

  /// Hides every series whose labels of these names have these values.
  void hide(std::initializer_list<std::pair<std::string_view, std::string_view>> labels) {
    const std::lock_guard lock(mutex);
    for (const MetricRow& row : metric_table) {
      for (auto& entry : families[static_cast<std::size_t>(row.metric)]) {
        const bool match = std::all_of(labels.begin(), labels.end(), [&](const auto& wanted) {
          for (std::size_t i = 0; i < max_labels; ++i) {
            if (row.labels[i].name == wanted.first) return entry.first[i] == wanted.second;
          }
          return false;
        });
        if (match) entry.second->hidden = true;
      }
    }
  }
};

Metrics::Metrics() : store_(std::make_unique<Store>()) {
  // Without labels there is one series, which is there from the start.
  for (const MetricRow& row : metric_table) {
    if (row.labels[0].name.empty()) store_->series(row.metric, {});
  }
}
Metrics::~Metrics() = default;

Counter& Metrics::events_consumed(std::string_view topic) {
  return store_->series(Metric::events_consumed, {topic}).counter;
}
Counter& Metrics::events(std::string_view kind, std::string_view outcome) {
  return store_->series(Metric::events, {kind, outcome}).counter;
}
Counter& Metrics::filter_errors(std::string_view webhook) {
  return store_->series(Metric::filter_errors, {webhook}).counter;
}
Counter& Metrics::deliveries(std::string_view webhook, std::string_view outcome) {
  return store_->series(Metric::deliveries, {webhook, outcome}).counter;
}
Counter& Metrics::attempts(std::string_view webhook, std::string_view endpoint, std::string_view result) {
  return store_->series(Metric::attempts, {webhook, endpoint, result}).counter;
}
Histogram& Metrics::attempt_duration() {
  return store_->series(Metric::attempt_duration, {}).histogram;
}
Histogram& Metrics::end_to_end() {
  return store_->series(Metric::end_to_end, {}).histogram;
}
Counter& Metrics::dead_letters(std::string_view reason) {
  return store_->series(Metric::dead_letters, {reason}).counter;
}
Gauge& Metrics::in_flight() {
  return store_->series(Metric::in_flight, {}).gauge;
}
Gauge& Metrics::retry_backlog(std::string_view tier) {
  return store_->series(Metric::retry_backlog, {tier}).gauge;
}
Gauge& Metrics::consumer_lag(std::string_view topic, std::int32_t partition) {
  return store_->series(Metric::consumer_lag, {topic, std::to_string(partition)}).gauge;
}
Gauge& Metrics::oldest_open(std::string_view topic, std::int32_t partition) {
  return store_->series(Metric::oldest_open, {topic, std::to_string(partition)}).gauge;
}
Gauge& Metrics::circuit_state(std::string_view webhook, std::string_view endpoint) {
  return store_->series(Metric::circuit_state, {webhook, endpoint}).gauge;
}
Gauge& Metrics::storm_guard() {
  return store_->series(Metric::storm_guard, {}).gauge;
}
Counter& Metrics::commits(std::string_view result) {
  return store_->series(Metric::commits, {result}).counter;
}
Counter& Metrics::stale_completions() {
  return store_->series(Metric::stale_completions, {}).counter;
}
Counter& Metrics::stale_copies() {
  return store_->series(Metric::stale_copies, {}).counter;
}
Counter& Metrics::vanished_records() {
  return store_->series(Metric::vanished_records, {}).counter;
}
Counter& Metrics::lost_records(std::string_view topic) {
  return store_->series(Metric::lost_records, {topic}).counter;
}
Counter& Metrics::foreign_records(std::string_view topic) {
  return store_->series(Metric::foreign_records, {topic}).counter;
}
Counter& Metrics::delivery_log_dropped() {
  return store_->series(Metric::delivery_log_dropped, {}).counter;
}

void Metrics::show_endpoints(const Endpoints& living) {
  const std::lock_guard lock(store_->mutex);
  for (const MetricRow& row : metric_table) {
    if (row.labels[0].name != "webhook") continue;
    const bool of_endpoint = row.labels[1].name == "endpoint";
    for (auto& [labels, series] : store_->families[static_cast<std::size_t>(row.metric)]) {
      const auto found = living.lower_bound({labels[0], of_endpoint ? labels[1] : ""});
      series->hidden = found == living.end() || found->first != labels[0] || (of_endpoint && found->second != labels[1]);
    }
  }
}
void Metrics::forget_partition(std::string_view topic, std::int32_t partition) {
  store_->hide({{"topic", topic}, {"partition", std::to_string(partition)}});
}

std::string Metrics::exposition() const {
  std::vector<prometheus::MetricFamily> families;
  {
    const std::lock_guard lock(store_->mutex);
    for (const MetricRow& row : metric_table) {
      prometheus::MetricFamily family{
          std::string(row.name), std::string(row.help), prometheus_type(row.type), {}};
      for (const auto& [values, series] : store_->families[static_cast<std::size_t>(row.metric)]) {
        if (!series->hidden) family.metric.push_back(collect(row, values, *series));
      }
      families.push_back(std::move(family));
    }
  }
  return prometheus::TextSerializer().Serialize(families);
}

std::string metrics_handbook() {
  std::string out = R"(# Metrics

Served at `/metrics` in the Prometheus text format. Every metric there is: this page is generated from the table in
`src/core/metrics_table.h`, and a test checks that it was. A value outside of the set that a label lists counts as
`other`. Series of partitions that moved away, and of deleted webhooks and endpoints as soon as nothing of theirs is
under way, are gone from the next scrape on.

| metric | type | labels | what it tells |
| --- | --- | --- | --- |
)";
  for (const MetricRow& row : metric_table) {
    std::string labels;
    for (const auto& label : row.labels) {
      if (label.name.empty()) break;
      if (!labels.empty()) labels += "; ";
      labels += fmt::format("`{}`", label.name);
      if (!label.values.empty()) labels += fmt::format(": {}", label.values);
    }
    const std::string_view type = row.type == MetricType::counter     ? "counter"
                                  : row.type == MetricType::histogram ? "histogram"
                                                                      : "gauge";
    out += fmt::format("| `{}` | {} | {} | {} |\n", row.name, type, labels, row.help);
  }
  for (const MetricRow& row : metric_table) {
    if (row.type != MetricType::histogram) continue;
    out += fmt::format("\nBuckets of `{}`, upper bounds in seconds:", row.name);
    for (const auto bound : row.bounds) {
      out += fmt::format(" {:g}", seconds(bound));
    }
    out += ".\n";
  }
  return out;
}

}  // namespace hookline::core
