// Executes the examples of docs/templates.md.
#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "hookline/config/load.h"
#include "unit/render/rendering.h"

namespace hookline::render {
namespace {

struct Block {
  std::size_t line;  ///< of the text's first line
  std::string kind;  ///< what stands behind the fence
  std::string text;
};

std::string handbook() {
  std::ifstream file(HOOKLINE_SOURCE_DIR "/docs/templates.md");
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<Block> blocks(const std::string& text) {
  std::vector<Block> found;
  std::istringstream lines(text);
  std::size_t number = 0;
  bool open = false;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    if (line.starts_with("```")) {
      open = !open;
      if (open) found.push_back({number + 1, line.substr(3), ""});
    } else if (open) {
      auto& block = found.back().text;
      block += (block.empty() ? "" : "\n") + line;
    }
  }
  return found;
}

/// `name: 'expression'` per line.
std::vector<std::pair<std::string, std::string>> fields(const std::string& text) {
  std::vector<std::pair<std::string, std::string>> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(": '");
    found.emplace_back(line.substr(0, colon), line.substr(colon + 3, line.size() - colon - 4));
  }
  return found;
}

TEST(Handbook, EveryExampleRendersAsItSays) {
  const std::map<std::string, Context> contexts{
      {"payload", Context::json_body}, {"url", Context::url}, {"header", Context::header}};
  testing::Given given;
  std::string text;
  int examples = 0;
  for (const auto& block : blocks(handbook())) {
    if (block.kind == "fields") {
      given.fields = fields(block.text);
    } else if (const auto context = contexts.find(block.kind); context != contexts.end()) {
      text = block.text;
      given.context = context->second;
    } else if (block.kind == "event") {
      given.event = block.text;
    } else if (block.kind == "result" || block.kind == "error") {
      EXPECT_EQ(testing::render(text, given), block.text) << "docs/templates.md:" << block.line;
      given = {};
      ++examples;
    } else {
      EXPECT_EQ(block.kind, "yaml") << "docs/templates.md:" << block.line << ": no test reads this";
    }
  }
  EXPECT_GT(examples, 15);
}

TEST(Handbook, NamesEveryTemplateThatComesAlong) {
  const std::string text = handbook();
  for (const auto& shipped : config::shipped_templates()) {
    EXPECT_NE(text.find("\n| `" + shipped.name + "` |"), std::string::npos) << shipped.name;
  }
}

}  // namespace
}  // namespace hookline::render
