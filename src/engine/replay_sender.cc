#include "replay_sender.h"

#include <condition_variable>
#include <mutex>

namespace hookline::engine {

/// Where the producer's thread puts its reports; outlives the sender if some are still to come.
struct ReplaySender::Mailbox {
  std::mutex mutex;
  std::condition_variable filled;
  std::vector<kafka::ProduceReport> reports;
};

ReplaySender::ReplaySender(kafka::Producer& producer) : producer_(producer), mailbox_(std::make_shared<Mailbox>()) {
  sink_ = std::make_shared<const kafka::ReportSink>([mailbox = mailbox_](std::vector<kafka::ProduceReport>&& reports) {
    const std::lock_guard lock(mailbox->mutex);
    mailbox->reports.insert(mailbox->reports.end(), reports.begin(), reports.end());
    mailbox->filled.notify_all();
  });
}

void ReplaySender::send(Work work) {
  const auto number = next_++;
  Piece& piece = pieces_[number];
  piece.work = std::move(work);
  piece.done.tag = piece.work.tag;
  // What leads to no delivery is marked all the same: it was looked at.
  piece.marking = piece.work.reentries.empty();
  produce(number, piece.marking ? piece.work.marks : piece.work.reentries);
}

void ReplaySender::produce(std::uint64_t number, std::vector<kafka::OwnedRecord>& records) {
  pieces_[number].open = records.size();
  for (auto& record : records) producer_.produce(std::move(record), number, sink_);
  records.clear();
}

void ReplaySender::on_report(const kafka::ProduceReport& report, std::vector<Done>& done) {
  const auto found = pieces_.find(report.token);
  if (found == pieces_.end()) return;
  Piece& piece = found->second;
  if (report.error && !piece.done.error) piece.done.error = report.error;
  if (!report.error && !piece.marking) piece.done.reentered.emplace_back(report.partition, report.offset);
  if (--piece.open > 0) return;
  if (!piece.marking && !piece.done.error && !piece.work.marks.empty()) {
    piece.marking = true;
    return produce(report.token, piece.work.marks);
  }
  done.push_back(std::move(piece.done));
  pieces_.erase(found);
}

std::vector<ReplaySender::Done> ReplaySender::take(core::Duration wait) {
  std::vector<kafka::ProduceReport> reports;
  {
    std::unique_lock lock(mailbox_->mutex);
    mailbox_->filled.wait_for(lock, wait, [&] { return !mailbox_->reports.empty(); });
    reports.swap(mailbox_->reports);
  }
  std::vector<Done> done;
  for (const auto& report : reports) on_report(report, done);
  return done;
}

}  // namespace hookline::engine
