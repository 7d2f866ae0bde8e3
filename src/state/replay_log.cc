#include "hookline/state/replay_log.h"

#include <array>
#include <charconv>

#include <fmt/format.h>

namespace hookline::state {
namespace {

constexpr std::string_view job_prefix = "job/";
constexpr std::string_view wanted_suffix = "/wanted";
constexpr std::string_view progress_suffix = "/progress";
constexpr std::string_view end_suffix = "/end";
constexpr std::array<std::string_view, 3> wanted_names{"running", "paused", "cancelled"};  // in the order of Wanted

template <class T>
std::optional<T> number_of(std::string_view text) {
  T value{};
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::string text_of(const json::Tree& tree, const char* name) {
  const auto found = tree.find(name);
  return found != tree.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t number_in(const json::Tree& tree, const char* name) {
  const auto found = tree.find(name);
  return found != tree.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

/// The object that a record holds; null for anything else.
json::Tree object_of(const std::string& text) {
  auto tree = json::parse_tree(text);
  return tree && tree->is_object() ? std::move(*tree) : json::Tree(nullptr);
}

}  // namespace

std::string_view name(Wanted wanted) { return wanted_names[static_cast<std::size_t>(wanted)]; }

std::optional<Wanted> parse_wanted(std::string_view name) {
  for (std::size_t i = 0; i < wanted_names.size(); ++i) {
    if (wanted_names[i] == name) return static_cast<Wanted>(i);
  }
  return std::nullopt;
}

std::string mark_key(std::string_view topic, LetterPlace place) {
  return fmt::format("{}-{}-{}", topic, place.first, place.second);
}

std::string mark_value(const Mark& mark) {
  return json::Tree{{"generation", mark.generation}, {"at", core::to_unix_ms(mark.at)}, {"job", mark.job}}.dump();
}

std::string job_key(std::string_view id) { return fmt::format("{}{}", job_prefix, id); }
std::string wanted_key(std::string_view id) { return fmt::format("{}{}{}", job_prefix, id, wanted_suffix); }
std::string replay_progress_key(std::string_view id) { return fmt::format("{}{}{}", job_prefix, id, progress_suffix); }

std::string replay_end_key(std::string_view id) { return fmt::format("{}{}{}", job_prefix, id, end_suffix); }

std::string_view job_of(std::string_view key) {
  if (!key.starts_with(job_prefix)) return {};
  key.remove_prefix(job_prefix.size());
  return key.substr(0, key.find('/'));
}

std::string wanted_value(Wanted wanted, std::string_view by, core::WallTime at) {
  return json::Tree{{"state", name(wanted)}, {"by", by}, {"at", core::format_rfc3339(at)}}.dump(
      -1, ' ', false, json::Tree::error_handler_t::replace);
}

void ReplayLog::apply(const std::optional<std::string>& key, const std::optional<std::string>& value) {
  if (!key) return;
  if (key->starts_with(job_prefix)) return apply_job(std::string_view(*key).substr(job_prefix.size()), value);
  (void)apply_mark(*key, value);
}

bool ReplayLog::apply_mark(std::string_view key, const std::optional<std::string>& value) {
  if (topic_.empty() || !key.starts_with(topic_) || key.size() <= topic_.size() || key[topic_.size()] != '-') return false;
  const auto place = key.substr(topic_.size() + 1);
  const auto dash = place.find('-');
  if (dash == std::string_view::npos) return false;
  const auto partition = number_of<std::int32_t>(place.substr(0, dash));
  const auto offset = number_of<std::int64_t>(place.substr(dash + 1));
  if (!partition || !offset) return false;
  if (!value) return marks_.erase({*partition, *offset}) > 0;
  const auto tree = object_of(*value);
  if (tree.is_null()) return false;
  marks_[{*partition, *offset}] = {number_in(tree, "generation"), core::from_unix_ms(number_in(tree, "at")), text_of(tree, "job")};
  return true;
}

void ReplayLog::apply_job(std::string_view key, const std::optional<std::string>& value) {
  const auto slash = key.find('/');
  const std::string id(key.substr(0, slash));
  const auto part = slash == std::string_view::npos ? std::string_view() : key.substr(slash);
  if (id.empty()) return;
  if (!value) {
    if (part.empty()) jobs_.erase(id);
    return;
  }
  auto tree = object_of(*value);
  if (tree.is_null()) return;
  auto& job = jobs_[id];
  job.id = id;
  if (part.empty()) {
    job.asked = std::move(tree);
  } else if (part == progress_suffix) {
    if (!job.ended) job.progress = std::move(tree);
  } else if (part == end_suffix) {
    job.progress = std::move(tree);
    job.ended = true;
  } else if (part == wanted_suffix) {
    // Cancelled is final, whatever a slower writer says.
    if (const auto wanted = parse_wanted(text_of(tree, "state")); wanted && job.wanted != Wanted::cancelled) job.wanted = *wanted;
    job.wanted_by = text_of(tree, "by");
  }
}

const Mark* ReplayLog::find(LetterPlace place, std::int64_t failed_at_ms) const {
  const auto found = marks_.find(place);
  if (found == marks_.end()) return nullptr;
  // The generation of a re-entry is no lower than that moment; a copy that is marked along may be younger than it.
  const auto& mark = found->second;
  const bool of_another = mark.generation < failed_at_ms && core::to_unix_ms(mark.at) < failed_at_ms;
  return of_another ? nullptr : &mark;
}

std::vector<LetterPlace> ReplayLog::expired(const std::map<std::int32_t, std::int64_t>& beginnings, std::size_t most) const {
  std::vector<LetterPlace> places;
  for (const auto& [partition, beginning] : beginnings) {
    const auto end = marks_.lower_bound({partition, beginning});
    for (auto mark = marks_.lower_bound({partition, 0}); mark != end && places.size() < most; ++mark) places.push_back(mark->first);
  }
  return places;
}

}  // namespace hookline::state
