#include "hookline/core/crypto.h"

#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "hookline/core/random.h"

namespace hookline::core {
namespace {

std::string repeated(int times, char c) {
  return std::string(static_cast<std::size_t>(times), c);
}

std::string hmac(HmacSha256& signer, std::string_view key, std::string_view text) {
  signer.start(key);
  signer.update(text);
  return hex(as_view(signer.finish()));
}

std::string sha256(Hasher& hasher, std::string_view text) {
  hasher.start();
  hasher.update(text);
  return hex(as_view(hasher.finish()));
}

// RFC 4231 section 4, with one context for all: keys of all lengths after each other.
TEST(HmacSha256, AgreesWithRfc4231) {
  HmacSha256 signer;
  EXPECT_EQ(hmac(signer, repeated(20, '\x0b'), "Hi There"),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hmac(signer, "Jefe", "what do ya want for nothing?"),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hmac(signer, repeated(20, '\xaa'), repeated(50, '\xdd')),
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  EXPECT_EQ(hmac(signer, repeated(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(hmac(signer, repeated(131, '\xaa'),
                 "This is a test using a larger than block-size key and a larger than block-size data. The "
                 "key needs to "
                 "be hashed before being used by the HMAC algorithm."),
            "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2");
}

TEST(HmacSha256, AnEmptyKeyIsAKeyAndNotTheOneBefore) {
  HmacSha256 signer;
  hmac(signer, "another key", "x");
  EXPECT_EQ(hmac(signer, "", ""), "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

TEST(HmacSha256, PartsAreTheWhole) {
  HmacSha256 signer;
  signer.start("key");
  signer.update("one ");
  signer.update("");
  signer.update("two");
  const std::string parts = hex(as_view(signer.finish()));
  EXPECT_EQ(parts, hmac(signer, "key", "one two"));
}

// FIPS 180-4 examples.
TEST(Hasher, AgreesWithTheStandard) {
  Hasher hasher;
  EXPECT_EQ(sha256(hasher, ""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256(hasher, "abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256(hasher, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256(hasher, repeated(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Hasher, AMovedHasherGoesOn) {
  Hasher first;
  first.start();
  first.update("ab");
  Hasher second = std::move(first);
  second.update("c");
  EXPECT_EQ(hex(as_view(second.finish())),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

// RFC 4648 section 10.
TEST(Base64, AgreesWithRfc4648) {
  const std::pair<std::string, std::string> cases[] = {{"", ""},
                                                       {"f", "Zg=="},
                                                       {"fo", "Zm8="},
                                                       {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="},
                                                       {"fooba", "Zm9vYmE="},
                                                       {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(base64(bytes), text);
    EXPECT_EQ(from_base64(text), bytes);
    const auto bare = text.substr(0, text.find('='));
    EXPECT_EQ(base64url(bytes), bare);
    EXPECT_EQ(from_base64(bare), bytes);
    EXPECT_EQ(from_base64url(bare), bytes);
  }
}

TEST(Base64, TheTwoAlphabetsDoNotMix) {
  EXPECT_EQ(base64("\xfb\xff"), "+/8=");
  EXPECT_EQ(base64url("\xfb\xff"), "-_8");
  EXPECT_EQ(from_base64("+/8="), "\xfb\xff");
  EXPECT_EQ(from_base64url("-_8"), "\xfb\xff");
  EXPECT_FALSE(from_base64("-_8="));
  EXPECT_FALSE(from_base64url("+/8="));
}

TEST(Base64, RefusesWhatNoEncoderWrites) {
  for (const std::string text : {"Z", "Zm9vY", "Zg=", "Zm8==", "Zg===", "=", "==", "====", "Zm9v=",
                                 "Zm9v====", "Z=g=", "Zm 9v", "Zm9v\n", "Zh==", "Zm9=", "Zm9\xc3"}) {
    EXPECT_FALSE(from_base64(text)) << text;
  }
  EXPECT_FALSE(from_base64(std::string_view("Zm\0v", 4)));
}

TEST(Base64, ReadsBackWhatItWroteAndAppends) {
  Random random(1);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes;
    for (auto n = random.below(100); n > 0; --n)
      bytes.push_back(static_cast<char>(random.next()));
    ASSERT_EQ(from_base64(base64(bytes)), bytes);
    ASSERT_EQ(from_base64url(base64url(bytes)), bytes);
    std::string appended = "before ";
    append_base64(bytes, appended);
    ASSERT_EQ(appended, "before " + base64(bytes));
  }
}

TEST(Hex, IsLowerCaseAndTwoDigitsPerByte) {
  EXPECT_EQ(hex(std::string_view("\x00\x0f\xff\x80", 4)), "000fff80");
  EXPECT_EQ(hex(""), "");
}

TEST(EqualInConstantTime, IsEquality) {
  EXPECT_TRUE(equal_in_constant_time("", ""));
  EXPECT_TRUE(equal_in_constant_time("secret", "secret"));
  EXPECT_FALSE(equal_in_constant_time("secret", "secreT"));
  EXPECT_FALSE(equal_in_constant_time("secret", "secre"));
  EXPECT_FALSE(equal_in_constant_time("", "x"));
}

}  // namespace
}  // namespace hookline::core
