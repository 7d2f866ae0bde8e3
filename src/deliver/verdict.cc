#include "hookline/deliver/verdict.h"

#include <algorithm>

namespace hookline::deliver {
namespace {

constexpr core::Duration longest_pause = std::chrono::hours(1);

/// Statuses that say "later", not "never": timeout, too early, too many, and the server's own trouble.
bool is_transient(int status) {
  return status == 408 || status == 425 || status == 429 || (status >= 500 && status <= 599);
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// delta-seconds (RFC 9110 section 10.2.3), any number of digits, cut at longest_pause.
std::optional<core::Duration> read_seconds(std::string_view text) {
  if (text.empty()) return std::nullopt;
  core::Duration wait{};
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    wait = std::min(wait * 10 + std::chrono::seconds(c - '0'), longest_pause);
  }
  return wait;
}

}  // namespace

Verdict judge(const Answer& answer, config::RetryOn on) {
  switch (answer.outcome) {
    case Outcome::answered:
      break;
    case Outcome::egress:
      return Verdict::egress;
    case Outcome::invalid:
      return Verdict::unsendable;
    case Outcome::aborted:
      return Verdict::aborted;
    case Outcome::dns:
    case Outcome::connect:
    case Outcome::connect_timeout:
    case Outcome::request_timeout:
    case Outcome::tls:
    case Outcome::reset:
    case Outcome::protocol:
    case Outcome::token:
      return Verdict::retry;
  }
  if (answer.status >= 200 && answer.status <= 299) return Verdict::delivered;
  return on == config::RetryOn::any_failure || is_transient(answer.status) ? Verdict::retry
                                                                           : Verdict::rejected;
}

bool speaks_of_failure(const Answer& answer) {
  return answer.outcome != Outcome::answered || is_transient(answer.status);
}

std::optional<core::Duration> retry_after(const Answer& answer, core::WallTime now) {
  if (answer.outcome != Outcome::answered || !answer.retry_after || !is_transient(answer.status)) {
    return std::nullopt;
  }
  const auto text = trim(*answer.retry_after);
  if (const auto wait = read_seconds(text)) return wait;
  const auto date = core::parse_http_date(text);
  if (!date) return std::nullopt;
  // Milliseconds are compared first: a date of the year 9999 does not fit into nanoseconds.
  const auto wait = std::clamp(*date - now, std::chrono::milliseconds::zero(),
                               std::chrono::duration_cast<std::chrono::milliseconds>(longest_pause));
  return core::Duration(wait);
}

}  // namespace hookline::deliver
