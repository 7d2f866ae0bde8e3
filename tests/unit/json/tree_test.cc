#include "hookline/json/tree.h"

#include <string>

#include <gmock/gmock.h>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace hookline::json {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(ParseTree, KeepsTheOrderOfKeys) {
  const auto tree = parse_tree(R"({"z":1,"a":[true,null,"x"]})");
  ASSERT_TRUE(tree);
  EXPECT_EQ(tree->dump(), R"({"z":1,"a":[true,null,"x"]})");
}

TEST(ParseTree, NamesLineAndColumnOfAMistake) {
  const auto tree = parse_tree("{\n  \"a\": 1,\n  \"b\" 2\n}");
  ASSERT_FALSE(tree);
  EXPECT_EQ(tree.error().code, core::ErrorCode::invalid);
  EXPECT_THAT(tree.error().message, StartsWith("line 3, column 7: "));
  EXPECT_THAT(parse_tree("").error().message, StartsWith("line 1, column 1: "));
  EXPECT_THAT(parse_tree("[1] x").error().message, StartsWith("line 1, column 5: "));
}

TEST(ParseTree, RefusesAKeyThatStandsTwice) {
  const auto tree = parse_tree(R"({"a":1,"b":{"a":2},"\u0061":3})");
  ASSERT_FALSE(tree);
  EXPECT_THAT(tree.error().message, StartsWith("line 1, column 20: "));
  EXPECT_TRUE(parse_tree(R"([{"a":1},{"a":1},"a",["a","a"]])"));
}

TEST(ParseTree, RefusesWhatATreeCannotHold) {
  EXPECT_THAT(parse_tree("[1e999]").error().message, HasSubstr("column 2"));
  EXPECT_THAT(parse_tree("[1e999]").error().message, HasSubstr("double"));
  EXPECT_THAT(parse_tree(R"(["\uD800"])").error().message, HasSubstr("surrogate"));
  EXPECT_TRUE(parse_tree("[1e-999, 123456789012345678901234567890]"));
}

TEST(ParseTree, RefusesObjectsThatWouldTakeSecondsToBuild) {
  const auto object = [](int keys) {
    std::string text = "{";
    for (int i = 0; i < keys; ++i) text += fmt::format("{}\"k{}\": {{}}", i ? ", " : "", i);
    return text + "}";
  };
  EXPECT_TRUE(parse_tree(object(4096)));
  const auto refused = parse_tree("[" + object(4097) + "]");
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("too large: objects of too many keys"), std::string::npos) << refused.error().message;
  EXPECT_FALSE(parse_tree(object(100'000)));
  const auto list = [&](int objects, int keys) {
    std::string text = "[";
    for (int i = 0; i < objects; ++i) text += (i ? "," : "") + object(keys);
    return text + "]";
  };
  EXPECT_TRUE(parse_tree(list(60, 500)));
  EXPECT_FALSE(parse_tree(list(60, 1000)));
  EXPECT_TRUE(parse_tree(list(20'000, 10)));
}

TEST(ParseTree, RefusesDeepNestingInsteadOfOverflowing) {
  EXPECT_TRUE(parse_tree(std::string(64, '[') + std::string(64, ']')));
  const auto tree = parse_tree(std::string(100'000, '['));
  ASSERT_FALSE(tree);
  EXPECT_THAT(tree.error().message, HasSubstr("nested"));
}

TEST(ParseTree, TakesScalarsAndRefusesComments) {
  EXPECT_EQ(*parse_tree(" 7 "), 7);
  EXPECT_FALSE(parse_tree("{} // end"));
  EXPECT_FALSE(parse_tree("{\"a\":1,}"));
  EXPECT_FALSE(parse_tree("NaN"));
}

}  // namespace
}  // namespace hookline::json
