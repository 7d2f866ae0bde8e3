#include "hookline/kafka/producer.h"

#include <algorithm>
#include <condition_variable>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include <pthread.h>

#include "client.h"
#include "hookline/core/log.h"
#include "produce_request.h"
#include "wakeup.h"

namespace hookline::kafka {
namespace {

constexpr std::size_t records_per_turn = 10'000;
constexpr auto retry_after = std::chrono::milliseconds(500);
constexpr auto idle = std::chrono::seconds(1);
/// How long a dying instance may take to answer for what is on the wire, and then to drop the rest.
constexpr auto last_answers = std::chrono::seconds(10);
constexpr auto last_drops = std::chrono::seconds(2);
constexpr core::Duration first_rebirth_wait = std::chrono::milliseconds(100);
constexpr core::Duration longest_rebirth_wait = std::chrono::seconds(10);

core::MonoTime now() {
  return core::read_clock().mono;
}

/// A record that has no report yet. It stands in exactly one of the producer's lists.
struct Pending {
  std::uint64_t sequence = 0;  ///< order of produce()
  OwnedRecord record;
  std::uint64_t token = 0;
  std::shared_ptr<const ReportSink> sink;
  bool alone = false;    ///< travels in a batch of its own: found too large with others
  core::MonoTime due{};  ///< of what waits in `later_`
  std::list<Pending>::iterator self;
};
using PendingList = std::list<Pending>;

class KafkaProducer final : public Producer {
 public:
  explicit KafkaProducer(const Properties& properties) : properties_(properties) {}
  ~KafkaProducer() override;

  core::Result<void> start();

  void produce(OwnedRecord record, std::uint64_t token, std::shared_ptr<const ReportSink> sink) override;
  core::Result<void> flush(core::Duration timeout) override;
  std::size_t pending() const override { return pending_; }
  std::uint64_t rebirths() const override { return rebirths_; }

 private:
  struct Reports {
    std::shared_ptr<const ReportSink> sink;
    std::vector<ProduceReport> reports;
  };

  core::Result<void> make_client();
  void run();
  bool stopping();
  core::Duration until_next() const;
  void accept();
  bool submit();
  bool submit_one(PendingList& from);
  void settle(PendingList& from, Pending& entry, rd_kafka_resp_err_t code, bool by_broker);
  void report(PendingList& from, const Pending& entry, ProduceReport report);
  void hand_out_reports();
  void bury(const std::pair<rd_kafka_resp_err_t, std::string>& cause);
  void revive();
  static void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque);

  const Properties properties_;
  Wakeup wakeup_;
  std::atomic<std::size_t> pending_ = 0;
  std::atomic<std::uint64_t> rebirths_ = 0;

  // Any thread, under the mutex.
  std::mutex mutex_;
  std::condition_variable nothing_pending_;
  PendingList incoming_;
  std::uint64_t sequence_ = 0;
  bool stop_ = false;

  // The producer's thread alone. The lists outlive the client, which points into them.
  PendingList waiting_;    ///< to be handed over, in order
  PendingList in_flight_;  ///< librdkafka's until their reports
  PendingList later_;      ///< tried again at `due`, soonest first
  PendingList alone_;      ///< each to be sent when nothing else of its topic is in flight
  std::optional<std::string> alone_under_way_;  ///< the topic of the one that is
  std::vector<Reports> reports_;
  std::unique_ptr<Client> client_;  ///< null between death and rebirth
  bool dying_ = false;
  core::MonoTime rebirth_at_{};
  core::MonoTime born_at_{};
  core::Duration rebirth_wait_ = first_rebirth_wait;
  core::log::Gate retry_gate_;
  std::thread thread_;
};

core::Result<void> KafkaProducer::make_client() {
  auto client = Client::make(RD_KAFKA_PRODUCER, properties_, {.owner = this, .delivery = on_delivery});
  if (!client) return tl::unexpected(client.error());
  client_ = std::move(*client);
  const Queue reports(rd_kafka_queue_get_main(client_->get()));
  wakeup_.watch(reports.get());
  born_at_ = now();
  return {};
}

core::Result<void> KafkaProducer::start() {
  if (auto made = make_client(); !made) return made;
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), "producer");
  return {};
}

KafkaProducer::~KafkaProducer() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wakeup_.signal();
  if (thread_.joinable()) thread_.join();
}

