#include "revisions.h"

#include <array>
#include <cstdlib>
#include <string>

#include <fmt/format.h>

#include "hookline/config/load.h"
#include "hookline/config/stored.h"
#include "hookline/core/units.h"

namespace hookline::test {
namespace {

// 0: two webhooks, `all` in batches. 1: `pay` deleted. 2: `all` has another endpoint, `pay` lost one and is edited.
// 3: `all` deleted, `ship` added in batches of what is there, `pay` as at first but with other waits.
constexpr std::array<const char*, revision_count> yaml{R"(
name: all
events: [incident]
endpoints: [{name: main, url: "https://all.example.com/hook"}]
retry: {schedule: [100ms, 1s, 3s], on: any_failure}
format: ndjson
batch: {max_events: 4, max_wait: 150ms}
payload: '{"place": "$place"}'
---
name: pay
events: [incident_triggered]
filter: service == "pay"
concurrency: 2
endpoints: [{name: a, url: "https://a.example.com/hook"}, {name: b, url: "https://b.example.com/hook"}]
retry: {schedule: [50ms, 50ms], on: transient}
payload: '{"place": "$place"}'
)",
                                                       R"(
name: all
events: [incident]
endpoints: [{name: main, url: "https://all.example.com/hook"}]
retry: {schedule: [100ms, 1s, 3s], on: any_failure}
payload: '{"place": "$place"}'
)",
                                                       R"(
name: all
events: [incident]
endpoints:
  - {name: main, url: "https://all.example.com/hook"}
  - {name: second, url: "https://second.example.com/hook"}
retry: {schedule: [200ms, 2s], on: any_failure}
payload: '{"place": "$place"}'
---
name: pay
events: [incident_triggered]
concurrency: 1
endpoints: [{name: a, url: "https://a.example.com/hook"}]
retry: {schedule: [1s], on: transient}
payload: '{"place": "$place"}'
)",
                                                       R"(
name: pay
events: [incident_triggered]
filter: service == "pay"
endpoints: [{name: a, url: "https://a.example.com/hook"}, {name: b, url: "https://b.example.com/hook"}]
retry: {schedule: [8s, 50ms], on: any_failure}
payload: '{"place": "$place"}'
---
name: ship
events: [incident]
filter: service == "ship"
endpoints: [{name: main, url: "https://ship.example.com/hook"}]
retry: {schedule: [100ms, 100ms, 100ms], on: transient}
format: array
batch: {max_events: 3}
payload: '{"place": "$place"}'
)"};

const std::string line_in_order = R"(---
name: line
events: [incident]
ordering: key
endpoints: [{name: main, url: "https://line.example.com/hook"}]
retry: {schedule: [100ms, 1s], on: any_failure}
payload: '{"place": "$place"}'
)";
const std::string make = R"(---
name: make
events: [incident_triggered]
correlation: {key: story, response_id: result.id}
endpoints: [{name: main, url: "https://make.example.com/hook"}]
retry: {schedule: [200ms, 200ms], on: transient}
payload: '{"place": "$place"}'
)";

// What fails there fails for good now and then.
const std::string in_order = line_in_order + make + R"(---
name: mend
events: [incident_resolved]
correlation: {key: story, from: make, wait: 2s, on_404: create}
endpoints: [{name: main, url: "https://mend.example.com/hook"}]
retry: {schedule: [50ms, 2s], on: transient}
payload: '{"place": "$place", "item": "$correlationId"}'
)";

// The same while `line` and `mend` have no order.
const std::string without_order = R"(---
name: line
events: [incident]
endpoints: [{name: main, url: "https://line.example.com/hook"}]
concurrency: 1
retry: {schedule: [100ms, 1s], on: any_failure}
format: ndjson
batch: {max_events: 3, max_wait: 150ms}
payload: '{"place": "$place"}'
)" + make + R"(---
name: mend
events: [incident_resolved]
endpoints: [{name: main, url: "https://mend.example.com/hook"}]
concurrency: 1
retry: {schedule: [50ms, 2s], on: transient}
payload: '{"place": "$place"}'
)";

// The same while `mend` goes by the keys of records.
const std::string in_another_order = line_in_order + make + R"(---
name: mend
events: [incident_resolved]
ordering: key
endpoints: [{name: main, url: "https://mend.example.com/hook"}]
retry: {schedule: [50ms, 2s], on: transient}
payload: '{"place": "$place"}'
)";

