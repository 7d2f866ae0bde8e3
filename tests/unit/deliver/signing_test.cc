#include "hookline/deliver/signing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deliver/headers.h"

namespace hookline::deliver {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Signing, MatchesTheVectorOfStandardWebhooks) {
  const auto key = signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  ASSERT_TRUE(key);
  core::HmacSha256 hmac;
  EXPECT_EQ(signature(hmac, {*key}, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, R"({"test": 2432232314})"),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(Signing, SignsWithEachSecretWhileRotating) {
  const auto old_key = *signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  const auto new_key = *signing_key(core::base64(std::string(32, 'k')));
  core::HmacSha256 hmac;
  const auto both = signature(hmac, {new_key, old_key}, "msg_1", 1, "body");
  EXPECT_EQ(both, signature(hmac, {new_key}, "msg_1", 1, "body") + " " +
                      signature(hmac, {old_key}, "msg_1", 1, "body"));
  EXPECT_EQ(signature(hmac, {}, "msg_1", 1, "body"), "");
}

TEST(Signing, ChangesWithEveryPart) {
  core::HmacSha256 hmac;
  const std::vector<std::string> keys{std::string(24, 'k')};
  const auto base = signature(hmac, keys, "a", 1, "body");
  EXPECT_EQ(base, signature(hmac, keys, "a", 1, "body"));
  EXPECT_NE(base, signature(hmac, keys, "b", 1, "body"));
  EXPECT_NE(base, signature(hmac, keys, "a", 2, "body"));
  EXPECT_NE(base, signature(hmac, keys, "a", 1, "Body"));
  EXPECT_NE(base, signature(hmac, {std::string(24, 'l')}, "a", 1, "body"));
}

TEST(Signing, TakesKeysOf24To64BytesWithOrWithoutPrefix) {
  for (const std::size_t size : {24u, 32u, 63u, 64u}) {
    const std::string key(size, '\xfe');
    EXPECT_EQ(signing_key(core::base64(key)), key) << size;
    EXPECT_EQ(signing_key("whsec_" + core::base64(key)), key) << size;
  }
}

TEST(Signing, RefusesWhatIsNoKeyWithoutRepeatingIt) {
  for (const std::string& secret :
       {std::string("whsec_"), std::string(), core::base64(std::string(23, 'x')),
        core::base64(std::string(65, 'x')), std::string("whsec_not base64 at all!!"),
        std::string("WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")}) {
    const auto key = signing_key(secret);
    ASSERT_FALSE(key) << secret;
    EXPECT_EQ(key.error().code, core::ErrorCode::invalid);
    EXPECT_THAT(key.error().message, HasSubstr("openssl rand"));
    if (secret.size() > 6) {
      EXPECT_THAT(key.error().message, Not(HasSubstr(secret.substr(6))));
    }
  }
}

TEST(Headers, ThatFrameAMessageAreTheTransports) {
  for (const auto* name : {"Host", "content-length", "TRANSFER-ENCODING", "Connection", "Expect", "upgrade"}) {
    EXPECT_TRUE(is_framing_header(name)) << name;
  }
  for (const auto* name : {"", "Hos", "Hosts", "X-Host", "webhook-id", "Content-Type", "User-Agent"}) {
    EXPECT_FALSE(is_framing_header(name)) << name;
  }
  EXPECT_TRUE(same_header_name("X-Team", "x-TEAM"));
  EXPECT_FALSE(same_header_name("X-Team", "X-Tea"));
}

}  // namespace
}  // namespace hookline::deliver
