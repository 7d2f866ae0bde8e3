// What an answer means for its delivery: one pure function, tested over every status code.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "hookline/config/webhook.h"
#include "hookline/core/time.h"
#include "hookline/deliver/request.h"

namespace hookline::deliver {

enum class Verdict : std::uint8_t {
  delivered,   ///< 2xx
  retry,       ///< try again as the schedule says
  rejected,    ///< a final answer: dead letter, reason `rejected`
  egress,      ///< refused by the policy: dead letter, reason `egress`
  unsendable,  ///< cannot be sent as rendered: dead letter, reason `render`
  aborted,     ///< by us; says nothing about the endpoint
};

/// `transient` retries 408, 425, 429, 5xx and transport failures; `any_failure` every non-2xx.
Verdict judge(const Answer& answer, config::RetryOn on);

/// Does the answer say that the endpoint does not work (no answer, 408, 425, 429, 5xx), as against not liking
/// the request? What circuits go by.
bool speaks_of_failure(const Answer& answer);

/// How long `Retry-After` (RFC 9110 section 10.2.3: seconds or a date) asks to wait, cut at one hour;
/// nullopt if there is none, it is not readable, or the status is not one that may carry it here
/// (429, 503 and other retried statuses).
std::optional<core::Duration> retry_after(const Answer& answer, core::WallTime now);

}  // namespace hookline::deliver
