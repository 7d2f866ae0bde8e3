// ReplayRequest as JSON and as a line: one table of members, read strictly. What is told of a replay as JSON.
#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "hookline/core/units.h"
#include "hookline/engine/replay.h"

namespace hookline::engine {
namespace {

constexpr std::uint64_t most_backlog = 100'000;

/// Reads members of an object; the first mistake stays.
class Members {
 public:
  Members(const json::Tree& tree, core::WallTime now) : tree_(tree), now_(now) {}

  std::optional<core::Error> mistake() const { return mistake_; }
  core::WallTime now() const { return now_; }
  bool has(const char* name) const { return tree_.contains(name) && !tree_[name].is_null(); }

  /// An empty one would select everything: whoever wrote it meant something else.
  void text(const char* name, std::string& into) {
    const auto* found = take(name);
    if (!found) return;
    if (!found->is_string() || found->get_ref<const std::string&>().empty()) return wrong(name, "a text that is not empty, or left out");
    into = found->get<std::string>();
  }
  void texts(const char* name, std::vector<std::string>& into) {
    const auto* found = take(name);
    if (!found) return;
    constexpr auto right = "a text or a list of texts, none of them empty, or left out";
    const auto is_text = [](const json::Tree& tree) { return tree.is_string() && !tree.get_ref<const std::string&>().empty(); };
    if (is_text(*found)) return into.push_back(found->get<std::string>());
    if (!found->is_array() || found->empty()) return wrong(name, right);
    for (const auto& item : *found) is_text(item) ? into.push_back(item.get<std::string>()) : wrong(name, right);
  }
  void moment(const char* name, std::optional<core::WallTime>& into) {
    std::string written;
    text(name, written);
    if (written.empty()) return;
    const auto parsed = parse_moment(written, now_);
    parsed ? void(into = *parsed) : fail(name, parsed.error().message);
  }
  template <class T>
  void number(const char* name, std::optional<T>& into, std::int64_t least, std::int64_t most) {
    const auto* found = take(name);
    if (!found) return;
    if (!found->is_number_integer() || found->get<std::int64_t>() < least || found->get<std::int64_t>() > most) {
      return wrong(name, fmt::format("a whole number from {} to {}", least, most));
    }
    into = static_cast<T>(found->get<std::int64_t>());
  }
  void rate(const char* name, std::optional<double>& into) {
    const auto* found = take(name);
    if (!found) return;
    const auto parsed = found->is_string()   ? core::parse_rate(found->get<std::string>())
                        : found->is_number() ? core::Result<double>(found->get<double>())
                                             : core::fail(core::ErrorCode::invalid, "");
    constexpr double once_a_day = 1.0 / 86'400;
    parsed && *parsed >= once_a_day ? void(into = *parsed) : wrong(name, "a rate such as 50/s, 1/d at least");
  }
  const json::Tree* take(const char* name) {
    known_.insert(name);
    const auto found = tree_.find(name);
    return found == tree_.end() || found->is_null() ? nullptr : &*found;
  }
  void wrong(const char* name, std::string_view right) { fail(name, fmt::format("`{}` must be {}", name, right)); }
  void fail(std::string_view name, std::string what) {
    if (!mistake_) mistake_ = core::Error{core::ErrorCode::invalid, std::move(what), (json::Tree::json_pointer() / std::string(name)).to_string()};
  }
  /// Nothing may be there that was not asked for.
  void end() {
    for (const auto& [name, value] : tree_.items()) {
      if (!known_.contains(name)) fail(name, fmt::format("`{}` is not known here; there are {}", name, fmt::join(known_, ", ")));
    }
  }

