#include "hookline/config/sealed.h"

#include <gtest/gtest.h>

#include "hookline/config/restored.h"
#include "hookline/config/stored.h"
#include "hookline/core/crypto.h"

namespace hookline::config {
namespace {

const std::string one = core::base64(std::string(32, '\x01')), two = core::base64(std::string(32, '\x02'));

core::SealingKeys keys(const std::string& text) { return *core::SealingKeys::parse(text); }
json::Tree tree(const char* text) { return *json::parse_tree(text); }

json::Tree opened(const json::Tree& document, const core::SealingKeys& k, Problems& problems, const std::string& owner = "webhook/a") {
  std::vector<std::string> secrets;
  return opened_document(document, owner, k, "webhook", problems, secrets);
}

const char* const everything = R"({"name": "a", "description": "s3cret stays", "auth": {"headers": {"X/Key": "key-1", "X-Ref": "${env:A}"}},
  "headers": {"Authorization": "Bearer token-2", "X-Team": "sre"}, "signing": {"secrets": ["whsec_3", "${file:/x}"]},
  "secret_url": true, "proxy": "http://u:pass-5@proxy.example:3128",
  "endpoints": [{"url": "https://hooks.example/T0/url-4?x=${service}"}, {"url": "https://bare.example"}]})";

TEST(SealedDocuments, NoSecretIsLeftAndAllComeBack) {
  const auto k = keys(one);
  const auto document = tree(everything);
  const auto sealed = sealed_document(document, nullptr, "webhook/a", k);
  const auto text = sealed.dump();
  for (const char* secret : {"key-1", "token-2", "whsec_3", "url-4", "pass-5"}) EXPECT_EQ(text.find(secret), std::string::npos) << secret;
  EXPECT_EQ(sealed["endpoints"][0]["url"].get<std::string>().find("https://hooks.example/${sealed:"), 0u);
  EXPECT_EQ(sealed["endpoints"][1]["url"], "https://bare.example");
  EXPECT_EQ(sealed["auth"]["headers"]["X-Ref"], "${env:A}");
  Problems problems;
  EXPECT_EQ(opened(sealed, k, problems), document);
  EXPECT_TRUE(problems.empty());
}

TEST(SealedDocuments, TheyAreShownMaskedAndComeBackFromTheMask) {
  const auto k = keys(one);
  const auto sealed = sealed_document(tree(everything), nullptr, "webhook/a", k);
  const auto shown = masked_document(sealed);
  EXPECT_EQ(shown.dump().find("sealed:"), std::string::npos) << shown;
  EXPECT_EQ(shown["headers"]["Authorization"], "***");
  EXPECT_EQ(shown["endpoints"][0]["url"], "https://hooks.example/***");
  Problems problems;
  const auto back = restored_document(shown, sealed, "webhook/a", k, {}, "webhook", problems);
  EXPECT_TRUE(problems.empty());
  EXPECT_EQ(back, sealed);
  EXPECT_EQ(sealed_document(back, sealed, "webhook/a", k), sealed);
}

TEST(SealedDocuments, TheSameSecretAgainChangesNothingAnotherOneDoes) {
  const auto k = keys(one);
  auto document = tree(everything);
  const auto sealed = sealed_document(document, nullptr, "webhook/a", k);
  EXPECT_EQ(sealed_document(document, sealed, "webhook/a", k), sealed);
  document["headers"]["Authorization"] = "Bearer other";
  EXPECT_NE(sealed_document(document, sealed, "webhook/a", k)["headers"], sealed["headers"]);
}

TEST(SealedDocuments, ANewKeySealsAnewWhatTheOldOneOpens) {
  const auto sealed = sealed_document(tree(everything), nullptr, "webhook/a", keys(one));
  const auto again = sealed_document(sealed, sealed, "webhook/a", keys(two + "," + one));
  Problems problems;
  EXPECT_EQ(opened(again, keys(two), problems), tree(everything));
  EXPECT_TRUE(problems.empty());
}

