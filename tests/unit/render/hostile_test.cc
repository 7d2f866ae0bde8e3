// Property tests: no value breaks out of the place that the template gives it. A naive renderer over
// trees says what each body must be; URLs and headers are taken apart again.
#include <gtest/gtest.h>

#include "hookline/core/random.h"
#include "hookline/json/tree.h"
#include "hookline/json/write.h"
#include "unit/render/rendering.h"

namespace hookline::render {
namespace {

using json::Tree;
using testing::Given;
using testing::render;

constexpr int rounds = 2000;

/// Texts that break out of careless templates.
const std::vector<std::string>& nasty() {
  static const std::vector<std::string> texts{"",
                                              " ",
                                              "plain",
                                              "\"",
                                              "\\",
                                              "\\\"",
                                              "\",\"evil\":\"",
                                              "\"}",
                                              "$Title",
                                              "${document}",
                                              "/$x",
                                              "a\nb",
                                              "\r\nX-Evil: 1",
                                              std::string("nul\0nul", 7),
                                              "\x1f\x7f",
                                              "é ü 漢字 🎉",
                                              "\u2028\u2029",
                                              "<script>&amp;</script>",
                                              "<!channel>",
                                              "*b* _i_ `c`",
                                              "..",
                                              ".",
                                              "../../admin",
                                              "//evil.example.com",
                                              "@evil",
                                              "?a=b&c#d",
                                              "%2e%2e%2f",
                                              "%",
                                              "http://evil/",
                                              "a;b|c",
                                              "NA",
                                              "null",
                                              "{",
                                              "[1,2]",
                                              "\\u0041",
                                              "\\n",
                                              "\t",
                                              std::string(5000, 'x'),
                                              std::string(300, '"'),
                                              "\xEF\xBB\xBF"
                                              "bom"};
  return texts;
}

template <class T>
const T& pick(core::Random& random, const std::vector<T>& from) {
  return from[random.below(from.size())];
}

std::string text(core::Random& random) {
  std::string out;
  for (std::uint64_t i = random.below(3) + 1; i > 0; --i)
    out += pick(random, nasty());
  return out;
}

Tree value(core::Random& random, int depth) {
  switch (random.below(depth > 3 ? 5 : 8)) {
    case 0:
      return nullptr;
    case 1:
      return random.chance(0.5);
    case 2:
      return static_cast<std::int64_t>(random.next());
    case 3:
    case 4:
      return text(random);
    case 5: {
      Tree list = Tree::array();
      for (std::uint64_t i = random.below(4); i > 0; --i)
        list.push_back(value(random, depth + 1));
      return list;
    }
    default: {
      Tree object = Tree::object();
      for (std::uint64_t i = random.below(4); i > 0; --i)
        object[random.chance(0.5) ? "k" + std::to_string(i) : text(random)] = value(random, depth + 1);
      return object;
    }
  }
}

/// JSON text of a tree in one of several spellings: compact, indented, ASCII only.
std::string spell(const Tree& tree, core::Random& random, bool ascii) {
  return tree.dump(random.chance(0.5) ? -1 : 2, ' ', ascii);
}
std::string spell(const Tree& tree, core::Random& random) {
  return spell(tree, random, random.chance(0.5));
}

/// An event with fields f0…f5, some of them missing.
Tree event(core::Random& random) {
  Tree tree = {{"event_type", "x"}};
  for (int i = 0; i < 6; ++i) {
    if (random.chance(0.8)) tree["f" + std::to_string(i)] = value(random, 0);
  }
  return tree;
}

/// A path that may or may not lead somewhere, and the naive walk along it.
struct Path {
  std::vector<std::string> segments;

  std::string spelled() const {
    std::string out = segments[0];
    for (std::size_t i = 1; i < segments.size(); ++i) {
      out += "[\"";
      for (const char c : segments[i]) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
      }
      out += "\"]";
    }
    return out;
  }

