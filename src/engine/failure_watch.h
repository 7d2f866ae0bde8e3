// What the group's single job knows of failing webhooks: sums the counts that every process publishes, and
// says when a webhook is to be disabled (disable_after), is failing, or has recovered. No I/O, no clock.
// Bounds: at most max_slots sums a webhook.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/core/result.h"
#include "hookline/core/time.h"
#include "hookline/engine/catalog.h"

namespace hookline::engine {

/// How attempts of a webhook ended in one process since its last word.
struct Outcomes {
  std::string webhook;
  core::WallTime at{};
  std::uint64_t attempts = 0;
  std::uint64_t failed = 0;
  std::string error;  ///< the last one
};

/// As a record of PREFIX.jobs; the key is the webhook's name.
std::string value_of(const Outcomes& outcomes);
/// Error: invalid, something else.
[[nodiscard]] core::Result<Outcomes> parse_outcomes(std::string_view key, std::string_view value);

struct Judgement {
  enum class What : std::uint8_t { disable, failing, recovered } what = What::failing;
  std::string webhook;
  std::uint64_t attempts = 0;
  std::uint64_t failed = 0;
  std::string error;
};

/// The event that tells of it, as the catalogue has it; `account` says why, empty: nothing to add.
std::string notice_of(const Judgement& judgement, const std::string& account, core::WallTime created);

class FailureWatch {
 public:
  static constexpr std::uint64_t failing_attempts = 20;           ///< in a row
  static constexpr auto failing_time = std::chrono::minutes(5);   ///< without a 2xx
  static constexpr std::size_t max_slots = 1024;  ///< even

  /// Takes counts; `told` ones lie so far back that whoever had the job then has spoken of them.
  void take(const Outcomes& outcomes, bool told);

  /// What is to be done now. A failing or recovered webhook is named once; one to disable each time until it is.
  std::vector<Judgement> judge(core::WallTime now, const Listing& listing);

 private:
  struct Slot {
    core::WallTime first{}, last{};
    std::uint64_t attempts = 0, failed = 0;
  };
  struct Record {
    std::deque<Slot> slots;
    std::uint64_t streak = 0;  ///< failed attempts since the last success
    std::optional<core::WallTime> failing_since;
    bool failing = false;      ///< it has been said
    std::uint64_t attempts_after = 0;  ///< with the success that ended the streak
    std::string error;
  };

  static bool is_failing(const Record& record, core::WallTime now);
  static void add(Record& record, const Outcomes& outcomes);
  static std::optional<Judgement> to_disable(Record& record, const Listed& listed, core::WallTime now);

  std::map<std::string, Record> records_;
};

}  // namespace hookline::engine