TEST(SealedDocuments, WithoutTheKeyOrAtAnotherPlaceItIsAProblemAndNothingIsLost) {
  const auto sealed = sealed_document(tree(R"({"name": "a", "auth": {"bearer": "token"}})"), nullptr, "webhook/a", keys(one));
  Problems wrong_key, no_key, other_name;
  EXPECT_EQ(opened(sealed, keys(two), wrong_key), sealed);
  ASSERT_EQ(wrong_key.size(), 1u);
  EXPECT_EQ(wrong_key[0].place.pointer, "/auth/bearer");
  EXPECT_NE(wrong_key[0].remedy.find("HOOKLINE_SECRET_KEY"), std::string::npos);
  EXPECT_EQ(opened(sealed, {}, no_key), sealed);
  EXPECT_EQ(no_key.size(), 1u);
  (void)opened(sealed, keys(one), other_name, "webhook/b");
  EXPECT_EQ(other_name.size(), 1u);
}

TEST(SealedDocuments, AllAreOpenedWhenSecretUrlIsNotSaidAnyMore) {
  auto sealed = sealed_document(tree(everything), nullptr, "webhook/a", keys(one));
  sealed["endpoints"].push_back(tree(R"({"url": "https://hooks.example/T1"})"));
  sealed = sealed_document(sealed, nullptr, "webhook/a", keys(one));
  sealed.erase("secret_url");
  Problems problems;
  const auto whole = opened(sealed, keys(one), problems);
  EXPECT_EQ(whole.dump().find("sealed:"), std::string::npos) << whole;
  EXPECT_EQ(whole["endpoints"][2]["url"], "https://hooks.example/T1");
  EXPECT_EQ(whole["headers"]["Authorization"], "Bearer token-2");
  EXPECT_EQ(whole["secret_url"], true);
}

TEST(SealedDocuments, ALiteralBesideAReferenceIsSealedToo) {
  const auto document = tree(R"({"name": "a", "secret_url": true, "auth": {"bearer": "part${env:A}"}, "endpoints": [{"url": "https://h.example/part/${env:B}"}],
      "headers": {"Authorization": "Token ${env:C}"}, "proxy": "http://u:${env:D}@proxy.example"})");
  const auto sealed = sealed_document(document, nullptr, "webhook/a", keys(one));
  EXPECT_EQ(sealed.dump().find("part"), std::string::npos) << sealed;
  EXPECT_EQ(sealed["headers"], document["headers"]);
  EXPECT_EQ(sealed["proxy"], document["proxy"]);
  Problems problems;
  EXPECT_EQ(opened(sealed, keys(one), problems), document);
}

TEST(SealedDocuments, KeysComeFromTheEnvironmentOrAFile) {
  const auto source = [](std::string value, std::string path) {
    return SecretSource{[=](const std::string& name) -> std::optional<std::string> {
                          if (name == "HOOKLINE_SECRET_KEY" && !value.empty()) return value;
                          if (name == "HOOKLINE_SECRET_KEY_FILE" && !path.empty()) return path;
                          return std::nullopt;
                        },
                        [](const std::filesystem::path& file) -> std::optional<std::string> {
                          return file == "/there" ? std::optional(one + "\n") : std::nullopt;
                        }};
  };
  Problems problems;
  EXPECT_TRUE(sealing_keys(source("", ""), "f", problems).empty());
  EXPECT_FALSE(sealing_keys(source(one, ""), "f", problems).empty());
  EXPECT_FALSE(sealing_keys(source("", "/there"), "f", problems).empty());
  EXPECT_TRUE(problems.empty());
  EXPECT_TRUE(sealing_keys(source("", "/gone"), "f", problems).empty());
  EXPECT_TRUE(sealing_keys(source("short", ""), "f", problems).empty());
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_EQ(problems[1].what.find("short"), std::string::npos);
}

TEST(SealedDocuments, WebhooksCannotReadHooklinesOwnSecrets) {
  ::setenv("HOOKLINE_SECRET_KEY", one.c_str(), 1);
  ::setenv("HOOKLINE_ADMIN_TOKEN", "t", 1);
  ::setenv("HOOKLINE_TICKETS", "mine", 1);
  const auto within = SecretSource::within({{"HOOKLINE_*"}, {}});
  EXPECT_FALSE(within.env("HOOKLINE_SECRET_KEY"));
  EXPECT_FALSE(within.env("HOOKLINE_ADMIN_TOKEN"));
  EXPECT_EQ(within.env("HOOKLINE_TICKETS"), "mine");
  for (const char* name : {"HOOKLINE_SECRET_KEY", "HOOKLINE_ADMIN_TOKEN", "HOOKLINE_TICKETS"}) ::unsetenv(name);
}

}  // namespace
}  // namespace hookline::config
