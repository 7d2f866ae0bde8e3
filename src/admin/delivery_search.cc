#include "delivery_search.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>

#include <fmt/format.h>

#include "hookline/kafka/properties.h"

namespace hookline::admin {
namespace {

using namespace std::chrono_literals;
using Outcome = state::DeliveryEntry::Outcome;

constexpr core::Duration page_deadline = 8s;
constexpr core::Duration one_deadline = 15s;
constexpr core::Duration check_deadline = 3s;
constexpr std::int64_t examined_per_page = 20'000;
constexpr std::int64_t looked_ahead = 500;     ///< for earlier attempts of what is on the page
constexpr std::int64_t checked_at_most = 20'000;  ///< newer records, for what became of deliveries since
constexpr auto clock_slack = 5min;             ///< between the machines that stamp records

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

const std::string& topic_of(const engine::Engine& engine) { return engine.settings().topics[config::OwnTopic::deliveries]; }

/// One page on its way.
class Page {
 public:
  explicit Page(const DeliveryQuery& query) : query_(query), text_(lower(query.text.value_or(""))) {}

  /// `more`: new deliveries are taken, too.
  void take(const kafka::OwnedRecord& record, bool more) {
    if (!record.key || !record.value) return;
    const auto known = places_.find(*record.key);
    if (known == places_.end() && !more) return;
    const auto entry = state::parse_delivery_entry(*record.value);
    if (!entry || entry->webhook != query_.webhook) return;
    if (known == places_.end() && !begins(*entry)) {
      places_.emplace(entry->id, left_out);
      return;
    }
    if (known != places_.end() && known->second == left_out) return;
    const auto place = known == places_.end() ? items_.size() : known->second;
    if (known == places_.end()) {
      places_.emplace(entry->id, place);
      items_.push_back({.last = *entry, .partition = {record.topic, record.partition}, .attempts = {}, .ended = {}});
    }
    auto& item = items_[place];
    item.add(*entry);
    item.text_found = item.text_found || text_.empty() || lower(*record.value).find(text_) != std::string::npos;
  }

  std::size_t count() const { return static_cast<std::size_t>(std::count_if(items_.begin(), items_.end(), [this](const auto& i) { return wanted(i); })); }

  std::vector<LoggedDelivery> finish() {
    std::erase_if(items_, [this](const auto& item) { return !wanted(item); });
    return std::move(items_);
  }

 private:
  static constexpr std::size_t left_out = static_cast<std::size_t>(-1);

  bool begins(const state::DeliveryEntry& entry) const {
    return (!query_.outcome || state::name(entry.outcome) == *query_.outcome) && (!query_.until || entry.at < *query_.until) &&
           (!query_.since || entry.at >= *query_.since);
  }
  bool wanted(const LoggedDelivery& item) const { return item.text_found && (!query_.type || item.last.type == *query_.type); }

