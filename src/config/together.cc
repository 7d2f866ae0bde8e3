// What shows only when all definitions are seen together.
#include <algorithm>

#include <fmt/format.h>

#include "definitions.h"
#include "files.h"
#include "hookline/config/load.h"
#include "hookline/config/spelling.h"
#include "utf8.h"

namespace hookline::config {
namespace {

class Checker {
 public:
  Checker(const std::vector<Webhook>& webhooks, const std::vector<std::string>& known, Problems& problems)
      : webhooks_(webhooks), known_(known), problems_(problems) {}

  void check_correlation(const Webhook& webhook) {
    if (!webhook.correlation || webhook.correlation->from.empty()) return;
    const auto& from = webhook.correlation->from;
    const auto& place = webhook.correlation->from_place;
    const auto creator = std::find_if(webhooks_.begin(), webhooks_.end(),
                                      [&](const Webhook& other) { return other.name == from; });
    if (creator == webhooks_.end()) {
      if (!is_known(from))
        error(place,
              fmt::format("'correlation.from' names a webhook that does not exist: {}", in_quotes(from)),
              near(from));
    } else if (!creator->correlation || creator->correlation->response_id.empty()) {
      error(
          place, fmt::format("'correlation.from' names {}, which creates nothing", in_quotes(from)),
          fmt::format("set correlation.response_id there ({}:{})", creator->place.file, creator->place.line));
    }
  }

  void check_policy(const Policy& policy) {
    for (const auto& pattern : policy.notify) {
      bool found = is_known_like(pattern.value);
      for (const auto& webhook : webhooks_) {
        if (!glob_matches(pattern.value, webhook.name)) continue;
        found = true;
        check_formatting(policy, webhook, problems_);
      }
      if (found) continue;
      if (is_glob(pattern.value)) {
        problems_.push_back(
            {pattern.place, fmt::format("{} matches no webhook", in_quotes(masked(pattern))), "", true});
      } else {
        error(
            pattern.place,
            fmt::format("the policy notifies a webhook that does not exist: {}", in_quotes(masked(pattern))),
            near(pattern.value));
      }
    }
  }

  void check_reached(const Webhook& webhook, const std::vector<Policy>& policies) {
    if (webhook.trigger != Trigger::policy) return;
    if (std::any_of(policies.begin(), policies.end(), [&](const Policy& p) { return notifies(p, webhook.name); })) return;
    problems_.push_back(
        {webhook.place,
         fmt::format("no policy notifies the webhook '{}', so nothing reaches it", webhook.name),
         "name it in a policy's notify, or set trigger: event", true});
  }

 private:
  bool is_known(const std::string& name) const {
    return std::find(known_.begin(), known_.end(), name) != known_.end();
  }
  bool is_known_like(const std::string& pattern) const {
    return std::any_of(known_.begin(), known_.end(),
                       [&](const std::string& name) { return glob_matches(pattern, name); });
  }

  std::string near(std::string_view written) const {
    std::vector<std::string_view> names(known_.begin(), known_.end());
    for (const auto& webhook : webhooks_)
      names.push_back(webhook.name);
    return suggestion(written, names, "write the name of a webhook");
  }

  void error(const Place& place, std::string what, std::string remedy) {
    problems_.push_back({place, std::move(what), std::move(remedy), false});
  }

  const std::vector<Webhook>& webhooks_;
  const std::vector<std::string>& known_;
  Problems& problems_;
};

}  // namespace

bool notifies(const Policy& policy, const std::string& webhook) {
  return std::any_of(policy.notify.begin(), policy.notify.end(),
                     [&](const Text& pattern) { return glob_matches(pattern.value, webhook); });
}

void check_formatting(const Policy& policy, const Webhook& webhook, Problems& problems) {
  if (webhook.event_formatting != EventFormatting::jira) return;
  for (const auto& pattern : policy.on) {
    if (detections_only(pattern.value)) continue;
    problems.push_back({pattern.place,
                        fmt::format("{} can bring events to '{}' that its `event_formatting: jira` has no form for",
                                    in_quotes(masked(pattern)), webhook.name),
                        "with jira all types begin with detection_", false});
  }
}

void check_together(const std::vector<Webhook>& webhooks, const std::vector<Policy>& policies,
                    Problems& problems, const std::vector<std::string>& known) {
  Checker checker(webhooks, known, problems);
  for (const auto& webhook : webhooks) {
    checker.check_correlation(webhook);
    checker.check_reached(webhook, policies);
  }
  for (const auto& policy : policies)
    checker.check_policy(policy);
}

}  // namespace hookline::config
