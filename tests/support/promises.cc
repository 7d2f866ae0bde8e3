#include "support/promises.h"

#include <map>

namespace hookline::test {
namespace {

bool is_success(const ReceivedRequest& request) {
  return request.status >= 200 && request.status <= 299;
}

}  // namespace

void CommitCheck::received(const std::vector<ReceivedRequest>& requests) {
  for (auto const& request : requests) {
    if (!is_success(request)) continue;
    auto const path = request.target.substr(0, request.target.find('?'));
    owned_.emplace(event_id(request.body), path.substr(path.starts_with('/') ? 1 : 0));
  }
}

void CommitCheck::stored(const std::vector<TopicRecord>& records) {
  for (auto const& record : records) {
    auto const event = event_id(record.value.value_or(""));
    auto const webhook = record.header("hookline.webhook");
    if (webhook.empty()) {
      poison_.insert(event);
    } else {
      owned_.emplace(event, webhook + "/" + record.header("hookline.endpoint"));
    }
  }
}

std::vector<std::string> CommitCheck::broken(const std::vector<PublishedEvent>& events,
                                             const std::vector<std::string>& endpoints) const {
  std::vector<std::string> broken;
  for (auto const& event : events) {
    auto const& committed = committed_.at(static_cast<std::size_t>(event.partition));
    if (event.offset >= committed.offset || poison_.contains(event.id)) continue;
    for (auto const& endpoint : endpoints) {
      if (owned_.contains({event.id, endpoint})) continue;
      broken.push_back("event " + event.id + " at " + endpoint + ", offset " + std::to_string(event.offset) + " of partition " +
                       std::to_string(event.partition) + ": " + std::to_string(committed.offset) + " is committed");
    }
  }
  return broken;
}

std::vector<std::string> out_of_order(const std::vector<PublishedEvent>& events, const std::vector<ReceivedRequest>& requests,
                                      const std::function<std::string(const PublishedEvent&)>& key) {
  std::map<std::string, std::size_t> place;  // of an event in the order of publication
  for (std::size_t i = 0; i < events.size(); ++i)
    place.emplace(events[i].id, i);
  std::set<std::string> seen;
  std::map<std::string, std::size_t> latest;  // by key
  std::vector<std::string> broken;
  for (auto const& request : requests) {
    auto const found = place.find(event_id(request.body));
    if (found == place.end() || !is_success(request) || !seen.insert(found->first).second) continue;
    auto const [before, is_first] = latest.try_emplace(key(events[found->second]), found->second);
    if (is_first) continue;
    if (before->second > found->second) {
      broken.push_back("event " + found->first + " came after " + events[before->second].id + " of the same key " + before->first);
    } else {
      before->second = found->second;
    }
  }
  return broken;
}

}  // namespace hookline::test
