#include "hookline/core/time.h"

#include <string>

#include <gtest/gtest.h>

namespace hookline::core {
namespace {

TEST(Rfc3339, IsWrittenInUtcWithMilliseconds) {
  EXPECT_EQ(format_rfc3339(from_unix_ms(0)), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(format_rfc3339(from_unix_ms(1772445845110)), "2026-03-02T10:04:05.110Z");
  EXPECT_EQ(format_rfc3339(from_unix_ms(951782400001)), "2000-02-29T00:00:00.001Z");
  EXPECT_EQ(format_rfc3339(from_unix_ms(-1)), "1969-12-31T23:59:59.999Z");
}

TEST(Rfc3339, IsReadInAllSpellingsThatEventsBring) {
  const struct {
    std::string text;
    std::int64_t ms;
  } cases[] = {
      {"2026-03-02T10:04:05.110Z", 1772445845110},
      {"2026-03-02T10:04:05.11Z", 1772445845110},
      {"2026-03-02T10:04:05.1109999Z", 1772445845110},
      {"2026-03-02T10:04:05Z", 1772445845000},
      {"2026-03-02t10:04:05z", 1772445845000},
      {"2026-03-02 10:04:05Z", 1772445845000},
      {"2026-03-02T10:04:05", 1772445845000},
      {"2026-03-02 13:04:05 +0300", 1772445845000},
      {"2026-03-02T13:04:05+03:00", 1772445845000},
      {"2026-03-02T04:34:05.5-05:30", 1772445845500},
      {"2026-03-02T10:04:05-00:00", 1772445845000},
      {"2016-12-31T23:59:60Z", 1483228800000},  // a leap second is the next day's first
      {"0000-01-01T00:00:00Z", -62167219200000},
  };
  for (const auto& c : cases) {
    const auto time = parse_rfc3339(c.text);
    ASSERT_TRUE(time) << c.text;
    EXPECT_EQ(to_unix_ms(*time), c.ms) << c.text;
  }
}

TEST(Rfc3339, RefusesEverythingElse) {
  for (const std::string text : {"",
                                 "Z",
                                 "2026-03-02",
                                 "2026-03-02T10:04",
                                 "2026-3-2T10:04:05Z",
                                 "26-03-02T10:04:05Z",
                                 "2026-03-02T10:04:05.Z",
                                 "2026-13-02T10:04:05Z",
                                 "2026-02-29T10:04:05Z",
                                 "2026-00-01T10:04:05Z",
                                 "2026-03-00T10:04:05Z",
                                 "2026-03-02T24:00:00Z",
                                 "2026-03-02T10:60:05Z",
                                 "2026-03-02T10:04:61Z",
                                 "2026-03-02T10:04:05X",
                                 "2026-03-02T10:04:05Zx",
                                 "2026-03-02T10:04:05+3",
                                 "2026-03-02T10:04:05+03",
                                 "2026-03-02T10:04:05+03:0",
                                 "2026-03-02T10:04:05+03:000",
                                 "2026-03-02T10:04:05+24:00",
                                 "2026-03-02T10:04:05+03:60",
                                 " 2026-03-02T10:04:05Z",
                                 "2026-03-02T10:04:-5Z",
                                 "1772445845",
                                 "Sun, 06 Nov 1994 08:49:37 GMT"}) {
    EXPECT_FALSE(parse_rfc3339(text)) << text;
  }
}

TEST(Rfc3339, ReadsBackWhatItWrote) {
  for (std::int64_t ms = -2'000'000'000'000; ms < 4'000'000'000'000; ms += 8'640'000'123) {
    const auto time = from_unix_ms(ms);
    ASSERT_EQ(parse_rfc3339(format_rfc3339(time)), time) << ms;
  }
}

TEST(HttpDate, IsReadInItsFixedForm) {
  const auto time = parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT");
  ASSERT_TRUE(time);
  EXPECT_EQ(format_rfc3339(*time), "1994-11-06T08:49:37.000Z");
  EXPECT_EQ(to_unix_ms(*parse_http_date("Mon, 29 Feb 2016 00:00:00 GMT")), 1456704000000);
}

TEST(HttpDate, RefusesEverythingElse) {
  for (const std::string text :
       {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 nov 1994 08:49:37 GMT",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT ",
        "Sun, 06 Nov 1994 08-49-37 GMT", "120"}) {
    EXPECT_FALSE(parse_http_date(text)) << text;
  }
}

TEST(Clock, NeverGoesBackAndKnowsTheYear) {
  const Now first = read_clock();
  const Now second = read_clock();
  EXPECT_LE(first.mono, second.mono);
  EXPECT_GT(to_unix_ms(first.wall), 1'700'000'000'000);
}

}  // namespace
}  // namespace hookline::core
