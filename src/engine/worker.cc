#include "worker.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <fmt/format.h>

#include <sys/prctl.h>
#include <unistd.h>

namespace hookline::engine {
namespace {

constexpr core::Duration longest_sleep = std::chrono::milliseconds(250);  // keeps the group's poll alive
constexpr core::Duration closing_sleep = std::chrono::milliseconds(10);
constexpr core::Duration reposition_pause = std::chrono::seconds(2);
constexpr core::Duration reposition_deadline = std::chrono::seconds(2);

#if defined(__SANITIZE_ADDRESS__)
constexpr bool may_read_behind = false;
#else
constexpr bool may_read_behind = true;
#endif

/// JSON may be parsed where librdkafka holds it if reading a little behind it stays within the page.
bool is_padded(std::string_view value) {
  constexpr std::uintptr_t page = 4096;
  const auto end = reinterpret_cast<std::uintptr_t>(value.data() + value.size());
  return may_read_behind && end % page != 0 && end % page <= page - json::padding;
}

}  // namespace

Worker::Worker(WorkerOptions options, core::Metrics& metrics, kafka::Producer& producer,
               std::shared_ptr<const deliver::EgressPolicy> egress)
    : options_(std::move(options)), producer_(producer), core_(options_.core, metrics) {
  transport_ = deliver::make_transport(io_, std::move(egress), [this](std::vector<deliver::Answer>&& answers) {
    inputs_.answers.insert(inputs_.answers.end(), std::make_move_iterator(answers.begin()),
                           std::make_move_iterator(answers.end()));
    request_turn();
  });
  correlations_ = std::make_unique<CorrelationFeed>(options_.reader, options_.core.correlations_topic, [this](CorrelationFeed::Batch&& batch) {
    asio::post(io_, [this, batch = std::move(batch)]() mutable { take_correlations(std::move(batch)); });
  });
  reports_ = std::make_shared<const kafka::ReportSink>([this](std::vector<kafka::ProduceReport>&& reports) {
    asio::post(io_, [this, reports = std::move(reports)]() mutable {
      inputs_.produced.insert(inputs_.produced.end(), std::make_move_iterator(reports.begin()),
                              std::make_move_iterator(reports.end()));
      request_turn();
    });
  });
}

Worker::~Worker() { halt(); }

void Worker::halt() {
  if (thread_.joinable()) {
    asio::post(io_, [this] { io_.stop(); });
    thread_.join();
  }
}

core::Result<void> Worker::start(std::shared_ptr<const Definitions> definitions) {
  auto consumer = kafka::Consumer::open(options_.consumer);
  if (!consumer) return tl::unexpected(consumer.error());
  consumer_ = std::move(*consumer);
  std::vector<std::string> names;
  for (const auto& topic : options_.topics) names.push_back(topic.name);
  if (!options_.jobs_topic.empty()) names.push_back(options_.jobs_topic);
  longest_window_ = definitions->longest_window();
  inputs_.definitions = std::move(definitions);
  if (auto subscribed = consumer_->subscribe(names); !subscribed) return subscribed;
  readable_.emplace(io_, ::dup(consumer_->event_fd()));
  watch_consumer();
  request_turn();
  thread_ = std::thread([this] { run(); });
  return {};
}

void Worker::run() {
  ::prctl(PR_SET_NAME, fmt::format("worker-{}", options_.number).c_str());
  io_.run();
  finished_.store(true);
}

void Worker::watch_consumer() {
  readable_->async_wait(asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (error) return;
    std::uint64_t count = 0;
    while (::read(consumer_->event_fd(), &count, sizeof count) > 0) {
    }
    turn();
    watch_consumer();
  });
}

/// One turn for however many reasons come up before it runs.
void Worker::request_turn() {
  if (turn_requested_) return;
  turn_requested_ = true;
  asio::post(io_, [this] {
    turn_requested_ = false;
    turn();
  });
}

void Worker::turn() {
  turns_.fetch_add(1, std::memory_order_relaxed);
  collect();
  if (!failure_.empty()) return;  // given up: nothing more is started or committed
  core_.step(core::read_clock(), inputs_, outputs_);
  carry_out();
  if (phase_ == Phase::closing && consumer_->closed()) {
    readable_->close();
    io_.stop();
    return;
  }
  if (batch_.messages().size() == options_.max_batch) request_turn();  // there may be more: let HTTP have its go first
  arm(outputs_.wake_at);
}

