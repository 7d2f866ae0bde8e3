// YAML as the room reads it: places, hostile input, and what yaml-cpp would let pass.
#include "config/yaml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reading.h"

namespace hookline::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Parsed {
  std::vector<Node> documents;
  Problems problems;
};

Parsed parse(std::string text) {
  Parsed parsed;
  parsed.documents = parse_yaml(std::make_shared<const Source>("f.yaml", std::move(text)), parsed.problems);
  return parsed;
}

json::Tree tree(std::string text) {
  auto parsed = parse(std::move(text));
  EXPECT_THAT(lines(parsed.problems), IsEmpty());
  return parsed.documents.empty() ? json::Tree() : to_tree(parsed.documents.front());
}

TEST(Yaml, ScalarsAreWhatTheCoreSchemaSays) {
  EXPECT_EQ(
      tree("[true, False, yes, on, 1, -2, +3, 0x1f, 1.5, -1e3, .5, 1_000, 012, ~, null, '', 'true', \"1\", "
           "!!str 7]"),
      json::Tree::parse(
          R"([true, false, "yes", "on", 1, -2, 3, "0x1f", 1.5, -1000.0, ".5", "1_000", 12, null, null, "", "true", "1", "7"])"));
}

TEST(Yaml, SeveralDocumentsAreReadAndEmptyOnesLeftOut) {
  EXPECT_EQ(parse("---\n# nothing\n---\na: 1\n---\n---\nb: 2\n...\n").documents.size(), 2u);
  EXPECT_TRUE(parse("").documents.empty());
  EXPECT_TRUE(parse("# nothing\n").documents.empty());
}

TEST(Yaml, AByteOrderMarkIsSkipped) {
  EXPECT_EQ(tree("\xEF\xBB\xBF"
                 "a: 1"),
            json::Tree({{"a", 1}}));
}

TEST(Yaml, PlacesCountLinesAndCharactersFromOne) {
  const auto parsed = parse("ä: 1\nb:\n  - ö: x\n    c: y\n");
  ASSERT_EQ(parsed.documents.size(), 1u);
  const auto& item = parsed.documents[0].find("b")->items.at(0);
  EXPECT_EQ(item.find("ö")->place(), (Place{"f.yaml", 3, 8, "/b/0/ö"}));
  EXPECT_EQ(item.member("c")->key_place(), (Place{"f.yaml", 4, 5, "/b/0/c"}));
}

TEST(Yaml, PointersAreEscaped) {
  EXPECT_EQ(parse("a/b~c: 1").documents.at(0).find("a/b~c")->pointer, "/a~1b~0c");
}

struct Bad {
  const char* name;
  std::string text;
  const char* problem;
};
void PrintTo(const Bad& bad, std::ostream* out) {
  *out << bad.name;
}

class BadYaml : public ::testing::TestWithParam<Bad> {};

TEST_P(BadYaml, IsToldWithPlaceAndRemedy) {
  EXPECT_THAT(lines(parse(GetParam().text).problems), ElementsAre(GetParam().problem));
}

