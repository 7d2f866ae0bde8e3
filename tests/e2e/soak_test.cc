// Twenty minutes of ordinary life with all its troubles: receivers that are well, slow, flaky, dead half of the time
// and refusing; members that come and go; reloads; a circuit that opens and closes. Memory, threads and descriptors
// stay what they are, commits stay behind what is open, nothing is lost. Only in the long form
// (HOOKLINE_LONG=1; HOOKLINE_SOAK_MINUTES for another length).
#include <csignal>
#include <cstdlib>

#include "proof.h"
#include "support/figures.h"
#include "support/promises.h"

namespace hookline::test {
namespace {

constexpr std::int64_t mebibyte = 1 << 20;

/// What a process used, sampled all the while.
class Samples {
 public:
  void add(const ProcessFigures& figures) { all_.push_back(figures); }

  /// The median over the second quarter (the first is warming up) and over the last.
  template <class Of>
  std::pair<std::int64_t, std::int64_t> early_and_late(Of of) const {
    const auto median = [&](std::size_t first, std::size_t last) {
      std::vector<std::int64_t> values;
      for (auto i = first; i < last; ++i) values.push_back(static_cast<std::int64_t>(of(all_[i])));
      std::sort(values.begin(), values.end());
      return values.at(values.size() / 2);
    };
    return {median(all_.size() / 4, all_.size() / 2), median(all_.size() * 3 / 4, all_.size())};
  }

 private:
  std::vector<ProcessFigures> all_;
};

class Soak : public Proof {
 protected:
  std::string webhooks(const std::string& description) const {
    const auto with = [&](const std::string& name, const std::string& more = {}) {
      return webhook(name, "description: " + description + "\n" + more) + "---\n";
    };
    return with("well") + with("slow") + with("flaky", "retry: {schedule: [1s, 2s, 2s, 5s]}\n") +
           with("ill", "retry: {schedule: [1s, 2s, 4s, 8s, 16s, 30s, 30s, 30s, 30s], max_age: 2h}\n") + with("refusing");
  }

  void set_receivers() {
    const auto share = [](const ReceivedRequest& request) { return std::hash<std::string>()(request.header("webhook-id")) % 100; };
    receiver.on("/slow/0", after(40ms));
    receiver.on("/flaky/0", [share](const ReceivedRequest& request, int seen) {
      return Reaction{.mode = seen == 0 && share(request) < 3 ? Mode::reset : Mode::answer, .status = seen <= 1 && share(request) < 8 ? 503 : 200};
    });
    receiver.on("/ill/0", [this](const ReceivedRequest&, int) { return Reaction{.status = ill_ ? 503 : 200}; });
    receiver.on("/refusing/0", [share](const ReceivedRequest& request, int) { return Reaction{.status = share(request) < 5 ? 422 : 200}; });
  }

  CommitCheck commits_now() {
    CommitCheck check(kafka.committed(group, topic));
    check.received(receiver.requests());
    check.stored(kafka.read(dead_letters));
    for (const char* tier : retry_tiers) check.stored(kafka.read(prefix + ".retry." + tier));
    return check;
  }

  static void expect_flat(const std::string& what, std::pair<std::int64_t, std::int64_t> early_late, std::int64_t slack) {
    fmt::print("soak: {}: {} early, {} late\n", what, early_late.first, early_late.second);
    EXPECT_LE(early_late.second, early_late.first + slack) << what << " grows";
  }

  std::atomic<bool> ill_ = false;
};

TEST_F(Soak, NothingGrowsAndNothingIsLost) {
  if (!long_run()) {
    fmt::print("skipped: twenty minutes long; HOOKLINE_LONG=1 runs it\n");
    GTEST_SKIP() << "twenty minutes long; HOOKLINE_LONG=1 runs it";
  }
  const char* const minutes_text = std::getenv("HOOKLINE_SOAK_MINUTES");
  const auto length = std::chrono::minutes(minutes_text == nullptr ? 20 : std::atoi(minutes_text));
  session_timeout = 20s;
  create_topics();
  set_receivers();
  const std::vector<std::string> endpoints = {"well/0", "slow/0", "flaky/0", "ill/0", "refusing/0"};
  const auto made = options(webhooks("first"), "workers: 2\nlimits: {memory: 64MiB}\n");
  HooklineProcess staying(made), other(made), guest(made);
  ASSERT_TRUE(staying.wait_ready(60s)) << staying.log();
  ASSERT_TRUE(other.wait_ready(60s)) << other.log();

  Load load(kafka.bootstrap(), topic, 50);
  Samples samples;
  std::vector<CommitCheck> checks;
  int reloads = 0, guests = 1;
  const auto begin = std::chrono::steady_clock::now();
  for (int tick = 0; std::chrono::steady_clock::now() - begin < length; ++tick) {  // a tick takes five seconds
    std::this_thread::sleep_for(5s);
    ASSERT_TRUE(staying.running() && other.running()) << staying.log() << other.log();
    samples.add(figures_of(staying.pid()));
    if (tick % 8 == 0) ill_ = !ill_;
    if (tick % 6 == 1) {
      staying.write("webhooks.yaml", webhooks(fmt::format("reload {}", ++reloads)));
      staying.signal(SIGHUP);
    }
    if (tick % 12 == 5) {
      EXPECT_EQ(guest.terminate()->code, 0) << guest.log();
    }
    if (tick % 12 == 9) {
      guest.start();
      ++guests;
    }
    if (tick % 36 == 20) checks.push_back(commits_now());
  }
  ill_ = false;
  const auto events = load.stop();
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 180s, 500ms)) << lag() << " " << waiting() << "\n" << staying.log();
  checks.push_back(commits_now());

  const auto report = account_of(events, endpoints);
  print(fmt::format("a soak of {} minutes, {} reloads, {} guests", length.count(), reloads, guests), report, 0);
  EXPECT_TRUE(report.complete()) << report.text;
  EXPECT_EQ(report.duplicates, 0) << report.text;
  for (const auto& check : checks) {
    const auto broken = check.broken(events, endpoints);
    EXPECT_TRUE(broken.empty()) << broken.size() << " deliveries, first " << broken.front();
  }
  if (memory_is_its_own) {
    expect_flat("resident MiB", samples.early_and_late([](const auto& f) { return f.resident / mebibyte; }), 24);
  }
  // Whichever member owns the group's jobs has a Kafka client more, of four threads.
  expect_flat("threads", samples.early_and_late([](const auto& f) { return f.threads; }), 6);
  expect_flat("descriptors", samples.early_and_late([](const auto& f) { return f.descriptors; }), 40);
  EXPECT_LT(staying.log().size() / 1000, static_cast<std::size_t>(20 * length.count() + 100)) << "a storm of log lines, in kB";
  for (auto* process : {&staying, &other, &guest}) {
    if (process->running()) {
      EXPECT_EQ(process->terminate()->code, 0) << process->log();
    }
  }
}

}  // namespace
}  // namespace hookline::test
