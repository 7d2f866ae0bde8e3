// Publishes events and remembers which of them the broker acknowledged: the input side of an account
// that is kept from outside. An idempotent librdkafka producer; one thread at a time.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "support/kafka_admin.h"

namespace hookline::test {

struct EventToPublish {
  std::string id;  ///< what the account knows the event by
  std::string key;
  std::string value;
  Headers headers;
  std::int32_t partition = -1;  ///< -1: by the key
  std::int64_t timestamp = 0;   ///< milliseconds since 1970; 0: now
};

/// An event that the broker has acknowledged.
struct PublishedEvent {
  std::string id;
  std::string topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
};

class Publisher {
 public:
  /// `settings` are librdkafka properties, over acks=all and enable.idempotence=true.
  explicit Publisher(const std::string& bootstrap, const std::map<std::string, std::string>& settings = {});
  ~Publisher();
  Publisher(const Publisher&) = delete;
  Publisher& operator=(const Publisher&) = delete;

  /// Queues one event; waits for room when the queue is full.
  void publish(const std::string& topic, const EventToPublish& event);

  /// Publishes test_event(first) … test_event(first + count - 1) and waits until all are acknowledged;
  /// throws when they are not within the deadline.
  void publish_events(const std::string& topic, int count, int first = 0,
                      std::chrono::milliseconds deadline = std::chrono::seconds(60));
  /// The same with events of your own making.
  void publish_events(const std::string& topic, int count, const std::function<EventToPublish(int)>& make,
                      int first = 0, std::chrono::milliseconds deadline = std::chrono::seconds(60));

  void poll();  ///< serves acknowledgements without waiting; publish() does so too
  /// Waits until nothing is in flight; false when something still was at the deadline.
  bool flush(std::chrono::milliseconds deadline);

  // For a publisher with `transactional.id` among its settings: events are published in between.
  void begin_transaction();
  void commit_transaction();
  void abort_transaction();  ///< what was acknowledged in it counts as aborted()

  /// Acknowledged by the broker, and of transactions that were aborted then: nobody may ever read them.
  const std::vector<PublishedEvent>& aborted() const { return aborted_; }
  /// In the order of acknowledgement.
  const std::vector<PublishedEvent>& acknowledged() const { return acknowledged_; }
  /// Ids that were not, with the reason. They may be in the topic all the same.
  const std::map<std::string, std::string>& failed() const { return failed_; }

 private:
  struct Client;

  std::unique_ptr<Client> client_;
  std::vector<PublishedEvent> acknowledged_;
  std::vector<PublishedEvent> aborted_;
  std::size_t before_transaction_ = 0;  ///< acknowledged when it began
  std::map<std::string, std::string> failed_;
};

/// A small incident event: {"id": "e-000042", "event_type": "incident_triggered", …}, keyed by its id.
EventToPublish test_event(int number);

/// The id of a test event wherever its document shows up: the text after the first `"id": "`; empty if none.
std::string event_id(std::string_view document);

}  // namespace hookline::test