const Bad bad_yaml[] = {
    {"open_list", "a: [1,\nb", "f.yaml:2:1: error: a '[' is not closed before this; close it with ']'"},
    {"open_mapping", "a: {b: 1\n", "f.yaml:2:1: error: a '{' is not closed before this; close it with '}'"},
    {"open_quotes", "a: \"b\n", "f.yaml:1:4: error: the file ends within a quoted text; close the quotes"},
    {"open_single_quotes", "a: 'it''s\n",
     "f.yaml:1:4: error: the file ends within a quoted text; close the quotes"},
    {"bad_indent", "a:\n  b: 1\n c: 2\n",
     "f.yaml:3:2: error: this line does not continue the mapping before it; check the indentation, and that "
     "every key is followed by ': '"},
    {"colon_in_value", "a: b: c\n",
     "f.yaml:1:5: error: a ': ' where no key may stand; put a value that holds ': ' in quotes"},
    {"reserved_character", "a: @b\n",
     "f.yaml:1:4: error: no value may begin with this character; put the value in quotes"},
    {"unknown_escape", "a: \"\\q\"\n", "f.yaml:1:7: error: unknown escape character: q"},
    {"star", "events: [*]\n",
     "f.yaml:1:11: error: a '*' without a name; put a value that begins with '*' in quotes"},
    {"glob_as_an_alias", "events: [*story]\n",
     "f.yaml:1:10: error: an alias to an anchor that is not defined before it; put a value that begins with "
     "'*' in quotes"},
    {"alias_within_itself", "a: &x [*x]\n",
     "f.yaml:1:8: error: an alias within the value that it names; name another value"},
    {"duplicate_key", "a: 1\nb: 2\na: 3\n",
     "f.yaml:3:1: error: the key 'a' stands here twice; it is already set in line 1; keep one of them"},
    {"duplicate_key_in_flow", "x: {a: 1, 'a': 2}\n",
     "f.yaml:1:11: error: the key 'a' stands here twice; it is already set in line 1; keep one of them"},
    {"list_as_a_key", "[a]: 1\n", "f.yaml:1:1: error: a list as a key; keys are texts: put it in quotes"},
    {"nothing_as_a_key", "~: 1\n", "f.yaml:1:1: error: nothing as a key; keys are texts: put it in quotes"},
    {"foreign_tag", "a: !!binary aGk=\n",
     "f.yaml:1:4: error: the tag 'tag:yaml.org,2002:binary' has no meaning here; remove it"},
    {"own_tag", "a: !secret b\n", "f.yaml:1:4: error: the tag '!secret' has no meaning here; remove it"},
    {"control_character", std::string("a: b\x04\nc: d\n"),
     "f.yaml:1:5: error: a control character (0x04); write it as an escape in double quotes, e.g. \"\\x1b\""},
    {"nul", std::string("a: b\0c", 6),
     "f.yaml:1:5: error: a control character (0x00); write it as an escape in double quotes, e.g. \"\\x1b\""},
    {"no_utf8", "a: b\nc: \xff\n", "f.yaml:2:4: error: not UTF-8; save the file as UTF-8"},
    {"utf16",
     std::string("\xff\xfe"
                 "a\0:\0",
                 6),
     "f.yaml:1:1: error: not UTF-8; save the file as UTF-8"},
    {"too_large", std::string(max_yaml_bytes + 1, ' '),
     "f.yaml:1:1: error: the file has 1048577 bytes; at most 1 MiB is read: split it"},
    {"too_deep_in_flow", std::string(65, '[') + "1" + std::string(65, ']'),
     "f.yaml:1:65: error: nested too deep; a configuration has at most 64 levels"},
};
INSTANTIATE_TEST_SUITE_P(Mistakes, BadYaml, ::testing::ValuesIn(bad_yaml),
                         [](const auto& tested) { return tested.param.name; });

TEST(HostileYaml, DocumentsBeforeAMistakeAreKept) {
  const auto parsed = parse("a: 1\n---\nb: [\n");
  EXPECT_EQ(parsed.documents.size(), 1u);
  EXPECT_EQ(parsed.problems.size(), 1u);
}

TEST(HostileYaml, ABombOfAliasesIsRefused) {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    const auto last = std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int k = 0; k < 10; ++k)
      text += (k ? ", *a" : "*a") + last;
    text += "]\n";
  }
  const auto parsed = parse(text);
  ASSERT_EQ(parsed.problems.size(), 1u);
  EXPECT_THAT(format(parsed.problems[0]), HasSubstr("once aliases are expanded"));
}

TEST(HostileYaml, ABombOfLongTextsIsRefused) {
  std::string text = "a: &a " + std::string(500'000, 'x') + "\nb: [*a";
  for (int i = 0; i < 100; ++i)
    text += ", *a";
  EXPECT_THAT(format(parse(text + "]\n").problems.at(0)), HasSubstr("once aliases are expanded"));
}

TEST(HostileYaml, DepthIsBoundedInEveryStyle) {
  std::string block, dashes, questions;
  for (int i = 0; i < 5000; ++i) {
    block += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
    if (block.size() > 900'000) break;
  }
  for (int i = 0; i < 100'000; ++i)
    dashes += "- ";
  for (int i = 0; i < 100'000; ++i)
    questions += "? ";
  for (const auto& text : {block, dashes, questions, std::string(100'000, '['), std::string(100'000, '{')}) {
    EXPECT_THAT(parse(text).problems, ::testing::SizeIs(1)) << text.substr(0, 20);
  }
}

TEST(HostileYaml, ManyKeysAreReadInTime) {
  std::string text;
  for (int i = 0; i < 40'000; ++i)
    text += "key" + std::to_string(i) + ": 1\n";
  EXPECT_EQ(parse(text).documents.at(0).members.size(), 40'000u);
}

}  // namespace
}  // namespace hookline::config
