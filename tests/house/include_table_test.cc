// Holds the tree to the rules of docs/architecture.md, and shows on a bad tree that each rule can fail.
#include <iostream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "house/rules.h"

namespace hookline::house {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::size_t lines_that_fail = 600;
constexpr std::size_t lines_that_are_told = 450;

const Tree& project() {
  static const Tree tree = load_tree(HOOKLINE_SOURCE_DIR);
  return tree;
}

TEST(House, HasFiles) {
  EXPECT_TRUE(project().contains("CMakeLists.txt"));
  EXPECT_TRUE(project().contains("include/hookline/core/result.h"));
}

TEST(House, ArrowsBetweenRoomsAreThoseOfTheTable) {
  EXPECT_THAT(check_rooms(project()), IsEmpty());
}

TEST(House, LibrariesStayInTheirRooms) {
  EXPECT_THAT(check_libraries(project()), IsEmpty());
}

TEST(House, PureRoomsArePure) {
  EXPECT_THAT(check_pure_rooms(project()), IsEmpty());
}

TEST(House, LinksAreThoseOfTheTable) {
  EXPECT_THAT(check_link_table(project()), IsEmpty());
}

TEST(House, HeadersSayWhatTheyAre) {
  EXPECT_THAT(check_headers(project()), IsEmpty());
}

TEST(House, FilesAreOfAReadableSize) {
  EXPECT_THAT(check_sizes(project(), lines_that_fail), IsEmpty());
  for (auto const& long_file : check_sizes(project(), lines_that_are_told))
    std::cout << "long: " << long_file << "\n";
}

TEST(House, NothingIsLeftOver) {
  EXPECT_THAT(check_leftovers(project()), IsEmpty());
}

// The rules on trees that break them.

const char* const header = "// What.\n#pragma once\n";

TEST(HouseRules, FindAnArrowAgainstTheTable) {
  Tree const tree = {{"include/hookline/kafka/consumer.h", header},
                     {"include/hookline/core/result.h", header},
                     {"src/settle/tracker.cc",
                      "#include \"hookline/core/result.h\"\n#include \"hookline/kafka/consumer.h\"\n"}};
  EXPECT_THAT(check_rooms(tree),
              ElementsAre(HasSubstr("src/settle/tracker.cc:2: settle may not include kafka")));
}

TEST(HouseRules, FindAPrivateHeaderOfAnotherRoom) {
  Tree const tree = {{"src/kafka/handle.h", header},
                     {"src/engine/a.cc", "#include \"kafka/handle.h\"\n"},
                     {"src/engine/b.cc", "#include \"../kafka/handle.h\"\n"},
                     {"src/kafka/c.cc", "#include \"handle.h\"\n#include \"kafka/handle.h\"\n"},
                     {"include/hookline/kafka/d.h", "#include \"kafka/handle.h\"\n"}};
  EXPECT_THAT(check_rooms(tree), ElementsAre(HasSubstr("d.h:1: a public header may not"),
                                             HasSubstr("a.cc:1: kafka/handle.h belongs"),
                                             HasSubstr("b.cc:1: ../kafka/handle.h belongs")));
}

TEST(HouseRules, FindAnUnknownRoomAndAMissingHeader) {
  Tree const tree = {{"src/helpers/a.cc", "#include <string>\n"}, {"src/core/b.cc", "#include \"gone.h\"\n"}};
  EXPECT_THAT(check_rooms(tree),
              ElementsAre(HasSubstr("there is no gone.h"), HasSubstr("'helpers' is not a room")));
}

TEST(HouseRules, FindAsioWhereThereIsNoLoop) {
  Tree const tree = {
      {"include/hookline/core/asio.h", "// Asio.\n#pragma once\n#include <boost/asio/io_context.hpp>\n"},
      {"src/rule/a.cc", "#include \"hookline/core/asio.h\"\n"},
      {"src/kafka/b.cc", "#include \"hookline/core/asio.h\"\n#include <boost/asio/post.hpp>\n"}};
  EXPECT_THAT(check_rooms(tree), ElementsAre(HasSubstr("src/rule/a.cc:1")));
  EXPECT_THAT(check_libraries(tree), ElementsAre(HasSubstr("src/kafka/b.cc:2")));
}

TEST(HouseRules, FindALibraryOutsideItsRoom) {
  Tree const tree = {
      {"src/engine/a.cc", "#include <string>\n#include <curl/curl.h>\n#  include <fmt/format.h>\n"},
      {"include/hookline/rule/b.h", "#include <re2/re2.h>\n#include <nlohmann/json.hpp>\n"}};
  EXPECT_THAT(check_libraries(tree), ElementsAre(HasSubstr("b.h:2: only json includes"),
                                                 HasSubstr("a.cc:2: only deliver includes")));
}

TEST(HouseRules, FindWhatIsNotPure) {
  Tree const tree = {
      {"src/rule/a.cc", "#include <thread>\n"},
      {"src/settle/b.cc", "// not steady_clock::now\nauto t = std::chrono::steady_clock::now();\n"},
      {"src/engine/c.cc", "#include <thread>\nauto t = std::chrono::steady_clock::now();\n"}};
  EXPECT_THAT(check_pure_rooms(tree),
              ElementsAre(HasSubstr("src/rule/a.cc:1"), HasSubstr("src/settle/b.cc:2")));
}

TEST(HouseRules, FindALinkThatIsNotInTheTable) {
  auto tree = project();
  auto& cmake = tree["CMakeLists.txt"];
  std::string const row = "hookline_room(settle  ROOMS core";
  ASSERT_NE(cmake.find(row), std::string::npos);
  cmake.insert(cmake.find(row) + row.size(), " json");
  EXPECT_THAT(check_link_table(tree), ElementsAre(HasSubstr("the row of settle")));
}

TEST(HouseRules, FindAHeaderThatSaysNothing) {
  Tree const tree = {{"include/hookline/core/a.h", "#pragma once\n"},
                     {"src/core/b.h", "// What.\n"},
                     {"src/core/c.h", header}};
  EXPECT_THAT(check_headers(tree), ElementsAre(HasSubstr("a.h:1: a header opens"),
                                               HasSubstr("a.h:1: no #pragma"), HasSubstr("b.h:1: no")));
}

TEST(HouseRules, FindALongFile) {
  Tree const tree = {{"src/core/a.cc", std::string(11, '\n')},
                     {"src/core/b.cc", std::string(10, '\n')},
                     {"docs/c.md", std::string(99, '\n')}};
  EXPECT_THAT(check_sizes(tree, 10), ElementsAre(HasSubstr("src/core/a.cc")));
}

TEST(HouseRules, FindWhatIsLeftOver) {
  Tree const tree = {{"a.md", std::string("see /ho") + "me/me/x"},
                     {"b.cc", std::string("int x;  // TO") + "DO: y"},
                     {"c.yaml", "url: https://example.com/home/x\npath: /workers/x"}};
  EXPECT_THAT(check_leftovers(tree), ElementsAre(HasSubstr("a.md:1"), HasSubstr("b.cc:1")));
}

}  // namespace
}  // namespace hookline::house
