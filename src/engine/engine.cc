#include "hookline/engine/engine.h"

#include <algorithm>
#include <future>
#include <thread>

#include <fmt/format.h>

#include "delivery_notes.h"
#include "hookline/core/log.h"
#include "hookline/core/random.h"
#include "hookline/core/units.h"
#include "hookline/kafka/admin.h"
#include "hookline/kafka/producer.h"
#include "hookline/engine/replay_jobs.h"
#include "hookline/state/correlations.h"
#include "jobs.h"
#include "kafka_watch.h"
#include "retry_topic.h"
#include "siblings.h"
#include "topic_check.h"
#include "watchdog.h"
#include "worker.h"

namespace hookline::engine {
namespace {

using namespace std::chrono_literals;

constexpr auto kafka_deadline = 5s;
constexpr auto longest_wait = 10s;
constexpr auto stop_slack = 10s;
// The end comes well before the group would give the partitions of a stuck worker to somebody else
// (max.poll.interval.ms, five minutes) while it may still be working on them.
constexpr auto stuck_after = 30s;
constexpr auto renewal_pause = 5s;
constexpr auto given_up_after = 2min;

std::vector<SourceTopic> source_topics(const config::Settings& settings) {
  std::vector<SourceTopic> topics;
  for (const auto kind : event::kinds) {
    for (const auto& name : settings.topics.sources[static_cast<std::size_t>(kind)]) topics.push_back({name, kind});
  }
  for (std::uint8_t tier = 0; tier < config::retry_tier_count; ++tier) {
    topics.push_back({.name = retry_topic(settings, tier), .own = true, .role = Role::retry, .tier = tier});
  }
  topics.push_back({.name = settings.topics[config::OwnTopic::thresholds], .own = true, .role = Role::thresholds});
  topics.push_back({.name = settings.topics[config::OwnTopic::ordered], .own = true, .role = Role::ordered});
  topics.push_back({settings.topics[config::OwnTopic::notices], event::Kind::audit, true});
  return topics;
}

/// After which the group gives up a member that it does not hear of; Kafka's default is librdkafka's.
core::Duration session_timeout(const kafka::Properties& consumer) {
  for (const auto& [name, value] : consumer) {
    if (name == "session.timeout.ms") return std::chrono::milliseconds(std::strtoll(value.c_str(), nullptr, 10));
  }
  return std::chrono::seconds(45);
}

CoreOptions core_options(const config::Settings& settings, const std::string& cluster_id, std::size_t workers) {
  CoreOptions options;
  options.cluster_id = cluster_id;
  options.dead_letter_topic = settings.topics[config::OwnTopic::dead_letters];
  for (std::size_t tier = 0; tier < config::retry_tier_count; ++tier) {
    options.tiers.push_back({retry_topic(settings, tier), settings.retry_delays[tier]});
  }
  options.thresholds_topic = settings.topics[config::OwnTopic::thresholds];
  options.ordered_topic = settings.topics[config::OwnTopic::ordered];
  options.correlations_topic = settings.topics[config::OwnTopic::correlations];
  options.workers = workers;
  options.max_deliveries = std::max<std::size_t>(1, settings.limits.in_flight / workers);
  options.max_bytes = std::max<std::uint64_t>(1, settings.limits.memory / workers);
  options.max_event_size = settings.limits.event_size;
  options.max_event_age = settings.max_event_age;
  options.note_deliveries = true;
  options.commit_interval = settings.commit_interval;
  options.stop_drain = settings.shutdown_grace;
  options.storm.enabled = settings.storm_guard;
  options.seed = core::Random::from_system().next();
  return options;
}

}  // namespace

Engine::Engine(config::Configuration files)
    : settings_(files.settings),
      catalog_(files),
      started_at_(core::read_clock().wall),
      waiting_for_("starting"),
      siblings_(std::make_unique<Siblings>()),
      watchdog_(std::make_unique<Watchdog>()) {
  install(catalog_.renew());
}

Engine::~Engine() {
  // Workers hand records to the producer, and its reports go to them: first their threads end, then it,
  // then they.
  kafka_watch_.reset();
  for (const auto& worker : workers_) worker->halt();  // they tell the jobs who owns them
  replays_.reset();
  jobs_.reset();
  store_.reset();
  for (const auto& worker : retired_) worker->halt();
  producer_.reset();
}

core::Result<void> Engine::start(const std::function<bool()>& keep_trying) {
  if (auto reached = wait_for_kafka(keep_trying); !reached) return reached;
  if (auto checked = check_topics(); !checked) {
    set_waiting_for(checked.error().message);
    return checked;
  }
  if (auto opened = open_store(); !opened) return opened;
  if (auto read = wait_for_definitions(keep_trying); !read) return read;
  jobs_ = std::make_unique<Jobs>(*this, *producer_, *store_);
  {
    auto replays = std::make_unique<ReplayJobs>(*this, *producer_);
    const std::lock_guard lock(mutex_);
    replays_ = std::move(replays);
  }
  if (auto started = start_workers(); !started) return started;
  set_waiting_for("");
  const std::lock_guard lock(mutex_);
  std::vector<std::string> read;
  for (const auto& topic : source_topics(settings_)) read.push_back(topic.name);
  kafka_watch_ = std::make_unique<KafkaWatch>(settings_, std::move(read), [this](const std::string& topic) {
    const std::lock_guard no_change_meanwhile(mutex_);
    for (const auto& worker : workers_) worker->begin_again(topic);
    fresh_clients_ = true;
  });
  return {};
}

core::Result<void> Engine::open_store() {
  auto producer = kafka::Producer::open(kafka::producer_properties(settings_));
  if (!producer) return tl::unexpected(producer.error());
  auto notes = DeliveryNotes::open(settings_, metrics_);
  if (!notes) return tl::unexpected(notes.error());
  delivery_notes_ = std::move(*notes);
  const std::lock_guard lock(mutex_);
  producer_ = std::move(*producer);
  store_ = std::make_unique<state::Store>(
      kafka::client_properties(settings_), settings_.topics[config::OwnTopic::webhooks], *producer_,
      [this](std::shared_ptr<const state::Snapshot> stored) {
        const std::lock_guard one_at_a_time(installing_);
        auto& foreign = metrics_.foreign_records(settings_.topics[config::OwnTopic::webhooks]);
        foreign.add(stored->foreign_records - foreign.value());
        install(catalog_.set_stored(std::move(stored)));
      });
  store_->start();
  return {};
}

core::Result<void> Engine::wait_for_definitions(const std::function<bool()>& keep_trying) {
  set_waiting_for("the stored definitions are being read");
  while (true) {
    if (store_->loaded()) {
      set_waiting_for("a stored definition cannot be loaded here");
      const std::lock_guard lock(mutex_);
      if (whole_) return {};
    } else if (auto why = store_->trouble(); !why.empty()) {
      set_waiting_for(std::move(why));
    }
    if (!keep_trying()) return core::fail(core::ErrorCode::unavailable, "stopped while waiting for the definitions");
    renew_definitions();
    std::this_thread::sleep_for(10ms);
  }
}

core::Result<void> Engine::wait_for_kafka(const std::function<bool()>& keep_trying) {
  core::Duration wait = 500ms;
  while (true) {
    auto admin = kafka::Admin::open(kafka::client_properties(settings_));
    if (!admin) return tl::unexpected(admin.error());  // a property that librdkafka does not take
    auto cluster = (*admin)->cluster_id(kafka_deadline);
    if (cluster) {
      const std::lock_guard lock(mutex_);
      cluster_id_ = *cluster;
      return {};
    }
    core::log::warn("Kafka does not answer: {}; trying again", cluster.error().message);
    set_waiting_for(fmt::format("Kafka does not answer: {}", cluster.error().message));
    for (core::Duration slept{}; slept < wait; slept += 50ms) {
      if (!keep_trying()) return core::fail(core::ErrorCode::unavailable, "stopped while waiting for Kafka");
      std::this_thread::sleep_for(50ms);
    }
    wait = std::min<core::Duration>(wait * 2, longest_wait);
  }
}

core::Result<void> Engine::check_topics() {
  auto admin = kafka::Admin::open(kafka::client_properties(settings_));
  if (!admin) return tl::unexpected(admin.error());
  auto checked = engine::check_topics(**admin, settings_);
  if (!checked) return tl::unexpected(checked.error());
  const std::lock_guard lock(mutex_);
  source_partitions_ = checked->source_partitions;
  retentions_ = std::move(checked->retry_retention);
  return {};
}

core::Result<void> Engine::start_workers() {
  const std::lock_guard no_edition_meanwhile(installing_);  // a worker would miss it
  const std::size_t partitions = source_partitions_;
  const std::size_t cores = std::max(1u, std::thread::hardware_concurrency());
  const std::size_t count = settings_.workers ? *settings_.workers : std::max<std::size_t>(1, std::min(cores, partitions));
  const auto egress = std::make_shared<const deliver::EgressPolicy>(settings_.egress);
  for (std::size_t i = 0; i < count; ++i) {
    WorkerOptions options{.number = i,
                          .core = core_options(settings_, cluster_id_, count),
                          .consumer = kafka::consumer_properties(settings_, i),
                          .reader = kafka::client_properties(settings_),
                          .topics = source_topics(settings_),
                          .start = settings_.start,
                          .jobs_topic = settings_.topics[config::OwnTopic::jobs],
                          .tell = [this, i](const std::vector<News>& news) { siblings_->tell(i, news); },
                          .on_jobs = [this](bool owned) {
                            jobs_->own(owned);
                            replays_->own(owned);
                          },
                          .notes = delivery_notes_.get()};
    options.core.session_timeout = session_timeout(options.consumer);
    auto worker = std::make_shared<Worker>(std::move(options), metrics_, *producer_, egress);
    if (auto started = worker->start(definitions()); !started) return started;
    siblings_->add(worker);
    const std::lock_guard lock(mutex_);
    workers_.push_back(std::move(worker));
  }
  core::log::info("{} for {} as group {}, {}", core::counted(count, "worker"), core::counted(partitions, "partition"), settings_.group_id(),
                  core::counted(definitions()->webhooks().size(), "webhook"));
  return {};
}

void Engine::set_waiting_for(std::string reason) {
  const std::lock_guard lock(mutex_);
  waiting_for_ = std::move(reason);
}

void Engine::adopt(config::Configuration files) {
  const std::lock_guard one_at_a_time(installing_);
  install(catalog_.set_files(std::move(files)));
}

/// Puts an edition in force; says what is wrong with it once.
void Engine::install(Edition edition) {
  const std::lock_guard lock(mutex_);
  const auto is_new = [](const std::vector<std::string>& told, const std::string& line) {
    return std::find(told.begin(), told.end(), line) == told.end();
  };
  for (const auto& trouble : edition.troubles) {
    if (is_new(troubles_, trouble)) core::log::error("{}", trouble);
  }
  for (const auto& note : edition.notes) {
    if (is_new(notes_, note)) core::log::warn("{}", note);
  }
  troubles_ = std::move(edition.troubles);
  notes_ = std::move(edition.notes);
  whole_ = edition.whole;
  definitions_ = std::move(edition.definitions);
  for (const auto& worker : workers_) worker->adopt(definitions_);
}

/// What could not be loaded is tried again now and then: a secret file may be there by now.
void Engine::renew_definitions() {
  const auto now = core::read_clock().mono;
  const std::lock_guard one_at_a_time(installing_);
  {
    const std::lock_guard lock(mutex_);
    if (troubles_.empty() || now < next_renewal_) return;
    next_renewal_ = now + renewal_pause;
  }
  install(catalog_.renew());
}

/// Leaves the group while a definition would be passed over, and comes back when all load. Leaves and comes back when a
/// topic was made again: a client that knew the old one may take no notice of the new one's leaders. The positions of
/// the new one stand by then.
void Engine::seat_workers() {
  std::unique_lock lock(mutex_);
  if (!waiting_for_.empty()) return;  // start() has not come to its end
  const bool begun = std::none_of(workers_.begin(), workers_.end(), [](const auto& w) { return w->begins_again(); });
  const bool leave = !whole_ || (fresh_clients_ && begun);
  if (leave) {
    for (const auto& worker : workers_) worker->stop();
  }
  const bool gone = std::all_of(workers_.begin(), workers_.end(), [](const auto& w) { return w->finished(); });
  if (!gone || (!leave && !workers_.empty())) return;
  fresh_clients_ = false;
  for (auto& worker : workers_) retired_.push_back(std::move(worker));
  workers_.clear();
  if (producer_->pending() == 0) retired_.clear();
  const bool come_back = whole_;
  lock.unlock();
  if (!come_back) return;
  if (const auto started = start_workers(); !started) core::log::error("cannot start again: {}", started.error().message);
}

ReplayJobs* Engine::replays() const {
  const std::lock_guard lock(mutex_);
  return replays_.get();
}

state::Store* Engine::store() const {
  const std::lock_guard lock(mutex_);
  return store_.get();
}

core::Result<void> Engine::publish(kafka::OwnedRecord record, core::Duration timeout) {
  using Outcome = core::Result<void>;
  const auto topic = record.topic;
  auto reported = std::make_shared<std::promise<Outcome>>();
  auto answer = reported->get_future();
  const auto sink = std::make_shared<const kafka::ReportSink>([reported](std::vector<kafka::ProduceReport>&& reports) {
    const auto& error = reports.front().error;
    reported->set_value(error ? Outcome(tl::unexpected(*error)) : Outcome());
  });
  {
    const std::lock_guard lock(mutex_);
    if (!producer_) return core::fail(core::ErrorCode::unavailable, "Kafka has not answered yet");
    producer_->produce(std::move(record), 0, sink);
  }
  if (answer.wait_for(timeout) == std::future_status::ready) return answer.get();
  return core::fail(core::ErrorCode::timeout, fmt::format("the broker has not acknowledged the record for {} in time; it may arrive yet", topic));
}

std::unique_ptr<state::Correlations> Engine::correlations() const {
  const std::lock_guard lock(mutex_);
  if (!producer_) return nullptr;
  return std::make_unique<state::Correlations>(kafka::client_properties(settings_), settings_.topics[config::OwnTopic::correlations], *producer_);
}

std::shared_ptr<const Definitions> Engine::definitions() const {
  const std::lock_guard lock(mutex_);
  return definitions_;
}

bool Engine::stop() {
  for (const auto& worker : workers_) worker->stop();
  const auto deadline = core::read_clock().mono + settings_.shutdown_grace + stop_slack;
  const auto all_finished = [&] {
    return std::all_of(workers_.begin(), workers_.end(), [](const auto& w) { return w->finished(); });
  };
  while (!all_finished() && core::read_clock().mono < deadline) std::this_thread::sleep_for(5ms);
  return all_finished();
}

void Engine::watch() {
  renew_definitions();
  seat_workers();
  look_at_retry_topics();
  const std::lock_guard lock(mutex_);
  std::vector<std::uint64_t> turns;
  for (const auto& worker : workers_) turns.push_back(worker->turns());
  watchdog_->look(core::read_clock().mono, turns);
  const bool was_stuck = !stuck_.empty();
  stuck_.clear();
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    const auto silent = watchdog_->silent(i);
    if (silent < stuck_after || workers_[i]->finished()) continue;
    stuck_ = fmt::format("worker {} is stuck: it has not turned its loop for {} s", i, silent / 1s);
    stuck_for_good_ = stuck_for_good_ || silent >= given_up_after;
  }
  if (!stuck_.empty() && !was_stuck) core::log::error("{}", stuck_);
  if (stuck_.empty() && was_stuck) core::log::warn("the worker that was stuck goes on");
}

std::string Engine::failure() const {
  const std::lock_guard lock(mutex_);
  if (stuck_for_good_) return stuck_;
  for (const auto& worker : workers_) {
    if (auto why = worker->failure(); !why.empty()) return why;
  }
  return {};
}

}  // namespace hookline::engine
