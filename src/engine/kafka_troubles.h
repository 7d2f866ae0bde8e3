// What a worker knows to be wrong between it and Kafka, for whoever asks whether it is ready: writes that are
// refused, commits that fail or get no answer. Part of WorkerCore, on its thread; a few lines at most.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "hookline/core/time.h"

namespace hookline::engine {

class KafkaTroubles {
 public:
  void write_refused(const std::string& topic, std::string why) { refused_[topic] = std::move(why); }
  void written(const std::string& topic) {
    if (!refused_.empty()) refused_.erase(topic);
  }
  void commit_sent(core::MonoTime now) {
    if (!unanswered_since_) unanswered_since_ = now;
  }
  /// `why`: empty for one that was acknowledged.
  void commit_answered(std::string why) {
    unanswered_since_.reset();
    failed_commit_ = std::move(why);
  }
  /// The partitions are somebody else's, and so are their troubles.
  void forget() { *this = {}; }

  /// One line each.
  std::vector<std::string> lines(core::MonoTime now) const {
    std::vector<std::string> lines;
    for (const auto& [topic, why] : refused_) lines.push_back(fmt::format("cannot write to {}: {}", topic, why));
    if (!failed_commit_.empty()) lines.push_back(fmt::format("a commit failed: {}", failed_commit_));
    if (unanswered_since_ && now - *unanswered_since_ >= long_time) {
      lines.push_back(fmt::format("Kafka has not answered a commit for {} s: the group's coordinator cannot be reached, or hangs",
                                  (now - *unanswered_since_) / std::chrono::seconds(1)));
    }
    return lines;
  }

 private:
  static constexpr core::Duration long_time = std::chrono::seconds(5);
  std::map<std::string, std::string> refused_;  ///< by topic, why
  std::string failed_commit_;                   ///< the latest; empty: it was acknowledged
  std::optional<core::MonoTime> unanswered_since_;
};

}  // namespace hookline::engine