void KafkaProducer::produce(OwnedRecord record, std::uint64_t token, std::shared_ptr<const ReportSink> sink) {
  ++pending_;
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = incoming_.empty();
    incoming_.push_back({.sequence = sequence_++,
                         .record = std::move(record),
                         .token = token,
                         .sink = std::move(sink),
                         .self = {}});
  }
  if (first) wakeup_.signal();
}

core::Result<void> KafkaProducer::flush(core::Duration timeout) {
  std::unique_lock lock(mutex_);
  if (nothing_pending_.wait_for(lock, timeout, [this] { return pending_ == 0; })) return {};
  return core::fail(core::ErrorCode::timeout,
                    fmt::format("{} records are not acknowledged yet", pending_.load()));
}

bool KafkaProducer::stopping() {
  const std::lock_guard lock(mutex_);
  return stop_;
}

void KafkaProducer::run() {
  while (!stopping()) {
    wakeup_.clear();  // before looking: what comes in from here on signals again
    accept();
    if (!client_) revive();
    bool more = false;
    if (client_) {
      more = submit();
      // Reports make room for what was left.
      const bool freed = rd_kafka_poll(client_->get(), 0) > 0;
      more = more || (freed && (!waiting_.empty() || !alone_.empty()));
      if (const auto cause = client_->fatal_error()) bury(*cause);
    }
    hand_out_reports();
    if (!more) (void)wakeup_.wait(until_next());
  }
}

core::Duration KafkaProducer::until_next() const {
  core::Duration wait = idle;
  const auto at = now();
  if (!client_) wait = std::min(wait, rebirth_at_ - at);
  if (!later_.empty()) wait = std::min(wait, later_.front().due - at);
  return wait;
}

void KafkaProducer::accept() {
  PendingList incoming;
  {
    const std::lock_guard lock(mutex_);
    incoming.swap(incoming_);
  }
  for (auto entry = incoming.begin(); entry != incoming.end(); ++entry)
    entry->self = entry;
  waiting_.splice(waiting_.end(), incoming);

  const auto at = now();
  while (!later_.empty() && later_.front().due <= at)
    waiting_.splice(waiting_.end(), later_, later_.begin());
}

/// True: there is more to hand over, and room for it. While a record goes alone, or waits to, nothing else of its topic does.
bool KafkaProducer::submit() {
  const auto of = [](const std::string& topic) {
    return [&topic](const Pending& entry) { return entry.record.topic == topic; };
  };
  if (!alone_.empty() && !alone_under_way_ && std::none_of(in_flight_.begin(), in_flight_.end(), of(alone_.front().record.topic))) {
    if (!submit_one(alone_)) return false;
    if (!in_flight_.empty() && in_flight_.back().alone) alone_under_way_ = in_flight_.back().record.topic;
  }
  const auto may_go = [&](const Pending& entry) {
    const auto& topic = entry.record.topic;
    return (!alone_under_way_ || topic != *alone_under_way_) && (alone_.empty() || topic != alone_.front().record.topic);
  };
  for (std::size_t n = 0; n < records_per_turn; ++n) {
    const auto next = std::find_if(waiting_.begin(), waiting_.end(), may_go);
    if (next == waiting_.end()) return false;
    waiting_.splice(waiting_.begin(), waiting_, next);
    if (!submit_one(waiting_)) return false;
  }
  return true;
}

/// False: nothing more can be handed over now.
bool KafkaProducer::submit_one(PendingList& from) {
  Pending& entry = from.front();
  const auto code = hand_over(client_->get(), entry.record, &entry);
  switch (code) {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      in_flight_.splice(in_flight_.end(), from, entry.self);
      return true;
    case RD_KAFKA_RESP_ERR__FATAL:
      return false;
    case RD_KAFKA_RESP_ERR__QUEUE_FULL:
      if (!in_flight_.empty()) return false;
      settle(from, entry, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, false);  // larger than the whole queue
      return true;
    default:
      settle(from, entry, code, false);
      return true;
  }
}

void KafkaProducer::on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  auto& producer = Client::owner_of<KafkaProducer>(opaque);
  auto& entry = *static_cast<Pending*>(message->_private);
  if (entry.alone) producer.alone_under_way_.reset();
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
    producer.report(
        producer.in_flight_, entry,
        {.token = 0, .error = std::nullopt, .partition = message->partition, .offset = message->offset});
  else
    producer.settle(producer.in_flight_, entry, message->err, true);
}

