#include "jobs.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <tuple>

#include <fmt/format.h>

#include <sys/prctl.h>

#include "failure_watch.h"
#include "hookline/core/log.h"
#include "hookline/core/units.h"
#include "hookline/json/tree.h"
#include "hookline/kafka/follower.h"
#include "mail_desk.h"

namespace hookline::engine {
namespace {

using namespace std::chrono_literals;
using config::OwnTopic;

constexpr auto turn_every = 250ms;
constexpr auto failures_every = 2s;   ///< counts of a webhook that fails, or did lately
constexpr auto counts_every = 60s;    ///< of all others
constexpr auto told_before = 60s;     ///< what is older at a take-over was the former owner's to tell
constexpr auto shortest_look_back = 10min;
constexpr auto mail_look_back = 6h;   ///< dead letters that no mail could tell of are forgotten after it

void forget(std::vector<kafka::ProduceReport>&&) {}

/// What this process has counted, and what of it is published.
class Counts {
 public:
  /// Counts to be published now.
  std::vector<Outcomes> take(const EngineStatus& status, core::Now now) {
    for (const auto& worker : status.workers) {
      for (const auto& endpoint : worker.endpoints) {
        auto& before = seen_[{worker.worker, endpoint.webhook, endpoint.endpoint}];
        // A worker that was made anew counts from nothing.
        const auto grown = [](std::uint64_t value, std::uint64_t last) { return value >= last ? value - last : value; };
        Open& open = open_[endpoint.webhook];
        const auto failed = grown(endpoint.failed, before.second);
        open.counts.attempts += failed + grown(endpoint.delivered, before.first);
        open.counts.failed += failed;
        if (failed > 0) open.counts.error = endpoint.last_error;
        before = {endpoint.delivered, endpoint.failed};
      }
    }
    std::vector<Outcomes> due;
    for (auto& [webhook, open] : open_) {
      if (open.counts.attempts == 0) continue;
      const bool urgent = open.counts.failed > 0 || open.failed_lately;
      if (now.mono - open.published < (urgent ? core::Duration(failures_every) : core::Duration(counts_every))) continue;
      open.failed_lately = open.counts.failed > 0;
      open.published = now.mono;
      open.counts.webhook = webhook;
      open.counts.at = now.wall;
      due.push_back(std::exchange(open.counts, {}));
    }
    return due;
  }

  /// Dead letters to be told of now; of webhooks that want mail.
  std::vector<DeadLetters> take_letters(const EngineStatus& status, const Listing& listing, core::Now now) {
    std::vector<DeadLetters> due;
    for (const auto& worker : status.workers) {
      for (const auto& endpoint : worker.endpoints) {
        auto& before = letters_[{worker.worker, endpoint.webhook, endpoint.endpoint}];
        const auto grown = endpoint.dead_lettered >= before ? endpoint.dead_lettered - before : endpoint.dead_lettered;
        before = endpoint.dead_lettered;
        const auto listed = listing.find({state::Sort::webhook, endpoint.webhook});
        if (grown == 0 || listed == listing.end() || listed->second.failure_email.empty()) continue;
        due.push_back({endpoint.webhook, endpoint.endpoint, now.wall, grown, endpoint.last_letter});
      }
    }
    return due;
  }

 private:
  struct Open {
    Outcomes counts;
    core::MonoTime published{};
    bool failed_lately = false;
  };
  std::map<std::tuple<std::size_t, std::string, std::string>, std::pair<std::uint64_t, std::uint64_t>> seen_;
  std::map<std::string, Open> open_;
  std::map<std::tuple<std::size_t, std::string, std::string>, std::uint64_t> letters_;
};

/// "72 % of 250 attempts within 12h failed"
std::string account_of(const Judgement& judgement, const config::DisableAfter& rule) {
  return fmt::format("{} % of {} attempts within {} failed", judgement.failed * 100 / std::max<std::uint64_t>(1, judgement.attempts),
                     judgement.attempts, core::format_duration(rule.window));
}

}  // namespace

struct Jobs::State {
  Engine& engine;
  kafka::Producer& producer;
  state::Store& store;
  std::atomic<int> owners{0};  ///< workers of this process that own them: one, or none
  std::mutex mutex;
  std::condition_variable changed;
  bool stopping = false;
  std::thread thread;

  // Of the thread.
  Counts counts;
  core::MonoTime next_count{};
  std::unique_ptr<kafka::Follower> follower;
  FailureWatch watch;
  core::WallTime taken_over{};
  core::Duration look_back{};
  core::log::Gate gate;
  MailDesk mails;

  State(Engine& of, kafka::Producer& by, state::Store& in)
      : engine(of), producer(by), store(in), mails(of.settings(), [this](std::string key, std::string value) {
          send(topic(OwnTopic::jobs), std::move(key), std::move(value));
        }) {}

