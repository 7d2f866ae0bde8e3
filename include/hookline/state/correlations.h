// Ids of items by hand: reads PREFIX.correlations and writes to it, beside the workers, who follow it. What is
// written takes effect with the worker that owns the key within a second. Any thread; each call reads or writes
// Kafka and waits for it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "hookline/core/result.h"
#include "hookline/core/time.h"
#include "hookline/kafka/producer.h"
#include "hookline/kafka/properties.h"
#include "hookline/state/correlation.h"

namespace hookline::state {

class Correlations {
 public:
  struct Query {
    std::string webhook, key;  ///< empty: all
    std::string after;         ///< where the page before ended
    std::size_t limit = 100;
  };
  struct Page {
    std::vector<Correlation> items;  ///< by webhook and key
    std::string next;                ///< empty: that is all
  };

  /// `producer` outlives it; its reports may come later still.
  Correlations(kafka::Properties properties, std::string topic, kafka::Producer& producer);

  /// Reads the whole topic. Errors: those of reading it.
  [[nodiscard]] core::Result<Page> list(const Query& query, core::WallTime now) const;
  /// Errors: unavailable or refused (Kafka did not take it), timeout (it may take effect yet).
  [[nodiscard]] core::Result<void> put(const Correlation& correlation);
  [[nodiscard]] core::Result<void> erase(const std::string& webhook, const std::string& key);

 private:
  core::Result<void> write(std::string key, std::optional<std::string> value);

  const kafka::Properties properties_;
  const std::string topic_;
  kafka::Producer& producer_;
};

}  // namespace hookline::state
