#include "hookline/core/seal.h"

#include <set>

#include <gtest/gtest.h>

#include "hookline/core/crypto.h"

namespace hookline::core {
namespace {

const std::string one = base64(std::string(32, '\x01')), two = base64(std::string(32, '\x02'));

SealingKeys keys(const std::string& text) { return *SealingKeys::parse(text); }

TEST(Seal, WhatWasSealedOpensAtItsPlaceAlone) {
  const auto k = keys(one);
  for (const auto& plain : {std::string(), std::string("x"), std::string("s3cret \xc3\xa9 \0 end", 14), std::string(100'000, 'y')}) {
    const auto sealed = k.seal(plain, "webhook/a /auth/bearer");
    ASSERT_EQ(k.open(sealed, "webhook/a /auth/bearer").value(), plain);
    EXPECT_EQ(k.open(sealed, "webhook/b /auth/bearer").error().code, ErrorCode::invalid);
    EXPECT_EQ(k.open(sealed, "webhook/a /signing/secrets/0").error().code, ErrorCode::invalid);
    if (plain.size() > 3) {
      EXPECT_EQ(sealed.find(plain), std::string::npos);
    }
  }
}

TEST(Seal, TheSameAgainLooksDifferent) {
  const auto k = keys(one);
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(k.seal("s3cret", "p"));
  EXPECT_EQ(seen.size(), 1000u);
}

TEST(Seal, NoCharacterCanBeChangedDroppedOrAdded) {
  const auto k = keys(one);
  const auto sealed = k.seal("a secret of some length", "p");
  for (std::size_t i = 0; i < sealed.size(); ++i) {
    auto changed = sealed;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    if (changed != sealed) {
      EXPECT_FALSE(k.open(changed, "p")) << i;
    }
    EXPECT_FALSE(k.open(sealed.substr(0, i), "p")) << i;
    EXPECT_FALSE(k.open(sealed.substr(0, i) + "A" + sealed.substr(i), "p")) << i;
  }
  for (const char* text : {"", "1", "1.", "1..", "1.00000000.", "2.x.y", "1.x.\xff"}) EXPECT_FALSE(k.open(text, "p")) << text;
}

TEST(Seal, TheFirstKeySealsAndAllOpen) {
  const auto old = keys(one), rotating = keys(two + ", " + one + "\n"), fresh = keys(two);
  const auto sealed = old.seal("s", "p");
  EXPECT_EQ(rotating.open(sealed, "p").value(), "s");
  EXPECT_FALSE(rotating.is_current(sealed));
  EXPECT_TRUE(old.is_current(sealed));
  EXPECT_EQ(fresh.open(sealed, "p").error().code, ErrorCode::not_found);
  EXPECT_EQ(fresh.open(rotating.seal("s", "p"), "p").value(), "s");
  EXPECT_EQ(SealingKeys().open(sealed, "p").error().code, ErrorCode::not_found);
  EXPECT_TRUE(SealingKeys().empty());
}

TEST(Seal, AKeyIsThirtyTwoBytesAndIsNeverRepeated) {
  for (const auto& text : {std::string(), std::string(" , "), std::string("not base64!"), base64("too short"), base64(std::string(33, 'k')), one + ",x"}) {
    const auto parsed = SealingKeys::parse(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_NE(parsed.error().message.find("openssl rand -base64 32"), std::string::npos);
    if (text.size() > 3) {
      EXPECT_EQ(parsed.error().message.find(text), std::string::npos);
    }
  }
}

}  // namespace
}  // namespace hookline::core