 private:
  const json::Tree& tree_;
  const core::WallTime now_;
  std::set<std::string> known_;
  std::optional<core::Error> mistake_;
};

void read_letters(Members& in, ReplayRequest& out) {
  auto& letters = out.letters;
  in.text("webhook", letters.webhook);
  in.text("endpoint", letters.endpoint);
  std::vector<std::string> reasons;
  in.texts("reason", reasons);
  for (const auto& name : reasons) {
    const auto reason = settle::parse_reason(name);
    reason ? letters.reasons.push_back(*reason) : in.fail("reason", fmt::format("there is no reason '{}'", name));
  }
  std::string failure;
  in.text("class", failure);
  if (failure == "endpoint") letters.failure = settle::FailureClass::endpoint;
  if (failure == "pipeline") letters.failure = settle::FailureClass::pipeline;
  if (!failure.empty() && !letters.failure) in.wrong("class", "endpoint or pipeline");
  in.number("status", letters.status, 100, 599);
  if (const auto* key = in.take("key")) key->is_string() ? void(letters.key = key->get<std::string>()) : in.wrong("key", "a text");
  in.texts("id", letters.ids);
  in.moment("since", letters.since);
  in.moment("until", letters.until);
  in.text("where", letters.where);
  in.text("to", out.to);
  if (const auto* again = in.take("again"); again && again->is_boolean()) {
    if (again->get<bool>()) out.again_before = in.now();
  } else {
    in.moment("again", out.again_before);
  }
}

void read_events(Members& in, ReplayRequest& out) {
  std::string kind;
  in.text("kind", kind);
  const auto parsed = event::parse_kind(kind);
  parsed ? void(out.kind = *parsed) : in.wrong("kind", "alarm, audit, detection or incident");
  in.text("webhook", out.webhook);
  in.moment("since", out.since);
  in.moment("until", out.until);
  in.text("where", out.where);
  in.text("topic", out.topic);
  in.number("partition", out.partition, 0, 1'000'000);
  in.number("from_offset", out.from_offset, 0, INT64_MAX);
  in.number("to_offset", out.to_offset, 0, INT64_MAX);
  if (!out.until && !out.to_offset) out.until = in.now();  // an end that stays the same when it is taken up again
  if ((out.from_offset || out.to_offset) && !out.partition) in.fail("partition", "`from_offset` and `to_offset` need `partition`");
  if (!out.since && !out.from_offset) in.fail("since", "say `since`, or `from_offset`: from where on");
}

}  // namespace

json::Tree to_json(const ReplayRequest& request) {
  json::Tree out = json::Tree::object();
  const auto text = [&](const char* name, const std::string& value) {
    if (!value.empty()) out[name] = value;
  };
  const auto moment = [&](const char* name, const std::optional<core::WallTime>& value) {
    if (value) out[name] = core::format_rfc3339(*value);
  };
  if (request.what == ReplayRequest::What::events) {
    out["what"] = "events";
    out["kind"] = event::name(request.kind);
    text("webhook", request.webhook);
    moment("since", request.since);
    moment("until", request.until);
    text("where", request.where);
    text("topic", request.topic);
    if (request.partition) out["partition"] = *request.partition;
    if (request.from_offset) out["from_offset"] = *request.from_offset;
    if (request.to_offset) out["to_offset"] = *request.to_offset;
  } else {
    const auto& letters = request.letters;
    out["what"] = "dead_letters";
    text("webhook", letters.webhook);
    text("endpoint", letters.endpoint);
    for (const auto reason : letters.reasons) out["reason"].push_back(settle::name(reason));
    if (letters.failure) out["class"] = settle::name(*letters.failure);
    if (letters.status) out["status"] = *letters.status;
    if (letters.key) out["key"] = *letters.key;
    if (!letters.ids.empty()) out["id"] = letters.ids;
    moment("since", letters.since);
    moment("until", letters.until);
    text("where", letters.where);
    text("to", request.to);
    moment("again", request.again_before);
  }
  if (request.rate) out["rate"] = *request.rate;
  if (request.limit) out["limit"] = *request.limit;
  out["backlog"] = request.backlog;
  return out;
}

core::Result<ReplayRequest> parse_replay(const json::Tree& tree, core::WallTime now) {
  if (!tree.is_object()) return core::fail(core::ErrorCode::invalid, "a replay is a JSON object");
  ReplayRequest request;
  Members in(tree, now);
  std::string what = "dead_letters";
  in.text("what", what);
  if (what == "events") {
    request.what = ReplayRequest::What::events;
    read_events(in, request);
  } else if (what == "dead_letters") {
    read_letters(in, request);
  } else {
    in.wrong("what", "dead_letters or events");
  }
  in.rate("rate", request.rate);
  in.number("limit", request.limit, 1, INT64_MAX);
  std::optional<std::uint64_t> backlog;
  in.number("backlog", backlog, 1, most_backlog);
  request.backlog = backlog.value_or(request.backlog);
  in.end();
  if (const auto mistake = in.mistake()) return tl::unexpected(*mistake);
  return request;
}

std::string describe(const ReplayRequest& request) {
  std::vector<std::string> parts;
  auto tree = to_json(request);
  tree.erase("what");
  tree.erase("backlog");
  for (const auto& [name, value] : tree.items()) {
    parts.push_back(fmt::format("{} {}", name, value.is_string() ? value.get<std::string>() : value.dump(-1, ' ', false, json::Tree::error_handler_t::replace)));
  }
  const auto* what = request.what == ReplayRequest::What::events ? "events" : "dead letters";
  return parts.empty() ? fmt::format("all {}", what) : fmt::format("{} with {}", what, fmt::join(parts, ", "));
}

void ReplayCounts::skip(const std::string& why, std::uint64_t count) {
  constexpr std::size_t most = 20;
  const bool room = skipped.size() < most || skipped.contains(why) || why == matches_nothing;
  skipped[room ? why : "other reasons"] += count;
}

json::Tree to_json(const SkippedCreates& skipped) {
  json::Tree items = json::Tree::array();
  for (const auto& item : skipped.items) items.push_back({{"webhook", item.webhook}, {"key", item.key}, {"id", item.id}});
  return {{"count", skipped.count}, {"items", items}};
}

std::string describe(const SkippedCreates& skipped) {
  std::vector<std::string> parts;
  for (const auto& item : skipped.items) parts.push_back(fmt::format("{} {} is {}", item.webhook, item.key, item.id));
  const auto more = skipped.count - std::min<std::uint64_t>(skipped.count, skipped.items.size());
  return fmt::format("{}{}", fmt::join(parts, ", "), more > 0 ? fmt::format(" and {} more", more) : "");
}

json::Tree to_json(const Survey& survey) {
  json::Tree groups = json::Tree::array();
  for (const auto& g : survey.groups) {
    groups.push_back({{"class", settle::name(settle::failure_class(g.reason))}, {"reason", settle::name(g.reason)}, {"webhook", g.webhook},
                      {"endpoint", g.endpoint}, {"status", g.status ? json::Tree(*g.status) : json::Tree(nullptr)}, {"count", g.count},
                      {"id", g.id}, {"error", g.error}});
  }
  return {{"selected", survey.chosen}, {"replayed_before", survey.replayed}, {"copies", survey.copies}, {"skipped_creates", to_json(survey.creates)},
          {"originals_gone", survey.gone}, {"groups", groups}};
}

json::Tree to_json(const ReplayCounts& counts) {
  json::Tree skipped = json::Tree::object();
  for (const auto& [why, count] : counts.skipped) skipped[why] = count;
  return {{"total", counts.total}, {"done", counts.done}, {"sent", counts.sent}, {"open", counts.open}, {"skipped", skipped},
          {"skipped_creates", to_json(counts.creates)}};
}

}  // namespace hookline::engine
