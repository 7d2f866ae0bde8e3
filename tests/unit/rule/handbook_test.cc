// docs/filters.md promises that its examples are run. Here they are.
#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "hookline/json/tree.h"
#include "unit/rule/given.h"

namespace hookline::rule {
namespace {

struct Example {
  int line = 0;
  std::map<std::string, std::string> parts;  // filter, event, kind, result or fault
};

std::vector<Example> examples() {
  std::ifstream file(HOOKLINE_SOURCE_DIR "/docs/filters.md");
  std::vector<Example> found;
  std::string line;
  bool inside = false;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.starts_with("```")) {
      inside = line == "```filter";
      if (inside) found.push_back({number, {}});
    } else if (inside) {
      const std::size_t colon = line.find(':');
      const std::size_t value = line.find_first_not_of(' ', colon + 1);
      found.back().parts[line.substr(0, colon)] = value == std::string::npos ? "" : line.substr(value);
    }
  }
  return found;
}

TEST(Handbook, EveryExampleGivesTheResultThatItShows) {
  const auto all = examples();
  EXPECT_GT(all.size(), 40u);
  for (const Example& example : all) {
    SCOPED_TRACE("docs/filters.md:" + std::to_string(example.line));
    const auto part = [&](const char* name) {
      const auto found = example.parts.find(name);
      return found == example.parts.end() ? std::string() : found->second;
    };
    for (const auto& [name, value] : example.parts) {
      EXPECT_TRUE(name == "filter" || name == "event" || name == "kind" || name == "result" ||
                  name == "fault")
          << name;
    }
    Given given;
    if (example.parts.contains("fault")) {
      const auto compiled = Expression::compile_filter(part("filter"), given.variables());
      ASSERT_FALSE(compiled);
      EXPECT_EQ(compiled.error().what + "; " + compiled.error().remedy, part("fault"));
      continue;
    }
    const auto kind = event::parse_kind(part("kind").empty() ? "alarm" : part("kind"));
    ASSERT_TRUE(kind);
    ASSERT_FALSE(part("result").empty());
    EXPECT_EQ(evaluate(part("filter"), part("event"), *kind), part("result")) << part("filter");
  }
}

TEST(Handbook, ShowsEveryFunctionInAnExample) {
  std::string filters;
  for (const Example& example : examples())
    filters += example.parts.at("filter") + "\n";
  for (const char* used : {"size(",
                           ".size()",
                           ".startsWith(",
                           ".endsWith(",
                           ".contains(",
                           ".matches(",
                           "matches(",
                           ".lowerAscii()",
                           ".upperAscii()",
                           ".exists(",
                           ".all(",
                           "has(",
                           "cidr(",
                           ".containsIP(",
                           "==",
                           "!=",
                           " <= ",
                           " > ",
                           " in ",
                           "&&",
                           "||",
                           "!(",
                           " ? ",
                           " + "}) {
    EXPECT_NE(filters.find(used), std::string::npos) << used;
  }
}

}  // namespace
}  // namespace hookline::rule
