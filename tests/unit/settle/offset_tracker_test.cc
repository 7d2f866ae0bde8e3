#include "hookline/settle/offset_tracker.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hookline/core/random.h"

namespace hookline::settle {
namespace {

using Admission = OffsetTracker::Admission;
using Ranges = std::vector<std::pair<std::int64_t, std::int64_t>>;

TEST(OffsetTracker, BeginsAtItsBaseWithNothingOpen) {
  const OffsetTracker tracker(100);
  EXPECT_EQ(tracker.base(), 100);
  EXPECT_EQ(tracker.end(), 100);
  EXPECT_EQ(tracker.open(), 0u);
  EXPECT_TRUE(tracker.snapshot().empty());
  EXPECT_EQ(tracker.snapshot().base, 100);
}

TEST(OffsetTracker, BaseFollowsTheLowestUnfinishedRecord) {
  OffsetTracker tracker(100);
  const auto a = tracker.admit(100, 1, 10), b = tracker.admit(101, 1, 20), c = tracker.admit(102, 1, 30);
  EXPECT_EQ(tracker.base(), 100);
  EXPECT_EQ(tracker.open_bytes(), 60u);
  EXPECT_TRUE(tracker.finish_one(b.sequence));
  EXPECT_EQ(tracker.base(), 100);
  EXPECT_EQ(tracker.snapshot(), (OffsetMap{100, {{101, 102}}}));
  EXPECT_TRUE(tracker.finish_one(a.sequence));
  EXPECT_EQ(tracker.base(), 102);
  EXPECT_EQ(tracker.snapshot(), (OffsetMap{102, {}}));
  EXPECT_TRUE(tracker.finish_one(c.sequence));
  EXPECT_EQ(tracker.base(), 103);
  EXPECT_EQ(tracker.open(), 0u);
  EXPECT_EQ(tracker.open_bytes(), 0u);
}

TEST(OffsetTracker, ARecordIsSettledByItsLastDelivery) {
  OffsetTracker tracker(0);
  const auto record = tracker.admit(0, 2, 8);
  tracker.add_deliveries(record.sequence, 1);
  EXPECT_FALSE(tracker.finish_one(record.sequence));
  EXPECT_FALSE(tracker.finish_one(record.sequence));
  EXPECT_EQ(tracker.open_bytes(), 8u);
  EXPECT_TRUE(tracker.finish_one(record.sequence));
  EXPECT_EQ(tracker.base(), 1);
}

TEST(OffsetTracker, ARecordWithoutDeliveriesIsSettledAtOnce) {
  OffsetTracker tracker(5);
  EXPECT_EQ(tracker.admit(5, 0, 100).admission, Admission::fresh);
  EXPECT_EQ(tracker.base(), 6);
  EXPECT_EQ(tracker.admit(5, 1, 100).admission, Admission::duplicate);
  const auto open = tracker.admit(6, 1, 1);
  EXPECT_EQ(tracker.admit(7, 0, 100).admission, Admission::fresh);
  EXPECT_EQ(tracker.base(), 6);
  EXPECT_EQ(tracker.open(), 1u);
  EXPECT_EQ(tracker.open_bytes(), 1u);
  EXPECT_EQ(tracker.snapshot(), (OffsetMap{6, {{7, 8}}}));
  tracker.finish_one(open.sequence);
  EXPECT_EQ(tracker.base(), 8);
}

TEST(OffsetTracker, GapsNeedNoCare) {
  OffsetTracker tracker(100);
  const auto a = tracker.admit(150, 1, 0);  // the log begins with a gap
  EXPECT_EQ(tracker.base(), 150);
  const auto b = tracker.admit(160, 1, 0);
  tracker.admit(170, 0, 0);
  EXPECT_EQ(tracker.snapshot(), (OffsetMap{150, {{151, 160}, {161, 171}}}));
  tracker.finish_one(a.sequence);
  EXPECT_EQ(tracker.base(), 160);
  tracker.finish_one(b.sequence);
  EXPECT_EQ(tracker.base(), 171);
}

TEST(OffsetTracker, ARefetchIsADuplicate) {
  OffsetTracker tracker(100);
  const auto a = tracker.admit(100, 1, 0);
  tracker.admit(101, 0, 0);
  const auto c = tracker.admit(102, 1, 0);
  tracker.finish_one(c.sequence);
  for (const std::int64_t offset : {0, 99, 100, 101, 102}) {
    EXPECT_EQ(tracker.admit(offset, 1, 1).admission, Admission::duplicate) << offset;
    EXPECT_EQ(tracker.admit(offset, 0, 1).admission, Admission::duplicate) << offset;
  }
  EXPECT_EQ(tracker.open(), 1u);
  tracker.finish_one(a.sequence);
  EXPECT_EQ(tracker.admit(102, 0, 0).admission, Admission::duplicate);
  EXPECT_EQ(tracker.base(), 103);
  EXPECT_EQ(tracker.end(), 103);
}

TEST(OffsetTracker, ARestoredMapIsRememberedBeforeAnythingIsPolled) {
  // The rule that a second crash hangs on: what is committed before the records come again must
  // still say which of them are unfinished.
  const OffsetMap map{100, {{101, 103}, {105, 106}}};
  const OffsetTracker tracker(100, map);
  EXPECT_EQ(tracker.snapshot(), map);
  EXPECT_EQ(tracker.open(), 3u);
  EXPECT_EQ(tracker.awaited(), 3u);
  EXPECT_EQ(tracker.base(), 100);
  EXPECT_EQ(tracker.end(), 106);
  EXPECT_EQ(tracker.open_bytes(), 0u);
}

TEST(OffsetTracker, ARestoredMapSkipsWhatIsFinishedAndTakesTheRest) {
  OffsetTracker tracker(100, OffsetMap{100, {{101, 103}, {105, 106}}});
  std::vector<std::uint64_t> open;
  for (std::int64_t offset = 100; offset < 108; ++offset) {
    const auto admitted = tracker.admit(offset, 1, 10);
    const bool done = offset == 101 || offset == 102 || offset == 105;
    EXPECT_EQ(admitted.admission, done ? Admission::finished : Admission::fresh) << offset;
    if (done) continue;
    EXPECT_EQ(tracker.offset_of(admitted.sequence), offset);
    open.push_back(admitted.sequence);
  }
  EXPECT_EQ(tracker.open(), 5u);  // 100 103 104 106 107
  EXPECT_EQ(tracker.open_bytes(), 50u);
  EXPECT_EQ(tracker.awaited(), 0u);
  for (const auto sequence : open)
    tracker.finish_one(sequence);
  EXPECT_EQ(tracker.base(), 108);
  EXPECT_EQ(tracker.vanished(), 0u);
}

TEST(OffsetTracker, BaseDoesNotPassARestoredRecordThatWasNotPolled) {
  OffsetTracker tracker(100, OffsetMap{100, {{102, 103}}});
  EXPECT_EQ(tracker.admit(100, 0, 0).admission, Admission::fresh);
  EXPECT_EQ(tracker.base(), 101);
  EXPECT_EQ(tracker.awaited(), 1u);
  EXPECT_EQ(tracker.admit(101, 0, 0).admission, Admission::fresh);
  EXPECT_EQ(tracker.base(), 103);
  EXPECT_EQ(tracker.admit(102, 0, 0).admission, Admission::finished);
  EXPECT_EQ(tracker.base(), 103);
}

TEST(OffsetTracker, ARestoredRecordThatIsGoneIsSettledAndCounted) {
  OffsetTracker tracker(100, OffsetMap{100, {{103, 104}, {105, 106}}});  // open: 100 101 102 104
  const auto later = tracker.admit(102, 1, 0);
  EXPECT_EQ(tracker.vanished(), 2u);
  EXPECT_EQ(tracker.base(), 102);
  EXPECT_EQ(tracker.admit(101, 1, 0).admission, Admission::duplicate);
  const auto beyond = tracker.admit(500, 1, 0);
  EXPECT_EQ(tracker.vanished(), 3u);
  EXPECT_EQ(tracker.open(), 2u);
  tracker.finish_one(later.sequence);
  EXPECT_EQ(tracker.base(), 500);
  tracker.finish_one(beyond.sequence);
  EXPECT_EQ(tracker.base(), 501);
}

TEST(OffsetTracker, PassingTheWholeMapWithoutDeliveriesSettlesIt) {
  OffsetTracker tracker(100, OffsetMap{100, {{101, 102}}});
  tracker.admit(200, 0, 0);
  EXPECT_EQ(tracker.base(), 201);
  EXPECT_EQ(tracker.vanished(), 1u);
}

TEST(OffsetTracker, AMapIsUsedOnlyFromItsBaseOn) {
  const OffsetMap map{100, {{101, 103}, {105, 106}}};
  const OffsetTracker within(102, map);  // the log begins at 102 by now
  EXPECT_EQ(within.base(), 103);
  EXPECT_EQ(within.snapshot(), (OffsetMap{103, {{105, 106}}}));
  const OffsetTracker behind(106, map);
  EXPECT_EQ(behind.base(), 106);
  EXPECT_TRUE(behind.snapshot().empty());
  const OffsetTracker before(99, map);  // nothing is known of 99
  EXPECT_EQ(before.base(), 99);
  EXPECT_TRUE(before.snapshot().empty());
}

TEST(OffsetTracker, RoomIsRefusedWhereTheMapMightNotBeWritten) {
  OffsetTracker tracker(0);
  tracker.admit(0, 1, 0);
  EXPECT_TRUE(tracker.has_room(24'408));
  EXPECT_TRUE(tracker.has_room(static_cast<std::int64_t>(max_span) - 1));
  EXPECT_FALSE(tracker.has_room(static_cast<std::int64_t>(max_span)));
  for (std::int64_t offset = 1; offset < 24'408; ++offset)
    tracker.admit(offset, 1, 0);
  EXPECT_TRUE(tracker.has_room(24'408));
  EXPECT_FALSE(tracker.has_room(24'409));
}

TEST(OffsetTracker, RoomCountsTheRecordThatAsksForIt) {
  OffsetTracker tracker(0);
  for (std::int64_t offset = 0; offset < 995; ++offset)
    tracker.admit(offset, 1, 0);
  const auto last = static_cast<std::int64_t>(max_span) - 1;
  EXPECT_TRUE(tracker.has_room(last));  // the 996th
  tracker.admit(995, 1, 0);
  EXPECT_FALSE(tracker.has_room(last));
}

TEST(OffsetTracker, WhatAMapTellsOfAlwaysHasRoom) {
  // Too many unfinished offsets to be admitted anew, but they are in the map already.
  OffsetTracker tracker(0, OffsetMap{0, {{1, 30'000}, {31'600, 40'000}}});
  EXPECT_FALSE(fits(1601, 40'000));
  for (std::int64_t offset = 0; offset < 40'000; ++offset) {
    ASSERT_TRUE(tracker.has_room(offset)) << offset;
    tracker.admit(offset, 1, 0);
  }
  EXPECT_EQ(tracker.open(), 1601u);
}

TEST(OffsetTracker, WithNothingOpenThereIsAlwaysRoom) {
  OffsetTracker tracker(0);
  EXPECT_TRUE(tracker.has_room(1ll << 50));
  const auto a = tracker.admit(1ll << 40, 1, 0);
  EXPECT_FALSE(tracker.has_room(1ll << 50));
  tracker.finish_one(a.sequence);
  EXPECT_TRUE(tracker.has_room(1ll << 50));
}

TEST(OffsetTracker, RestoredRecordsThatNeverComeDoNotBlockAdmission) {
  OffsetTracker tracker(100, OffsetMap{100, {{101, 20'000}}});
  EXPECT_TRUE(tracker.has_room(100));
  EXPECT_TRUE(tracker.has_room(500));
  EXPECT_TRUE(tracker.has_room(1ll << 50));
  tracker.admit(1ll << 50, 1, 0);
  EXPECT_EQ(tracker.base(), 1ll << 50);
  EXPECT_EQ(tracker.vanished(), 1u);
}

TEST(OffsetTracker, RestoredRecordsThatWouldVanishDoNotCountAgainstTheOneThatPassesThem) {
  OffsetTracker tracker(0, OffsetMap{0, {{1, 30'000}, {31'600, 40'000}}});
  tracker.admit(0, 1, 0);
  EXPECT_EQ(tracker.awaited(), 1600u);
  EXPECT_TRUE(tracker.has_room(40'000));
  tracker.admit(40'000, 1, 0);
  EXPECT_EQ(tracker.vanished(), 1600u);
  EXPECT_EQ(tracker.open(), 2u);
}

TEST(OffsetTracker, SequencesStayValidWhileTheRingGrowsAndEmpties) {
  OffsetTracker tracker(0);
  std::int64_t offset = 0;
  for (int round = 0; round < 3; ++round) {
    std::vector<std::pair<std::uint64_t, std::int64_t>> open;
    for (int i = 0; i < 24'000; ++i, ++offset)
      open.emplace_back(tracker.admit(offset, 1, 3).sequence, offset);
    for (const auto& [sequence, at] : open)
      ASSERT_EQ(tracker.offset_of(sequence), at);
    EXPECT_EQ(tracker.open_bytes(), 72'000u);
    for (auto i = open.rbegin(); i != open.rend(); ++i)
      tracker.finish_one(i->first);
    EXPECT_EQ(tracker.base(), offset);
    EXPECT_EQ(tracker.open_bytes(), 0u);
  }
}

TEST(OffsetTracker, BytesBeyondTheirLimitAreStillTakenBackExactly) {
  OffsetTracker tracker(0);
  const auto a = tracker.admit(0, 1, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(tracker.open_bytes(), std::numeric_limits<std::uint32_t>::max());
  tracker.finish_one(a.sequence);
  EXPECT_EQ(tracker.open_bytes(), 0u);
}

TEST(OffsetTrackerDeathTest, SettlingWhatIsNotOpenAborts) {
  OffsetTracker tracker(100, OffsetMap{100, {{101, 102}}});
  EXPECT_DEATH(tracker.finish_one(0), "not polled");
  const auto a = tracker.admit(100, 2, 0), b = tracker.admit(102, 1, 0);
  tracker.finish_one(b.sequence);
  EXPECT_DEATH(tracker.finish_one(b.sequence), "settled twice");
  EXPECT_DEATH(tracker.add_deliveries(b.sequence, 1), "settled twice");
  EXPECT_DEATH(tracker.add_deliveries(a.sequence, ~std::uint32_t{0}), "too many");
  EXPECT_DEATH(tracker.finish_one(b.sequence + 1), "without slot");
  tracker.finish_one(a.sequence);
  tracker.finish_one(a.sequence);
  EXPECT_DEATH(tracker.finish_one(a.sequence), "without slot");
  EXPECT_DEATH((void)tracker.offset_of(a.sequence), "without slot");
}

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
