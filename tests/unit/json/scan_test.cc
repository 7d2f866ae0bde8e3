#include "hookline/json/scan.h"

#include <cstring>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hookline/json/write.h"
#include "unit/json/implementations.h"

namespace hookline::json {

void PrintTo(const Value& value, std::ostream* out) {
  *out << "kind " << static_cast<int>(value.kind) << " raw " << value.raw;
}
bool operator==(const Value& a, const Value& b) {
  return a.kind == b.kind && a.raw == b.raw;
}

namespace {

using testing::HasSubstr;

constexpr Value absent{};
Value text(std::string_view raw) {
  return {ValueKind::string, raw};
}
Value number(std::string_view raw) {
  return {ValueKind::number, raw};
}

/// Scans for one path written as text ("" is the document).
core::Result<Value> scan_one(std::string_view document, std::string_view path) {
  PathSet paths;
  paths.want(path.empty() ? Path{} : parse_path(path).value());
  Scanner scanner;
  std::vector<Value> slots;
  if (auto done = scanner.scan(document, paths, slots); !done) return tl::unexpected(done.error());
  return slots.at(0);
}

Value found(std::string_view document, std::string_view path) {
  const auto value = scan_one(document, path);
  EXPECT_TRUE(value) << document << " " << path << ": " << value.error().message;
  return value.value_or(absent);
}

std::string message(std::string_view document, std::string_view path = "a") {
  const auto value = scan_one(document, path);
  return value ? "no error" : value.error().message;
}

TEST(Scan, FindsValuesOfEveryKindAsTheyAreSpelled) {
  const std::string_view document =
      R"( {"s":"a\nb" , "n" : -1.50e+03 ,"t":true,"f":false,"z":null,"o":{ "x" : [1] } ,"l":[ 1, 2 ] } )";
  EXPECT_EQ(found(document, "s"), text(R"(a\nb)"));
  EXPECT_EQ(found(document, "n"), number("-1.50e+03"));
  EXPECT_EQ(found(document, "t"), (Value{ValueKind::boolean, "true"}));
  EXPECT_EQ(found(document, "f"), (Value{ValueKind::boolean, "false"}));
  EXPECT_EQ(found(document, "z"), (Value{ValueKind::null, "null"}));
  EXPECT_EQ(found(document, "o"), (Value{ValueKind::object, R"({ "x" : [1] })"}));
  EXPECT_EQ(found(document, "l"), (Value{ValueKind::array, "[ 1, 2 ]"}));
  EXPECT_EQ(found(document, "missing"), absent);
}

TEST(Scan, FollowsPathsThroughObjectsAndArrays) {
  const std::string_view document = R"({"a":{"b":[{"c":1},{"c":2,"d":[[],[3,4]]}]},"0":{"1":"key"}})";
  EXPECT_EQ(found(document, "a.b.1.c"), number("2"));
  EXPECT_EQ(found(document, "a.b[1].d[1][0]"), number("3"));
  EXPECT_EQ(found(document, "a.b.2.c"), absent);
  EXPECT_EQ(found(document, "a.b.c"), absent);
  EXPECT_EQ(found(document, "a.b.01.c"), absent);  // an index is spelled without leading zeros
  EXPECT_EQ(found(document, "0.1"), text("key"));  // digits are keys in objects
  EXPECT_EQ(found(document, "a.b.99999999999999999999"), absent);
}

TEST(Scan, APathMayBeWantedTogetherWithPathsInsideOfIt) {
  PathSet paths;
  const auto whole = paths.want(Path{});
  const auto service = paths.want(Path{{"service"}});
  const auto id = paths.want(Path{{"service", "id"}});
  const auto first = paths.want(Path{{"service", "tags", "0"}});
  const auto tags = paths.want(Path{{"service", "tags"}});
  EXPECT_EQ(paths.want(Path{{"service", "id"}}), id);
  EXPECT_EQ(paths.size(), 5U);

  Scanner scanner;
  std::vector<Value> slots;
  const std::string_view document = R"({"service":{"tags":["x","y"],"id":"s1"}} )";
  ASSERT_TRUE(scanner.scan(document, paths, slots));
  EXPECT_EQ(slots[whole].raw, R"({"service":{"tags":["x","y"],"id":"s1"}})");
  EXPECT_EQ(slots[service].raw, R"({"tags":["x","y"],"id":"s1"})");
  EXPECT_EQ(slots[id], text("s1"));
  EXPECT_EQ(slots[first], text("x"));
  EXPECT_EQ(slots[tags].raw, R"(["x","y"])");

  ASSERT_TRUE(scanner.scan(R"({"service":"checkout"})", paths, slots));
  EXPECT_EQ(slots[service], text("checkout"));
  EXPECT_EQ(slots[id], absent);  // nothing is left over from the document before
  EXPECT_EQ(slots[tags], absent);
}

TEST(Scan, TheFirstOfDuplicateKeysCounts) {
  EXPECT_EQ(found(R"({"a":1,"a":2})", "a"), number("1"));
  EXPECT_EQ(found(R"({"a":{"x":1},"a":{"b":2}})", "a.b"), absent);
  EXPECT_EQ(found(R"({"a":null,"a":{"b":2}})", "a.b"), absent);
  EXPECT_EQ(found(R"({"\u0061":1,"a":2})", "a"), number("1"));
}

TEST(Scan, ComparesKeysWithoutTheirEscapes) {
  EXPECT_EQ(found(R"({"ev\u0065nt_type":"x"})", "event_type"), text("x"));
  EXPECT_EQ(found(R"({"a\"b":1})", R"(["a\"b"])"), number("1"));
  EXPECT_EQ(found(R"({"a\/b":1})", R"(["a/b"])"), number("1"));
  EXPECT_EQ(found(R"({"":1})", R"([""])"), number("1"));
  EXPECT_EQ(found(R"({"\ud83d\ude00":1})", R"(["😀"])"), number("1"));
  EXPECT_EQ(found(R"({"\\u0061":1})", "a"), absent);
}

TEST(Scan, AnArrayOfOneObjectIsThatObject) {
  EXPECT_EQ(found(R"([{"a":1}])", "a"), number("1"));
  EXPECT_EQ(found(" [ {\"a\":1} ] \n", ""), (Value{ValueKind::object, R"({"a":1})"}));
  EXPECT_THAT(message(R"([{"a":1},{"a":2}])"), HasSubstr("several"));
  EXPECT_THAT(message("[]"), HasSubstr("empty array"));
  EXPECT_THAT(message(R"([[{"a":1}]])"), HasSubstr("object"));
  EXPECT_THAT(message(R"([{"a":1})"), HasSubstr("not JSON"));
  EXPECT_THAT(message(R"([{"a":1}}])"), HasSubstr("not JSON"));
}

TEST(Scan, ChecksTheRoot) {
  for (const std::string_view bad : {"", " ", "7", "\"x\"", "null", "tru", "}", "]", ",", ":"}) {
    EXPECT_NE(message(bad), "no error") << bad;
  }
  for (const std::string_view bad : {"{", R"({"a":1)", R"({"a":1])", R"({"b":{"c":1]})", R"({"a":1]x)",
                                     R"({"b":{"c":[1,2})", R"({"b":{})", "[{"}) {
    EXPECT_THAT(message(bad), HasSubstr("not JSON")) << bad;
  }
  EXPECT_THAT(message(R"({"a":1} x)"), HasSubstr("more text behind the document at byte 8"));
  EXPECT_THAT(message(R"({"a":1}{})"), HasSubstr("more text"));
  EXPECT_THAT(message(R"({"b":1}})"), HasSubstr("more text"));
  EXPECT_EQ(message("{}"), "no error");
  EXPECT_EQ(message("{ } \r\n\t"), "no error");
}

TEST(Scan, ChecksWhereItLooks) {
  for (const std::string_view bad :
       {R"({"a"})",      R"({"a":})",         R"({"a" 1})",    R"({"b":1 "a":2})",
        R"({"b":1,})",   R"({a:1})",          R"({1:1})",      R"({,})",
        R"({"a":tru})",  R"({"a":01})",       R"({"a":1.})",   R"({"a":.5})",
        R"({"a":+1})",   R"({"a":1e})",       R"({"a":-})",    R"({"a":NaN})",
        R"({"a":"\x"})", R"({"a":"\u12g4"})", R"({"b":"x"y})", R"({"a":1"x"})",
        R"({"b"::1})"}) {
    EXPECT_THAT(message(bad), HasSubstr("not JSON")) << bad;
  }
  EXPECT_THAT(message(R"({"a":{"b"}})", "a.b"), HasSubstr("not JSON"));
  EXPECT_THAT(message(R"({"a":[1 2]})", "a[1]"), HasSubstr("not JSON"));
  // What nobody asked for is the full check's business, and so is what follows the last find.
  EXPECT_EQ(message(R"({"b":tru,"a":1})"), "no error");
  EXPECT_EQ(message(R"({"a":1 "b":2})"), "no error");
}

TEST(Scan, ChecksUtf8AndStringsOfTheWholeText) {
  EXPECT_THAT(message("{\"b\":\"\xFF\"}"), HasSubstr("UTF-8 at byte 6"));
  EXPECT_THAT(message("{\"b\":\"\xC3\"}"), HasSubstr("UTF-8"));
  EXPECT_THAT(message(R"({"b":"open})"), HasSubstr("does not end"));
  EXPECT_THAT(message("{\"b\":\"x\ny\"}"), HasSubstr("control character in a string at byte 7"));
  EXPECT_THAT(message(std::string("{\"b\":\"\0\"}", 9)), HasSubstr("control character"));
  EXPECT_THAT(message(std::string("{\"a\":\0}", 7)), HasSubstr("not JSON"));
}

TEST(Scan, KeepsHugeNumbersAsSpelled) {
  EXPECT_EQ(found(R"({"a":1e999})", "a"), number("1e999"));
  const std::string digits(400, '9');
  EXPECT_EQ(found("{\"a\":" + digits + "}", "a").raw.size(), digits.size());
}

TEST(Scan, DepthCostsNoStack) {
  const std::string deep =
      std::string(R"({"b":)") + std::string(200'000, '[') + std::string(200'000, ']') + R"(,"a":1})";
  EXPECT_EQ(found(deep, "a"), number("1"));
}

/// Two pages, of which the second must not be touched.
class GuardedPage {
 public:
  GuardedPage()
      : size_(static_cast<std::size_t>(sysconf(_SC_PAGESIZE))),
        pages_(mmap(nullptr, 2 * size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) {
    EXPECT_NE(pages_, MAP_FAILED);
    EXPECT_EQ(mprotect(static_cast<char*>(pages_) + size_, size_, PROT_NONE), 0);
  }
  ~GuardedPage() { munmap(pages_, 2 * size_); }
  GuardedPage(const GuardedPage&) = delete;
  GuardedPage& operator=(const GuardedPage&) = delete;

  /// A copy whose last byte is the last one that may be read.
  std::string_view at_the_end(std::string_view text) {
    char* begin = static_cast<char*>(pages_) + size_ - text.size();
    std::memcpy(begin, text.data(), text.size());
    return {begin, text.size()};
  }

 private:
  std::size_t size_;
  void* pages_;
};

TEST(Scan, ReadsNothingBehindTheDocument) {
  GuardedPage page;
  PathSet paths;
  paths.want(Path{{"a"}});
  with_every_implementation([&] {
    Scanner scanner;
    std::vector<Value> slots;
    for (std::size_t filler = 0; filler < 200; ++filler) {
      for (const std::string_view tail :
           {R"({"a":"x"})", R"({"a":12)", R"({"a":"x)", R"({"a")", "\xF0\x9F", R"({"a":"\u)"}) {
        const auto document = page.at_the_end(std::string(filler, ' ') + std::string(tail));
        ASSERT_EQ(scanner.scan(document, paths, slots).has_value(), tail.back() == '}') << document;
        ASSERT_EQ(scanner.validate(document).has_value(), tail.back() == '}') << document;
        std::string out;
        append_compact(document, out);
        append_escaped(document, out);
      }
    }
  });
}

TEST(Validate, PassesWhatTheGrammarAllows) {
  Scanner scanner;
  for (const std::string_view good :
       {"{}", "[]", "7", "-0", "\"x\"", "null", " true ",
        R"({"a":[{},[],{"b":[1,"\u00e9\ud83d"]}],"a":1e999})", R"({"a":"\uD800"})",
        R"(["\"\\\/\b\f\n\r\t\u0000"])", "[0.0e-0,1E+5]"}) {
    const auto valid = scanner.validate(good);
    EXPECT_TRUE(valid) << good << ": " << valid.error().message;
  }
}

TEST(Validate, RefusesWhatTheGrammarDoesNot) {
  Scanner scanner;
  for (const std::string_view bad : {"",
                                     "{",
                                     "}",
                                     "[1",
                                     "1]",
                                     "[1,]",
                                     "[,1]",
                                     "[1 2]",
                                     R"({"a":1,})",
                                     R"({"a"})",
                                     R"({"a":})",
                                     "[}",
                                     "{]",
                                     R"({"a":[1})",
                                     R"({"a":{"b":1]})",
                                     "tru",
                                     "nul",
                                     "falsee",
                                     "01",
                                     "1.",
                                     "-",
                                     "+1",
                                     "1e",
                                     "0x1",
                                     "[\"\\x\"]",
                                     "[\"\\u00g0\"]",
                                     "[\"\\\"]",
                                     "{} {}",
                                     "[1],",
                                     R"("a"b)",
                                     "[1\"a\"]",
                                     "[\\n]",
                                     "[\"a\" \"b\"]",
                                     R"({"a","b"})",
                                     R"({"a":1:2})",
                                     R"({1:2})",
                                     R"({"a"::1})",
                                     "[:]",
                                     ",",
                                     ":"}) {
    EXPECT_FALSE(scanner.validate(bad)) << bad;
  }
}

TEST(Validate, SaysWhatIsWrongAndWhere) {
  Scanner scanner;
  EXPECT_EQ(scanner.validate(R"({"a":tru})").error().message, "not JSON: expected a value at byte 5");
  EXPECT_EQ(scanner.validate(R"({"a":[1})").error().message, "not JSON: '}' closes an array at byte 7");
  EXPECT_EQ(scanner.validate(R"({"a":"\q"})").error().message,
            "not JSON: a bad escape in a string at byte 6");
  EXPECT_EQ(scanner.validate(R"({"a":1)").error().message,
            "not JSON: a document that does not end at byte 6");
}

TEST(Validate, AllowsSixtyFourLevelsAndNoMore) {
  Scanner scanner;
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(scanner.validate(nested(64)));
  EXPECT_THAT(scanner.validate(nested(65)).error().message, HasSubstr("nested too deeply"));
  EXPECT_FALSE(scanner.validate(nested(1'000'000)));
  std::string mixed = "1";
  for (int i = 0; i < 32; ++i)
    mixed = R"({"a":[)" + mixed + "]}";
  EXPECT_TRUE(scanner.validate(mixed));
}

TEST(Scanner, GrowsWithItsDocumentsAndForgetsThem) {
  Scanner scanner;
  PathSet paths;
  paths.want(Path{{"a"}});
  std::vector<Value> slots;
  for (const std::size_t size : {10U, 100'000U, 20U, 3'000'000U, 5U}) {
    const std::string document = "{\"a\":\"" + std::string(size, 'x') + "\"}";
    ASSERT_TRUE(scanner.scan(document, paths, slots));
    EXPECT_EQ(slots[0].raw.size(), size);
  }
}

}  // namespace
}  // namespace hookline::json
