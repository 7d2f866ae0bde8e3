#include "hookline/settle/offset_map.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hookline/core/random.h"
#include "unit/settle/forged_map.h"

namespace hookline::settle {
namespace {

using core::Random;

/// The map that says of base + i whether it is finished; done[0] must be false.
OffsetMap map_of(std::int64_t base, const std::vector<bool>& done) {
  OffsetMap map{base, {}};
  for (std::size_t i = 0; i < done.size(); ++i) {
    const auto offset = base + static_cast<std::int64_t>(i);
    if (!done[i]) continue;
    if (!map.finished.empty() && map.finished.back().second == offset) {
      ++map.finished.back().second;
    } else {
      map.finished.emplace_back(offset, offset + 1);
    }
  }
  return map;
}

std::int64_t end_of(const OffsetMap& map) {
  return map.empty() ? map.base : map.finished.back().second;
}

void expect_well_formed(const OffsetMap& map) {
  std::int64_t at = map.base;
  for (const auto& [first, last] : map.finished) {
    ASSERT_GT(first, at);
    ASSERT_GT(last, first);
    at = last;
  }
}

TEST(OffsetMap, ContainsWhatLiesInARangeAndNothingElse) {
  const OffsetMap map{100, {{101, 103}, {110, 111}}};
  for (std::int64_t offset = 90; offset < 120; ++offset) {
    EXPECT_EQ(map.contains(offset), offset == 101 || offset == 102 || offset == 110) << offset;
  }
  EXPECT_FALSE(OffsetMap{}.contains(0));
}

TEST(OffsetMap, AnEmptyMapIsAnEmptyText) {
  EXPECT_EQ(encode(OffsetMap{100, {}}), "");
  EXPECT_EQ(decode("", 100), (OffsetMap{100, {}}));
}

// Written down once: a released version must read what an older one left in its commits.
TEST(OffsetMap, TheFormatStaysWhatItIs) {
  const OffsetMap by_runs{100, {{101, 102}, {300, 20'000}}};
  const OffsetMap by_bitmap{
      100, {{101, 102}, {103, 104}, {106, 107}, {108, 109}, {110, 111}, {112, 113}, {115, 116}}};
  EXPECT_EQ(encode(by_runs), "HK1.AQEAAAAAAAAAZFMXvYpINhBnAADFAfOZAQ");
  EXPECT_EQ(encode(by_bitmap, "cluster/topic/0"), "HK1.AQIAAAAAAAAAZNBQpZLB2HtjpUo");
  EXPECT_EQ(decode("HK1.AQEAAAAAAAAAZFMXvYpINhBnAADFAfOZAQ", 100), by_runs);
  EXPECT_EQ(decode("HK1.AQIAAAAAAAAAZNBQpZLB2HtjpUo", 100, "cluster/topic/0"), by_bitmap);
}

TEST(OffsetMap, EveryPatternOfSixteenOffsetsSurvives) {
  for (unsigned pattern = 0; pattern < 1u << 15; ++pattern) {
    std::vector<bool> done{false};
    for (int bit = 0; bit < 15; ++bit)
      done.push_back((pattern >> bit & 1) != 0);
    const OffsetMap map = map_of(7'000'000'000, done);
    const std::string text = encode(map);
    ASSERT_EQ(decode(text, map.base), map) << pattern;
    ASSERT_EQ(text.empty(), pattern == 0);
  }
}

TEST(OffsetMap, LargePatternsSurviveWhereTheyFit) {
  Random random(1);
  for (int round = 0; round < 400; ++round) {
    // From nearly empty to nearly full, with short and with long runs.
    const double turn = std::array{0.5, 0.1, 0.01, 0.001}[random.below(4)];
    std::vector<bool> done{false};
    bool state = false;
    const auto size = 2 + random.below(24'408);
    while (done.size() < size) {
      if (random.chance(turn)) state = !state;
      done.push_back(state);
    }
    const OffsetMap map = map_of(static_cast<std::int64_t>(random.below(1ull << 50)), done);
    const std::string text = encode(map);
    ASSERT_LE(text.size(), max_metadata);
    ASSERT_EQ(decode(text, map.base), map) << "round " << round;
  }
}

TEST(OffsetMap, TheTextIsAscii) {
  Random random(2);
  std::vector<bool> done{false};
  while (done.size() < 5000)
    done.push_back(random.chance(0.5));
  for (const char c : encode(map_of(3, done))) {
    ASSERT_TRUE(c > ' ' && c < '\x7f') << static_cast<int>(c);
  }
}

TEST(OffsetMap, TheShorterFormIsTaken) {
  // 20,000 offsets in one run: a few bytes. 2,000 alternating offsets: one bit each, not a byte.
  EXPECT_LT(encode(OffsetMap{0, {{1, 20'000}}}).size(), 40u);
  std::vector<bool> alternating;
  for (int i = 0; i < 2000; ++i)
    alternating.push_back(i % 2 == 1);
  EXPECT_LT(encode(map_of(0, alternating)).size(), 4 + (250 + 18) * 4 / 3 + 4u);
}

TEST(OffsetMap, AnyPatternWithin24409OffsetsFitsAndOneMoreMayNot) {
  std::vector<bool> done;
  for (int i = 0; i < 24'409; ++i)
    done.push_back(i % 2 == 1);
  done.back() = true;
  const OffsetMap map = map_of(5, done);
  EXPECT_EQ(encode(map).size(), max_metadata);
  EXPECT_EQ(decode(encode(map), 5), map);

  done.push_back(false);
  done.push_back(true);
  EXPECT_NE(decode(encode(map_of(5, done)), 5), map_of(5, done));
}

TEST(OffsetMap, WhatDoesNotFitIsCutAtItsEndAndClaimsNothingFalse) {
  Random random(3);
  for (const double density : {0.5, 0.05, 0.02}) {
    std::vector<bool> done{false};
    while (done.size() < 400'000)
      done.push_back(!random.chance(density));
    const OffsetMap map = map_of(1000, done);
    const std::string text = encode(map);
    ASSERT_LE(text.size(), max_metadata);
    const OffsetMap read = decode(text, 1000);
    ASSERT_FALSE(read.empty());
    ASSERT_LT(end_of(read), end_of(map));
    for (std::int64_t offset = 1000; offset < end_of(read); ++offset) {
      ASSERT_EQ(read.contains(offset), map.contains(offset)) << offset;
    }
  }
}

TEST(OffsetMap, ReachesMaxSpanAndNotBeyond) {
  const auto limit = static_cast<std::int64_t>(max_span);
  const OffsetMap exact{0, {{1, limit}}};
  EXPECT_EQ(decode(encode(exact), 0), exact);
  EXPECT_EQ(decode(encode(OffsetMap{0, {{1, limit + 50}}}), 0), exact);
  EXPECT_EQ(encode(OffsetMap{0, {{limit, limit + 1}}}), "");
}

TEST(OffsetMap, BelongsToOneCommittedOffset) {
  const std::string text = encode(OffsetMap{100, {{101, 200}}});
  for (const std::int64_t committed : {99, 101, 0, -1, 356}) {
    EXPECT_EQ(decode(text, committed), (OffsetMap{committed, {}}));
  }
}

TEST(OffsetMap, BelongsToOneLog) {
  const OffsetMap map{100, {{101, 200}}};
  const std::string text = encode(map, "c1/orders/3");
  EXPECT_EQ(decode(text, 100, "c1/orders/3"), map);
  for (const auto* other : {"", "c1/orders/4", "c2/orders/3", "c1/orders/33"}) {
    EXPECT_TRUE(decode(text, 100, other).empty()) << other;
  }
}

TEST(OffsetMap, EveryBitFlipAndEveryTruncationGivesTheEmptyMap) {
  Random random(4);
  std::vector<bool> dense{false}, sparse{false};
  while (dense.size() < 700)
    dense.push_back(random.chance(0.5));
  while (sparse.size() < 3000)
    sparse.push_back(!random.chance(0.02));
  for (const auto& map : {map_of(100, dense), map_of(1 << 30, sparse), OffsetMap{0, {{1, 2}}}}) {
    const std::string text = encode(map);
    ASSERT_EQ(decode(text, map.base), map);
    for (std::size_t size = 0; size < text.size(); ++size) {
      ASSERT_TRUE(decode(text.substr(0, size), map.base).empty()) << size;
      ASSERT_TRUE(decode(text.substr(text.size() - size), map.base).empty()) << size;
    }
    for (std::size_t i = 0; i < text.size() * 8; ++i) {
      std::string flipped = text;
      flipped[i / 8] = static_cast<char>(flipped[i / 8] ^ 1 << (i % 8));
      ASSERT_TRUE(decode(flipped, map.base).empty()) << i;
    }
    for (const char* tail : {"=", "==", "A", "AAAA", " ", "\n"})
      ASSERT_TRUE(decode(text + tail, map.base).empty());
  }
}

TEST(OffsetMap, RandomDamageGivesTheEmptyMap) {
  Random random(5);
  std::vector<bool> done{false};
  while (done.size() < 2000)
    done.push_back(!random.chance(0.1));
  const OffsetMap map = map_of(100, done);
  const std::string text = encode(map);
  static constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (int round = 0; round < 20'000; ++round) {
    std::string damaged = text;
    for (auto n = 1 + random.below(6); n > 0; --n) {
      damaged[4 + random.below(text.size() - 4)] = alphabet[random.below(alphabet.size())];
    }
    ASSERT_EQ(decode(damaged, 100).empty(), damaged != text);
  }
}

TEST(OffsetMap, WhatOthersWriteIntoMetadataIsNotAMap) {
  for (const std::string text : {"", "HK1.", "HK1", "HK2.AQEAAAAAAAAAZA", "consumer-1", "{\"offset\":100}",
                                 "HK1.!!!!", "HK1.AAAAAAAAAAAAAAAAAAAAAAAAAAAA"}) {
    EXPECT_EQ(decode(text, 100), (OffsetMap{100, {}})) << text;
  }
  EXPECT_TRUE(decode(std::string(100'000, 'A'), 100).empty());
  EXPECT_TRUE(decode(std::string("HK1.\0\0\0\0", 8), 100).empty());
}

using namespace std::string_view_literals;

TEST(OffsetMap, APerfectChecksumDoesNotMakeNonsenseAMap) {
  ASSERT_EQ(decode(forge_map("\x01\x00\x00"sv, 100), 100), (OffsetMap{100, {{101, 102}}}));
  ASSERT_EQ(decode(forge_map("\x02\x01"sv, 100), 100), (OffsetMap{100, {{101, 102}}}));

  const struct {
    const char* what;
    std::string_view payload;
  } cases[] = {
      {"no payload", "\x01"sv},
      {"an empty bitmap", "\x02"sv},
      {"unknown kind", "\x03\x01"sv},
      {"kind 0", "\x00\x00\x00"sv},
      {"an unfinished run without a finished one", "\x01\x05"sv},
      {"a length that breaks off", "\x01\x00\x80"sv},
      {"a length in a longer spelling", "\x01\x80\x00\x00"sv},
      {"a length of four bytes", "\x01\x00\xff\xff\xff\x01"sv},
      {"more than max_span in one run", "\x01\x00\xff\xff\x7f"sv},
      {"more than max_span in several", "\x01\x00\xff\xff\x3f\x00\xff\xff\x3f"sv},
      {"a bitmap that ends in nothing", "\x02\x01\x00"sv},
  };
  for (const auto& c : cases)
    EXPECT_TRUE(decode(forge_map(c.payload, 100), 100).empty()) << c.what;
  EXPECT_TRUE(decode(forge_map("\x01\x00\x00"sv, -5), -5).empty());
  EXPECT_TRUE(decode(forge_map("\x01\x00\x00"sv, INT64_MAX), INT64_MAX).empty());
}

TEST(OffsetMap, ATextThatNoCommitCouldHoldIsNotRead) {
  const std::string fitting(3051, '\xff');
  ASSERT_EQ(forge_map("\x02" + fitting, 100).size(), max_metadata);
  EXPECT_EQ(decode(forge_map("\x02" + fitting, 100), 100), (OffsetMap{100, {{101, 101 + 3051 * 8}}}));
  EXPECT_TRUE(decode(forge_map("\x02" + fitting + "\xff", 100), 100).empty());
}

TEST(OffsetMap, WhateverDecodesIsWellFormedAndBounded) {
  Random random(6);
  int maps = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string payload(1, static_cast<char>(1 + random.below(2)));
    for (auto n = random.below(12); n > 0; --n)
      payload.push_back(static_cast<char>(random.next()));
    const OffsetMap map = decode(forge_map(payload, 100), 100);
    expect_well_formed(map);
    ASSERT_LE(static_cast<std::uint64_t>(end_of(map) - 100), max_span);
    ASSERT_EQ(decode(encode(map), 100), map);
    maps += map.empty() ? 0 : 1;
  }
  EXPECT_GT(maps, 1000);
}

/// The most bytes that the run lengths of a map can take: `open` unfinished offsets within `span`,
/// any of which may finish. By dynamic programming over where runs end: independent of the bound.
class WorstCase {
 public:
  WorstCase(std::size_t max_open, std::size_t max_span_)
      : open_(max_open + 1), best_(open_ * (max_span_ + 1), -1) {
    at(0, 0) = 0;
    for (std::size_t span = 1; span <= max_span_; ++span) {
      for (std::size_t open = 1; open < open_; ++open) {
        // The last pair of runs is `u` unfinished and `f` finished offsets. Longer unfinished runs cost
        // no more than the same offsets alone would, but they are tried nevertheless.
        for (std::size_t u = 1; u <= std::min(open, span); ++u) {
          for (std::size_t f = 1; u + f <= span; ++f) {
            const int before = at(open - u, span - u - f);
            if (before >= 0) at(open, span) = std::max(at(open, span), before + bytes(u) + bytes(f));
          }
        }
      }
    }
  }
  int operator()(std::size_t open, std::size_t span) const {
    int worst = 0;
    for (std::size_t o = 0; o <= open; ++o) {
      for (std::size_t s = 0; s <= span; ++s)
        worst = std::max(worst, best_[s * open_ + o]);
    }
    return worst;
  }

 private:
  static int bytes(std::size_t length) { return length - 1 < 1u << 7 ? 1 : length - 1 < 1u << 14 ? 2 : 3; }
  int& at(std::size_t open, std::size_t span) { return best_[span * open_ + open]; }
  std::size_t open_;
  std::vector<int> best_;
};

TEST(Fits, TheBoundIsNeverBelowTheWorstCase) {
  const WorstCase worst(6, 700);
  for (std::uint64_t open = 1; open <= 6; ++open) {
    for (std::uint64_t span = 1; span <= 700; span += 3) {
      const auto most = static_cast<std::uint64_t>(worst(open, span));
      ASSERT_LE(most, run_bytes_bound(open, span)) << open << " within " << span;
      ASSERT_GE(most + open + 1, std::min(run_bytes_bound(open, span), span)) << "the bound is wasteful";
    }
  }
}

TEST(Fits, IsMonotonous) {
  // What fits still does with fewer open or a shorter span: a map that finishes further, or that is
  // restored after a crash, needs no new proof.
  Random random(7);
  for (int round = 0; round < 200'000; ++round) {
    const std::uint64_t open = 1 + random.below(3100), span = open + random.below(max_span + 100);
    if (!fits(open, span)) continue;
    ASSERT_TRUE(fits(1 + random.below(open), 1 + random.below(span)));
  }
}

TEST(Fits, TakesWhatTheDecisionPagePromises) {
  EXPECT_TRUE(fits(24'409, 24'409));
  EXPECT_FALSE(fits(24'410, 24'410));
  EXPECT_TRUE(fits(900, 1'000'000));
  EXPECT_TRUE(fits(996, max_span));
  EXPECT_FALSE(fits(997, max_span));
  EXPECT_TRUE(fits(1, max_span));
  EXPECT_FALSE(fits(1, max_span + 1));
  EXPECT_FALSE(fits(~std::uint64_t{0} / 2, 30'000));
}

/// `open` unfinished offsets within `span`, placed so that their map costs as much as it can.
OffsetMap adversary(std::uint64_t open, std::uint64_t span, Random& random) {
  std::vector<std::uint64_t> gaps(open, 1);
  std::uint64_t left = span - open;
  for (const std::uint64_t step : {std::uint64_t{16'385}, std::uint64_t{129}}) {
    for (auto& gap : gaps) {
      if (gap < step && left + gap >= step + open) {
        left -= step - gap;
        gap = step;
      }
    }
  }
  std::shuffle(gaps.begin(), gaps.end(), random);
  OffsetMap map{1'000'000, {}};
  std::int64_t at = map.base;
  for (const auto gap : gaps) {
    const auto last = std::min<std::int64_t>(at + 1 + static_cast<std::int64_t>(gap),
                                             map.base + static_cast<std::int64_t>(span));
    if (at + 1 >= last) break;
    map.finished.emplace_back(at + 1, last);
    at = last;
  }
  return map;
}

TEST(Fits, WhatItAllowsIsWrittenInFullWhateverFinishes) {
  Random random(8);
  int tight = 0;
  for (int round = 0; round < 3000; ++round) {
    const std::uint64_t span = 24'000 + random.below(round % 2 == 0 ? 2'000 : max_span - 24'000);
    std::uint64_t open = 1;
    for (std::uint64_t step = 4096; step > 0; step /= 2) {
      if (open + step < span && fits(open + step, span)) open += step;
    }
    ASSERT_TRUE(fits(open, span));
    OffsetMap map = adversary(open, span, random);
    for (int finishing = 0; finishing < 4; ++finishing) {
      ASSERT_EQ(decode(encode(map), map.base), map) << open << " within " << span;
      tight = std::max(tight, static_cast<int>(encode(map).size()));
      // Some more finish: neighbouring ranges grow together, and the head may move.
      std::vector<std::pair<std::int64_t, std::int64_t>> merged;
      std::int64_t base = map.base;
      for (const auto& range : map.finished) {
        const bool finished =
            random.chance(0.2) && range.first == (merged.empty() ? base : merged.back().second) + 1;
        if (finished && merged.empty()) {
          base = range.second;
        } else if (finished) {
          merged.back().second = range.second;
        } else {
          merged.push_back(range);
        }
      }
      map = {base, merged};
      if (map.empty()) break;
    }
  }
  EXPECT_GT(tight, 4000) << "the adversary should come close to the limit, or this test proves little";
}

}  // namespace
}  // namespace hookline::settle
