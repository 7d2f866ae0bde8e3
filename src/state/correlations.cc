#include "hookline/state/correlations.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

#include "hookline/kafka/admin.h"
#include "hookline/state/correlation_table.h"

namespace hookline::state {
namespace {

using namespace std::chrono_literals;

constexpr core::Duration read_patience = 5s;  // without a record
constexpr core::Duration write_patience = 10s;

/// The report of one record. Outlives the caller in the producer's reports.
struct Outcome {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<kafka::ProduceReport> report;
};

}  // namespace

Correlations::Correlations(kafka::Properties properties, std::string topic, kafka::Producer& producer)
    : properties_(std::move(properties)), topic_(std::move(topic)), producer_(producer) {}

core::Result<Correlations::Page> Correlations::list(const Query& query, core::WallTime now) const {
  CorrelationTable table;
  std::map<std::int32_t, std::vector<CorrelationRecord>> records;  // offsets of partitions do not compare
  const auto read = kafka::read_topic(properties_, topic_, std::nullopt, read_patience, [&](kafka::OwnedRecord&& record) {
    if (record.key && !record.key->starts_with(progress_prefix)) {
      records[record.partition].push_back({record.partition, record.offset, std::move(*record.key), std::move(record.value)});
    }
    return true;
  });
  if (!read) return tl::unexpected(read.error());
  std::int64_t place = 0;
  for (auto& [partition, log] : records) {
    for (auto& record : log) {
      record.offset = place++;
      table.apply(record);
    }
  }
  Page page;
  std::string last;
  table.for_each(query.after, now, [&](const std::string& key, const Correlation& correlation) {
    if (!query.webhook.empty() && correlation.webhook != query.webhook) return true;
    if (!query.key.empty() && correlation.key != query.key) return true;
    if (page.items.size() == query.limit) return page.next = last, false;
    last = key;
    page.items.push_back(correlation);
    return true;
  });
  return page;
}

core::Result<void> Correlations::put(const Correlation& correlation) {
  return write(correlation_key(correlation.webhook, correlation.key), value_of(correlation));
}

core::Result<void> Correlations::erase(const std::string& webhook, const std::string& key) {
  return write(correlation_key(webhook, key), std::nullopt);
}

core::Result<void> Correlations::write(std::string key, std::optional<std::string> value) {
  kafka::OwnedRecord record{.topic = topic_};  // by its key to the partition of the ordered topic's number
  record.key = std::move(key);
  record.value = std::move(value);
  const auto outcome = std::make_shared<Outcome>();
  producer_.produce(std::move(record), 0,
                    std::make_shared<const kafka::ReportSink>([outcome](std::vector<kafka::ProduceReport>&& reports) {
                      const std::lock_guard lock(outcome->mutex);
                      outcome->report = std::move(reports.front());
                      outcome->changed.notify_all();
                    }));
  std::unique_lock lock(outcome->mutex);
  if (!outcome->changed.wait_for(lock, write_patience, [&] { return outcome->report.has_value(); })) {
    return core::fail(core::ErrorCode::timeout, "Kafka has not acknowledged the change yet: look whether it took effect");
  }
  if (outcome->report->error) return tl::unexpected(*outcome->report->error);
  return {};
}

}  // namespace hookline::state
