#include "hookline/engine/replay_journal.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace hookline::engine {
namespace {

TEST(ReplayStand, IsReadFromProgressAndFromNothing) {
  const auto stand = stand_of(*json::parse_tree(R"({"state":"running","ends":{"0":7,"3":9},"position":[{"topic":"t","partition":2,"offset":11}],
    "counts":{"total":10,"done":6,"sent":4,"open":0,"skipped":{"gone":2},
      "skipped_creates":{"count":7,"items":[{"webhook":"tickets","key":"s-1","id":"INC1"},7]}}})"));
  ASSERT_TRUE(stand.ends);
  EXPECT_EQ(*stand.ends, (Replay::Ends{{0, 7}, {3, 9}}));
  EXPECT_EQ(stand.position.at({"t", 2}), 11);
  EXPECT_EQ(stand.counts.sent, 4u);
  EXPECT_EQ(stand.counts.skipped.at("gone"), 2u);
  EXPECT_EQ(stand.counts.creates.count, 7u);
  ASSERT_EQ(stand.counts.creates.items.size(), 2u);
  EXPECT_EQ(stand.counts.creates.items[0].id, "INC1");
  for (const char* text : {"null", "[]", "{}", R"({"ends":[1],"position":{"a":1},"counts":7})", R"({"counts":{"skipped_creates":[1]}})",
                           R"({"position":[{"topic":"t","partition":"0","offset":1},{"topic":"t","partition":0},{"topic":1}]})"}) {
    const auto none = stand_of(*json::parse_tree(text));
    EXPECT_FALSE(none.ends) << text;
    EXPECT_TRUE(none.position.empty()) << text;
  }
}

TEST(ReplayStand, WhatIsLeftIsLessByWhatWasSent) {
  ReplayRequest request;
  ReplayStand stand;
  stand.counts.sent = 40;
  EXPECT_FALSE(rest_of(request, stand)->limit);
  request.limit = 40;
  EXPECT_EQ(rest_of(request, stand)->limit, 40u) << "dead letters have marks";
  request.what = ReplayRequest::What::events;
  request.limit = 100;
  EXPECT_EQ(rest_of(request, stand)->limit, 60u);
  request.limit = 40;
  EXPECT_FALSE(rest_of(request, stand));
}

TEST(ReplayStand, ReasonsBeyondTheFirstAreCountedTogether) {
  ReplayCounts counts;
  for (int i = 0; i < 500; ++i) counts.skip(fmt::format("not JSON at byte {}", i));
  counts.skip(matches_nothing);
  EXPECT_EQ(counts.skipped.size(), 22u);
  EXPECT_EQ(counts.skipped.at("other reasons"), 480u);
  EXPECT_EQ(counts.skipped.at(matches_nothing), 1u);
}

TEST(ReplayStand, CountsOfTheWholeAreThoseOfItsParts) {
  ReplayStand stand;
  stand.counts = {.total = 10, .done = 6, .sent = 4, .open = 0, .skipped = {{"gone", 2}}};
  // Four are marked, which the plan knows; the two that were skipped are looked at again.
  const ReplayCounts now{.total = 10, .done = 10, .sent = 4, .open = 0, .skipped = {{"gone", 2}}};
  const auto letters = sum_of(stand, now, {});
  EXPECT_EQ(letters.total, 10u);
  EXPECT_EQ(letters.done, 10u);
  EXPECT_EQ(letters.sent, 8u);
  EXPECT_EQ(letters.skipped.at("gone"), 2u);
  // Events go on from a position; what is before it counts as done already.
  ReplayRequest events;
  events.what = ReplayRequest::What::events;
  const auto sum = sum_of(stand, {.total = 10, .done = 10, .sent = 3, .open = 0, .skipped = {{"gone", 1}}}, events);
  EXPECT_EQ(sum.done, 10u);
  EXPECT_EQ(sum.sent, 7u);
  EXPECT_EQ(sum.skipped.at("gone"), 3u);
}

TEST(ReplayStand, WhatWasLeftOutForGoodIsNotLookedAtAgain) {
  // Six were done: one is looked at again, five are marked: three sent, one of no use to anybody, one a create of what exists.
  ReplayStand stand;
  stand.counts = {.total = 10, .done = 6, .sent = 3, .open = 0, .skipped = {{"gone", 1}, {matches_nothing, 1}}};
  stand.counts.creates.add({"tickets", "s-1", "INC1"});
  ReplayCounts now{.total = 10, .done = 10, .sent = 3, .open = 0, .skipped = {{"gone", 1}}};
  for (int i = 2; i < 9; ++i) now.creates.add({"tickets", fmt::format("s-{}", i), fmt::format("INC{}", i)});
  const auto sum = sum_of(stand, now, {});
  EXPECT_EQ(sum.total, 10u);
  EXPECT_EQ(sum.done, 10u);
  EXPECT_EQ(sum.skipped.at("gone"), 1u);
  EXPECT_EQ(sum.skipped.at(matches_nothing), 1u);
  EXPECT_EQ(sum.creates.count, 8u);
  ASSERT_EQ(sum.creates.items.size(), SkippedCreates::shown);
  EXPECT_EQ(describe(sum.creates), "tickets s-1 is INC1, tickets s-2 is INC2, tickets s-3 is INC3, tickets s-4 is INC4, tickets s-5 is INC5 and 3 more");
}

}  // namespace
}  // namespace hookline::engine
