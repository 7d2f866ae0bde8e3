#include "hookline/event/kind.h"

#include <gtest/gtest.h>

namespace hookline::event {
namespace {

TEST(Kind, NamesReadBack) {
  for (const Kind kind : kinds)
    EXPECT_EQ(parse_kind(name(kind)), kind);
  EXPECT_EQ(name(Kind::detection), "detection");
  EXPECT_FALSE(parse_kind("Alarm"));
  EXPECT_FALSE(parse_kind(""));
}

}  // namespace
}  // namespace hookline::event