void Worker::collect() {
  consumer_->poll(batch_, options_.max_batch);
  const auto messages = batch_.messages();
  views_.clear();
  headers_.clear();
  std::vector<std::pair<std::size_t, std::size_t>> spans;  // of records that have headers
  for (const auto& message : messages) {
    header_scratch_.clear();
    message.headers(header_scratch_);
    if (!header_scratch_.empty()) {
      spans.emplace_back(views_.size(), headers_.size());
      for (const auto& [name, value] : header_scratch_) headers_.push_back({name, value});
    }
    views_.push_back({.topic = message.topic,
                      .partition = message.partition,
                      .offset = message.offset,
                      .timestamp = message.timestamp,
                      .key = message.key,
                      .value = message.value,
                      .headers = {},
                      .padded = message.value && is_padded(*message.value)});
  }
  for (std::size_t i = 0; i < spans.size(); ++i) {  // only now, as headers_ does not move any more
    const auto [record, first] = spans[i];
    const std::size_t last = i + 1 < spans.size() ? spans[i + 1].second : headers_.size();
    views_[record].headers = std::span(headers_).subspan(first, last - first);
  }
  inputs_.records = views_;

  inputs_.ends = consumer_->take_ends();
  for (auto& report : consumer_->take_commit_reports()) inputs_.commits.push_back(std::move(report));
  for (const auto& fault : consumer_->take_faults()) on_fault(fault);
  while (auto rebalance = consumer_->take_rebalance()) on_rebalance(std::move(*rebalance));
  if (!displaced_.empty() || !made_again_.empty()) reposition_displaced();
  if (made_again_.empty()) to_begin_again_ -= std::exchange(topics_made_again_, 0);
  if (assignment_pending_ && core::read_clock().mono >= next_assign_try_) try_assign();
}

void Worker::on_rebalance(kafka::Rebalance rebalance) {
  using What = kafka::Rebalance::What;
  assignment_pending_.reset();
  displaced_.clear();
  made_again_.clear();
  switch (rebalance.what) {
    case What::assigned:
      assignment_pending_ = std::move(rebalance.partitions);
      next_assign_try_ = {};
      return;
    case What::revoked:
    case What::lost:
      core::log::info("worker {}: {} partitions {}", options_.number, rebalance.partitions.size(),
                      rebalance.what == What::lost ? "lost" : "revoked, finishing what is in flight");
      revocation_pending_ = true;
      own_jobs(false);
      follow_correlations({});
      if (phase_ == Phase::closing) return let_go();
      inputs_.revocation = rebalance.what == What::lost || consumer_->assignment_lost() ? Inputs::Revocation::lost
                                                                                        : Inputs::Revocation::revoked;
      return;
  }
}

/// Answers an assignment once every position is known; until then the group waits for us.
void Worker::try_assign() {
  const auto now = core::read_clock();
  std::vector<kafka::Assignment> assignments;
  std::vector<AssignedPartition> positions;
  std::vector<kafka::TopicPartition> jobs;
  if (phase_ == Phase::running) {
    auto partitions = *assignment_pending_;
    std::erase_if(partitions, [&](const kafka::TopicPartition& p) {
      return p.topic == options_.jobs_topic && (jobs.push_back(p), true);
    });
    auto resolved = resolve_positions(*consumer_, partitions, options_.topics, options_.start, longest_window_, now.wall);
    if (!resolved) {
      next_assign_try_ = now.mono + std::chrono::seconds(1);
      if (const auto more = assign_gate_.pass(now.mono)) {
        core::log::warn("worker {}: cannot find where to begin: {}; trying again ({} more since)", options_.number,
                        resolved.error().message, *more);
      }
      return;
    }
    positions = std::move(*resolved);
    for (const auto& p : positions) assignments.push_back({p.name, p.reread ? p.reread->from : p.offset});
    for (const auto& p : jobs) assignments.push_back({p, 0});
  }
  assignment_pending_.reset();
  if (auto done = consumer_->assign(assignments); !done) {
    core::log::error("worker {}: the assignment was not taken: {}", options_.number, done.error().message);
    return;
  }
  core::log::info("worker {}: owns {} partitions", options_.number, assignments.size());
  assigned_once_ = true;
  if (!jobs.empty()) (void)consumer_->pause(jobs);  // owned, not read
  own_jobs(std::any_of(jobs.begin(), jobs.end(), [](const auto& p) { return p.partition == 0; }));
  follow_correlations(positions);
  inputs_.assigned = std::move(positions);
}

/// What an earlier assignment would have heard of is not waited for.
void Worker::follow_correlations(const std::vector<AssignedPartition>& partitions) {
  std::vector<std::int32_t> numbers;
  for (const auto& p : partitions) {
    if (p.role == Role::ordered) numbers.push_back(p.name.partition);
  }
  correlations_serial_ = correlations_->follow(std::move(numbers));
  inputs_.correlations.clear();
  inputs_.correlations_complete.clear();
}