  const Tree* find(const Tree& tree) const {
    const Tree* at = &tree;
    for (const auto& segment : segments) {
      if (at->is_object()) {
        const auto found = at->find(segment);
        if (found == at->end()) return nullptr;
        at = &*found;
      } else if (at->is_array() && !segment.empty() &&
                 segment.find_first_not_of("0123456789") == std::string::npos && segment.size() < 4 &&
                 std::stoul(segment) < at->size()) {
        at = &(*at)[std::stoul(segment)];
      } else {
        return nullptr;
      }
    }
    return at;
  }
};

Path path(core::Random& random, const Tree& event) {
  Path path{{"f" + std::to_string(random.below(7))}};
  while (random.chance(0.5)) {
    const Tree* here = path.find(event);
    if (here != nullptr && here->is_object() && !here->empty()) {
      path.segments.push_back(
          std::next(here->begin(), static_cast<std::ptrdiff_t>(random.below(here->size()))).key());
    } else {
      path.segments.push_back(std::to_string(random.below(4)));
    }
  }
  return path;
}

/// A random template together with the tree that it must become.
class Pair {
 public:
  /// `ascii`: how the event is spelled, which its parts keep where they become text.
  Pair(core::Random& random, const Tree& event, bool ascii) : random_(random), event_(event), ascii_(ascii) {}

  std::string json_string(Tree& expected) {
    std::string plain, spelled = "\"";
    for (std::uint64_t i = random_.below(4); i > 0; --i) {
      if (random_.chance(0.5)) {
        const auto literal =
            pick<std::string>(random_, {"a", " é ", "\n", "\"", "://", "/", "$", "$5", ". ", "\\", "}"});
        plain += literal;
        if (literal[0] == '$') {
          // Behind a slash, `/$` would be two slashes and a placeholder.
          spelled += spelled.ends_with('/') ? "\\u0024" + literal.substr(1) : "/" + literal;
          continue;
        }
        json::append_escaped(literal, spelled);
        // What follows may be a placeholder: a bare slash would take its dollar sign.
        if (literal.back() == '/') spelled.back() = '\\', spelled += '/';
      } else {
        plain += placeholder_text(spelled);
      }
    }
    expected = plain;
    return spelled + '"';
  }

  std::string value(Tree& expected, int depth) {
    switch (random_.below(depth > 3 ? 3 : 5)) {
      case 0:
        return json_string(expected);
      case 1:
        return placeholder_value(expected);
      case 2:
        return expected = static_cast<int>(random_.below(100)), expected.dump();
      case 3: {
        std::string spelled = "[ ";
        expected = Tree::array();
        for (std::uint64_t i = random_.below(4); i > 0; --i) {
          if (!expected.empty()) spelled += " ,";
          Tree element;
          spelled += value(element, depth + 1);
          expected.push_back(std::move(element));
        }
        return spelled + "]";
      }
      default: {
        std::string spelled = "{";
        expected = Tree::object();
        for (std::uint64_t i = random_.below(4); i > 0; --i) {
          Tree key, member;
          const std::string name = json_string(key);
          if (expected.contains(key.get<std::string>())) continue;
          if (!expected.empty()) spelled += ", ";
          spelled += name + " :" + value(member, depth + 1);
          expected[key.get<std::string>()] = std::move(member);
        }
        return spelled + "\n}";
      }
    }
  }

 private:
  std::string placeholder_text(std::string& spelled) {
    const Path where = path(random_, event_);
    const bool fallback = random_.chance(0.3);
    spelled += where.segments.size() == 1 && !fallback && random_.chance(0.3)
                   ? "${document." + where.segments[0] + "}"
                   : "${" + where.spelled() + (fallback ? ":d \\\" {" : "") + "}";
    const Tree* found = where.find(event_);
    if (found == nullptr || found->is_null()) return fallback ? "d \" {" : "NA";
    return found->is_string() ? found->get<std::string>() : found->dump(-1, ' ', ascii_);
  }

