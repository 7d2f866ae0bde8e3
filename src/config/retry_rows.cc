// The retry schedule of a webhook: by preset, or written out.
#include <algorithm>

#include <fmt/format.h>

#include "definitions.h"
#include "hookline/config/presets.h"
#include "hookline/core/units.h"
#include "types.h"

namespace hookline::config {
namespace {

using std::chrono::days;
using std::chrono::seconds;

struct RetryDraft {
  std::optional<std::string> preset = std::string(retry_presets().front().name);
  std::optional<std::vector<core::Duration>> schedule;
  std::optional<RetryOn> on;
  std::optional<core::Duration> max_age;
};

const RetryPreset& preset_of(std::string_view name) {
  const auto presets = retry_presets();
  const auto found = std::find_if(presets.begin(), presets.end(),
                                  [&](const RetryPreset& preset) { return preset.name == name; });
  return found == presets.end() ? presets.front() : *found;
}

bool make_retry(Reader& reader, const Node& node, RetryDraft draft, Retry& out) {
  const auto& preset = preset_of(draft.preset.value_or(std::string()));
  out.schedule = draft.schedule ? *draft.schedule : preset.schedule;
  out.on = draft.on.value_or(draft.schedule ? RetryOn::transient : preset.on);
  out.max_age = draft.max_age.value_or(default_max_age(out.schedule));
  core::Duration sum{};
  for (const auto wait : out.schedule)
    sum += wait;
  if (draft.max_age && *draft.max_age < sum) {
    reader.warn(*node.find("max_age"),
                fmt::format("ends the delivery before its schedule of {} does", core::format_duration(sum)),
                "raise it, or shorten the schedule");
  }
  return true;
}

RetryDraft draft_of(const Retry& retry) {
  RetryDraft draft;
  RetryOn usual = RetryOn::transient;
  draft.preset.reset();
  for (const auto& preset : retry_presets()) {
    if (preset.schedule != retry.schedule) continue;
    draft.preset = std::string(preset.name);
    usual = preset.on;
  }
  if (!draft.preset) draft.schedule = retry.schedule;
  if (retry.on != usual) draft.on = retry.on;
  if (retry.max_age != default_max_age(retry.schedule)) draft.max_age = retry.max_age;
  return draft;
}

Words<std::string> preset_words() {
  Words<std::string> words;
  for (const auto& preset : retry_presets())
    words.emplace_back(preset.name, std::string(preset.name));
  return words;
}

}  // namespace

Type<Retry> retry() {
  Section<RetryDraft> section;
  section.rows = {
      row<RetryDraft>("preset", &RetryDraft::preset, maybe(one_of<std::string>(preset_words())),
                      "A schedule by name; the table below has them.", "squadcast"),
      row<RetryDraft>(
          "schedule", &RetryDraft::schedule,
          maybe(checked(list_of(duration(core::Duration::zero(), days(7))),
                        [](const std::vector<core::Duration>& waits) -> std::optional<Objection> {
                          if (waits.size() > 100) return Objection{"has more than 100 waits", "shorten it"};
                          return std::nullopt;
                        })),
          "Waits before the second, third, … attempt, instead of a preset; empty: one attempt only.",
          json::Tree::array({"1s", "5s", "30s", "2m"})),
      row<RetryDraft>(
          "on", &RetryDraft::on,
          maybe(one_of<RetryOn>({{"transient", RetryOn::transient}, {"any_failure", RetryOn::any_failure}})),
          "What is tried again: 408, 425, 429, 5xx and transport failures, or everything but 2xx. By default "
          "what the preset says, with a schedule `transient`.",
          "any_failure"),
      row<RetryDraft>("max_age", &RetryDraft::max_age, maybe(duration(seconds(1), days(30))),
                      "From the first attempt: after this a delivery is a dead letter; without an attempt, when its "
                      "endpoint has not worked for so long. By default twice the schedule, at least 15m.",
                      "1d"),
  };
  section.check = [](Reader& reader, const Node& node, RetryDraft&) {
    at_most_one(reader, node, {"preset", "schedule"});
  };
  section.rules = not_both("preset", "schedule");
  return by_way_of<Retry>(mapping(std::move(section)), make_retry,
                          [](const Retry& value) { return draft_of(value); });
}

}  // namespace hookline::config
