#include "hookline/state/store.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include <sys/prctl.h>

#include "hookline/core/log.h"
#include "hookline/core/random.h"
#include "hookline/kafka/follower.h"

namespace hookline::state {
namespace {

using namespace std::chrono_literals;

constexpr auto poll_wait = 100ms;
constexpr core::Duration first_pause = 200ms;
constexpr core::Duration longest_pause = 5s;
constexpr core::Duration behind_at_most = 1s;

using Outcome = DefinitionLog::Outcome;

/// Writers that wait for their record. Outlives the store in the producer's reports.
class Waiters {
 public:
  void expect(const std::string& key) {
    const std::lock_guard lock(mutex_);
    waiting_[key];
  }
  void settle(const std::string& key, Outcome outcome) {
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find(key);
    if (found == waiting_.end()) return;
    found->second.outcome = outcome;
    changed_.notify_all();
  }
  void fail(const std::string& key, const core::Error& error) {
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find(key);
    if (found == waiting_.end()) return;
    found->second.error = error;
    changed_.notify_all();
  }
  void end() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }

  core::Result<Outcome> wait(const std::string& key, core::Duration timeout) {
    std::unique_lock lock(mutex_);
    auto& mine = waiting_[key];
    changed_.wait_for(lock, timeout, [&] { return mine.outcome || mine.error || ended_; });
    const auto result = mine;
    waiting_.erase(key);
    if (result.outcome) return *result.outcome;
    if (result.error) return tl::unexpected(*result.error);
    return core::fail(core::ErrorCode::timeout,
                      "the change was written and has not been read back yet: look whether it took effect");
  }

 private:
  struct Waiting {
    std::optional<Outcome> outcome;
    std::optional<core::Error> error;
  };
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, Waiting> waiting_;
  bool ended_ = false;
};

}  // namespace

struct Store::State {
  const kafka::Properties properties;
  const std::string topic;
  kafka::Producer& producer;
  const OnChange on_change;
  const std::shared_ptr<Waiters> waiters = std::make_shared<Waiters>();
  std::thread thread;
  std::atomic<bool> stopping{false};

  mutable std::mutex mutex;  ///< guards what follows
  DefinitionLog log;
  std::shared_ptr<const Snapshot> snapshot;
  std::string trouble = "the stored definitions have not been read yet";
  core::Random random = core::Random::from_system();

  core::log::Gate trouble_gate, foreign_gate;
  // Of the store's thread, since the last publication.
  std::map<std::string, Outcome> news;
  bool changed = false;

  State(kafka::Properties client, std::string name, kafka::Producer& by, OnChange call)
      : properties(std::move(client)), topic(std::move(name)), producer(by), on_change(std::move(call)) {}

  void run() {
    ::prctl(PR_SET_NAME, "state");
    core::Duration pause = first_pause;
    while (!stopping) {
      if (const auto followed = follow(); !followed) say(followed.error());
      for (core::Duration slept{}; slept < pause && !stopping; slept += 50ms) std::this_thread::sleep_for(50ms);
      pause = std::min(pause * 2, longest_pause);
    }
  }

  /// Until the topic cannot be read any more. Reading it again changes nothing: every record is known.
  core::Result<void> follow() {
    auto follower = kafka::Follower::open(properties, topic, std::nullopt);
    if (!follower) return tl::unexpected(follower.error());
    while (!stopping) {
      const auto polled = (*follower)->poll(poll_wait, [&](kafka::OwnedRecord&& record) { take(record); });
      if (!polled) return polled;
      if ((*follower)->caught_up()) publish();
    }
    return {};
  }

  void take(const kafka::OwnedRecord& record) {
    const std::lock_guard lock(mutex);
    const auto outcome = log.apply(record.key, record.value);
    changed = changed || (outcome != Outcome::refused && outcome != Outcome::copy);
    if (outcome == Outcome::applied || outcome == Outcome::refused) news.emplace(*record.key, outcome);
    if (outcome != Outcome::foreign) return;
    if (const auto more = foreign_gate.pass(core::read_clock().mono)) {
      core::log::warn("{}: the record at offset {} is passed over: {} ({} more since)", topic, record.offset,
                      log.objection(), *more);
    }
  }

  void publish() {
    std::shared_ptr<const Snapshot> made;
    {
      const std::lock_guard lock(mutex);
      trouble.clear();
      made = snapshot;
      if (!made || changed) made = std::make_shared<const Snapshot>(Snapshot{log.documents(), log.foreign_records()});
    }
    if (std::exchange(changed, false) || !snapshot) on_change(made);
    {
      const std::lock_guard lock(mutex);
      snapshot = made;
    }
    for (const auto& [key, outcome] : std::exchange(news, {})) waiters->settle(key, outcome);
  }

