// Promises that an account of ends does not cover: commits stay behind what is open, and deliveries of one key come
// in order. Pure values, no I/O; what is broken is named, nothing when the promise is kept.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/kafka_admin.h"
#include "support/publisher.h"
#include "support/receiver.h"

namespace hookline::test {

/// Holds committed offsets against what has a durable owner: a delivery that got its 2xx, or stands on the
/// dead-letter topic, a retry topic or the topic of ordered deliveries. Take the committed offsets first and look
/// at everything else after that: what was committed had its owner by then.
class CommitCheck {
 public:
  /// Of one topic; the offsets by partition number.
  explicit CommitCheck(std::vector<CommittedOffset> committed) : committed_(std::move(committed)) {}

  /// Those with a 2xx; events and endpoints as Accounting reads them.
  void received(const std::vector<ReceivedRequest>& requests);
  /// Everything on any of those topics.
  void stored(const std::vector<TopicRecord>& records);

  /// Deliveries below the committed offset of their partition that nobody owns, one line each.
  std::vector<std::string> broken(const std::vector<PublishedEvent>& events, const std::vector<std::string>& endpoints) const;

 private:
  std::vector<CommittedOffset> committed_;
  std::set<std::pair<std::string, std::string>> owned_;  ///< event, endpoint
  std::set<std::string> poison_;                         ///< events with a dead letter of their own
};

/// Deliveries that a receiver answered with a 2xx before an earlier one of the same key: `events` in the order in
/// which they were published, one endpoint's requests. A delivery counts by its first 2xx.
std::vector<std::string> out_of_order(const std::vector<PublishedEvent>& events, const std::vector<ReceivedRequest>& requests,
                                      const std::function<std::string(const PublishedEvent&)>& key);

}  // namespace hookline::test
