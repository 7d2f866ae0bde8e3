#include "dead_letters.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>

#include <fmt/format.h>

#include "cursor.h"
#include "hookline/engine/dead_letters.h"
#include "hookline/engine/reentry.h"
#include "hookline/kafka/admin.h"
#include "hookline/kafka/log_reader.h"
#include "hookline/settle/dead_letter.h"
#include "order.h"
#include "query.h"

namespace hookline::admin {
namespace {

using namespace std::chrono_literals;

constexpr core::Duration read_deadline = 10s;
constexpr core::Duration group_deadline = 30s;
constexpr std::int64_t examined_per_page = 20'000;

constexpr std::array<std::string_view, 6> selecting{"webhook", "reason", "status", "since", "until", "where"};

using engine::Letter;

/// What a query selects.
class Selection {
 public:
  /// Or what is wrong with it.
  std::optional<HttpAnswer> read(const Query& query, const engine::Engine& engine) {
    const auto now = core::read_clock().wall;
    const auto status = query.number("status", 100, 599);
    const auto since = query.moment("since", now);
    const auto until = query.moment("until", now);
    if (!status) return problem(status.error());
    if (!since) return problem(since.error());
    if (!until) return problem(until.error());
    const auto webhook = query.text("webhook", 100), reason = query.text("reason", 100), where = query.text("where", 4000);
    for (const auto* text : {&webhook, &reason, &where}) {
      if (!*text) return problem(text->error());
    }
    engine::LetterSelection letters{.webhook = webhook->value_or(""), .since = *since, .until = *until, .where = where->value_or("")};
    if (*reason) {
      const auto parsed = settle::parse_reason(**reason);
      if (!parsed) return problem(400, fmt::format("no such reason: '{}'", **reason));
      letters.reasons = {*parsed};
    }
    if (*status) letters.status = static_cast<int>(**status);
    since_ = *since;
    definitions_ = engine.definitions();
    properties_ = kafka::client_properties(engine.settings());
    auto filter = engine::LetterFilter::compile(std::move(letters), engine.settings().topics, definitions_->attributes());
    if (!filter) return problem(422, filter.error().message);
    filter_ = std::move(*filter);
    return std::nullopt;
  }

  core::Result<bool> takes(const Letter& letter) { return filter_->takes(letter, properties_); }
  const std::optional<core::WallTime>& since() const { return since_; }
  std::uint64_t gone() const { return filter_->gone(); }