  std::string placeholder_value(Tree& expected) {
    const Path where = path(random_, event_);
    const bool fallback = random_.chance(0.3);
    const Tree* found = where.find(event_);
    if (found == nullptr || (found->is_null() && fallback)) {
      expected = fallback ? Tree{{"x", "}"}} : Tree("NA");
    } else {
      expected = *found;
    }
    return "${" + where.spelled() + (fallback ? R"(:{"x":"}"})" : "") + "}";
  }

  core::Random& random_;
  const Tree& event_;
  bool ascii_;
};

TEST(Hostile, EveryBodyIsWhatANaiveRendererMakesOfTheTree) {
  core::Random random(20260302);
  for (int round = 0; round < rounds; ++round) {
    const Tree tree = event(random);
    Given given;
    const bool ascii = random.chance(0.5);
    given.event = spell(tree, random, ascii);
    Tree expected;
    const std::string payload = Pair(random, tree, ascii).value(expected, 0);
    const std::string rendered = render(payload, given);
    const auto parsed = json::parse_tree(rendered);
    ASSERT_TRUE(parsed) << payload << "\n" << given.event << "\n" << rendered;
    ASSERT_EQ(*parsed, expected) << payload << "\n" << given.event << "\n" << rendered;
  }
}

TEST(Hostile, WhateverTheReceiversRulesABodyStaysJsonOfTheSameShape) {
  core::Random random(7);
  for (int round = 0; round < rounds; ++round) {
    Tree tree = event(random);
    tree["message"] = text(random);
    tree["contentText"] = random.chance(0.5) ? Tree(text(random)) : Tree(1);
    tree["url"] = "https://h/" + text(random);
    tree["severity"] = value(random, 3);
    Given given;
    given.event = spell(tree, random);
    given.kind = pick<event::Kind>(random, {event::kinds.begin(), event::kinds.end()});
    given.options = {.escape = static_cast<config::TextEscape>(random.below(4)),
                     .max_text = random.chance(0.5) ? 0U : static_cast<std::uint32_t>(1 + random.below(50))};
    given.scope.formatting = static_cast<config::EventFormatting>(random.below(4));
    given.scope.test_message = random.chance(0.3);
    const std::string name = text(random);
    given.scope.webhook = name;
    given.key = text(random);
    given.fields = {{"c", "document.f1"}, {"d", R"(title + "\"x")"}};
    const std::string rendered = render(
        R"({"a": "<$f0>", "b": $f1, "$Title$key$webhook": {"c": "$Event", "d": $Event, "e": "$contentText"},
            "f": ["$contentMarkdown", $contentHTML, "$message", $title, ${document}, "$c", $c, $d, "$occurredAt"]})",
        given);
    const auto parsed = json::parse_tree(rendered);
    ASSERT_TRUE(parsed) << given.event << "\n" << rendered << "\n" << parsed.error().message;
    ASSERT_EQ(parsed->size(), 4U) << rendered;
    ASSERT_EQ((*parsed)["f"].size(), 9U) << rendered;
    if (given.options.max_text != 0) {
      const auto cut = (*parsed)["f"][7];
      if (cut.is_string() && !given.scope.test_message) {
        std::size_t characters = 0;
        for (const char c : cut.get<std::string>())
          characters += (c & 0xC0) != 0x80;
        ASSERT_LE(characters, std::max<std::size_t>(given.options.max_text, 2)) << rendered;
      }
    }
  }
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

