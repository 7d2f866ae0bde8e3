#include "delivery_notes.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <iterator>
#include <mutex>
#include <thread>

#include <sys/prctl.h>

#include "hookline/core/log.h"
#include "hookline/kafka/producer.h"
#include "hookline/kafka/properties.h"
#include "hookline/state/delivery_entry.h"

namespace hookline::engine {
namespace {

using namespace std::chrono_literals;
using Bodies = config::DeliveryLog::Bodies;

constexpr std::size_t most_waiting = 20'000;
constexpr std::size_t most_bytes = 32 << 20;
constexpr core::Duration last_flush = 1s;
/// What comes within it is written together: a thread that wakes for every single attempt costs more than the writing.
constexpr core::Duration gathering = 50ms;

std::size_t size_of(const DeliveryNote& note) {
  return sizeof note + note.response.size() + (note.request ? note.request->body.size() : 0);
}

/// At most `limit` bytes, cut between characters.
std::string shortened(const std::string& text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
  return text.substr(0, limit);
}

std::string_view verb(config::Method method) {
  return method == config::Method::put ? "PUT" : method == config::Method::patch ? "PATCH" : "POST";
}

state::LoggedRequest logged(const deliver::Request& request, std::size_t limit) {
  const auto shown = deliver::masked(request);
  state::LoggedRequest out{std::string(verb(shown.method)), shown.url, {}, shortened(shown.body, limit)};
  for (const auto& header : shown.headers) out.headers.emplace_back(header.name, header.value);
  return out;
}

state::DeliveryEntry entry_of(const DeliveryNote& note, const config::DeliveryLog& settings) {
  using Outcome = state::DeliveryEntry::Outcome;
  state::DeliveryEntry entry{.id = note.id,
                             .webhook = note.webhook,
                             .endpoint = note.endpoint,
                             .kind = std::string(event::name(note.kind)),
                             .type = note.request ? note.request->event_type : note.type,
                             .topic = note.topic,
                             .partition = note.partition,
                             .offset = note.offset,
                             .timestamp = note.timestamp,
                             .at = note.at,
                             .outcome = note.delivered ? Outcome::delivered : note.reason ? Outcome::dead_lettered : Outcome::waiting,
                             .reason = note.reason ? std::string(settle::name(*note.reason)) : std::string(),
                             .error = note.reason ? note.error : std::string(),
                             .attempt = {}};
  if (note.reason) return entry;
  const bool kept = settings.bodies == Bodies::all || (settings.bodies == Bodies::failures && !note.delivered);
  auto& attempt = entry.attempt.emplace();
  attempt.number = note.number;
  attempt.status = note.status;
  attempt.duration_ms = std::chrono::duration<double, std::milli>(note.duration).count();
  attempt.error = note.error;
  if (kept && note.request) {
    attempt.request = logged(*note.request, settings.max_body);
    if (note.status) attempt.response = shortened(deliver::without_secrets(note.response, *note.request), settings.max_body);
  }
  return entry;
}

}  // namespace

struct DeliveryNotes::State {
  config::DeliveryLog settings;
  std::string topic;
  core::Metrics& metrics;
  std::unique_ptr<kafka::Producer> producer;
  std::shared_ptr<const kafka::ReportSink> sink;
  /// Bytes that Kafka has not acknowledged; the token of a record is its share.
  std::shared_ptr<std::atomic<std::uint64_t>> under_way = std::make_shared<std::atomic<std::uint64_t>>(0);

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<DeliveryNote> waiting;
  std::size_t bytes = 0;
  bool ending = false;
  std::thread thread;

  explicit State(core::Metrics& in) : metrics(in) {}

  void run() {
    ::prctl(PR_SET_NAME, "delivery-log");
    std::vector<DeliveryNote> batch;
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [this] { return ending || !waiting.empty(); });
      if (waiting.empty()) return;
      changed.wait_for(lock, gathering, [this] { return ending || half_full(); });
      batch.swap(waiting);
      bytes = 0;
      lock.unlock();
      write(batch);
      batch.clear();
      lock.lock();
    }
  }

  bool half_full() const { return waiting.size() > most_waiting / 2 || bytes > most_bytes / 2; }

  void write(const std::vector<DeliveryNote>& batch) {
    for (const auto& note : batch) {
      kafka::OwnedRecord record{.topic = topic};
      record.key = note.id;
      record.value = state::value_of(entry_of(note, settings));
      const std::uint64_t size = record.value->size();
      if (producer->pending() >= most_waiting || under_way->load() + size > most_bytes) {
        metrics.delivery_log_dropped().add();
        continue;
      }
      *under_way += size;
      producer->produce(std::move(record), size, sink);
    }
  }
};

DeliveryNotes::DeliveryNotes() = default;

core::Result<std::unique_ptr<DeliveryNotes>> DeliveryNotes::open(const config::Settings& settings, core::Metrics& metrics) {
  std::unique_ptr<DeliveryNotes> notes(new DeliveryNotes);
  auto state = std::make_unique<State>(metrics);
  state->settings = settings.delivery_log;
  state->topic = settings.topics[config::OwnTopic::deliveries];
  auto producer = kafka::Producer::open(kafka::producer_properties(settings));
  if (!producer) return tl::unexpected(producer.error());
  state->producer = std::move(*producer);
  state->sink = std::make_shared<const kafka::ReportSink>([&metrics, under_way = state->under_way](std::vector<kafka::ProduceReport>&& reports) {
    for (const auto& report : reports) {
      *under_way -= report.token;
      if (report.error) metrics.delivery_log_dropped().add();
    }
  });
  state->thread = std::thread([raw = state.get()] { raw->run(); });
  notes->state_ = std::move(state);
  return notes;
}

DeliveryNotes::~DeliveryNotes() {
  if (!state_) return;
  {
    const std::lock_guard lock(state_->mutex);
    state_->ending = true;
  }
  state_->changed.notify_all();
  state_->thread.join();
  (void)state_->producer->flush(last_flush);
}

void DeliveryNotes::add(std::vector<DeliveryNote>& notes) {
  std::size_t taken = 0;
  bool awaited = false;
  {
    const std::lock_guard lock(state_->mutex);
    awaited = state_->waiting.empty();
    for (auto& note : notes) {
      const auto size = size_of(note);
      if (state_->waiting.size() >= most_waiting || state_->bytes + size > most_bytes) break;
      state_->bytes += size;
      state_->waiting.push_back(std::move(note));
      ++taken;
    }
    awaited = awaited || state_->half_full();
  }
  if (awaited) state_->changed.notify_one();
  if (taken < notes.size()) state_->metrics.delivery_log_dropped().add(notes.size() - taken);
  notes.clear();
}

}  // namespace hookline::engine