 private:
  std::shared_ptr<const engine::Definitions> definitions_;  ///< whose attributes the filter uses
  kafka::Properties properties_;
  std::optional<core::WallTime> since_;
  std::optional<engine::LetterFilter> filter_;
};

std::string time(std::int64_t ms) { return core::format_rfc3339(core::from_unix_ms(ms)); }

json::Tree status_json(int status) { return status != 0 ? json::Tree(status) : json::Tree(nullptr); }

json::Tree to_json(const Letter& letter) {
  const auto& p = letter.parsed;
  return {{"id", engine::id_of(letter)},
          {"reason", settle::name(p.reason)},
          {"webhook", p.webhook},
          {"endpoint", p.endpoint},
          {"status", status_json(p.http_status.value_or(0))},
          {"attempts", p.attempts},
          {"error", p.error},
          {"failed_at", time(p.failed_at_ms)},
          {"origin", {{"topic", p.origin_topic}, {"partition", p.origin_partition}, {"offset", p.origin_offset}, {"timestamp", time(p.origin_timestamp_ms)}}}};
}

std::optional<Letter> letter_of(kafka::OwnedRecord&& record) {
  auto parsed = settle::parse_dead_letter(record.headers);
  if (!parsed) return std::nullopt;  // somebody else's record
  return Letter{std::move(*parsed), std::move(record)};
}

const std::string& topic_of(const engine::Engine& engine) { return engine.settings().topics[config::OwnTopic::dead_letters]; }

HttpAnswer with_event(const Letter& letter, const kafka::Properties& properties) {
  const auto original = engine::read_original(letter, properties);
  if (!original && original.error().code != core::ErrorCode::not_found) return problem(original.error());
  auto out = to_json(letter);
  const auto& record = letter.record;
  out["pointer"] = letter.parsed.pointer;
  out["dead_letter"] = {{"topic", record.topic}, {"partition", record.partition}, {"offset", record.offset}};
  out["key"] = original && original->key ? json::Tree(*original->key) : json::Tree(nullptr);
  json::Tree headers = json::Tree::object();
  for (const auto& [name, value] : original ? original->headers : record.headers) {
    if (!settle::is_own_header(name)) headers[name] = value ? json::Tree(*value) : json::Tree(nullptr);
  }
  out["headers"] = std::move(headers);
  const std::string value = original ? original->value.value_or("") : "";
  auto event = json::parse_tree(value);
  out["event"] = !original ? json::Tree(nullptr) : event ? std::move(*event) : json::Tree(value);
  return answer(out);
}

/// "PARTITION:OFFSET"; nullopt: it is something else.
std::optional<std::pair<std::int32_t, std::int64_t>> place_of(std::string_view id) {
  const auto colon = id.find(':');
  if (colon == id.npos) return std::nullopt;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  const auto whole = [](std::string_view text, auto& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() && number >= 0;
  };
  if (!whole(id.substr(0, colon), partition) || !whole(id.substr(colon + 1), offset)) return std::nullopt;
  return std::pair(partition, offset);
}

}  // namespace

HttpAnswer list_dead_letters(const Call& call, engine::Engine& engine) {
  std::vector<std::string_view> known(selecting.begin(), selecting.end());
  known.insert(known.end(), {"limit", "after"});
  const auto query = Query::parse(call.request.query, known);
  if (!query) return problem(query.error());
  const auto limit = query->number("limit", 1, 500);
  if (!limit) return problem(limit.error());
  Selection selection;
  if (auto refused = selection.read(*query, engine)) return std::move(*refused);
  kafka::ReadBackTo from;
  const auto after = query->text("after", 4000);
  if (!after) return problem(after.error());
  if (*after) {
    auto parsed = parse_cursor(**after, topic_of(engine));
    if (!parsed) return problem(400, "after is `next` of the page before");
    from = std::move(*parsed);
  }
  auto reader = kafka::BackwardReader::open(kafka::client_properties(engine.settings()), {topic_of(engine)},
                                            core::read_clock().mono + read_deadline, from);
  if (!reader) return problem(reader.error());
  json::Tree items = json::Tree::array();
  std::int64_t examined = 0;
  bool over = false;
  while (!over && items.size() < static_cast<std::size_t>(limit->value_or(100)) && ++examined <= examined_per_page) {
    auto record = (*reader)->next();
    if (!record) {
      if (record.error().code == core::ErrorCode::timeout && examined > 1) break;  // what was found, and where to go on
      return problem(record.error());
    }
    // Letters stand in the order of their end: what comes now is older than all that is asked for.
    over = !*record || (selection.since() && (*record)->timestamp < *selection.since() - 1min);
    if (over) break;
    const auto letter = letter_of(std::move(**record));
    const auto taken = letter ? selection.takes(*letter) : core::Result<bool>(false);
    if (!taken) return problem(taken.error());
    if (*taken) items.push_back(to_json(*letter));
  }
  const bool more = !over && !(*reader)->at_beginning();
  return answer({{"items", std::move(items)}, {"next", more ? json::Tree(cursor_of((*reader)->position())) : json::Tree(nullptr)}});
}

HttpAnswer group_dead_letters(const Call& call, engine::Engine& engine) {
  const auto query = Query::parse(call.request.query, {selecting.begin(), selecting.end()});
  if (!query) return problem(query.error());
  Selection selection;
  if (auto refused = selection.read(*query, engine)) return std::move(*refused);
  engine::LetterGroups groups;
  const auto until = core::read_clock().mono + group_deadline;
  bool late = false;
  std::optional<core::Error> trouble;
  const auto done = kafka::read_topic(
      kafka::client_properties(engine.settings()), topic_of(engine), selection.since(), read_deadline, [&](kafka::OwnedRecord&& record) {
        const auto letter = letter_of(std::move(record));
        const auto taken = letter ? selection.takes(*letter) : core::Result<bool>(false);
        if (!taken) return trouble = taken.error(), false;
        if (*taken) groups.add(*letter);
        late = core::read_clock().mono > until;
        return !late;
      });
  if (trouble) return problem(*trouble);
  if (!done) return problem(done.error());
  if (late) return problem(504, "there are too many dead letters to count in time: narrow it down with since, or count with `hookline dead-letters list`");
  std::vector<std::pair<std::uint64_t, json::Tree>> rows;
  for (const auto& [key, g] : groups.all()) {
    rows.emplace_back(g.count, json::Tree{{"reason", key.reason}, {"webhook", key.webhook}, {"endpoint", key.endpoint}, {"status", status_json(key.status)},
                                          {"count", g.count}, {"first", time(g.first)}, {"last", time(g.last)}, {"error", g.error}});
  }
  std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  json::Tree items = json::Tree::array();
  for (auto& row : rows) items.push_back(std::move(row.second));
  return answer({{"total", groups.total()}, {"originals_gone", selection.gone()}, {"items", std::move(items)}, {"next", nullptr}});
}

HttpAnswer get_dead_letter(const Call& call, engine::Engine& engine) {
  const auto properties = kafka::client_properties(engine.settings());
  const auto until = core::read_clock().mono + read_deadline;
  const auto nothing = problem(404, fmt::format("no dead letter has the id '{}'", call.name));
  if (const auto place = place_of(call.name)) {
    auto record = kafka::read_record(properties, {topic_of(engine), place->first}, place->second, until);
    if (!record) return record.error().code == core::ErrorCode::not_found ? nothing : problem(record.error());
    const auto letter = letter_of(std::move(*record));
    return letter ? with_event(*letter, properties) : nothing;
  }
  if (!call.name.starts_with("msg_")) return nothing;
  auto reader = kafka::BackwardReader::open(properties, {topic_of(engine)}, until);
  if (!reader) return problem(reader.error());
  while (true) {
    auto record = (*reader)->next();
    if (!record) return problem(record.error());
    if (!*record) return nothing;
    const auto letter = letter_of(std::move(**record));
    if (letter && letter->parsed.delivery_id == call.name) return with_event(*letter, properties);
  }
}

}  // namespace hookline::admin
