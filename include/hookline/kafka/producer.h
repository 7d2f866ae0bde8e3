// The one producer of a process. Every record handed over stands in a table of Hookline's own until
// the broker has acknowledged it or refused it for good; if librdkafka's instance dies of a fatal
// error it is destroyed, a new one made, and the table produced again. Own thread; produce() from any.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "hookline/core/result.h"
#include "hookline/kafka/properties.h"
#include "hookline/kafka/record.h"

namespace hookline::kafka {

struct ProduceReport {
  std::uint64_t token = 0;
  /// nullopt: acknowledged by the broker. too_large: this record will never fit. refused: the topic
  /// does not exist or may not be written; worth trying again when that is mended.
  std::optional<core::Error> error;
  std::int32_t partition = -1;
  std::int64_t offset = -1;
};

/// Called on the producer's thread with the reports of one turn; posts them to where they belong.
using ReportSink = std::function<void(std::vector<ProduceReport>&& reports)>;

class Producer {
 public:
  static core::Result<std::unique_ptr<Producer>> open(const Properties& properties);
  /// Waits at most the time given to flush() earlier; what is still unacknowledged is dropped unreported.
  virtual ~Producer() = default;

  /// Queues a record. Exactly one report with `token` comes to `sink`. Records of one partition keep their
  /// order, except for those tried again after an error that librdkafka gave up on.
  virtual void produce(OwnedRecord record, std::uint64_t token, std::shared_ptr<const ReportSink> sink) = 0;
  /// Waits until nothing is pending, at most `timeout`. Error: timeout.
  virtual core::Result<void> flush(core::Duration timeout) = 0;
  /// Records handed over and not reported.
  virtual std::size_t pending() const = 0;
  /// How often the instance was made again after a fatal error.
  virtual std::uint64_t rebirths() const = 0;
};

}  // namespace hookline::kafka
