#include "hookline/deliver/egress.h"

#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

#include "hookline/core/random.h"

namespace hookline::deliver {
namespace {

using ::testing::HasSubstr;

config::EgressRule everything_public() {
  config::EgressRule rule;
  rule.everything_public = true;
  return rule;
}

config::EgressRule cidr(const std::string& address, int prefix, std::optional<std::uint16_t> port = {}) {
  config::EgressRule rule;
  rule.network = *parse_ip(address);
  rule.prefix = address.find(':') == std::string::npos ? prefix + 96 : prefix;
  rule.port = port;
  return rule;
}

const EgressPolicy only_public({everything_public()});

struct Address {
  const char* text;
  bool is_public;
};

// The edges of every network of the IANA special-purpose registries, inside and outside.
const Address addresses[] = {
    {"0.0.0.0", false},
    {"0.255.255.255", false},
    {"1.0.0.0", true},
    {"9.255.255.255", true},
    {"10.0.0.0", false},
    {"10.255.255.255", false},
    {"11.0.0.0", true},
    {"100.63.255.255", true},
    {"100.64.0.0", false},
    {"100.127.255.255", false},
    {"100.128.0.0", true},
    {"126.255.255.255", true},
    {"127.0.0.1", false},
    {"127.255.255.255", false},
    {"128.0.0.0", true},
    {"169.253.255.255", true},
    {"169.254.169.254", false},
    {"169.255.0.0", true},
    {"172.15.255.255", true},
    {"172.16.0.0", false},
    {"172.31.255.255", false},
    {"172.32.0.0", true},
    {"191.255.255.255", true},
    {"192.0.0.0", false},
    {"192.0.0.255", false},
    {"192.0.1.0", true},
    {"192.0.2.1", false},
    {"192.0.3.0", true},
    {"192.88.98.255", true},
    {"192.88.99.1", false},
    {"192.88.100.0", true},
    {"192.167.255.255", true},
    {"192.168.0.0", false},
    {"192.168.255.255", false},
    {"192.169.0.0", true},
    {"198.17.255.255", true},
    {"198.18.0.0", false},
    {"198.19.255.255", false},
    {"198.20.0.0", true},
    {"198.51.99.255", true},
    {"198.51.100.8", false},
    {"198.51.101.0", true},
    {"203.0.112.255", true},
    {"203.0.113.5", false},
    {"203.0.114.0", true},
    {"223.255.255.255", true},
    {"224.0.0.1", false},
    {"239.255.255.255", false},
    {"240.0.0.0", false},
    {"255.255.255.255", false},
    {"8.8.8.8", true},
    // IPv6
    {"::", false},
    {"::1", false},
    {"::2", false},
    {"::8.8.8.8", false},
    {"::127.0.0.1", false},
    {"100::1", false},
    {"100:0:0:1::1", false},
    {"1fff:ffff::1", false},
    {"2000::1", true},
    {"2001:1::1", false},
    {"2001:1ff:ffff::1", false},
    {"2001:200::1", true},
    {"2001:4860:4860::8888", true},
    {"2001:db7:ffff::1", true},
    {"2001:db8::1", false},
    {"2001:db9::1", true},
    {"2606:4700::1111", true},
    {"3ffe:ffff::1", true},
    {"3fff::1", false},
    {"3fff:fff:ffff::1", false},
    {"3fff:1000::1", true},
    {"4000::1", false},
    {"5f00::1", false},
    {"fc00::1", false},
    {"fdff:ffff::1", false},
    {"fe80::1", false},
    {"febf::1", false},
    {"fec0::1", false},
    {"ff02::1", false},
    {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
    // IPv4 within IPv6: mapped, NAT64, 6to4, Teredo (server, then client with its bits flipped)
    {"::ffff:8.8.8.8", true},
    {"::ffff:127.0.0.1", false},
    {"::ffff:a9fe:a9fe", false},
    {"64:ff9b::8.8.8.8", true},
    {"64:ff9b::10.0.0.1", false},
    {"64:ff9b::169.254.169.254", false},
    {"64:ff9b:0:0:0:1:808:808", false},
    {"64:ff9b:1::8.8.8.8", false},
    {"2002:808:808::1", true},
    {"2002:a00:1::1", false},
    {"2002:7f00:1::1", false},
    {"2001:0:808:808:0:0:f7f7:f7f7", true},
    {"2001:0:808:808:0:0:80ff:fffe", false},
    {"2001:0:a00:1:0:0:f7f7:f7f7", false},
};

TEST(Egress, PublicIsWhatNoRegistryReserves) {
  for (const auto& [text, is_public] : addresses) {
    EXPECT_EQ(only_public.allows(text, 443), is_public) << text;
    EXPECT_EQ(!special_purpose(*parse_ip(text)), is_public) << text;
  }
}

TEST(Egress, JudgesSocketAddressesAsItJudgesTexts) {
  for (const auto& [text, is_public] : addresses) {
    const auto ip = *parse_ip(text);
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(443);
    std::memcpy(&v6.sin6_addr, ip.data(), ip.size());
    EXPECT_EQ(only_public.allows(reinterpret_cast<const sockaddr*>(&v6)), is_public) << text;
    if (std::string_view(text).find(':') != std::string_view::npos) continue;
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(443);
    std::memcpy(&v4.sin_addr, ip.data() + 12, 4);
    EXPECT_EQ(only_public.allows(reinterpret_cast<const sockaddr*>(&v4)), is_public) << text;
  }
  sockaddr_un local{};
  local.sun_family = AF_UNIX;
  EXPECT_FALSE(only_public.allows(reinterpret_cast<const sockaddr*>(&local)));
}

TEST(Egress, NothingIsAllowedThatIsNotNamed) {
  const EgressPolicy nothing({});
  for (const auto& [text, is_public] : addresses)
    EXPECT_FALSE(nothing.allows(text, 443)) << text;
}

TEST(Egress, NetworksAllowExactlyTheirAddressesAndPorts) {
  const EgressPolicy policy({cidr("10.20.0.0", 16), cidr("127.0.0.1", 32, 9000), cidr("fd00:1::", 32)});
  EXPECT_TRUE(policy.allows("10.20.255.255", 1));
  EXPECT_TRUE(policy.allows("::ffff:10.20.0.1", 1));
  EXPECT_FALSE(policy.allows("10.21.0.0", 1));
  EXPECT_TRUE(policy.allows("127.0.0.1", 9000));
  EXPECT_FALSE(policy.allows("127.0.0.1", 9001));
  EXPECT_FALSE(policy.allows("127.0.0.2", 9000));
  EXPECT_TRUE(policy.allows("fd00:1:ffff::", 443));
  EXPECT_FALSE(policy.allows("fd00:2::", 443));
  EXPECT_FALSE(policy.allows("8.8.8.8", 443));
  EXPECT_FALSE(policy.allows("64:ff9b::10.20.0.1", 1)) << "NAT64 is named by its own prefix";
}

TEST(Egress, ARuleForAllOfIPv6SaysNothingOfIPv4) {
  const EgressPolicy v6({cidr("::", 0)});
  EXPECT_TRUE(v6.allows("::1", 80));
  EXPECT_FALSE(v6.allows("127.0.0.1", 80));
  EXPECT_FALSE(v6.allows("::ffff:127.0.0.1", 80));
  const EgressPolicy v4({cidr("0.0.0.0", 0)});
  EXPECT_TRUE(v4.allows("127.0.0.1", 80));
  EXPECT_FALSE(v4.allows("::1", 80));
}

TEST(Egress, NetworksOfAnyPrefixMatchLikeBitByBit) {
  core::Random random(7);
  for (int i = 0; i < 20'000; ++i) {
    IpAddress a{}, b{};
    for (auto& byte : a)
      byte = static_cast<std::uint8_t>(random.next());
    a[0] |= 1;  // not a mapped address
    b = a;
    const auto flipped = random.below(128);
    b[flipped / 8] ^= static_cast<std::uint8_t>(0x80u >> (flipped % 8));
    config::EgressRule rule;
    rule.network = a;
    rule.prefix = static_cast<int>(random.below(129));
    EXPECT_EQ(EgressPolicy({rule}).allows(b, 1), static_cast<int>(flipped) >= rule.prefix);
  }
}

TEST(Egress, ParsesAddressesAndNothingElse) {
  for (const auto* text : {"", "localhost", "127.1", "0x7f000001", "2130706433", "127.0.0.1 ", "1.2.3.4.5",
                           "[::1]", "::1%lo", "256.0.0.1", ":::", "1:2:3:4:5:6:7:8:9"}) {
    EXPECT_FALSE(parse_ip(text)) << text;
    if (std::string_view(text) == "::1%lo") continue;
    EXPECT_FALSE(EgressPolicy({cidr("0.0.0.0", 0)}).allows(text, 1)) << text;
  }
  EXPECT_FALSE(parse_ip(std::string_view("1.2.3.4\0x", 9)));
  EXPECT_FALSE(parse_ip(std::string(10'000, '1')));
  EXPECT_TRUE(EgressPolicy({cidr("fe80::", 10)}).allows("fe80::1%eth0", 1)) << "a zone does not count";
}

TEST(EgressObjection, SeesThroughEverySpellingOfALoopbackAddress) {
  for (const auto* url : {"http://127.0.0.1/",
                          "http://127.1/",
                          "http://127.0.1/",
                          "http://0x7f.1/",
                          "http://0x7f000001/",
                          "http://2130706433/",
                          "http://017700000001/",
                          "http://0177.0.0.1/",
                          "http://127.0.0.1./",
                          "http://[::1]/",
                          "http://[::ffff:127.0.0.1]/",
                          "http://[::ffff:7f00:1]/",
                          "http://[0:0:0:0:0:0:0:1]/",
                          "http://[64:ff9b::7f00:1]/",
                          "http://[2002:7f00:1::]/",
                          "http://%31%32%37.0.0.1/",
                          "http://localhost/",
                          "http://LOCALHOST/",
                          "http://localhost./",
                          "http://a.b.localhost:8080/x",
                          "http://0/",
                          "http://0.0.0.0/",
                          "https://[fe80::1%25eth0]/",
                          "http://10.0.0.1:80/",
                          "http://169.254.169.254/latest/meta-data",
                          "HTTP://127.0.0.1/",
                          "http://127.0.0.1?x",
                          "http://127.0.0.1#x",
                          "http://１２７.０.０.１/"}) {
    EXPECT_TRUE(only_public.objection(url)) << url;
  }
}

TEST(EgressObjection, SaysWhatAndWhy) {
  EXPECT_EQ(only_public.objection("http://0x0a.1:8080/secret?token=x"),
            "egress.allow does not name 10.0.0.1:8080 (private use)");
  EXPECT_EQ(only_public.objection("https://localhost/secret"),
            "egress.allow does not name localhost:443 (loopback)");
  EXPECT_EQ(EgressPolicy({}).objection("https://8.8.8.8/secret"), "egress.allow does not name 8.8.8.8:443");
}

TEST(EgressObjection, HasNothingAgainstNamesAndAllowedAddresses) {
  for (const auto* url :
       {"https://hooks.example.com/x", "http://8.8.8.8/", "https://[2606:4700::1111]:8443/",
        "https://localhost.example.com/", "https://notlocalhost/", "http://xn--bcher-kva.example/"}) {
    EXPECT_EQ(only_public.objection(url), std::nullopt) << url;
  }
  const EgressPolicy local({cidr("127.0.0.1", 32, 9000)});
  EXPECT_EQ(local.objection("http://127.1:9000/"), std::nullopt);
  EXPECT_EQ(local.objection("http://localhost:9000/"), std::nullopt);
  EXPECT_TRUE(local.objection("http://localhost:9001/"));
}

TEST(EgressObjection, RefusesWhatIsNoHttpUrl) {
  for (const std::string& url :
       {std::string(""), std::string("x"), std::string("ftp://example.com/"),
        std::string("file:///etc/passwd"), std::string("//example.com/"), std::string("http://"),
        std::string("http:///x"), std::string("https://?x"), std::string("http://user@example.com/"),
        std::string("http://user:pw@127.0.0.1/"), std::string("http://example.com:99999/"),
        std::string("http://example.com:x/"), std::string("http://[::1/"),
        std::string("http://exa mple.com/"), std::string("http://bücher.example/"),
        std::string("http://example.com\0.evil/", 25)}) {
    EXPECT_TRUE(only_public.objection(url)) << url;
  }
}

}  // namespace
}  // namespace hookline::deliver
