// What the records of PREFIX.replays mean: marks (this dead letter was replayed) and replays (what somebody
// asked for, what they want of it now, how far it is). The topic is compacted; the last record of a key counts.
// Pure: no I/O, no clock, one thread. Holds all marks in memory, some hundred bytes each.
//
//   hookline.dead-letters-3-17   a mark: topic, partition and offset of the dead letter
//   job/ID                       what was asked for, by whom, when; written once
//   job/ID/wanted                running, paused or cancelled: written by whoever asks for it
//   job/ID/progress              state and counts: written by whoever does the work
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hookline/core/time.h"
#include "hookline/json/tree.h"

namespace hookline::state {

/// A dead letter was taken up again: its re-entry has been acknowledged.
struct Mark {
  std::int64_t generation = 0;  ///< of the re-entry
  core::WallTime at{};
  std::string job;              ///< which replay did it
};

/// Where a dead letter stands in its topic.
using LetterPlace = std::pair<std::int32_t, std::int64_t>;

std::string mark_key(std::string_view topic, LetterPlace place);
std::string mark_value(const Mark& mark);

enum class Wanted : std::uint8_t { running, paused, cancelled };
std::string_view name(Wanted wanted);
std::optional<Wanted> parse_wanted(std::string_view name);

/// One replay as the log tells it.
struct ReplayJob {
  std::string id;
  json::Tree asked;     ///< {"by", "at", "executor", "request"}
  Wanted wanted = Wanted::running;
  std::string wanted_by;
  json::Tree progress;  ///< null: nobody has begun
  bool ended = false;   ///< `progress` is its last word, whatever a slower writer says
  bool silent = false;  ///< nothing has come of it for a minute, says whoever follows the log
};

std::string job_key(std::string_view id);
std::string wanted_key(std::string_view id);
std::string replay_progress_key(std::string_view id);
/// Of the last word, which is no writer's to take back.
std::string replay_end_key(std::string_view id);
/// The id of the job that a record of this key is about; empty: it is a mark.
std::string_view job_of(std::string_view key);
std::string wanted_value(Wanted wanted, std::string_view by, core::WallTime at);

class ReplayLog {
 public:
  /// Marks of this dead-letter topic count, others are passed over; of "" none is kept.
  explicit ReplayLog(std::string dead_letter_topic) : topic_(std::move(dead_letter_topic)) {}

  /// The next record. What is not understood is passed over.
  void apply(const std::optional<std::string>& key, const std::optional<std::string>& value);

  /// nullptr: not replayed. A mark from before the letter failed is of another one, which stood there before the topic
  /// was made anew.
  const Mark* find(LetterPlace place, std::int64_t failed_at_ms) const;
  /// Marks whose dead letters have left the topic: what lies below where each partition begins now. At most `most`.
  std::vector<LetterPlace> expired(const std::map<std::int32_t, std::int64_t>& beginnings, std::size_t most) const;
  const std::map<LetterPlace, Mark>& marks() const { return marks_; }
  const std::map<std::string, ReplayJob>& jobs() const { return jobs_; }

 private:
  void apply_job(std::string_view key, const std::optional<std::string>& value);
  bool apply_mark(std::string_view key, const std::optional<std::string>& value);

  const std::string topic_;
  std::map<LetterPlace, Mark> marks_;
  std::map<std::string, ReplayJob> jobs_;
};

}  // namespace hookline::state