TEST(Hostile, NoValueChangesHostPathPrefixOrTheNumberOfSegments) {
  core::Random random(11);
  int refused = 0;
  for (int round = 0; round < rounds; ++round) {
    const std::string a = text(random), b = text(random);
    Given given;
    given.context = Context::url;
    given.event = spell(Tree{{"event_type", "x"}, {"f0", a}, {"f1", b}}, random);
    const std::string url = render("https://host.example.com:8443/api/v1/$f0/x/$f1?q=$f0&r=1#$f1", given);
    if (a == "." || a == ".." || b == "." || b == "..") {
      ASSERT_TRUE(url.starts_with("error: ")) << a << " " << b << " " << url;
      ++refused;
      continue;
    }
    const std::string prefix = "https://host.example.com:8443/api/v1/";
    ASSERT_TRUE(url.starts_with(prefix)) << url;
    const std::size_t query = url.find('?'), fragment = url.find('#');
    ASSERT_NE(query, std::string::npos);
    const std::string path = url.substr(prefix.size(), query - prefix.size());
    ASSERT_EQ(std::ranges::count(path, '/'), 2) << url;
    ASSERT_EQ(percent_decoded(path.substr(0, path.find('/'))), a);
    ASSERT_EQ(percent_decoded(path.substr(path.rfind('/') + 1)), b);
    ASSERT_EQ(percent_decoded(url.substr(query + 3, fragment - query - 7)), a) << url;
    ASSERT_EQ(percent_decoded(url.substr(fragment + 1)), b) << url;
    for (const char c : url)
      ASSERT_TRUE(c > 0x20 && c < 0x7F) << url;
  }
  EXPECT_GT(refused, 0);
}

TEST(Hostile, AHeaderIsOneLineOrNone) {
  core::Random random(13);
  int refused = 0;
  for (int round = 0; round < rounds; ++round) {
    const std::string a = text(random);
    Given given;
    given.context = Context::header;
    given.event = spell(Tree{{"event_type", "x"}, {"f0", a}}, random);
    const std::string header = render("v=$f0;", given);
    const bool control =
        std::ranges::any_of(a, [](char c) { return (c >= 0 && c < 0x20 && c != '\t') || c == 0x7F; });
    if (control) {
      ASSERT_TRUE(header.starts_with("error: ")) << header;
      ++refused;
    } else {
      ASSERT_EQ(header, "v=" + a + ";");
    }
  }
  EXPECT_GT(refused, 0);
}

TEST(Hostile, KeysHeadersTypesAndComputedValuesAreEscapedToo) {
  Given given;
  given.event = R"({"event_type":"a\"b\\c\u0007","big":1e308,"quote":"\"","deep":{"q":"\""}})";
  given.key = "k\"\\\n\xFF\x80";
  const event::Header headers[] = {{"h\"1", "v\"\\\xFF\r\n"}, {"none", std::nullopt}};
  given.headers.assign(std::begin(headers), std::end(headers));
  given.fields = {{"text", R"("\"\\\n" + key)"},
                  {"mixed", "[key, document.quote, document.deep, type]"},
                  {"sum", "document.big + document.big"}};
  for (const auto* payload :
       {R"(["$type", $type, "$Title", $Title])", R"(["$key", $key, {"$key": 1}])",
        R"(["$headers", $headers])",
        R"(["${headers["h\"1"]}", ${headers["h\"1"]}, "${headers.none}", ${headers.none}])",
        R"(["$text", $text, "$mixed", $mixed])", R"(["$sum", $sum])",
        R"(["$contentText", "$contentMarkdown"])"}) {
    const std::string rendered = render(payload, given);
    EXPECT_TRUE(Tree::accept(rendered)) << payload << "\n" << rendered;
  }
}

TEST(Hostile, WhatIsNotAValidEventNeverReachesATemplate) {
  for (const auto* broken : {R"({"event_type":"x","f0":"\q"})", R"({"event_type":"x","f0":"\ud83"})",
                             R"({"event_type":"x","f0":tru})", R"({"event_type":"x","f0":{"a":1,}})"}) {
    Given given;
    given.event = broken;
    EXPECT_TRUE(render(R"("$f0")", given).starts_with("event: ")) << broken;
  }
  Given given;
  given.event =
      R"({"event_type":"x","f0":"\ud800 \udc00","deep":)" + std::string(60, '[') + std::string(60, ']') + "}";
  EXPECT_EQ(render(R"("$f0")", given), R"("\ud800 \udc00")") << "lone surrogates are JSON's grammar";
  EXPECT_FALSE(render(R"("$deep")", given).starts_with("event: "));
}

}  // namespace
}  // namespace hookline::render
