#include "failure_watch.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "hookline/core/crypto.h"
#include "hookline/json/tree.h"

namespace hookline::engine {
namespace {

constexpr core::Duration slot_width = std::chrono::seconds(10);

}  // namespace

std::string value_of(const Outcomes& outcomes) {
  json::Tree value{{"type", "outcomes"},
                   {"at", core::format_rfc3339(outcomes.at)},
                   {"attempts", outcomes.attempts},
                   {"failed", outcomes.failed}};
  if (!outcomes.error.empty()) value["error"] = outcomes.error;
  return value.dump(-1, ' ', false, json::Tree::error_handler_t::replace);
}

core::Result<Outcomes> parse_outcomes(std::string_view key, std::string_view value) {
  const auto bad = core::fail(core::ErrorCode::invalid, "not counts of attempts");
  const auto tree = json::parse_tree(value);
  if (!tree || !tree->is_object() || tree->value("type", json::Tree()) != "outcomes") return bad;
  const auto number = [&](const char* name) -> std::optional<std::uint64_t> {
    const auto found = tree->find(name);
    if (found == tree->end() || !found->is_number_unsigned()) return std::nullopt;
    return found->get<std::uint64_t>();
  };
  const auto at = tree->value("at", json::Tree());
  const auto time = at.is_string() ? core::parse_rfc3339(at.get_ref<const std::string&>()) : std::nullopt;
  const auto attempts = number("attempts"), failed = number("failed");
  if (!time || !attempts || !failed || *failed > *attempts) return bad;
  const auto error = tree->value("error", json::Tree());
  return Outcomes{std::string(key), *time, *attempts, *failed, error.is_string() ? error.get<std::string>() : std::string()};
}

std::string notice_of(const Judgement& judgement, const std::string& account, core::WallTime created) {
  struct Words {
    std::string_view type, severity, said;
  };
  static constexpr std::array<Words, 3> words{{
      {"webhook_disabled", "high", "was disabled"},
      {"webhook_failing", "medium", "is failing"},
      {"webhook_recovered", "info", "has recovered"},
  }};
  const auto& [type, severity, said] = words[static_cast<std::size_t>(judgement.what)];
  const auto at = core::format_rfc3339(created);
  const auto title = fmt::format("Webhook {} {}", judgement.webhook, said);
  core::Hasher hasher;
  hasher.start();
  hasher.update(fmt::format("{} {} {}", type, judgement.webhook, at));
  const auto digest = hasher.finish();
  const double all = static_cast<double>(std::max<std::uint64_t>(1, judgement.attempts));
  const json::Tree notice{{"event_type", type},
                          {"id", "nc-" + core::hex(core::as_view(digest).substr(0, 8))},
                          {"webhook", judgement.webhook},
                          {"title", title},
                          {"message", account.empty() ? title : fmt::format("{}: {}", title, account)},
                          {"created", at},
                          {"severity", severity},
                          {"attempts", judgement.attempts},
                          {"failure_ratio", static_cast<double>(judgement.failed) / all}};
  return notice.dump(-1, ' ', false, json::Tree::error_handler_t::replace);
}

bool FailureWatch::is_failing(const Record& record, core::WallTime now) {
  return record.streak >= failing_attempts || (record.failing_since && now - *record.failing_since >= failing_time);
}

/// Where there are too many sums, neighbours become one: long windows need no fine grain.
void FailureWatch::add(Record& record, const Outcomes& outcomes) {
  auto& slots = record.slots;
  if (slots.size() >= max_slots) {
    for (std::size_t i = 0; i + 1 < slots.size(); i += 2) {
      slots[i / 2] = {slots[i].first, slots[i + 1].last, slots[i].attempts + slots[i + 1].attempts,
                      slots[i].failed + slots[i + 1].failed};
    }
    slots.resize(slots.size() / 2);
  }
  if (slots.empty() || outcomes.at - slots.back().first >= slot_width) slots.push_back({outcomes.at, outcomes.at});
  slots.back().last = std::max(slots.back().last, outcomes.at);
  slots.back().attempts += outcomes.attempts;
  slots.back().failed += outcomes.failed;
}

void FailureWatch::take(const Outcomes& outcomes, bool told) {
  Record& record = records_[outcomes.webhook];
  add(record, outcomes);
  if (outcomes.failed < outcomes.attempts) {
    if (told) record.failing = false;
    record.streak = 0;
    record.failing_since.reset();
    record.attempts_after = outcomes.attempts;
    return;
  }
  if (outcomes.failed == 0) return;
  record.streak += outcomes.failed;
  if (!record.failing_since) record.failing_since = outcomes.at;
  if (!outcomes.error.empty()) record.error = outcomes.error;
  if (told && is_failing(record, outcomes.at)) record.failing = true;
}

std::optional<Judgement> FailureWatch::to_disable(Record& record, const Listed& listed, core::WallTime now) {
  const auto& rule = *listed.disable_after;
  const auto window = std::chrono::duration_cast<std::chrono::milliseconds>(rule.window);
  while (!record.slots.empty() && now - record.slots.front().last > window) record.slots.pop_front();
  Judgement sum{Judgement::What::disable, listed.name.name, 0, 0, record.error};
  for (const auto& slot : record.slots) {
    if (slot.first <= listed.switched_at) continue;  // after somebody has touched the switch counting begins anew
    sum.attempts += slot.attempts;
    sum.failed += slot.failed;
  }
  const bool enough = sum.attempts >= std::max<std::uint64_t>(1, rule.min_attempts);
  if (!enough || static_cast<double>(sum.failed) < rule.failure_ratio * static_cast<double>(sum.attempts)) return std::nullopt;
  return sum;
}

std::vector<Judgement> FailureWatch::judge(core::WallTime now, const Listing& listing) {
  using What = Judgement::What;
  std::vector<Judgement> judgements;
  std::erase_if(records_, [&](const auto& entry) { return !listing.contains({state::Sort::webhook, entry.first}); });
  for (auto& [name, record] : records_) {
    const Listed& listed = listing.at({state::Sort::webhook, name});
    if (!record.failing && is_failing(record, now)) {
      record.failing = true;
      judgements.push_back({What::failing, name, record.streak, record.streak, record.error});
    }
    if (record.failing && record.streak == 0) {
      record.failing = false;
      judgements.push_back({What::recovered, name, record.attempts_after, 0, {}});
    }
    if (!listed.disable_after) {
      record.slots.clear();
    } else if (listed.position == Switch::on) {
      if (auto sum = to_disable(record, listed, now)) judgements.push_back(std::move(*sum));
    }
  }
  return judgements;
}

}  // namespace hookline::engine