  void say(const core::Error& error) {
    const std::lock_guard lock(mutex);
    trouble = fmt::format("the stored definitions cannot be read: {}", error.message);
    if (const auto more = trouble_gate.pass(core::read_clock().mono)) {
      core::log::warn("{}; trying again ({} more since)", trouble, *more);
    }
  }

  std::uint64_t revision_of(const Name& name) const {
    const std::lock_guard lock(mutex);
    const Version* version = log.find(name);
    return version ? version->revision : 0;
  }

  /// Whoever asks may have seen a revision in another process that comes here in a moment.
  void wait_for_revision(const Name& name, std::uint64_t revision) const {
    for (core::Duration waited{}; waited < behind_at_most && revision_of(name) < revision; waited += 10ms) {
      std::this_thread::sleep_for(10ms);
    }
  }

  /// What nobody needs any more goes when somebody writes to the same name.
  void sweep(const Name& name) {
    std::vector<std::string> keys;
    {
      const std::lock_guard lock(mutex);
      keys = log.garbage(name, core::read_clock().wall);
    }
    static const auto nobody = std::make_shared<const kafka::ReportSink>([](std::vector<kafka::ProduceReport>&&) {});
    for (auto& key : keys) {
      kafka::OwnedRecord tombstone{.topic = topic, .partition = 0};
      tombstone.key = std::move(key);
      producer.produce(std::move(tombstone), 0, nobody);
    }
  }
};

Store::Store(kafka::Properties properties, std::string topic, kafka::Producer& producer, OnChange on_change)
    : state_(std::make_unique<State>(std::move(properties), std::move(topic), producer, std::move(on_change))) {}

Store::~Store() {
  state_->stopping = true;
  state_->waiters->end();
  if (state_->thread.joinable()) state_->thread.join();
}

void Store::start() {
  state_->thread = std::thread([this] { state_->run(); });
}

std::string Store::trouble() const {
  const std::lock_guard lock(state_->mutex);
  return state_->trouble;
}

std::shared_ptr<const Snapshot> Store::snapshot() const {
  const std::lock_guard lock(state_->mutex);
  return state_->snapshot;
}

core::Result<Written> Store::write(const Name& of, std::optional<std::uint64_t> replaces, const std::string& by,
                                   std::optional<json::Tree> document, core::Duration timeout) {
  Change change{of, 0, {}, by, core::read_clock().wall, std::move(document)};
  if (replaces) state_->wait_for_revision(of, *replaces);
  {
    const std::lock_guard lock(state_->mutex);
    if (!state_->snapshot || !state_->trouble.empty()) {
      return core::fail(core::ErrorCode::unavailable,
                        state_->trouble.empty() ? "the stored definitions are being read" : state_->trouble);
    }
    const Version* now = state_->log.find(of);
    const bool anew = replaces == 0 && now && !now->document;  // its revisions go on
    change.replaces = now ? now->revision : 0;
    if (replaces && !anew && *replaces != change.replaces) {
      return Written{false, now && now->document ? now->revision : 0};  // a record that is refused for certain
    }
    change.id = fmt::format("{:016x}", state_->random.next());
  }
  kafka::OwnedRecord record{.topic = state_->topic, .partition = 0};
  const auto key = key_of(change);
  record.key = key;
  record.value = value_of(change);
  if (record.value->size() > max_document_bytes) {
    return core::fail(core::ErrorCode::too_large,
                      fmt::format("the definition has {} bytes, at most {} are stored", record.value->size(), max_document_bytes));
  }
  if (const auto read = parse_change(key, *record.value); !read) return tl::unexpected(read.error());  // nobody could read it
  state_->waiters->expect(key);
  state_->producer.produce(std::move(record), 0,
                           std::make_shared<const kafka::ReportSink>(
                               [waiters = state_->waiters, key](std::vector<kafka::ProduceReport>&& reports) {
                                 for (const auto& report : reports) {
                                   if (report.error) waiters->fail(key, *report.error);
                                 }
                               }));
  const auto outcome = state_->waiters->wait(key, timeout);
  if (!outcome) return tl::unexpected(outcome.error());
  state_->sweep(of);
  const std::lock_guard lock(state_->mutex);
  const Version* now = state_->log.find(of);
  return Written{*outcome == Outcome::applied, now && now->document ? now->revision : 0};
}

}  // namespace hookline::state
