// OffsetTracker against a naive model of its log, over polls, finishes, commits, refetches and crashes.
#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "hookline/core/random.h"
#include "hookline/settle/offset_tracker.h"

namespace hookline::settle {
namespace {

using Admission = OffsetTracker::Admission;

/// The naive model: what is known of each offset of the log.
class Model {
 public:
  enum class State { absent, unpolled, open, finished };

  explicit Model(core::Random& random) : random_(random) {}

  /// The log has a record here, or a gap.
  void append(bool gap) { log_.push_back(gap ? State::absent : State::unpolled); }
  std::int64_t log_end() const { return static_cast<std::int64_t>(log_.size()); }
  State& operator[](std::int64_t offset) { return log_[static_cast<std::size_t>(offset)]; }

  /// The lowest offset below `end` that exists and is not finished; `end` if there is none.
  std::int64_t base(std::int64_t end) {
    for (std::int64_t offset = 0; offset < end; ++offset) {
      if ((*this)[offset] == State::open || (*this)[offset] == State::unpolled) return offset;
    }
    return end;
  }
  /// What a crash leaves: all that was open is to be polled again.
  void crash() {
    for (auto& state : log_) {
      if (state == State::open) state = State::unpolled;
    }
  }
  /// Retention or compaction removes a record that was not polled in this life.
  void remove_some() {
    for (auto& state : log_) {
      if (state == State::unpolled && random_.chance(0.05)) state = State::absent;
    }
  }

 private:
  core::Random& random_;
  std::vector<State> log_;
};

/// One partition through polls, finishes, commits, refetches and crashes, with the tracker and the
/// model side by side.
class World {
 public:
  explicit World(std::uint64_t seed) : random_(seed), model_(random_), tracker_(0) {}

  void step() {
    switch (random_.below(10)) {
      case 0:
      case 1:
      case 2:
      case 3:
        poll(1 + random_.below(8));
        break;
      case 4:
      case 5:
      case 6:
        finish(1 + random_.below(8));
        break;
      case 7:
        commit();
        break;
      case 8:
        if (random_.chance(0.3)) refetch();
        break;
      default:
        if (random_.chance(0.1)) crash();
    }
    check();
  }

  int restarts = 0;
  int skipped = 0;

 private:
  using State = Model::State;

  void poll(std::uint64_t records) {
    for (; records > 0; --records, ++position_) {
      while (position_ >= model_.log_end())
        model_.append(random_.chance(0.1));
      State& state = model_[position_];
      if (state == State::absent) continue;
      ASSERT_TRUE(tracker_.has_room(position_)) << "these logs are short";
      const auto deliveries = static_cast<std::uint32_t>(random_.below(4));
      const bool committed_as_finished =
          position_ < committed_ || decode(metadata_, committed_).contains(position_);
      const auto admitted = tracker_.admit(position_, deliveries, 7);
      if (committed_as_finished) {
        ASSERT_EQ(admitted.admission, Admission::finished) << position_;
        ASSERT_EQ(state, State::finished);
        ++skipped;
        continue;
      }
      // Finished after the last commit: it comes again, and then it is open again.
      ASSERT_EQ(admitted.admission, Admission::fresh) << position_;
      state = deliveries == 0 ? State::finished : State::open;
      if (deliveries > 0) open_[admitted.sequence] = {position_, deliveries};
    }
  }

  void finish(std::uint64_t count) {
    for (; count > 0 && !open_.empty(); --count) {
      auto at = open_.begin();
      std::advance(at, static_cast<std::ptrdiff_t>(random_.below(open_.size())));
      auto& [sequence, work] = *at;
      ASSERT_EQ(tracker_.offset_of(sequence), work.offset);
      if (random_.chance(0.1)) {
        tracker_.add_deliveries(sequence, 1);
        ++work.deliveries;
        continue;
      }
      const bool settled = tracker_.finish_one(sequence);
      ASSERT_EQ(settled, --work.deliveries == 0);
      if (!settled) continue;
      model_[work.offset] = State::finished;
      open_.erase(at);
    }
  }

  void commit() {
    const OffsetMap map = tracker_.snapshot();
    metadata_ = encode(map);
    committed_ = map.base;
    ASSERT_EQ(decode(metadata_, committed_), map) << "has_room() promised that it fits";
  }

