#include "hookline/engine/replay_jobs.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <future>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include <sys/prctl.h>

#include "hookline/core/log.h"
#include "hookline/core/units.h"
#include "hookline/engine/engine.h"
#include "hookline/engine/replay_journal.h"
#include "hookline/kafka/follower.h"

namespace hookline::engine {
namespace {

using namespace std::chrono_literals;
using config::OwnTopic;

constexpr auto turn_every = 250ms;
constexpr auto reopen_after = 10s;
constexpr auto progress_every = 1s;
constexpr auto again_after = 10s;  ///< a job that Kafka's trouble has ended
constexpr auto write_timeout = 10s;
constexpr auto kept_for = std::chrono::days(30);
/// A command line notes every two seconds how far it is, but for a large topic that it has to read first.
constexpr auto silence = 60s;

std::string text_in(const json::Tree& tree, const char* name) {
  const auto found = tree.is_object() ? tree.find(name) : tree.end();
  return tree.is_object() && found != tree.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string account_of(const ReplayCounts& counts) {
  std::uint64_t skipped = counts.creates.count;
  for (const auto& [why, count] : counts.skipped) skipped += count;
  return fmt::format("{} of {} looked at, {} sent, {} not sent{}", counts.done, counts.total,
                     core::counted(counts.sent, "delivery", "deliveries"), skipped,
                     counts.creates.count > 0 ? fmt::format(", of these {} creates whose items exist", counts.creates.count) : "");
}

/// A command line that was killed cannot say so: it is silent.
bool fell_silent(const state::ReplayJob& job) {
  const auto told = text_in(job.progress, "state");
  return job.silent && text_in(job.asked, "executor") == "cli" && (told.empty() || told == "running");
}

/// How a replay of the command line is taken up again.
std::string how_to_go_on(const state::ReplayJob& job) {
  const bool events = job.asked.contains("request") && text_in(job.asked["request"], "what") == "events";
  return events ? fmt::format("to go on: hookline replay --config FILE --resume {}", job.id)
                : std::string("to go on: the same hookline dead-letters replay again");
}

}  // namespace

std::string state_of(const state::ReplayJob& job) {
  if (fell_silent(job)) return "interrupted";
  const auto told = text_in(job.progress, "state");
  const bool ended = told == "done" || told == "cancelled" || told == "failed" || told == "interrupted";
  if (!ended && job.wanted == state::Wanted::cancelled) return "cancelled";
  if (!ended && job.wanted == state::Wanted::paused) return "paused";
  return told.empty() || told == "paused" ? "waiting" : told;
}

bool is_over(const state::ReplayJob& job) {
  const auto state = state_of(job);
  return state == "done" || state == "cancelled" || state == "failed";
}

json::Tree to_json(const state::ReplayJob& job) {
  const auto state = state_of(job);
  json::Tree out{{"id", job.id}, {"state", state}};
  for (const char* name : {"by", "at", "executor", "request"}) out[name] = job.asked.contains(name) ? job.asked[name] : json::Tree(nullptr);
  out["counts"] = job.progress.is_object() && job.progress.contains("counts") ? job.progress["counts"] : to_json(ReplayCounts{});
  for (const auto& [from, to] : {std::pair("at", "updated_at"), std::pair("error", "error")}) {
    out[to] = job.progress.is_object() && job.progress.contains(from) ? job.progress[from] : json::Tree(nullptr);
  }
  if (state == "interrupted" && out["error"].is_null()) out["error"] = how_to_go_on(job);
  return out;
}

struct ReplayJobs::State {
  Engine& engine;
  kafka::Producer& producer;
  std::atomic<int> owners{0};
  mutable std::mutex mutex;  ///< guards what follows up to the thread
  std::condition_variable changed;
  bool stopping = false;
  state::ReplayLog log{""};
  std::map<std::string, core::MonoTime> heard;  ///< jobs, and when something came of them: clocks of other machines do not compare
  std::thread thread;

  // Of the thread.
  std::unique_ptr<kafka::Follower> follower;
  core::MonoTime next_open{};
  std::map<std::string, core::MonoTime> not_before;  ///< jobs that ended in Kafka's trouble
  core::log::Gate gate;

  State(Engine& of, kafka::Producer& by) : engine(of), producer(by) {}

  const std::string& topic(OwnTopic which) const { return engine.settings().topics[which]; }

