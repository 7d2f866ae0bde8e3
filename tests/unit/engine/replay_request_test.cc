#include <gtest/gtest.h>

#include "hookline/engine/replay.h"

namespace hookline::engine {
namespace {

constexpr core::WallTime now(std::chrono::milliseconds(1'772'445'846'000));

core::Result<ReplayRequest> parse(const char* text) { return parse_replay(*json::parse_tree(text), now); }

TEST(ReplayRequest, ReadsBackWhatItWrote) {
  for (const char* text : {
           R"({})",
           R"({"what":"dead_letters","webhook":"w","endpoint":"0","reason":["exhausted","rejected"],"class":"endpoint","status":503,"key":"","id":["msg_1"],)"
           R"("since":"2026-03-02T10:00:00.000Z","until":"2026-03-02T11:00:00.000Z","where":"true","to":"v","again":true,"rate":"50/s","limit":7,"backlog":9})",
           R"({"what":"events","kind":"incident","webhook":"w","since":"2h","until":"1h","where":"true","rate":0.5})",
           R"({"what":"events","kind":"alarm","topic":"t","partition":3,"from_offset":5,"to_offset":9})",
       }) {
    const auto first = parse(text);
    ASSERT_TRUE(first) << text << first.error().message;
    const auto second = parse_replay(to_json(*first), now + std::chrono::hours(5));
    ASSERT_TRUE(second) << text << second.error().message;
    EXPECT_EQ(to_json(*first), to_json(*second)) << "moments are absolute once they are read";
  }
  EXPECT_EQ(*parse(R"({"again":true})")->again_before, now);
  EXPECT_EQ(*parse(R"({"what":"events","kind":"alarm","since":"2h"})")->since, now - std::chrono::hours(2));
  EXPECT_EQ(parse(R"({"reason":"decode"})")->letters.reasons.size(), 1u);
}

TEST(ReplayRequest, MistakesNameWhatWouldBeRight) {
  const std::vector<std::pair<const char*, const char*>> cases{
      {R"([])", "JSON object"},
      {R"({"webhok":"w"})", "`webhok` is not known here"},
      {R"({"reason":"because"})", "no reason 'because'"},
      {R"({"class":"both"})", "endpoint or pipeline"},
      {R"({"status":42})", "from 100 to 599"},
      {R"({"since":"yesterday"})", "not a moment"},
      {R"({"rate":"fast"})", "50/s"},
      {R"({"rate":0})", "50/s"},
      {R"({"rate":1e-12})", "1/d at least"},
      {R"({"webhook":""})", "`webhook` must be a text that is not empty"},
      {R"({"since":""})", "`since`"},
      {R"({"where":""})", "`where`"},
      {R"({"id":[]})", "`id`"},
      {R"({"id":""})", "`id`"},
      {R"({"reason":["decode",""]})", "`reason`"},
      {R"({"key":1})", "`key`"},
      {R"({"limit":0})", "`limit`"},
      {R"({"backlog":0})", "`backlog`"},
      {R"({"what":"all"})", "dead_letters or events"},
      {R"({"what":"events","since":"1h"})", "`kind`"},
      {R"({"what":"events","kind":"alarm"})", "since"},
      {R"({"what":"events","kind":"alarm","from_offset":1})", "partition"},
      {R"({"what":"events","kind":"alarm","since":"1h","reason":"decode"})", "`reason` is not known"},
  };
  for (const auto& [text, expected] : cases) {
    const auto parsed = parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, core::ErrorCode::invalid);
    EXPECT_NE(parsed.error().message.find(expected), std::string::npos) << text << ": " << parsed.error().message;
  }
  EXPECT_EQ(parse(R"({"since":"yesterday"})").error().at, "/since");
  EXPECT_EQ(parse(R"({"no/such":1})").error().at, "/no~1such");
}

}  // namespace
}  // namespace hookline::engine