  const std::string& topic(OwnTopic which) const { return engine.settings().topics[which]; }

  void run() {
    ::prctl(PR_SET_NAME, "jobs");
    std::unique_lock lock(mutex);
    while (!stopping) {
      lock.unlock();
      publish_counts();
      mails.collect(core::read_clock());
      if (owners > 0) {
        work();
      } else {
        follower.reset();
      }
      lock.lock();
      changed.wait_for(lock, turn_every, [&] { return stopping; });
    }
  }

  void send(const std::string& to, std::string key, std::string value) {
    static const auto nobody = std::make_shared<const kafka::ReportSink>(forget);
    kafka::OwnedRecord record{.topic = to};
    record.key = std::move(key);
    record.value = std::move(value);
    producer.produce(std::move(record), 0, nobody);
  }

  void publish_counts() {
    const auto now = core::read_clock();
    if (now.mono < next_count) return;
    next_count = now.mono + failures_every / 2;
    const auto status = engine.status();
    for (auto& outcomes : counts.take(status, now)) {
      auto value = value_of(outcomes);
      send(topic(OwnTopic::jobs), std::move(outcomes.webhook), std::move(value));
    }
    for (auto& letters : counts.take_letters(status, *engine.catalog().listing(), now)) {
      auto value = value_of(letters);
      send(topic(OwnTopic::jobs), std::move(letters.webhook), std::move(value));
    }
  }

  /// The longest window in force.
  core::Duration needed(const Listing& listing) const {
    core::Duration longest = shortest_look_back;
    for (const auto& [name, listed] : listing) {
      if (listed.disable_after) longest = std::max(longest, listed.disable_after->window);
      if (!listed.failure_email.empty()) longest = std::max<core::Duration>(longest, mail_look_back);
    }
    return longest;
  }

  void work() {
    const auto listing = engine.catalog().listing();
    const auto now = core::read_clock();
    if (const auto longest = needed(*listing); !follower || longest > look_back) {
      const auto since = now.wall - std::chrono::duration_cast<std::chrono::milliseconds>(longest);
      auto opened = kafka::Follower::open(kafka::client_properties(engine.settings()), topic(OwnTopic::jobs), since);
      if (!opened) return say(opened.error());
      follower = std::move(*opened);
      watch = {};
      mails.forget();
      taken_over = now.wall;
      look_back = longest;
    }
    const auto polled = follower->poll({}, [&](kafka::OwnedRecord&& record) {
      if (!record.key || !record.value) return;
      if (const auto outcomes = parse_outcomes(*record.key, *record.value)) watch.take(*outcomes, outcomes->at < taken_over - told_before);
      mails.take(*record.key, *record.value);
    });
    if (!polled) {
      follower.reset();
      return say(polled.error());
    }
    if (!follower->caught_up()) return;
    for (const auto& judgement : watch.judge(now.wall, *listing)) act(judgement, listing->at({state::Sort::webhook, judgement.webhook}));
    mails.turn(now, *listing);
  }

  void say(const core::Error& error) {
    if (const auto more = gate.pass(core::read_clock().mono)) {
      core::log::warn("the counts for disable_after cannot be read: {}; trying again ({} more since)", error.message, *more);
    }
  }

  void act(const Judgement& judgement, const Listed& listed) {
    std::string account;
    switch (judgement.what) {
      case Judgement::What::disable: {
        account = account_of(judgement, *listed.disable_after);
        const auto written = store.write({state::Sort::webhook_switch, judgement.webhook}, listed.switch_revision, "disable_after",
                                         json::Tree{{"state", "tripped"}, {"reason", account}});
        if (!written) return say(written.error());
        if (!written->applied) return;  // somebody has touched the switch: judged again
        core::log::error("webhook {} was disabled: {}", judgement.webhook, account);
        mails.note(judgement.webhook, "was disabled: " + account, core::read_clock().wall);
        break;
      }
      case Judgement::What::failing:
        account = judgement.error;
        core::log::warn("webhook {} is failing: {}", judgement.webhook, account);
        mails.note(judgement.webhook, "is failing: " + account, core::read_clock().wall);
        break;
      case Judgement::What::recovered:
        core::log::info("webhook {} has recovered", judgement.webhook);
        break;
    }
    send(topic(OwnTopic::notices), judgement.webhook, notice_of(judgement, account, core::read_clock().wall));
  }
};

Jobs::Jobs(Engine& engine, kafka::Producer& producer, state::Store& store)
    : state_(std::make_unique<State>(engine, producer, store)) {
  state_->thread = std::thread([this] { state_->run(); });
}

Jobs::~Jobs() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  state_->thread.join();
}

void Jobs::own(bool owned) {
  state_->owners += owned ? 1 : -1;
  core::log::debug("a worker {} the group's single jobs", owned ? "has" : "gives up");
}

}  // namespace hookline::engine
