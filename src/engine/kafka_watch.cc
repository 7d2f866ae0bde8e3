#include "kafka_watch.h"

#include <chrono>
#include <utility>

#include <pthread.h>

#include "hookline/core/log.h"
#include "hookline/kafka/admin.h"
#include "topic_check.h"

namespace hookline::engine {
namespace {

using namespace std::chrono_literals;

constexpr auto interval = 2s;
constexpr auto answer_within = 2s;
constexpr auto ids_within = 1s;
constexpr auto more_for_a_topic = 100ms;  // one is asked for after the other, perhaps from far away
constexpr int misses_allowed = 1;    // a busy broker, a leader that moves
constexpr int refusals_allowed = 3;  // a cluster that does not tell ids is not asked for ever

}  // namespace

KafkaWatch::KafkaWatch(const config::Settings& settings, std::vector<std::string> read,
                       std::function<void(const std::string&)> on_made_again)
    : settings_(settings), read_(std::move(read)), on_made_again_(std::move(on_made_again)), thread_([this] { run(); }) {
  pthread_setname_np(thread_.native_handle(), "kafka-watch");
}

KafkaWatch::~KafkaWatch() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_all();
  thread_.join();
}

std::string KafkaWatch::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void KafkaWatch::run() {
  const auto admin = kafka::Admin::open(kafka::client_properties(settings_));
  if (!admin) return tell(admin.error().message);
  int misses = 0;
  std::unique_lock lock(mutex_);
  while (!stopped_.wait_for(lock, interval, [this] { return stop_; })) {
    lock.unlock();
    const auto found = find_missing(**admin, settings_, answer_within + more_for_a_topic * (read_.size() + config::own_topic_count));
    misses = found ? 0 : misses + 1;
    if (found) {
      tell({});
      compare(**admin);
    } else if (misses > misses_allowed) {
      const auto& error = found.error();
      const bool answered = error.code == core::ErrorCode::not_found || error.code == core::ErrorCode::refused;
      tell(answered ? error.message : "Kafka does not answer: " + error.message);
    }
    lock.lock();
  }
}

void KafkaWatch::compare(kafka::Admin& admin) {
  if (ids_.empty() && refusals_ >= refusals_allowed) return;
  auto ids = admin.topic_ids(read_, ids_within + more_for_a_topic * read_.size());
  if (!ids) {
    ++refusals_;
    return;
  }
  for (auto& [topic, id] : *ids) {
    auto& known = ids_[topic];
    const bool another = !known.empty() && known != id;
    known = std::move(id);
    if (another) on_made_again_(topic);
  }
}

void KafkaWatch::tell(std::string trouble) {
  const std::lock_guard lock(mutex_);
  if (trouble == trouble_) return;
  if (trouble.empty()) {
    core::log::info("Kafka answers again, with every topic that is needed");
  } else if (trouble_.empty()) {
    core::log::warn("{}; not ready until that is mended, and nothing is lost", trouble);
  }
  trouble_ = std::move(trouble);
}

}  // namespace hookline::engine