  const DeliveryQuery& query_;
  const std::string text_;
  std::vector<LoggedDelivery> items_;
  std::map<std::string, std::size_t> places_;
};

/// Leaves out what stands on an earlier page, because something happened to it later than what is on this one.
core::Result<void> drop_continued(const engine::Engine& engine, const kafka::ReadBackTo& from, std::vector<LoggedDelivery>& items) {
  std::map<kafka::TopicPartition, std::set<std::string>> open;
  for (const auto& item : items) {
    if (item.last.outcome != Outcome::delivered) open[item.partition].insert(item.last.id);
  }
  std::set<std::string> continued;
  const auto deadline = core::read_clock().mono + check_deadline;
  for (const auto& [partition, ids] : open) {
    const auto begin = from.find(partition);
    if (begin == from.end()) continue;
    const auto done = kafka::read_span(kafka::client_properties(engine.settings()), partition, begin->second, begin->second + checked_at_most, deadline,
                                       [&, &ids = ids](kafka::OwnedRecord&& record) {
                                         if (record.key && ids.contains(*record.key)) continued.insert(*record.key);
                                         return true;
                                       });
    if (!done && done.error().code != core::ErrorCode::timeout) return done;
  }
  std::erase_if(items, [&](const auto& item) { return continued.contains(item.last.id); });
  return {};
}

json::Tree text_or_null(const std::string& text) { return text.empty() ? json::Tree(nullptr) : json::Tree(text); }

json::Tree to_json(const state::LoggedRequest& request) {
  json::Tree headers = json::Tree::object();
  for (const auto& [name, value] : request.headers) headers[name] = value;
  json::Tree out{{"method", request.method}, {"url", request.url}, {"headers", std::move(headers)}};
  auto body = json::parse_tree(request.body);
  out["body"] = body ? std::move(*body) : json::Tree(request.body);
  return out;
}

}  // namespace

void LoggedDelivery::add(const state::DeliveryEntry& entry) {
  if (last.type.empty()) last.type = entry.type;
  if (!entry.attempt) return;
  // The producer may have written an entry twice.
  const bool twice = std::any_of(attempts.begin(), attempts.end(), [&](const auto& a) { return a.number == entry.attempt->number; });
  const auto same = std::find(ended.begin(), ended.end(), entry.at);
  if (twice && same != ended.end()) return;
  attempts.push_back(*entry.attempt);
  ended.push_back(entry.at);
}

json::Tree to_json(const LoggedDelivery& delivery) {
  const auto& last = delivery.last;
  json::Tree out{{"id", last.id}, {"webhook", last.webhook}, {"endpoint", last.endpoint}, {"type", last.type}, {"outcome", state::name(last.outcome)}};
  if (last.outcome == Outcome::dead_lettered) {
    out["reason"] = last.reason;
    out["error"] = last.error;
  }
  out["at"] = core::format_rfc3339(last.at);
  json::Tree attempts = json::Tree::array();
  for (std::size_t i = delivery.attempts.size(); i-- > 0;) {
    const auto& a = delivery.attempts[i];
    attempts.push_back({{"number", a.number},
                        {"at", core::format_rfc3339(delivery.ended[i])},
                        {"status", a.status ? json::Tree(*a.status) : json::Tree(nullptr)},
                        {"duration_ms", std::round(a.duration_ms * 10) / 10},
                        {"error", text_or_null(a.error)},
                        {"request", a.request ? to_json(*a.request) : json::Tree(nullptr)},
                        {"response", a.response ? json::Tree(*a.response) : json::Tree(nullptr)}});
  }
  out["attempts"] = std::move(attempts);
  out["origin"] = {{"topic", last.topic}, {"partition", last.partition}, {"offset", last.offset}, {"timestamp", core::format_rfc3339(last.timestamp)}};
  return out;
}

core::Result<DeliveryPage> find_deliveries(const engine::Engine& engine, const DeliveryQuery& query) {
  auto reader = kafka::BackwardReader::open(kafka::client_properties(engine.settings()), {topic_of(engine)},
                                            core::read_clock().mono + page_deadline, query.from);
  if (!reader) return tl::unexpected(reader.error());
  Page page(query);
  DeliveryPage result;
  std::int64_t examined = 0;
  bool over = false, late = false;
  while (!over && !late && page.count() < query.limit && examined++ < examined_per_page) {
    const auto record = (*reader)->next();
    if (!record && (record.error().code != core::ErrorCode::timeout || examined == 1)) return tl::unexpected(record.error());
    late = !record;
    over = late || !*record || (query.since && (*record)->timestamp < *query.since - clock_slack);
    if (over) break;
    result.reached = (*record)->timestamp;
    page.take(**record, true);
  }
  if ((!over || late) && !(*reader)->at_beginning()) result.next = (*reader)->position();
  for (std::int64_t i = 0; i < looked_ahead && !over && page.count() > 0; ++i) {
    const auto record = (*reader)->next();
    if (!record || !*record) break;
    page.take(**record, false);
  }
  result.items = page.finish();
  if (query.from.empty()) return result;
  if (auto dropped = drop_continued(engine, query.from, result.items); !dropped) return tl::unexpected(dropped.error());
  return result;
}

core::Result<LoggedDelivery> find_delivery(const engine::Engine& engine, const std::string& id) {
  auto reader = kafka::BackwardReader::open(kafka::client_properties(engine.settings()), {topic_of(engine)},
                                            core::read_clock().mono + one_deadline, {}, id);
  if (!reader) return tl::unexpected(reader.error());
  std::optional<LoggedDelivery> found;
  while (!found || !found->whole()) {
    const auto record = (*reader)->next();
    if (!record && !found) return tl::unexpected(record.error());
    if (!record || !*record) break;
    // Nothing is told of an event before it came.
    if (found && (*record)->timestamp < found->last.timestamp - clock_slack) break;
    if ((*record)->key != id || !(*record)->value) continue;
    const auto entry = state::parse_delivery_entry(*(*record)->value);
    if (!entry) continue;
    if (!found) found = LoggedDelivery{.last = *entry, .partition = {(*record)->topic, (*record)->partition}, .attempts = {}, .ended = {}};
    found->add(*entry);
  }
  if (found) return std::move(*found);
  return core::fail(core::ErrorCode::not_found, fmt::format("the delivery log has nothing of '{}'", id));
}

}  // namespace hookline::admin
