#include "hookline/settle/offset_tracker.h"

#include <cstdint>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hookline::settle {
namespace {

using Admission = OffsetTracker::Admission;

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

TEST(OffsetTracker, WhatPollingPassedWithoutARecordIsFinished) {
  OffsetTracker tracker(5);
  EXPECT_TRUE(tracker.pass(8));  // nothing but markers so far
  EXPECT_EQ(tracker.base(), 8);
  EXPECT_FALSE(tracker.pass(8));
  const auto open = tracker.admit(8, 1, 1);
  EXPECT_FALSE(tracker.pass(9));  // the record itself: no news, and it stays open
  EXPECT_TRUE(tracker.pass(12));
  EXPECT_EQ(tracker.base(), 8);
  EXPECT_EQ(tracker.snapshot(), (OffsetMap{8, {{9, 12}}}));
  EXPECT_EQ(tracker.admit(11, 1, 1).admission, Admission::duplicate);
  EXPECT_TRUE(tracker.finish_one(open.sequence));
  EXPECT_EQ(tracker.base(), 12);
}

TEST(OffsetTracker, RestoredSlotsThatPollingPassedAreGone) {
  OffsetTracker tracker(100, {100, {{102, 104}, {105, 106}}});  // 100, 101 and 104 are awaited
  EXPECT_TRUE(tracker.pass(101));
  EXPECT_EQ(tracker.vanished(), 1u);
  EXPECT_EQ(tracker.base(), 101);
  EXPECT_TRUE(tracker.pass(104));  // not yet 104 itself
  EXPECT_EQ(tracker.base(), 104);
  EXPECT_TRUE(tracker.pass(107));
  EXPECT_EQ(tracker.vanished(), 3u);
  EXPECT_EQ(tracker.base(), 107);
  EXPECT_EQ(tracker.open(), 0u);
}

TEST(OffsetTracker, AGapThatTheMapCouldNotHoldIsNotPassed) {
  OffsetTracker tracker(0);
  const auto open = tracker.admit(0, 1, 1);
  std::int64_t far = 2;
  while (tracker.has_room(far)) far *= 2;
  EXPECT_FALSE(tracker.pass(far + 1));
  EXPECT_EQ(tracker.end(), 1);
  EXPECT_TRUE(tracker.finish_one(open.sequence));
  EXPECT_TRUE(tracker.pass(far + 1));
  EXPECT_EQ(tracker.base(), far + 1);
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

}  // namespace
}  // namespace hookline::settle
