#include "engine/copies.h"

#include <gtest/gtest.h>

#include "hookline/settle/delivery_id.h"

namespace hookline::engine {
namespace {

std::string id_of(std::int64_t offset) {
  core::Hasher hasher;
  return settle::delivery_id(hasher, "cluster", {"topic", 0, offset, {}}, "w", "0");
}

TEST(Copies, WhatIsNotFurtherAlongIsACopy) {
  Copies copies;
  EXPECT_TRUE(copies.is_news(id_of(1), 0, 1));
  EXPECT_FALSE(copies.is_news(id_of(1), 0, 1));
  EXPECT_TRUE(copies.is_news(id_of(1), 0, 2));
  EXPECT_FALSE(copies.is_news(id_of(1), 0, 1)) << "an older copy";
  EXPECT_TRUE(copies.is_news(id_of(2), 0, 1)) << "another delivery";
}

TEST(Copies, AReplayBeginsANewGeneration) {
  Copies copies;
  EXPECT_TRUE(copies.is_news(id_of(1), 0, 7));
  EXPECT_TRUE(copies.is_news(id_of(1), 5, 1));
  EXPECT_FALSE(copies.is_news(id_of(1), 0, 8)) << "what follows from before the replay";
}

TEST(Copies, TheOldestAreForgotten) {
  Copies copies;
  for (std::int64_t i = 0; i <= static_cast<std::int64_t>(Copies::most); ++i) EXPECT_TRUE(copies.is_news(id_of(i), 0, 1));
  EXPECT_FALSE(copies.is_news(id_of(1), 0, 1)) << "still known";
  EXPECT_TRUE(copies.is_news(id_of(0), 0, 1));
}

TEST(Copies, AForeignIdIsAlwaysNews) {
  Copies copies;
  for (const char* id : {"", "msg_", "msg_0123456789abcdef0123456789abcdeg", "msg_+123456789abcdef0123456789abcdef", "another"}) {
    EXPECT_TRUE(copies.is_news(id, 0, 1)) << id;
    EXPECT_TRUE(copies.is_news(id, 0, 1)) << id;
  }
}

}  // namespace
}  // namespace hookline::engine
