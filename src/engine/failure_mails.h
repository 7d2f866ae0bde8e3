// Whom the group's single job has to write to: sums the dead letters of each endpoint since its last mail and
// says which mail is due, at most one per endpoint and hour; what is to be said of a webhook as a whole goes
// with it, or by itself if no endpoint had a mail in that hour. What was mailed stands in PREFIX.jobs beside the
// counts, so that whoever gets the job next goes on from there. No I/O, no clock. Bounds: one entry per
// endpoint of a webhook that wants mail.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hookline/config/settings.h"
#include "hookline/core/result.h"
#include "hookline/core/time.h"
#include "hookline/deliver/mail.h"
#include "hookline/engine/catalog.h"
#include "hookline/engine/status.h"

namespace hookline::engine {

/// Dead letters of an endpoint in one process since its last word.
struct DeadLetters {
  std::string webhook, endpoint;
  core::WallTime at{};
  std::uint64_t count = 0;
  LastLetter last;
};
/// As a record of PREFIX.jobs; the key is the webhook's name.
std::string value_of(const DeadLetters& letters);
/// Error: invalid, something else.
[[nodiscard]] core::Result<DeadLetters> parse_dead_letters(std::string_view key, std::string_view value);

/// A mail that the server has taken: it told of `count` dead letters.
struct MailSent {
  std::string webhook, endpoint;
  core::WallTime at{};
  std::uint64_t count = 0;
};
std::string value_of(const MailSent& sent);
[[nodiscard]] core::Result<MailSent> parse_mail_sent(std::string_view key, std::string_view value);

struct DueMail {
  std::string webhook, endpoint;  ///< no endpoint: what is told is of the webhook as a whole
  std::vector<std::string> to;
  core::WallTime since{};         ///< the first of what it tells of
  std::uint64_t count = 0;
  std::optional<DeadLetters> last;
  std::vector<std::string> notes;  ///< "is failing: HTTP 503"
};

/// The words of a mail: what failed, how often, the last answer, and how to replay.
deliver::Mail mail_of(const DueMail& due, const config::Settings& settings);

class FailureMails {
 public:
  static constexpr auto between = std::chrono::hours(1);
  static constexpr auto first_wait = std::chrono::seconds(5);  ///< for what comes with the first failure
  static constexpr std::size_t most_notes = 10;

  void take(const DeadLetters& letters);
  void take(const MailSent& sent);
  /// Something about the webhook that its people should know: it is failing, it was disabled.
  void note(const std::string& webhook, std::string what, core::WallTime at);

  /// The mail could not be sent: it is due again half a minute later at first, a quarter of an hour at most.
  void put_off(const std::string& webhook, const std::string& endpoint, core::WallTime now);

  /// The mail that is due for the longest time. It stays due until take(MailSent) or put_off().
  std::optional<DueMail> due(core::WallTime now, const Listing& listing);

 private:
  struct Entry {
    core::WallTime since{};
    std::uint64_t count = 0;
    std::optional<DeadLetters> last;
    std::vector<std::string> notes;
    std::optional<core::WallTime> mailed;
    core::WallTime not_before{};
    std::chrono::milliseconds pause{};  ///< after the last one that was not taken
  };
  bool has_failed(const std::string& webhook) const;
  Entry& entry(const std::string& webhook, const std::string& endpoint, core::WallTime at);

  std::map<std::pair<std::string, std::string>, Entry> entries_;
};

}  // namespace hookline::engine
