#include "hookline/json/write.h"

#include <random>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "hookline/json/scan.h"

namespace hookline::json {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  append_escaped(text, out);
  return out;
}

std::string compact(std::string_view raw) {
  std::string out;
  append_compact(raw, out);
  return out;
}

std::string unescaped(std::string_view raw) {
  std::string buffer;
  return std::string(unescape(raw, buffer));
}

TEST(AppendEscaped, EscapesQuotesBackslashesAndControlCharacters) {
  EXPECT_EQ(escaped("plain"), "plain");
  EXPECT_EQ(escaped(""), "");
  EXPECT_EQ(escaped("a\"b\\c/d"), R"(a\"b\\c/d)");
  EXPECT_EQ(escaped("\b\f\n\r\t"), R"(\b\f\n\r\t)");
  EXPECT_EQ(escaped(std::string_view("\0\x01\x1f\x7f", 4)), "\\u0000\\u0001\\u001f\x7f");
}

TEST(AppendEscaped, KeepsUtf8AndReplacesWhatIsNone) {
  EXPECT_EQ(escaped("é€😀"), "é€😀");
  EXPECT_EQ(escaped("a\xFFz"), "a\uFFFDz");
  EXPECT_EQ(escaped("\xC0\x80"), "\uFFFD\uFFFD");            // overlong
  EXPECT_EQ(escaped("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");  // a surrogate
  EXPECT_EQ(escaped("\xF4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(escaped("cut \xE2\x82"), "cut \uFFFD\uFFFD");
}

bool well_formed(std::string_view bytes) {
  try {
    return !nlohmann::json(bytes).dump().empty();
  } catch (const nlohmann::json::type_error&) {
    return false;
  }
}

/// The rule told slowly: the shortest well-formed sequence at each place, else a mark for one byte.
std::string with_marks(std::string_view bytes) {
  std::string out;
  while (!bytes.empty()) {
    std::size_t length = 1;
    while (length <= 4 && length <= bytes.size() && !well_formed(bytes.substr(0, length)))
      ++length;
    const bool valid = length <= 4 && length <= bytes.size();
    out += valid ? bytes.substr(0, length) : "\uFFFD";
    bytes.remove_prefix(valid ? length : 1);
  }
  return out;
}

TEST(AppendEscaped, AgreesWithASlowModelForAnyBytesAtAnyAlignment) {
  std::mt19937_64 random(7);
  const std::string alphabet("aZ \"\\\n\x01\x7f\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xED\xA0\xFF", 21);
  for (int round = 0; round < 5'000; ++round) {
    std::string text;
    for (auto i = random() % 40; i > 0; --i)
      text += random() % 3 == 0 ? alphabet[random() % alphabet.size()] : 'x';
    const std::string quoted = '"' + escaped(text) + '"';
    const auto parsed = nlohmann::json::parse(quoted, nullptr, false);
    ASSERT_FALSE(parsed.is_discarded()) << quoted;
    ASSERT_EQ(parsed.get<std::string>(), with_marks(text)) << quoted;
  }
}

TEST(AppendQuoted, PutsQuotesAround) {
  std::string out = "x=";
  append_quoted("a\"b", out);
  EXPECT_EQ(out, R"(x="a\"b")");
}

TEST(AppendCompact, RemovesWhiteSpaceOutsideOfStringsOnly) {
  EXPECT_EQ(compact(R"( { "a b" : [ 1.50 , " c\" d " , {} ] , "e":null } )"),
            R"({"a b":[1.50," c\" d ",{}],"e":null})");
  EXPECT_EQ(compact("7"), "7");
  EXPECT_EQ(compact(""), "");
  EXPECT_EQ(compact(" \n\t\r "), "");
}

TEST(AppendCompact, ShortAndLongTextsFollowTheSameRule) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 5'000; ++round) {
    std::string spaced = "[";
    std::string dense = "[";
    const auto elements = random() % 30;
    for (std::size_t i = 0; i < elements; ++i) {
      static const std::string values[] = {R"("a b")", R"("\\")", R"("\" ")", "12.0e+1",
                                           "true",     R"("é ")", "{ }"};
      const auto& value = values[random() % 7];
      if (i > 0) spaced += ',', dense += ',';
      spaced.append(random() % 4, " \t\n\r"[random() % 4]).append(value).append(random() % 4, ' ');
      dense += value == "{ }" ? "{}" : value;
    }
    ASSERT_EQ(compact(spaced + " ]\n"), dense + "]") << spaced;
  }
}

TEST(AppendCompact, SurvivesTextThatIsNotJson) {
  EXPECT_EQ(compact("\"open"), "\"open");
  EXPECT_EQ(compact("\"open\\"), "\"open\\");
  const std::string open = "{ \"" + std::string(200, 'x');
  EXPECT_EQ(compact(open), "{\"" + std::string(200, 'x'));
}

TEST(Unescape, ResolvesEveryEscapeOfTheGrammar) {
  EXPECT_EQ(unescaped(R"(a\"b\\c\/d)"), "a\"b\\c/d");
  EXPECT_EQ(unescaped(R"(\b\f\n\r\t)"), "\b\f\n\r\t");
  EXPECT_EQ(unescaped(R"(\u0041\u00e9\u20AC)"), "Aé€");
  EXPECT_EQ(unescaped(R"(\uD83D\uDE00)"), "😀");
  EXPECT_EQ(unescaped(R"(a\u0000b)"), std::string("a\0b", 3));
}

TEST(Unescape, MakesLoneSurrogatesTheReplacementCharacter) {
  EXPECT_EQ(unescaped(R"(\uD83D)"), "\uFFFD");
  EXPECT_EQ(unescaped(R"(\uDE00x)"), "\uFFFDx");
  EXPECT_EQ(unescaped(R"(\uD83D\u0041)"), "\uFFFDA");
  EXPECT_EQ(unescaped(R"(\uD83D\uD83D\uDE00)"), "\uFFFD😀");
  EXPECT_EQ(unescaped(R"(\uD83D\n)"), "\uFFFD\n");
}

TEST(Unescape, LeavesWhatIsNoEscapeAsItStands) {
  EXPECT_EQ(unescaped(R"(\x\u12)"), R"(\x\u12)");
  EXPECT_EQ(unescaped("end\\"), "end\\");
  EXPECT_EQ(unescaped(R"(\uD83D\u)"), "\uFFFD\\u");
}

TEST(Unescape, CopiesNothingWithoutEscapes) {
  const std::string_view raw = "plain";
  std::string buffer = "before";
  EXPECT_EQ(unescape(raw, buffer).data(), raw.data());
}

TEST(Unescape, ReversesAppendEscaped) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 5'000; ++round) {
    std::string text;
    for (auto i = random() % 30; i > 0; --i)
      text += static_cast<char>(random() % 128);
    ASSERT_EQ(unescaped(escaped(text)), text);
  }
}

}  // namespace
}  // namespace hookline::json