struct Ordered {
  std::string yaml;
  Targets in_order;  ///< by the keys that most revisions have
};
const std::array<Ordered, revision_count> ordered{{{in_order, line_main | make_main | mend_main},
                                                    {without_order, make_main},
                                                    {in_another_order, line_main | make_main},
                                                    {in_order, line_main | make_main | mend_main}}};

// In every revision: who counts a log again under another one counts the same.
constexpr const char* notified = R"(---
name: pager
trigger: policy
endpoints: [{name: main, url: "https://page.example.com/hook"}]
retry: {schedule: [100ms, 2s], on: any_failure}
payload: '{"place": "$place"}'
)";

json::Tree policy() {
  return {{"name", "many"},
          {"on", {"incident"}},
          {"threshold", {{"count", policy_count}, {"within", core::format_duration(policy_window)}, {"per", "story"}}},
          {"notify", {"pager"}}};
}

std::shared_ptr<const engine::Definitions> compile(const std::string& text, bool counting) {
  config::Configuration configuration;
  if (counting) {
    if (auto made = config::parse_policy(policy(), "simulation", configuration.problems, config::SecretSource::system())) {
      configuration.policies.push_back(std::move(*made));
    }
  }
  configuration.webhooks = config::parse_webhooks(text, "simulation.yaml", {}, configuration.problems);
  auto made = engine::Definitions::compile(configuration, configuration.problems);
  if (config::has_errors(configuration.problems)) {
    for (const auto& p : configuration.problems) fmt::print(stderr, "{}\n", config::format(p));
    std::abort();
  }
  return made;
}

}  // namespace

std::shared_ptr<const engine::Definitions> definitions_of(int revision, const Extras& extras) {
  static const auto all = [] {
    std::array<std::shared_ptr<const engine::Definitions>, 4 * revision_count> made;
    for (std::size_t i = 0; i < made.size(); ++i) {
      const std::size_t of = i / 4;
      std::string text = yaml[of];
      if (i & 1) text += ordered[of].yaml;
      if (i & 2) text += notified;
      made[i] = compile(text, (i & 2) != 0);
    }
    return made;
  }();
  return all[static_cast<std::size_t>(4 * revision + (extras.ordered ? 1 : 0) + (extras.counting ? 2 : 0))];
}

Targets expected(int revision, const Nature& nature, const Extras& extras) {
  if (nature.tombstone) return 0;
  if (nature.poison) return whole_record;
  if (extras.ordered || extras.counting) {
    const int in_order = line_main | (nature.triggered ? make_main : mend_main);
    const int more = (extras.ordered ? in_order : 0) | (extras.counting ? counted : 0);
    return static_cast<Targets>(expected(revision, nature, {}) | more);
  }
  const auto none = Targets{0};
  const Targets pay = nature.triggered && nature.pay ? Targets{pay_a | pay_b} : none;
  switch (revision) {
    case 0: return Targets(all_main | pay);
    case 1: return all_main;
    case 2: return Targets(all_main | all_second | (nature.triggered ? Targets{pay_a} : none));
    default: return nature.pay ? pay : Targets{ship_main};
  }
}

Targets in_order_under(int revision) {
  return ordered[static_cast<std::size_t>(revision)].in_order;
}

Targets target_of_url(std::string_view url) {
  const auto host = url.substr(std::string_view("https://").size());
  if (host.starts_with("all.")) return all_main;
  if (host.starts_with("second.")) return all_second;
  if (host.starts_with("a.")) return pay_a;
  if (host.starts_with("b.")) return pay_b;
  if (host.starts_with("ship.")) return ship_main;
  if (host.starts_with("line.")) return line_main;
  if (host.starts_with("make.")) return make_main;
  if (host.starts_with("mend.")) return mend_main;
  if (host.starts_with("page.")) return page_main;
  return 0;
}

Targets target_of_letter(std::string_view webhook, std::string_view endpoint) {
  if (webhook.empty()) return whole_record;
  if (endpoint == "main" && webhook == "line") return line_main;
  if (endpoint == "main" && webhook == "make") return make_main;
  if (endpoint == "main" && webhook == "mend") return mend_main;
  if (endpoint == "main" && webhook == "pager") return page_main;
  if (webhook == "all") return endpoint == "main" ? Targets{all_main} : endpoint == "second" ? Targets{all_second} : Targets{0};
  if (webhook == "pay") return endpoint == "a" ? Targets{pay_a} : endpoint == "b" ? Targets{pay_b} : Targets{0};
  return webhook == "ship" && endpoint == "main" ? Targets{ship_main} : Targets{0};
}

}  // namespace hookline::test
