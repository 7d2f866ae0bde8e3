#include "correlation_feed.h"

#include <atomic>
#include <chrono>
#include <thread>
#include <utility>

#include <fmt/format.h>
#include <sys/prctl.h>

#include "hookline/core/log.h"
#include "hookline/kafka/follower.h"

namespace hookline::engine {
namespace {

using namespace std::chrono_literals;

constexpr auto poll_wait = 50ms;
constexpr core::Duration first_pause = 200ms;
constexpr core::Duration longest_pause = 5s;

}  // namespace

/// One thread, for one set of partitions. Told to end, it does so at its own pace: Kafka may let it wait.
class CorrelationFeed::Run {
 public:
  Run(const CorrelationFeed& feed, std::uint64_t serial, std::vector<std::int32_t> partitions)
      : feed_(feed), serial_(serial), partitions_(std::move(partitions)), thread_([this] { run(); }) {}
  ~Run() {
    stop();
    thread_.join();
  }
  void stop() { stopping_ = true; }
  bool ended() const { return ended_; }

 private:
  void run() {
    ::prctl(PR_SET_NAME, "correlations");
    core::Duration pause = first_pause;
    while (!stopping_) {
      if (const auto followed = follow(); !followed) say(followed.error());
      for (core::Duration slept{}; slept < pause && !stopping_; slept += 20ms) std::this_thread::sleep_for(20ms);
      pause = std::min(pause * 2, longest_pause);
    }
    ended_ = true;
  }

  /// Until the topic cannot be read any more. Reading it again changes nothing: the worker knows each record.
  core::Result<void> follow() {
    auto follower = kafka::Follower::open(feed_.properties_, feed_.topic_, std::nullopt, partitions_);
    if (!follower) return tl::unexpected(follower.error());
    bool told = false;
    while (!stopping_) {
      Batch batch = empty();
      const auto polled = (*follower)->poll(poll_wait, [&](kafka::OwnedRecord&& record) {
        if (!record.key) return;
        batch.records.push_back({record.partition, record.offset, std::move(*record.key), std::move(record.value)});
      });
      if (!polled) return polled;
      if (!told && (*follower)->caught_up()) {
        told = true;
        batch.complete = partitions_;
      }
      if (!batch.records.empty() || !batch.complete.empty()) feed_.take_(std::move(batch));
    }
    return {};
  }

  Batch empty() const { return {.serial = serial_, .records = {}, .complete = {}}; }

  void say(const core::Error& error) {
    if (const auto more = gate_.pass(core::read_clock().mono)) {
      core::log::warn("the correlations cannot be read: {}; ordered deliveries wait for them, trying again ({} more since)", error.message,
                      *more);
    }
  }

  const CorrelationFeed& feed_;
  const std::uint64_t serial_;
  const std::vector<std::int32_t> partitions_;
  core::log::Gate gate_;
  std::atomic<bool> stopping_{false}, ended_{false};
  std::thread thread_;  ///< last: it uses the others
};

CorrelationFeed::CorrelationFeed(kafka::Properties properties, std::string topic, Take take)
    : properties_(std::move(properties)), topic_(std::move(topic)), take_(std::move(take)) {}

CorrelationFeed::~CorrelationFeed() = default;

std::uint64_t CorrelationFeed::follow(std::vector<std::int32_t> partitions) {
  for (const auto& run : runs_) run->stop();
  std::erase_if(runs_, [](const auto& run) { return run->ended(); });
  ++serial_;
  if (!partitions.empty()) runs_.push_back(std::make_unique<Run>(*this, serial_, std::move(partitions)));
  return serial_;
}

}  // namespace hookline::engine