void Worker::take_correlations(CorrelationFeed::Batch batch) {
  if (batch.serial != correlations_serial_) return;
  auto& records = inputs_.correlations;
  records.insert(records.end(), std::make_move_iterator(batch.records.begin()), std::make_move_iterator(batch.records.end()));
  auto& complete = inputs_.correlations_complete;
  complete.insert(complete.end(), batch.complete.begin(), batch.complete.end());
  request_turn();
}

void Worker::on_fault(const kafka::ConsumerFault& fault) {
  using What = kafka::ConsumerFault::What;
  const auto now = core::read_clock().mono;
  if (fault.partition && fault.partition->topic == options_.jobs_topic) return;  // owned, not read
  if (fault.what == What::offset_out_of_range && fault.partition) {
    displaced_.emplace_back(*fault.partition, fault.position);
    return;
  }
  if (fault.what == What::fenced) return give_up("fenced: another process runs with the same group.instance.id");
  if (fault.what == What::fatal) return give_up(fault.text);
  if (const auto more = fault_gate_.pass(now)) {
    core::log::warn("worker {}: kafka: {} ({} more since)", options_.number, fault.text, *more);
  }
}

/// All of them, as far as Kafka answers: one that does not is asked again later, so that the loop goes on.
void Worker::reposition_displaced() {
  const auto now = core::read_clock().mono;
  if (now < next_reposition_try_) return;
  while (!displaced_.empty() || !made_again_.empty()) {
    const bool new_log = displaced_.empty();
    const auto& [partition, position] = new_log ? made_again_.back() : displaced_.back();
    if (const auto moved = new_log ? go_to_beginning(partition, position) : reposition(partition, position); !moved) {
      next_reposition_try_ = now + reposition_pause;
      if (const auto more = reposition_gate_.pass(now)) {
        core::log::warn("{}: its position {} is not in the log, and where to go on is not known yet: {}; trying again ({} more since)",
                        kafka::name(partition), position, moved.error().message, *more);
      }
      return;
    }
    (new_log ? made_again_ : displaced_).pop_back();
  }
}

/// Another log stands behind the name now: what it holds was never read, wherever the position was in the old one.
core::Result<void> Worker::go_to_beginning(const kafka::TopicPartition& partition, std::int64_t position) {
  const auto marks = ends_of(partition);
  if (!marks) return tl::unexpected(marks.error());
  if (auto moved = consumer_->seek(partition, marks->low); !moved) return moved;
  core::log::warn("{}: the topic was deleted and made again. Going on at its beginning, offset {} (the position was {}); what was "
                  "delivered from there before may be delivered again",
                  kafka::name(partition), marks->low, position);
  inputs_.repositioned.push_back({partition, marks->low, 0});
  return {};
}

/// Where the log begins and ends now. A client that has heard that the topic is gone would look for its leader in
/// vain until its next look at all topics: asking for the topic itself tells it better.
core::Result<kafka::Watermarks> Worker::ends_of(const kafka::TopicPartition& partition) {
  if (const auto known = consumer_->partition_count(partition.topic, reposition_deadline); !known) return tl::unexpected(known.error());
  return consumer_->watermarks(partition, reposition_deadline);
}

/// Goes on where the log still holds something. Error: Kafka does not say where that is.
core::Result<void> Worker::reposition(const kafka::TopicPartition& partition, std::int64_t position) {
  const auto marks = ends_of(partition);
  if (!marks) return tl::unexpected(marks.error());
  const bool back_in_range = marks->low <= position && position <= marks->high;
  const auto target = back_in_range ? position : marks->low;
  if (auto moved = consumer_->seek(partition, target); !moved) return moved;
  if (back_in_range) return {};
  if (position < marks->low) {
    core::log::error("{}: offsets {} to {} are gone from the log and were never read: retention was faster than Hookline. "
                     "Going on at the log's beginning, offset {}",
                     kafka::name(partition), position, marks->low - 1, marks->low);
  } else {
    core::log::error("{}: the log ends at {}, before the position {}: it was cut or made anew. Going on at its beginning, "
                     "offset {}; what was delivered from there before may be delivered again",
                     kafka::name(partition), marks->high, position, marks->low);
  }
  inputs_.repositioned.push_back({partition, marks->low, std::max<std::int64_t>(0, marks->low - position)});
  return {};
}

