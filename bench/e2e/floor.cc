#include "floor.h"

#include <cstdio>
#include <cstring>
#include <deque>
#include <string_view>
#include <vector>

#include <curl/curl.h>
#include <librdkafka/rdkafka.h>
#include <simdjson.h>

namespace hookline::bench {
namespace {

constexpr std::size_t batch_size = 1000;

class Poster {
 public:
  Poster(const std::string& url, int concurrency) : multi_(curl_multi_init()) {
    headers_ = curl_slist_append(nullptr, "Content-Type: application/json");
    headers_ = curl_slist_append(headers_, "Expect:");
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(concurrency));
    for (int i = 0; i < concurrency; ++i) {
      CURL* easy = curl_easy_init();
      curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
      curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers_);
      curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
      curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
      curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, +[](char*, std::size_t size, std::size_t n, void*) { return size * n; });
      idle_.push_back(easy);
    }
  }
  ~Poster() {
    for (CURL* easy : idle_) curl_easy_cleanup(easy);
    curl_multi_cleanup(multi_);
    curl_slist_free_all(headers_);
  }

  bool full() const { return idle_.empty(); }
  std::uint64_t done() const { return done_; }
  bool failed() const { return failed_; }

  void post(std::string_view body) {
    CURL* easy = idle_.back();
    idle_.pop_back();
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, body.data());
    curl_multi_add_handle(multi_, easy);
  }

  void turn(int timeout_ms) {
    int running = 0;
    if (timeout_ms > 0) curl_multi_poll(multi_, nullptr, 0, timeout_ms, nullptr);
    curl_multi_perform(multi_, &running);
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi_, &left)) {
      long status = 0;
      curl_easy_getinfo(message->easy_handle, CURLINFO_RESPONSE_CODE, &status);
      failed_ = failed_ || status != 200;
      CURL* easy = message->easy_handle;
      curl_multi_remove_handle(multi_, easy);
      idle_.push_back(easy);
      ++done_;
    }
  }

 private:
  CURLM* multi_;
  curl_slist* headers_ = nullptr;
  std::vector<CURL*> idle_;
  std::uint64_t done_ = 0;
  bool failed_ = false;
};

rd_kafka_t* make_consumer(const FloorOptions& options) {
  char error[512];
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  const std::pair<const char*, std::string> properties[] = {
      {"bootstrap.servers", options.bootstrap}, {"group.id", options.group}, {"enable.auto.commit", "false"},
      {"auto.offset.reset", "earliest"},        {"fetch.queue.backoff.ms", "10"}, {"queued.max.messages.kbytes", "8192"}};
  for (const auto& [name, value] : properties) {
    if (rd_kafka_conf_set(conf, name, value.c_str(), error, sizeof error) != RD_KAFKA_CONF_OK) return nullptr;
  }
  rd_kafka_t* kafka = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error, sizeof error);
  if (!kafka) return nullptr;
  rd_kafka_poll_set_consumer(kafka);
  rd_kafka_topic_partition_list_t* topics = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(topics, options.topic.c_str(), RD_KAFKA_PARTITION_UA);
  rd_kafka_subscribe(kafka, topics);
  rd_kafka_topic_partition_list_destroy(topics);
  return kafka;
}

/// Reads three fields, as the cheapest matching would.
bool looks_right(simdjson::ondemand::parser& parser, std::string& padded, std::string_view json) {
  padded.assign(json);
  padded.append(simdjson::SIMDJSON_PADDING, '\0');
  simdjson::ondemand::document document;
  if (parser.iterate(padded.data(), json.size(), padded.size()).get(document)) return false;
  std::string_view type, service, severity;
  return !document["event_type"].get_string().get(type) && !document["service"].get_string().get(service) &&
         !document["severity"].get_string().get(severity);
}

}  // namespace

bool run_floor(const FloorOptions& options) {
  rd_kafka_t* kafka = make_consumer(options);
  if (!kafka) return false;
  rd_kafka_queue_t* queue = rd_kafka_queue_get_consumer(kafka);
  simdjson::ondemand::parser parser;
  std::string padded;
  std::vector<rd_kafka_message_t*> messages(batch_size);
  std::uint64_t seen = 0;
  bool good = true;
  {
    Poster poster(options.url, options.url.empty() ? 0 : options.concurrency);
    while (good && (seen < options.events || (!options.url.empty() && poster.done() < options.events))) {
      const auto count = rd_kafka_consume_batch_queue(queue, poster.done() < seen ? 0 : 100, messages.data(), messages.size());
      for (ssize_t i = 0; i < count; ++i) {
        rd_kafka_message_t* message = messages[static_cast<std::size_t>(i)];
        if (!message->err) {
          const std::string_view value(static_cast<const char*>(message->payload), message->len);
          good = looks_right(parser, padded, value) && good;
          ++seen;
          while (!options.url.empty() && poster.full()) poster.turn(10);
          if (!options.url.empty()) poster.post(value);
        }
        rd_kafka_message_destroy(message);
      }
      if (!options.url.empty()) poster.turn(count > 0 ? 0 : 1);
    }
    good = good && !poster.failed();
  }
  rd_kafka_commit(kafka, nullptr, 0);
  rd_kafka_queue_destroy(queue);
  rd_kafka_consumer_close(kafka);
  rd_kafka_destroy(kafka);
  return good;
}

}  // namespace hookline::bench
