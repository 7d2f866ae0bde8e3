// docs/events.md shows tables that the code holds: they must be the same.
#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "hookline/event/catalogue.h"
#include "hookline/event/names.h"
#include "unit/event/read_fixture.h"

namespace hookline::event {
namespace {

std::string handbook() {
  std::ifstream in(std::string(HOOKLINE_SOURCE_DIR) + "/docs/events.md");
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The lines between a heading and the next one that are rows of a table, without its head.
std::vector<std::string> rows_below(const std::string& heading) {
  std::istringstream text(handbook());
  std::vector<std::string> rows;
  std::string line;
  bool inside = false;
  while (std::getline(text, line)) {
    if (line.starts_with("#")) inside = line == heading;
    if (inside && line.starts_with("|")) rows.push_back(line);
  }
  if (rows.size() < 2) return {};
  return {rows.begin() + 2, rows.end()};
}

std::string code_list(const std::vector<json::Path>& paths) {
  std::string out;
  for (const auto& path : paths)
    out += fmt::format("{}`{}`", out.empty() ? "" : ", ", json::to_string(path));
  return out;
}

TEST(Handbook, ListsTheDefaultPathsOfEveryAttribute) {
  const AttributeTable table;
  std::vector<std::string> rows;
  for (const auto& attribute : table.names()) {
    auto paths = code_list(table.paths(Kind::alarm, attribute));
    if (table.paths(Kind::detection, attribute) != table.paths(Kind::alarm, attribute)) {
      paths += fmt::format("; for detections {}", code_list(table.paths(Kind::detection, attribute)));
    }
    rows.push_back(fmt::format("| `{}` | {} |", attribute, paths));
  }
  auto shown = rows_below("## Attributes");
  std::ranges::sort(shown);
  std::ranges::sort(rows);
  EXPECT_EQ(shown, rows) << fmt::format("{}", fmt::join(rows, "\n"));
}

TEST(Handbook, ListsWhereTheTypeIsLookedFor) {
  const auto list = code_list(AttributeTable().paths(Kind::alarm, "type"));
  EXPECT_NE(handbook().find(list), std::string::npos) << list;
}

TEST(Handbook, ListsTheCatalogue) {
  std::vector<std::string> rows;
  for (const auto& type : catalogue()) {
    rows.push_back(
        fmt::format("| `{}` | {} | {} | {} |", type.name, name(type.kind), type.title, type.about));
  }
  EXPECT_EQ(rows_below("## Catalogue"), rows) << fmt::format("{}", fmt::join(rows, "\n"));
}

TEST(Handbook, EdgeCasesHaveTheOutcomeItTells) {
  Reading reading;
  const auto validity = [&](const std::string& value) -> std::string {
    const auto event = reading.read(Reading::record(value));
    if (!event) return "refused";
    return validate(*event, reading.scratch()) ? "valid" : "refused when matched";
  };
  const std::string head = R"({"type":"x",)";
  EXPECT_EQ(validity(head + R"("a":1e999})"), "valid");
  EXPECT_EQ(validity(head + "\"a\":" + std::string(400, '7') + "}"), "valid");
  EXPECT_EQ(validity(head + R"("a":"\ud800"})"), "valid");
  EXPECT_EQ(validity(head + R"("a":"\u0000"})"), "valid");
  EXPECT_EQ(validity(head + R"("a":1,"a":2})"), "valid");
  EXPECT_EQ(validity(head + "\"a\":" + std::string(63, '[') + std::string(63, ']') + "}"), "valid");
  EXPECT_EQ(validity(head + "\"a\":" + std::string(64, '[') + std::string(64, ']') + "}"),
            "refused when matched");
  EXPECT_EQ(validity(head + R"("a":tru})"), "refused when matched");
  EXPECT_EQ(validity(head + R"("a":01})"), "refused when matched");
  EXPECT_EQ(validity(head + R"("a":"\x"})"), "refused when matched");
  EXPECT_EQ(validity("\xEF\xBB\xBF{\"type\":\"x\"}"), "valid");
  EXPECT_EQ(validity(head + "\"a\":\"\n\"}"), "refused");
  EXPECT_EQ(validity(head + "\"a\":\"\xFF\"}"), "refused");
  EXPECT_EQ(validity(head + "\"a\":1"), "refused");
  EXPECT_EQ(validity(R"({"type":"x"} {})"), "refused");
  EXPECT_EQ(validity(R"([{"type":"x"},{"type":"x"}])"), "refused");
  EXPECT_EQ(reading.value(head + R"("a":"x\u0000y"})", "a"), R"(x\u0000y)");
  EXPECT_EQ(reading.value(head + R"("a":1,"a":2})", "a"), "1");
}

}  // namespace
}  // namespace hookline::event
