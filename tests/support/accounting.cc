#include "support/accounting.h"

#include <utility>

namespace hookline::test {
namespace {

constexpr std::size_t examples_named = 5;

/// A count with its first few examples.
class Finding {
 public:
  void add(std::string example) {
    if (examples_.size() < examples_named) examples_.push_back(std::move(example));
    ++count_;
  }
  void add(std::int64_t count, std::string example) {
    add(std::move(example));
    count_ += count - 1;
  }
  std::int64_t count() const { return count_; }
  std::string text(const std::string& name) const {
    if (count_ == 0) return {};
    std::string text = "\n  " + name + ": " + std::to_string(count_) + ":";
    for (auto const& example : examples_)
      text += "\n    " + example;
    if (static_cast<std::size_t>(count_) > examples_.size()) text += "\n    …";
    return text;
  }

 private:
  std::int64_t count_ = 0;
  std::vector<std::string> examples_;
};

template <class DeliveryType>
std::string describe(const DeliveryType& delivery) {
  return "event " + delivery.first + " at " + delivery.second;
}

}  // namespace

void Accounting::expect(const std::string& event, const std::string& endpoint) {
  expected_.insert({event, endpoint});
}

void Accounting::expect(const std::vector<PublishedEvent>& events,
                        const std::vector<std::string>& endpoints) {
  for (auto const& event : events) {
    for (auto const& endpoint : endpoints)
      expect(event.id, endpoint);
  }
}

void Accounting::received(const std::string& event, const std::string& endpoint,
                          const std::string& delivery_id) {
  ++seen_[{event, endpoint}].receipts[delivery_id];
}

void Accounting::received(const std::vector<ReceivedRequest>& requests) {
  for (auto const& request : requests) {
    if (request.status < 200 || request.status > 299) continue;
    auto const path = request.target.substr(0, request.target.find('?'));
    received(event_id(request.body), path.starts_with('/') ? path.substr(1) : path,
             request.header("webhook-id"));
  }
}

void Accounting::dead_lettered(const std::string& event, const std::string& endpoint,
                               const std::string& delivery_id) {
  seen_[{event, endpoint}].dead_letters.insert(delivery_id);
}

void Accounting::dead_lettered(const std::vector<TopicRecord>& records) {
  for (auto const& record : records) {
    dead_lettered(event_id(record.value.value_or("")),
                  record.header("hookline.webhook") + "/" + record.header("hookline.endpoint"),
                  record.header("hookline.delivery.id"));
  }
}

AccountReport Accounting::report() const {
  AccountReport report;
  report.expected = static_cast<std::int64_t>(expected_.size());
  Finding lost, both, duplicates, unexpected, conflicts;

  for (auto const& delivery : expected_) {
    if (!seen_.contains(delivery)) lost.add(describe(delivery));
  }
  std::map<std::string, Delivery> delivery_of;
  for (auto const& [delivery, seen] : seen_) {
    if (expected_.contains(delivery)) {
      report.received += seen.receipts.empty() ? 0 : 1;
      report.dead_lettered += seen.dead_letters.empty() ? 0 : 1;
      if (!seen.receipts.empty() && !seen.dead_letters.empty()) both.add(describe(delivery));
    } else {
      unexpected.add(describe(delivery));
    }
    std::set<std::string> ids = seen.dead_letters;
    for (auto const& [id, times] : seen.receipts) {
      ids.insert(id);
      if (times > 1)
        duplicates.add(times - 1, describe(delivery) + ", " + id + ", " + std::to_string(times) + " times");
    }
    if (ids.size() > 1)
      conflicts.add(describe(delivery) + " has the ids " + *ids.begin() + " and " + *ids.rbegin());
    for (auto const& id : ids) {
      if (id.empty()) continue;  // the dead letter of a record itself, before any webhook
      auto const [entry, is_new] = delivery_of.try_emplace(id, delivery);
      if (!is_new) conflicts.add("'" + id + "' is " + describe(entry->second) + " and " + describe(delivery));
    }
  }

  report.lost = lost.count();
  report.both = both.count();
  report.duplicates = duplicates.count();
  report.unexpected = unexpected.count();
  report.id_conflicts = conflicts.count();
  report.text = std::to_string(report.expected) + " expected, " + std::to_string(report.received) +
                " received, " + std::to_string(report.dead_lettered) + " dead-lettered" + lost.text("lost") +
                unexpected.text("unexpected") + conflicts.text("id conflicts") +
                both.text("received and dead-lettered") + duplicates.text("duplicates");
  return report;
}

}  // namespace hookline::test
