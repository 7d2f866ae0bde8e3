#include "engine/held_record.h"

#include <gtest/gtest.h>

#include "hookline/json/scan.h"

namespace hookline::engine {
namespace {

TEST(RecordPool, HoldsACopyOfEverythingAndCountsItsBytes) {
  RecordPool pool;
  const std::string topic = "t";
  HeldRecord* held = nullptr;
  {
    const std::string key = "k", value = R"({"a":1})", name = "h", text = "x";
    const std::vector<event::Header> headers{{name, text}, {name, std::nullopt}};
    const event::RecordView view{.topic = "elsewhere", .partition = 3, .offset = 9, .key = key, .value = value, .headers = headers};
    held = pool.hold(view, event::Kind::audit, topic);
  }
  pool.add_reference(held);
  EXPECT_EQ(held->view.topic.data(), topic.data());
  EXPECT_EQ(held->view.key, "k");
  EXPECT_EQ(held->view.value, R"({"a":1})");
  ASSERT_EQ(held->view.headers.size(), 2u);
  EXPECT_EQ(held->view.headers[0].value, "x");
  EXPECT_EQ(held->view.headers[1].value, std::nullopt);
  EXPECT_TRUE(held->view.padded);
  EXPECT_GE(pool.bytes(), sizeof(HeldRecord) + 1 + 7 + 1 + 1 + 1 + json::padding);
  EXPECT_EQ(pool.bytes(), held->footprint());
  pool.release(held);
  EXPECT_EQ(pool.bytes(), 0u);
  EXPECT_EQ(pool.count(), 0u);
}

TEST(RecordPool, EmptyAndAbsentStayDifferent) {
  RecordPool pool;
  HeldRecord* empty = pool.hold({.key = "", .value = ""}, event::Kind::alarm, "t");
  HeldRecord* absent = pool.hold({}, event::Kind::alarm, "t");
  EXPECT_EQ(empty->view.key, "");
  EXPECT_EQ(empty->view.value, "");
  EXPECT_EQ(absent->view.key, std::nullopt);
  EXPECT_EQ(absent->view.value, std::nullopt);
  pool.discard(empty);
  pool.discard(absent);
}

}  // namespace
}  // namespace hookline::engine
