#include "hookline/engine/replay_journal.h"

#include <gtest/gtest.h>

namespace hookline::engine {
namespace {

TEST(ReplayStand, IsReadFromProgressAndFromNothing) {
  const auto stand = stand_of(*json::parse_tree(R"({"state":"running","ends":{"0":7,"3":9},"position":[{"topic":"t","partition":2,"offset":11}],
    "counts":{"total":10,"done":6,"sent":4,"open":0,"skipped":{"gone":2}}})"));
  ASSERT_TRUE(stand.ends);
  EXPECT_EQ(*stand.ends, (Replay::Ends{{0, 7}, {3, 9}}));
  EXPECT_EQ(stand.position.at({"t", 2}), 11);
  EXPECT_EQ(stand.counts.sent, 4u);
  EXPECT_EQ(stand.counts.skipped.at("gone"), 2u);
  for (const char* text : {"null", "[]", "{}", R"({"ends":[1],"position":{"a":1},"counts":7})"}) {
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
  request.limit = 100;
  EXPECT_EQ(rest_of(request, stand)->limit, 60u);
  request.limit = 40;
  EXPECT_FALSE(rest_of(request, stand));
}

TEST(ReplayStand, CountsOfTheWholeAreThoseOfItsParts) {
  ReplayStand stand;
  stand.counts = {.total = 10, .done = 6, .sent = 4, .open = 0, .skipped = {{"gone", 2}}};
  // Four are marked; the two that were skipped are looked at again among the six that are left.
  const ReplayCounts now{.total = 6, .done = 6, .sent = 4, .open = 0, .skipped = {{"gone", 2}}};
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

}  // namespace
}  // namespace hookline::engine
