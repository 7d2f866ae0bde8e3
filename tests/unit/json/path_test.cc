#include "hookline/json/path.h"

#include <string>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hookline::json {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Spelling {
  std::string text;
  std::vector<std::string> segments;
};

TEST(ParsePath, ReadsNamesIndexesAndQuotedKeys) {
  const std::vector<Spelling> table{
      {"service", {"service"}},
      {"data.resource_data.id", {"data", "resource_data", "id"}},
      {"timeline.0.action", {"timeline", "0", "action"}},
      {"items[0].id", {"items", "0", "id"}},
      {"items[10][2]", {"items", "10", "2"}},
      {R"(labels["app.kubernetes.io/name"])", {"labels", "app.kubernetes.io/name"}},
      {R"(labels['it"s'].x)", {"labels", "it\"s", "x"}},
      {R"(a["q\"b\\c"])", {"a", "q\"b\\c"}},
      {R"(["@timestamp"])", {"@timestamp"}},
      {R"(a[""])", {"a", ""}},
      {"0.id", {"0", "id"}},
      {"_x.Y9", {"_x", "Y9"}},
  };
  for (const auto& [text, segments] : table) {
    const auto path = parse_path(text);
    ASSERT_TRUE(path) << text << ": " << path.error().what;
    EXPECT_EQ(path->segments, segments) << text;
    EXPECT_EQ(parse_path(to_string(*path)), *path) << text << " -> " << to_string(*path);
  }
}

struct Broken {
  std::string text;
  std::size_t at;
};

TEST(ParsePath, PointsAtTheByteWhereTheGrammarBreaks) {
  const std::vector<Broken> table{
      {"", 0},        {".a", 0},       {"a.", 2},      {"a..b", 2},  {"a b", 1}, {"a-b", 1},
      {"a.2nd", 2},   {"a[", 2},       {"a[]", 2},     {"a[x]", 2},  {"a[0", 3}, {"a[\"b]", 2},
      {"a[\"b\"", 5}, {"\xC3\xA9", 0}, {"a[\"b\\", 2}, {"a[-1]", 2},
  };
  for (const auto& [text, at] : table) {
    const auto path = parse_path(text);
    ASSERT_FALSE(path) << text;
    EXPECT_EQ(path.error().at, at) << text << ": " << path.error().what;
    EXPECT_FALSE(path.error().what.empty()) << text;
  }
}

TEST(ParsePath, RefusesPathsDeeperThanAnyEvent) {
  std::string text = "a";
  for (int i = 1; i < 64; ++i)
    text += ".a";
  EXPECT_TRUE(parse_path(text));
  text += ".a";
  ASSERT_FALSE(parse_path(text));
  EXPECT_THAT(parse_path(text).error().what, HasSubstr("64"));
}

TEST(TakePath, LeavesWhatFollowsToTheCaller) {
  std::string_view text = "tags.severity:medium}";
  const auto path = take_path(text);
  ASSERT_TRUE(path);
  EXPECT_THAT(path->segments, ElementsAre("tags", "severity"));
  EXPECT_EQ(text, ":medium}");

  text = R"(labels["a b"] == 1)";
  ASSERT_TRUE(take_path(text));
  EXPECT_EQ(text, " == 1");
}

TEST(TakePath, LeavesTheTextAloneOnError) {
  std::string_view text = "a.:x";
  EXPECT_FALSE(take_path(text));
  EXPECT_EQ(text, "a.:x");
}

TEST(ToString, QuotesOnlyWhatIsNoNameOrIndex) {
  EXPECT_EQ(to_string(Path{{"a", "0", "b-c", "d\"e"}}), R"(a.0["b-c"]["d\"e"])");
  EXPECT_EQ(to_string(Path{{"1a"}}), R"(["1a"])");
}

}  // namespace
}  // namespace hookline::json