  void run() {
    ::prctl(PR_SET_NAME, "replays");
    while (!wait_a_turn()) {
      follow();
      if (owners > 0 && follower && follower->caught_up()) work();
    }
  }

  bool wait_a_turn() {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, turn_every, [&] { return stopping; });
    return stopping;
  }

  void follow() {
    if (!follower && core::read_clock().mono >= next_open) {
      next_open = core::read_clock().mono + reopen_after;
      auto opened = kafka::Follower::open(kafka::client_properties(engine.settings()), topic(OwnTopic::replays), std::nullopt);
      if (!opened) return say(opened.error());
      follower = std::move(*opened);
    }
    if (!follower) return;
    const auto polled = follower->poll({}, [&](kafka::OwnedRecord&& record) {
      const std::lock_guard lock(mutex);
      log.apply(record.key, record.value);
      const auto id = record.key ? std::string(state::job_of(*record.key)) : std::string();
      if (!record.value) heard.erase(id);
      else if (!id.empty()) heard[id] = core::read_clock().mono;
    });
    if (polled) return;
    follower.reset();
    say(polled.error());
  }

  void say(const core::Error& error) {
    if (const auto more = gate.pass(core::read_clock().mono)) {
      core::log::warn("replays asked for through the admin API cannot be worked on: {}; trying again ({} more since)", error.message, *more);
    }
  }

  /// A job as whoever asks for it sees it; with `mutex` held.
  state::ReplayJob seen(const std::string& id, state::ReplayJob job) const {
    const auto at = heard.find(id);
    job.silent = at != heard.end() && core::read_clock().mono - at->second > silence;
    return job;
  }

  /// The oldest job that somebody wants and nobody has finished.
  std::optional<state::ReplayJob> next_job() {
    const std::lock_guard lock(mutex);
    const state::ReplayJob* oldest = nullptr;
    for (const auto& [id, job] : log.jobs()) {
      const bool ours = text_in(job.asked, "executor") == "service" && !is_over(job) && job.wanted == state::Wanted::running;
      const auto wait = not_before.find(id);
      if (!ours || (wait != not_before.end() && core::read_clock().mono < wait->second)) continue;
      if (!oldest || text_in(job.asked, "at") < text_in(oldest->asked, "at")) oldest = &job;
    }
    return oldest ? std::optional(*oldest) : std::nullopt;
  }

  void work() {
    forget_old_jobs();
    close_cancelled();
    const auto job = next_job();
    if (!job) return;
    const auto asked_at = core::parse_rfc3339(text_in(job->asked, "at"));
    const auto request = asked_at && job->asked.contains("request") ? parse_replay(job->asked["request"], *asked_at)
                                                                    : core::fail(core::ErrorCode::invalid, "its record is damaged");
    const auto stand = stand_of(job->progress);
    const auto rest = request ? rest_of(*request, stand) : std::nullopt;
    Replay replay(rest.value_or(ReplayRequest{}),
                  {engine.settings(), engine.status().cluster_id, engine.definitions(), &producer, job->id, asked_at.value_or(core::WallTime{})});
    ReplayJournal journal(producer, engine.settings().topics, job->id);
    const Work work{*job, stand, rest.value_or(ReplayRequest{}), replay, journal};
    if (!request) return end(work, "failed", request.error().message);
    rest ? carry_on(work) : end(work, "done", {});
  }

  /// A job that is being worked on.
  struct Work {
    const state::ReplayJob& job;
    const ReplayStand& stand;
    const ReplayRequest& request;
    Replay& replay;
    ReplayJournal& journal;

    ReplayCounts counts() const { return sum_of(stand, replay.counts(), request); }
    void note(const char* state, const std::string& error = {}) const { journal.progress(state, counts(), replay, error); }
  };

