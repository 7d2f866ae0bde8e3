// Retry presets by name: the waits that well-known senders use (docs/config.md). No state.
#pragma once

#include <span>
#include <string_view>

#include "hookline/config/webhook.h"

namespace hookline::config {

struct RetryPreset {
  std::string_view name;
  std::vector<core::Duration> schedule;
  RetryOn on;
};

std::span<const RetryPreset> retry_presets();

/// `max_age` where none is written: twice the schedule, at least 15 minutes.
core::Duration default_max_age(const std::vector<core::Duration>& schedule);

/// The preset `standard`, complete: what a webhook without `retry` gets.
Retry standard_retry();

}  // namespace hookline::config