void KafkaProducer::settle(PendingList& from, Pending& entry, rd_kafka_resp_err_t code, bool by_broker) {
  const auto what = fmt::format("producing to '{}'", entry.record.topic);
  switch (outcome_of(code)) {
    case Outcome::too_large:
      // The broker measures batches. What was refused in company may fit by itself.
      if (by_broker && !entry.alone) {
        entry.alone = true;
        alone_.splice(alone_.end(), from, entry.self);
        return;
      }
      return report(
          from, entry,
          {.token = 0, .error = core::Error{core::ErrorCode::too_large, error_of(code, what).message}});
    case Outcome::refused:
      return report(
          from, entry,
          {.token = 0, .error = core::Error{core::ErrorCode::refused, error_of(code, what).message}});
    case Outcome::acknowledged:
    case Outcome::again:
      if (dying_) return;  // bury() sends it through the next instance
      if (const auto more = retry_gate_.pass(now())) {
        const auto others =
            *more > 0 ? fmt::format(", as {} others since the last line", *more) : std::string();
        core::log::warn("{}; it is tried again{}", error_of(code, what).message, others);
      }
      entry.due = now() + retry_after;
      later_.splice(later_.end(), from, entry.self);
  }
}

void KafkaProducer::report(PendingList& from, const Pending& entry, ProduceReport report) {
  report.token = entry.token;
  const auto same =
      std::find_if(reports_.begin(), reports_.end(), [&](const Reports& r) { return r.sink == entry.sink; });
  auto& reports = same != reports_.end() ? *same : reports_.emplace_back(Reports{entry.sink, {}});
  reports.reports.push_back(std::move(report));
  from.erase(entry.self);
}

void KafkaProducer::hand_out_reports() {
  std::size_t count = 0;
  for (auto& [sink, reports] : std::exchange(reports_, {})) {
    count += reports.size();
    (*sink)(std::move(reports));
  }
  if (count == 0) return;
  const std::lock_guard lock(mutex_);
  pending_ -= count;
  if (pending_ == 0) nothing_pending_.notify_all();
}

void KafkaProducer::bury(const std::pair<rd_kafka_resp_err_t, std::string>& cause) {
  core::log::error(
      "the Kafka producer failed for good: {}; a new one takes over, with {} records that have no answer yet",
      cause.second, pending_.load());
  dying_ = true;
  const auto serve_until = [this](core::MonoTime end) {
    while (rd_kafka_outq_len(client_->get()) > 0 && now() < end && !stopping())
      (void)rd_kafka_poll(client_->get(), 50);
  };
  // librdkafka drops its queue by itself; what is on the wire may still be acknowledged.
  serve_until(now() + last_answers);
  (void)rd_kafka_purge(client_->get(),
                       RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
  serve_until(now() + last_drops);
  client_.reset();  // no report of it can come any more
  alone_under_way_.reset();
  dying_ = false;

  for (auto* const list : {&in_flight_, &later_, &alone_})
    waiting_.splice(waiting_.end(), *list);
  waiting_.sort([](const Pending& a, const Pending& b) { return a.sequence < b.sequence; });
  for (auto& entry : waiting_)
    entry.alone = false;

  // One that dies young dies again: wait longer each time.
  const bool young = now() - born_at_ < longest_rebirth_wait;
  rebirth_wait_ = young ? std::min(rebirth_wait_ * 2, longest_rebirth_wait) : first_rebirth_wait;
  rebirth_at_ = now() + rebirth_wait_;
}

void KafkaProducer::revive() {
  if (now() < rebirth_at_) return;
  if (const auto made = make_client(); !made) {
    core::log::error("no new Kafka producer: {}; trying again", made.error().message);
    rebirth_at_ = now() + longest_rebirth_wait;
    return;
  }
  ++rebirths_;
}

}  // namespace

core::Result<std::unique_ptr<Producer>> Producer::open(const Properties& properties) {
  auto producer = std::make_unique<KafkaProducer>(properties);
  if (auto started = producer->start(); !started) return tl::unexpected(started.error());
  return producer;
}

}  // namespace hookline::kafka