  void carry_on(const Work& work) {
    const auto& job = work.job;
    if (const auto survey = work.replay.survey(work.stand.ends); !survey) return fail(work, survey.error());
    work.replay.begin_at(work.stand.position);
    work.note("running");  // its end stands from here on
    core::log::info("replay {}, asked for by {}: {} {}", job.id, text_in(job.asked, "by"), job.progress.is_null() ? "begins with" : "goes on with",
                    describe(work.request));
    core::MonoTime next_progress{};
    const Control control{.watch = [&](const ReplayCounts&) {
                            follow();
                            const auto now = core::read_clock().mono;
                            const auto order = order_of(job.id);
                            if (order == Order::go && now >= next_progress) {
                              next_progress = now + progress_every;
                              work.note("running");
                            }
                            return order;
                          },
                          .say = [&](const std::string& line) { core::log::info("replay {}: {}", job.id, line); },
                          .dry = {}};
    const auto outcome = work.replay.run(control);
    if (!outcome) return fail(work, outcome.error());
    if (!outcome->stopped) return end(work, "done", {});
    const auto wanted = wanted_of(job.id);
    if (wanted == state::Wanted::cancelled) return end(work, "cancelled", {});
    note_where_it_stands(work, wanted == state::Wanted::paused ? "paused" : "running", {});
  }

  state::Wanted wanted_of(const std::string& id) {
    const std::lock_guard lock(mutex);
    const auto job = log.jobs().find(id);
    return job == log.jobs().end() ? state::Wanted::cancelled : job->second.wanted;
  }

  Order order_of(const std::string& id) {
    const auto wanted = wanted_of(id);
    const std::lock_guard lock(mutex);
    return stopping || owners == 0 || wanted != state::Wanted::running ? Order::stop : Order::go;
  }

  /// For whoever goes on: another process, which has begun already if the job is not this one's any more.
  void note_where_it_stands(const Work& work, const char* state, const std::string& error) {
    if (owners > 0) work.note(state, error);
  }

  /// What a request got wrong ends its job; what Kafka cannot do now is tried again.
  void fail(const Work& work, const core::Error& error) {
    if (error.code == core::ErrorCode::invalid) return end(work, "failed", error.message);
    core::log::warn("replay {} cannot go on: {}; trying again", work.job.id, error.message);
    // Before its first look it has no end yet, and what an earlier owner noted has to stay.
    if (!work.replay.ends().empty() || !work.replay.position().empty()) note_where_it_stands(work, "running", error.message);
    not_before[work.job.id] = core::read_clock().mono + again_after;
  }

  void end(const Work& work, const char* state, const std::string& error) {
    const auto& job = work.job;
    work.note(state, error);
    core::log::info("replay {}, asked for by {}, is {}: {}{}{}", job.id, text_in(job.asked, "by"), state, account_of(work.counts()),
                    error.empty() ? "" : "; ", error);
    // Read back before anything else is begun, so that it is not begun again.
    const auto deadline = core::read_clock().mono + write_timeout;
    while (core::read_clock().mono < deadline && follower && !told_over(job.id)) {
      std::this_thread::sleep_for(10ms);
      follow();
    }
  }

  bool told_over(const std::string& id) {
    const std::lock_guard lock(mutex);
    const auto job = log.jobs().find(id);
    return job == log.jobs().end() || is_over(job->second);
  }

  /// Those that were cancelled while nobody worked on them get their last word.
  void close_cancelled() {
    std::vector<std::pair<std::string, std::string>> records;
    {
      const std::lock_guard lock(mutex);
      for (const auto& [id, job] : log.jobs()) {
        if (text_in(job.asked, "executor") != "service" || job.wanted != state::Wanted::cancelled || text_in(job.progress, "state") == "cancelled" ||
            text_in(job.progress, "state") == "done" || text_in(job.progress, "state") == "failed") {
          continue;
        }
        json::Tree progress = job.progress.is_object() ? job.progress : json::Tree{{"counts", to_json(ReplayCounts{})}};
        progress["state"] = "cancelled";
        progress["at"] = core::format_rfc3339(core::read_clock().wall);
        records.emplace_back(state::replay_end_key(id), progress.dump());
      }
    }
    for (auto& [key, value] : records) (void)write(std::move(key), std::move(value));
  }

  void forget_old_jobs() {
    std::vector<std::string> old;
    {
      const std::lock_guard lock(mutex);
      const auto before = core::read_clock().wall - kept_for;
      for (const auto& [id, job] : log.jobs()) {
        const auto at = core::parse_rfc3339(text_in(job.asked, "at"));
        if (at && *at < before && (is_over(job) || text_in(job.asked, "executor") == "cli")) old.push_back(id);
      }
    }
    for (const auto& id : old) {
      for (auto key : {state::job_key(id), state::wanted_key(id), state::replay_progress_key(id), state::replay_end_key(id)}) (void)write(std::move(key), std::nullopt);
    }
  }

