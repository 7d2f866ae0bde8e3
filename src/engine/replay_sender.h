// Sends re-entries and then their marks: a piece of work is done when the broker has acknowledged all of the
// former, and after that all of the latter. One thread; the producer reports from its own.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "hookline/core/result.h"
#include "hookline/core/time.h"
#include "hookline/kafka/producer.h"

namespace hookline::engine {

class ReplaySender {
 public:
  struct Work {
    std::vector<kafka::OwnedRecord> reentries;
    std::vector<kafka::OwnedRecord> marks;
    std::uint64_t tag = 0;
  };
  struct Done {
    std::uint64_t tag = 0;
    std::optional<core::Error> error;  ///< of a re-entry or a mark: then no (further) mark was written
    std::vector<std::pair<std::int32_t, std::int64_t>> reentered;  ///< partition and offset of each re-entry
  };

  /// `producer` outlives it.
  explicit ReplaySender(kafka::Producer& producer);

  void send(Work work);
  /// Pieces of work that are not done.
  std::size_t in_flight() const { return pieces_.size(); }
  /// What is done by now; waits at most `wait` for the first report.
  std::vector<Done> take(core::Duration wait);

 private:
  struct Mailbox;
  struct Piece {
    Work work;
    std::size_t open = 0;  ///< reports awaited
    bool marking = false;
    Done done;
  };
  void produce(std::uint64_t number, std::vector<kafka::OwnedRecord>& records);
  void on_report(const kafka::ProduceReport& report, std::vector<Done>& done);

  kafka::Producer& producer_;
  std::shared_ptr<Mailbox> mailbox_;
  std::shared_ptr<const kafka::ReportSink> sink_;
  std::map<std::uint64_t, Piece> pieces_;  ///< by number, which is the token of its records
  std::uint64_t next_ = 1;
};

}  // namespace hookline::engine