void Worker::carry_out() {
  for (auto& request : outputs_.attempts) transport_->start(std::move(request));
  for (const auto id : outputs_.aborts) transport_->abort(id);
  for (auto& produce : outputs_.produces) producer_.produce(std::move(produce.record), produce.token, reports_);
  for (const auto& request : outputs_.commits) consumer_->commit(request.entries, request.token);
  const auto warn = [&](const core::Result<void>& result, std::string_view what) {
    if (!result) core::log::warn("worker {}: cannot {}: {}", options_.number, what, result.error().message);
  };
  if (!outputs_.pause.empty()) warn(consumer_->pause(outputs_.pause), "pause");
  if (!outputs_.resume.empty()) {
    if (const auto resumed = consumer_->resume(outputs_.resume); !resumed) {
      warn(resumed, "resume");
      inputs_.not_resumed.insert(inputs_.not_resumed.end(), outputs_.resume.begin(), outputs_.resume.end());
    }
  }
  for (const auto& [partition, offset] : outputs_.resume_from) {
    auto moved = consumer_->seek(partition, offset);
    if (moved) moved = consumer_->resume({partition});
    std::erase_if(displaced_, [&at = partition](const auto& displaced) { return displaced.first == at; });
    if (moved) continue;
    warn(moved, "read on");
    inputs_.not_resumed.push_back(partition);
  }
  if (!outputs_.notes.empty()) options_.notes->add(outputs_.notes);
  if (!outputs_.news.empty() && options_.tell) options_.tell(outputs_.news);
  if (outputs_.answer_revocation) let_go();
  if (outputs_.stopped) begin_close();
}

void Worker::own_jobs(bool owned) {
  if (owned == std::exchange(owns_jobs_, owned)) return;
  if (options_.on_jobs) options_.on_jobs(owned);
}

/// Tells the group that the partitions are free.
void Worker::let_go() {
  if (!revocation_pending_) return;
  revocation_pending_ = false;
  if (auto done = consumer_->unassign(); !done) {
    core::log::warn("worker {}: cannot give partitions back: {}", options_.number, done.error().message);
  }
}

void Worker::begin_close() {
  if (phase_ == Phase::closing) return;
  phase_ = Phase::closing;
  own_jobs(false);
  let_go();
  consumer_->begin_close();
  request_turn();
}

void Worker::arm(std::optional<core::MonoTime> wake_at) {
  const auto now = core::read_clock().mono;
  auto until = now + (phase_ == Phase::closing ? closing_sleep : longest_sleep);
  if (wake_at && *wake_at < until) until = *wake_at;
  timer_.expires_at(std::chrono::time_point_cast<std::chrono::steady_clock::duration>(until));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) turn();
  });
}

void Worker::adopt(std::shared_ptr<const Definitions> definitions) {
  asio::post(io_, [this, definitions = std::move(definitions)]() mutable {
    longest_window_ = definitions->longest_window();
    inputs_.definitions = std::move(definitions);
    request_turn();
  });
}

void Worker::begin_again(const std::string& topic) {
  ++to_begin_again_;
  asio::post(io_, [this, topic] {
    ++topics_made_again_;
    if (phase_ != Phase::running) return;
    for (const auto& p : core_.status(core::read_clock()).partitions) {
      if (p.topic == topic) made_again_.emplace_back(kafka::TopicPartition{p.topic, p.partition}, p.position);
    }
    request_turn();
  });
}

void Worker::hear(std::vector<News> news) {
  asio::post(io_, [this, news = std::move(news)]() mutable {
    inputs_.news.insert(inputs_.news.end(), std::make_move_iterator(news.begin()), std::make_move_iterator(news.end()));
    request_turn();
  });
}

void Worker::stop() {
  asio::post(io_, [this] {
    if (phase_ != Phase::running) return;
    phase_ = Phase::stopping;
    inputs_.stop = true;
    request_turn();
  });
}

void Worker::ask_status(std::function<void(WorkerStatus)> answer) {
  asio::post(io_, [this, answer = std::move(answer)] {
    WorkerStatus status = core_.status(core::read_clock());
    status.worker = options_.number;
    status.assigned = assigned_once_ && !assignment_pending_;
    for (auto& p : status.partitions) p.end = consumer_->cached_high({p.topic, p.partition});
    answer(std::move(status));
  });
}

std::string Worker::failure() const { return finished() ? failure_ : std::string(); }

/// The consumer is of no use any more (fenced, or a fatal error): end without a commit, so that
/// nothing is claimed that another member may have in hand.
void Worker::give_up(std::string why) {
  core::log::error("worker {}: {}; stopping", options_.number, why);
  failure_ = std::move(why);
  own_jobs(false);
  io_.stop();
}

}  // namespace hookline::engine