  /// Waits for the broker's word. The report may come later than that.
  core::Result<void> write(std::string key, std::optional<std::string> value) {
    const auto promise = std::make_shared<std::promise<std::optional<core::Error>>>();
    auto future = promise->get_future();
    kafka::OwnedRecord record{.topic = topic(OwnTopic::replays)};
    record.key = std::move(key);
    record.value = std::move(value);
    producer.produce(std::move(record), 0, std::make_shared<const kafka::ReportSink>([promise](std::vector<kafka::ProduceReport>&& reports) {
                       promise->set_value(reports.front().error);
                     }));
    if (future.wait_for(write_timeout) != std::future_status::ready) {
      return core::fail(core::ErrorCode::timeout, "Kafka has not acknowledged it in time; it may have been written");
    }
    if (const auto error = future.get()) return tl::unexpected(*error);
    return {};
  }
};

ReplayJobs::ReplayJobs(Engine& engine, kafka::Producer& producer) : state_(std::make_unique<State>(engine, producer)) {
  state_->thread = std::thread([this] { state_->run(); });
}

ReplayJobs::~ReplayJobs() {
  {
    const std::lock_guard lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  state_->thread.join();
}

void ReplayJobs::own(bool owned) { state_->owners += owned ? 1 : -1; }

core::Result<std::string> ReplayJobs::ask(const ReplayRequest& request, const std::string& by) {
  auto id = new_replay_id();
  const json::Tree asked{{"by", by}, {"at", core::format_rfc3339(core::read_clock().wall)}, {"executor", "service"}, {"request", to_json(request)}};
  const auto written = state_->write(state::job_key(id), asked.dump(-1, ' ', false, json::Tree::error_handler_t::replace));
  if (!written) return tl::unexpected(written.error());
  core::log::info("replay {} was asked for by {}: {}", id, by, describe(request));
  const std::lock_guard lock(state_->mutex);
  state_->log.apply(state::job_key(id), asked.dump(-1, ' ', false, json::Tree::error_handler_t::replace));  // whoever asks for it next finds it
  return id;
}

core::Result<Survey> ReplayJobs::survey(const ReplayRequest& request) {
  Engine& engine = state_->engine;
  return Replay(request, {engine.settings(), engine.status().cluster_id, engine.definitions(), nullptr, "", core::read_clock().wall}).survey();
}

core::Result<void> ReplayJobs::want(const std::string& id, state::Wanted wanted, const std::string& by) {
  const auto job = find(id);
  if (!job) return core::fail(core::ErrorCode::not_found, fmt::format("there is no replay {}", id));
  if (text_in(job->asked, "executor") == "cli") {
    return core::fail(core::ErrorCode::refused, state_of(*job) == "interrupted" ? fmt::format("replay {} was broken off in its command line; {}", id, how_to_go_on(*job))
                                                                                : fmt::format("replay {} runs in a command line: it is stopped there", id));
  }
  if (is_over(*job)) return core::fail(core::ErrorCode::refused, fmt::format("replay {} is {}", id, state_of(*job)));
  const auto value = state::wanted_value(wanted, by, core::read_clock().wall);
  if (auto written = state_->write(state::wanted_key(id), value); !written) return written;
  core::log::info("replay {}: {} wants it {}", id, by, state::name(wanted));
  const std::lock_guard lock(state_->mutex);
  state_->log.apply(state::wanted_key(id), value);
  return {};
}

std::vector<state::ReplayJob> ReplayJobs::list() const {
  std::vector<state::ReplayJob> result;
  {
    const std::lock_guard lock(state_->mutex);
    for (const auto& [id, job] : state_->log.jobs()) {
      if (job.asked.is_object()) result.push_back(state_->seen(id, job));
    }
  }
  std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) {
    return std::pair(text_in(a.asked, "at"), a.id) > std::pair(text_in(b.asked, "at"), b.id);
  });
  return result;
}

std::optional<state::ReplayJob> ReplayJobs::find(const std::string& id) const {
  const std::lock_guard lock(state_->mutex);
  const auto job = state_->log.jobs().find(id);
  if (job == state_->log.jobs().end() || !job->second.asked.is_object()) return std::nullopt;
  return state_->seen(id, job->second);
}

}  // namespace hookline::engine
