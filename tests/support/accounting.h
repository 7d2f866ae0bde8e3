// The account of a test, kept from outside as Jepsen does: every acknowledged event must have been
// received by every endpoint that it matches, or lie on the dead-letter topic. Pure values, no I/O.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "support/kafka_admin.h"
#include "support/publisher.h"
#include "support/receiver.h"

namespace hookline::test {

struct AccountReport {
  std::int64_t expected = 0;       ///< deliveries that had to end
  std::int64_t received = 0;       ///< of those: got a 2xx, at least once
  std::int64_t dead_lettered = 0;  ///< of those: on the dead-letter topic
  std::int64_t lost = 0;           ///< neither: must be 0, always
  std::int64_t both = 0;           ///< received and dead-lettered: allowed after a crash or a timeout only
  std::int64_t duplicates = 0;     ///< receipts beyond the first of a delivery id
  std::int64_t unexpected = 0;     ///< receipts or dead letters that nothing asked for
  std::int64_t id_conflicts = 0;   ///< a delivery seen under two ids, or one id on two deliveries: must be 0
  std::string text;                ///< the numbers, and the first few of each that should not be

  /// Every expected delivery ended, under one id each, and nothing else was sent.
  bool complete() const { return lost == 0 && unexpected == 0 && id_conflicts == 0; }
};

class Accounting {
 public:
  /// The event must reach `endpoint`, written WEBHOOK/ENDPOINT (an unnamed first endpoint is WEBHOOK/0).
  void expect(const std::string& event, const std::string& endpoint);
  /// All of them must reach all of those.
  void expect(const std::vector<PublishedEvent>& events, const std::vector<std::string>& endpoints);

  /// One request that was answered with a 2xx.
  void received(const std::string& event, const std::string& endpoint, const std::string& delivery_id);
  /// Those of the receiver's requests that it answered with a 2xx. The endpoint is the target without its
  /// leading slash, so let the URLs end in /WEBHOOK/ENDPOINT; event and id are those of event_id() on the
  /// body and of the header webhook-id.
  void received(const std::vector<ReceivedRequest>& requests);

  void dead_lettered(const std::string& event, const std::string& endpoint, const std::string& delivery_id);
  /// Everything on a dead-letter topic, by its hookline.* headers.
  void dead_lettered(const std::vector<TopicRecord>& records);

  AccountReport report() const;

 private:
  using Delivery = std::pair<std::string, std::string>;  ///< event, endpoint

  struct Seen {
    std::map<std::string, std::int64_t> receipts;  ///< by delivery id
    std::set<std::string> dead_letters;            ///< delivery ids
  };

  std::set<Delivery> expected_;
  std::map<Delivery, Seen> seen_;
};

}  // namespace hookline::test
