// What is wrong with Kafka is told as long as it is wrong, and not longer.
#include "engine/kafka_troubles.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hookline::engine {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr core::MonoTime start{1h};

TEST(KafkaTroubles, ARefusedWriteIsToldUntilItsTopicTakesOne) {
  KafkaTroubles troubles;
  troubles.write_refused("p.dead-letters", "not authorised");
  troubles.write_refused("p.retry.10s", "no such topic");
  troubles.written("p.retry.10s");
  EXPECT_THAT(troubles.lines(start), ElementsAre("cannot write to p.dead-letters: not authorised"));
  troubles.written("p.dead-letters");
  EXPECT_THAT(troubles.lines(start), IsEmpty());
}

TEST(KafkaTroubles, AFailedCommitIsToldUntilOneIsAcknowledged) {
  KafkaTroubles troubles;
  troubles.commit_answered("the coordinator is loading");
  EXPECT_THAT(troubles.lines(start), ElementsAre("a commit failed: the coordinator is loading"));
  troubles.commit_answered("");
  EXPECT_THAT(troubles.lines(start), IsEmpty());
}

TEST(KafkaTroubles, ACommitWithoutAnAnswerIsToldAfterAWhile) {
  KafkaTroubles troubles;
  troubles.commit_sent(start);
  troubles.commit_sent(start + 3s);
  EXPECT_THAT(troubles.lines(start + 4s), IsEmpty());
  EXPECT_THAT(troubles.lines(start + 7s), ElementsAre(HasSubstr("not answered a commit for 7 s")));
  troubles.commit_answered("");
  EXPECT_THAT(troubles.lines(start + 7s), IsEmpty());
}

TEST(KafkaTroubles, WhatBelongsToOthersNowIsForgotten) {
  KafkaTroubles troubles;
  troubles.write_refused("p.dead-letters", "not authorised");
  troubles.commit_sent(start);
  troubles.forget();
  EXPECT_THAT(troubles.lines(start + 1h), IsEmpty());
}

}  // namespace
}  // namespace hookline::engine
