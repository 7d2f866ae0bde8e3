// Addresses, networks and URLs as the configuration writes them.
#include "config/network.h"

#include <gtest/gtest.h>

#include "hookline/config/shown.h"

#include "config/files.h"
#include "config/headers.h"
#include "hookline/config/spelling.h"
#include "config/utf8.h"
#include "hookline/core/random.h"
#include "reading.h"

namespace hookline::config {
namespace {

TEST(EgressRules, AreReadAndWrittenBack) {
  const std::pair<const char*, const char*> rules[] = {
      {"public", "public"},
      {"10.0.0.0/8", "10.0.0.0/8"},
      {"10.1.2.3", "10.1.2.3/32"},
      {"0.0.0.0/0", "0.0.0.0/0"},
      {"127.0.0.1/32:9000", "127.0.0.1/32:9000"},
      {"::/0", "::/0"},
      {"2001:db8::/32", "2001:db8::/32"},
      {"[2001:db8::/32]:443", "[2001:db8::/32]:443"},
      {"[::1]", "::1/128"},
      {"::1", "::1/128"},
      {"10.1.2.3:80", "10.1.2.3/32:80"},
      {"[::ffff:10.0.0.0/104]:1", "10.0.0.0/8:1"},
  };
  for (const auto& [written, canonical] : rules) {
    const auto rule = parse_egress_rule(written);
    ASSERT_TRUE(rule) << written << rule.error().message;
    EXPECT_EQ(format_egress_rule(*rule), canonical);
  }
}

TEST(EgressRules, HoldIPv4AsMappedAddresses) {
  const auto rule = parse_egress_rule("10.0.0.0/8:443");
  ASSERT_TRUE(rule);
  EXPECT_EQ(rule->prefix, 104);
  EXPECT_EQ(rule->port, 443);
  EXPECT_EQ(rule->network[10], 0xFF);
  EXPECT_EQ(rule->network[12], 10);
}

TEST(EgressRules, AreRefusedWhenTheyAreNotClear) {
  for (const auto* text : {"",
                           "Public",
                           "10.0.0.0/33",
                           "10.0.0.0/-1",
                           "10.0.0.0/",
                           "10.0.0/8",
                           "10.0.0.1/8",
                           "::1/129",
                           "2001:db8::1/32",
                           "[::1",
                           "[::1]443",
                           "[::1]:",
                           "10.0.0.0/8:0",
                           "10.0.0.0/8:65536",
                           "10.0.0.0/8:x",
                           "example.com",
                           "010.0.0.1",
                           "1",
                           "127.1",
                           "10.0.0.0/8 ",
                           "10.0.0.0/08:1x"}) {
    EXPECT_FALSE(parse_egress_rule(text)) << text;
  }
}

TEST(EgressRules, OfEveryNetworkReadBack) {
  core::Random random(5);
  for (int i = 0; i < 2000; ++i) {
    EgressRule rule;
    for (auto& byte : rule.network)
      byte = static_cast<std::uint8_t>(random.next());
    rule.prefix = static_cast<int>(random.below(129));
    for (int bit = rule.prefix; bit < 128; ++bit)
      rule.network[static_cast<std::size_t>(bit / 8)] &= static_cast<std::uint8_t>(~(0x80 >> (bit % 8)));
    if (random.chance(0.5)) rule.port = static_cast<std::uint16_t>(1 + random.below(65535));
    const auto text = format_egress_rule(rule);
    const auto back = parse_egress_rule(text);
    ASSERT_TRUE(back) << text << back.error().message;
    EXPECT_EQ(back->network, rule.network) << text;
    EXPECT_EQ(back->prefix, rule.prefix) << text;
    EXPECT_EQ(back->port, rule.port) << text;
  }
}

TEST(Listening, NeedsAnAddressAndAPort) {
  EXPECT_EQ(parse_listen("127.0.0.1:8080"), (std::pair<std::string, std::uint16_t>("127.0.0.1", 8080)));
  EXPECT_EQ(parse_listen("[::1]:0"), (std::pair<std::string, std::uint16_t>("::1", 0)));
  EXPECT_EQ(parse_listen("localhost:80")->first, "localhost");
  for (const auto* text : {"", "8080", ":8080", "::1:80", "[127.0.0.1]:80", "127.0.0.1",
                           "127.0.0.1:", "127.0.0.1:65536", "example.com:80", "[]:1", "[::1]x:1"})
    EXPECT_FALSE(parse_listen(text)) << text;
}

TEST(Listening, KnowsLoopback) {
  for (const auto* address : {"127.0.0.1", "127.1.2.3", "::1", "localhost", "::ffff:127.0.0.1"})
    EXPECT_TRUE(is_loopback(address)) << address;
  for (const auto* address : {"0.0.0.0", "::", "10.0.0.1", "128.0.0.1", "::2", "x"})
    EXPECT_FALSE(is_loopback(address)) << address;
}

TEST(Urls, HaveAHostAndAPortThatIsOne) {
  for (const auto* url : {"https://h", "http://h:1/p", "https://h:65535?q", "https://[2001:db8::1]/x", "https://[::1]:8443/",
                          "https://h:/p", "https://h/a:b", "https://h?a:b", "https://h:$port/"}) {
    EXPECT_FALSE(find_url_fault(url)) << url << ": " << find_url_fault(url)->message;
  }
  for (const auto* url : {"h", "ftp://h", "https://", "https://:80/", "https://u@h/", "https://a b/", "https://h:0/",
                          "https://h:65536/", "https://h:http/", "https://2001:db8::1/", "https://[::1]:x/"}) {
    EXPECT_TRUE(find_url_fault(url)) << url;
  }
}

TEST(Urls, ShowSchemeAndHostOnly) {
  EXPECT_EQ(scheme_and_host("https://h:1/p?q#f"), "https://h:1");
  EXPECT_EQ(scheme_and_host("https://h?token=x"), "https://h");
  EXPECT_EQ(scheme_and_host("https://u:p@h/"), "https://h");
  EXPECT_EQ(scheme_and_host("nothing"), "");
}

TEST(Headers, ThatAreReservedAreSoInEveryCase) {
  for (const auto* name : {"Host", "host", "CONTENT-LENGTH", "transfer-encoding", "Connection", "Expect",
                           "upgrade", "webhook-id", "Webhook-Signature", "webhook-anything"}) {
    EXPECT_TRUE(reserved_header(name)) << name;
  }
  for (const auto* name :
       {"X-Host", "Content-Type", "User-Agent", "Hosts", "webhook", "X-webhook-id", "Authorization"})
    EXPECT_FALSE(reserved_header(name)) << name;
}

TEST(Suggestions, FindTheNearestName) {
  EXPECT_EQ(closest("urls", {"name", "url", "method"}), "url");
  EXPECT_EQ(closest("Rate-Limit", {"rate_limit", "retry"}), "rate_limit");
  EXPECT_EQ(closest("evnets", {"events", "enabled"}), "events");
  EXPECT_EQ(closest("zzz", {"events", "enabled"}), "");
  EXPECT_EQ(closest(std::string(100'000, 'e'), {"events"}), "");
  EXPECT_EQ(edit_distance("abcd", "acbd"), 1u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
}

TEST(Utf8, IsCheckedToTheByte) {
  EXPECT_EQ(find_invalid_utf8("aä€😀\xF4\x8F\xBF\xBF"), std::nullopt);
  const std::pair<const char*, std::size_t> bad[] = {
      {"a\x80", 1},      {"\xC0\xAF", 0}, {"a\xE0\x80\x80", 1}, {"\xED\xA0\x80", 0}, {"\xF4\x90\x80\x80", 0},
      {"ab\xE2\x82", 2}, {"\xFF", 0}};
  for (const auto& [text, at] : bad)
    EXPECT_EQ(find_invalid_utf8(text), at) << at;
}

TEST(Quotes, ShowTextSafelyAndShort) {
  EXPECT_EQ(in_quotes("a\nb\x1b"), "'a\\x0ab\\x1b'");
  EXPECT_EQ(in_quotes(std::string(100, 'x')), "'" + std::string(60, 'x') + "…'");
}

TEST(Files, AreReadUpToALimit) {
  const Folder folder;
  const auto file = folder.write("f", "12345");
  EXPECT_EQ(read_file(file, 5), "12345");
  EXPECT_EQ(read_file(file, 4).error().code, core::ErrorCode::too_large);
  EXPECT_EQ(read_file(folder.path() / "nope", 5).error().code, core::ErrorCode::not_found);
  EXPECT_FALSE(read_file(folder.path(), 5));
  EXPECT_EQ(read_file("/dev/zero", 1000).error().code, core::ErrorCode::too_large);
}

}  // namespace
}  // namespace hookline::config
