// librdkafka's log lines on their way to Hookline's log: levels translated, repetitions held back,
// secrets masked. One per client; called from any of librdkafka's threads.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/core/log.h"
#include "hookline/core/time.h"
#include "hookline/kafka/properties.h"

namespace hookline::kafka {

/// What the relay makes of a line: nothing (held back), or a line with its level.
struct RelayedLine {
  core::log::Level level;
  std::string text;
};

class LogRelay {
 public:
  explicit LogRelay(const Properties& properties);

  /// `severity` as syslog has it (3 error … 7 debug); `facility` is librdkafka's short name.
  std::optional<RelayedLine> line(int severity, std::string_view facility, std::string_view text,
                                  core::MonoTime now);
  /// line(), written to the log.
  void write(int severity, std::string_view facility, std::string_view text);

  /// `text` with every secret value of the properties as `***`.
  std::string masked(std::string_view text) const;

 private:
  std::vector<std::string> secrets_;
  std::mutex mutex_;
  std::map<std::string, core::log::Gate, std::less<>> gates_;  ///< by facility, a closed set of the library's
};

}  // namespace hookline::kafka