  /// A seek back, as after a pause or a resume: all of it was polled before.
  void refetch() {
    const auto back = std::min<std::int64_t>(position_, static_cast<std::int64_t>(random_.below(40)));
    const auto from = std::max(begun_, position_ - back);
    for (auto offset = from; offset < position_; ++offset) {
      if (model_[offset] == State::absent) continue;
      ASSERT_EQ(tracker_.admit(offset, 1, 7).admission, Admission::duplicate);
    }
  }

  void crash() {
    ++restarts;
    model_.crash();
    open_.clear();
    if (random_.chance(0.3)) model_.remove_some();
    const OffsetMap map = decode(metadata_, committed_);
    tracker_ = OffsetTracker(committed_, map);
    position_ = begun_ = committed_;
    // What finished after the commit is forgotten, and comes again.
    for (auto offset = committed_; offset < model_.log_end(); ++offset) {
      if (model_[offset] == State::finished && !map.contains(offset)) model_[offset] = State::unpolled;
    }
    ASSERT_EQ(tracker_.snapshot(), map) << "a commit now must say the same";
  }

  void check() {
    const OffsetMap map = tracker_.snapshot();
    ASSERT_EQ(map.base, tracker_.base());
    const auto end = tracker_.end();
    // Restored records that are gone hold base until they are passed; nothing else does.
    if (tracker_.awaited() == 0) {
      ASSERT_EQ(tracker_.base(), model_.base(end));
      ASSERT_EQ(tracker_.open(), open_.size());
    }
    for (std::int64_t offset = 0; offset < end; ++offset) {
      const State state = model_[offset];
      const bool claimed = offset < map.base || map.contains(offset);
      ASSERT_FALSE(claimed && (state == State::open || state == State::unpolled))
          << offset << " would be lost";
      ASSERT_FALSE(!claimed && state == State::finished) << offset << " would be repeated";
    }
    ASSERT_EQ(tracker_.open_bytes(), 7 * open_.size());
  }

  struct Work {
    std::int64_t offset;
    std::uint32_t deliveries;
  };
  core::Random random_;
  Model model_;
  OffsetTracker tracker_;
  std::map<std::uint64_t, Work> open_;  ///< by sequence
  std::int64_t position_ = 0;
  std::int64_t begun_ = 0;  ///< where this life began to poll
  std::string metadata_;
  std::int64_t committed_ = 0;
};

TEST(OffsetTrackerProperty, BehavesAsTheNaiveModelOverPollsFinishesAndCrashes) {
  int restarts = 0, skipped = 0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    World world(seed);
    for (int step = 0; step < 400; ++step) {
      world.step();
      if (testing::Test::HasFatalFailure()) FAIL() << "seed " << seed << " step " << step;
    }
    restarts += world.restarts;
    skipped += world.skipped;
  }
  EXPECT_GT(restarts, 300);
  EXPECT_GT(skipped, 1000);
}

TEST(OffsetTrackerProperty, WhatHasRoomIsWrittenInFullWhateverFinishesFirst) {
  core::Random random(9);
  for (int round = 0; round < 40; ++round) {
    OffsetTracker tracker(1000);
    std::vector<std::uint64_t> open;
    const double matched = std::array{1.0, 0.3, 0.01, 0.003}[random.below(4)];
    const double gaps = std::array{0.0, 0.5}[random.below(2)];
    std::int64_t offset = 1000;
    for (;; ++offset) {
      if (random.chance(gaps)) offset += static_cast<std::int64_t>(random.below(200));
      if (!tracker.has_room(offset)) break;
      const auto admitted = tracker.admit(offset, random.chance(matched) ? 1 : 0, 0);
      if (tracker.open() > open.size()) open.push_back(admitted.sequence);
    }
    std::shuffle(open.begin(), open.end(), random);
    for (std::size_t i = 0; i < open.size(); ++i) {
      tracker.finish_one(open[i]);
      if (i % (open.size() / 50 + 1) != 0) continue;
      const OffsetMap map = tracker.snapshot();
      ASSERT_EQ(decode(encode(map), map.base), map) << "round " << round;
    }
    ASSERT_EQ(tracker.base(), tracker.end());
    ASSERT_TRUE(tracker.has_room(offset)) << "what waited gets in once the rest is finished";
  }
}

}  // namespace
}  // namespace hookline::settle
