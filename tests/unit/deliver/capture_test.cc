#include "hookline/deliver/capture.h"

#include <gtest/gtest.h>

namespace hookline::deliver {
namespace {

std::optional<Captured> capture(std::string_view path, std::string_view body) {
  return Capture(json::parse_path(path).value()).from(body);
}

TEST(Capture, TakesTextsAndNumbersAsTheyAreSpelled) {
  EXPECT_EQ(capture("result.sys_id", R"({"result":{"sys_id":"9d\u00e9"}})")->id, "9d\u00e9");
  EXPECT_EQ(capture("ticket.id", R"({"ticket":{"id":12345678901234567890}})")->id, "12345678901234567890");
  EXPECT_EQ(capture("items.0.id", R"({"items":[{"id":7}]})")->id, "7");
}

TEST(Capture, KeepsTheTextOfALink) {
  const auto link = capture("link.url", R"({"link":{"url":"https://example.com/1","text":"INC-1"}})");
  ASSERT_TRUE(link);
  EXPECT_EQ(link->id, "https://example.com/1");
  EXPECT_EQ(link->text, "INC-1");
}

TEST(Capture, WhatIsNoIdIsNone) {
  for (const char* body : {"", "thanks", "[]", "{}", R"({"id":null})", R"({"id":""})", R"({"id":{}})", R"({"id":true})", R"({"id":"x")"}) {
    EXPECT_FALSE(capture("id", body)) << body;
  }
}

}  // namespace
}  // namespace hookline::deliver
