#include "hookline/config/restored.h"

#include <gtest/gtest.h>

#include "hookline/config/sealed.h"
#include "hookline/config/stored.h"
#include "hookline/core/crypto.h"

namespace hookline::config {
namespace {

json::Tree tree(const char* text) { return *json::parse_tree(text); }

const core::SealingKeys no_keys, key = *core::SealingKeys::parse(core::base64(std::string(32, '\x01')));

/// What comes of `document` over `stored`, and the pointers of what is refused.
struct Outcome {
  json::Tree document;
  std::vector<std::string> refused;
};

Outcome restore(const json::Tree& document, const json::Tree& stored, const core::SealingKeys& keys = no_keys,
                const std::vector<TemplateSource>& templates = {}) {
  Problems problems;
  Outcome outcome{restored_document(document, stored, "webhook/a", keys, templates, "webhook", problems), {}};
  for (const auto& problem : problems) {
    EXPECT_FALSE(problem.remedy.empty());
    outcome.refused.push_back(problem.place.pointer);
  }
  return outcome;
}

using Pointers = std::vector<std::string>;

const json::Tree slack = tree(R"({"name": "a", "secret_url": true, "endpoints": [{"url": "https://h.example/${env:HOOK}"}],
    "auth": {"bearer": "${env:TOKEN}"}, "headers": {"X-Key": "k ${file:/run/k}"}, "payload": "{\"a\": \"${env:x}\"}"})");

TEST(RestoredDocuments, WhatIsMaskedCanBePutBackAndTheRestIsEdited) {
  auto shown = masked_document(slack);
  EXPECT_EQ(restore(shown, slack).document, slack);
  shown["auth"]["bearer"] = "${env:OTHER}";
  shown["concurrency"] = 3;
  const auto edited = restore(shown, slack).document;
  EXPECT_EQ(edited["auth"]["bearer"], "${env:OTHER}");
  EXPECT_EQ(edited["endpoints"], slack["endpoints"]);
  EXPECT_EQ(edited["concurrency"], 3);
}

TEST(RestoredDocuments, NothingIsStoredNothingIsRestored) {
  const auto shown = masked_document(slack);
  const auto outcome = restore(shown, nullptr);
  EXPECT_EQ(outcome.document, shown);
  EXPECT_EQ(outcome.refused, (Pointers{"/auth/bearer", "/endpoints/0/url"})) << "X-Key is no header of credentials: *** may be its value";
}

TEST(RestoredDocuments, AnEndpointIsFoundByItsNameWhereverItStandsNow) {
  const auto stored = tree(R"({"name": "a", "secret_url": true, "endpoints": [
      {"name": "x", "url": "https://h.example/${env:X}"}, {"name": "y", "url": "https://h.example/${env:Y}"}]})");
  auto shown = masked_document(stored);
  shown["endpoints"].erase(0);
  EXPECT_EQ(restore(shown, stored).document["endpoints"], tree(R"([{"name": "y", "url": "https://h.example/${env:Y}"}])"));
  shown["endpoints"].push_back({{"name", "x"}, {"url", "https://h.example/***"}});
  EXPECT_EQ(restore(shown, stored).document["endpoints"][1]["url"], "https://h.example/${env:X}");
}

TEST(RestoredDocuments, EndpointsWithoutNamesOfAListThatChangedAreTakenOnlyIfThereIsNoDoubt) {
  const auto stored = tree(R"({"name": "a", "secret_url": true, "endpoints": [
      {"url": "https://h.example/${env:X}"}, {"url": "https://h.example/${env:Y}"}, {"url": "https://other.example/${env:Z}"}]})");
  auto shown = masked_document(stored);
  shown["endpoints"].erase(0);
  const auto outcome = restore(shown, stored);
  EXPECT_EQ(outcome.refused, Pointers{"/endpoints/0/url"});
  EXPECT_EQ(outcome.document["endpoints"][0]["url"], "https://h.example/***");
  EXPECT_EQ(outcome.document["endpoints"][1]["url"], "https://other.example/${env:Z}");
}

TEST(RestoredDocuments, OneOfTwoSigningSecretsTakenAwayIsDoubtful) {
  const auto two = tree(R"({"name": "a", "signing": {"secrets": ["${env:OLD}", "${env:NEW}"]}})");
  EXPECT_EQ(restore(tree(R"({"name": "a", "signing": {"secrets": ["***"]}})"), two).refused, Pointers{"/signing/secrets/0"});
  EXPECT_EQ(restore(masked_document(two), two).document, two);
  const auto one = tree(R"({"name": "a", "signing": {"secrets": ["${env:OLD}"]}})");
  const auto rotated = restore(tree(R"({"name": "a", "signing": {"secrets": ["${env:NEW}", "***"]}})"), one);
  EXPECT_EQ(rotated.document["signing"]["secrets"], tree(R"(["${env:NEW}", "${env:OLD}"])"));
  EXPECT_TRUE(rotated.refused.empty());
}

TEST(RestoredDocuments, ACredentialGoesOnlyWhereItWent) {
  const auto stored = tree(R"({"name": "a", "auth": {"bearer": "${env:TOKEN}"}, "headers": {"X-Api-Key": "${env:KEY}", "X-Team": "sre"},
      "signing": {"secrets": ["${env:S}"]}, "endpoints": [{"url": "https://h.example/a"}, {"url": "https://i.example/b"}]})");
  auto moved = masked_document(stored);
  moved["endpoints"][0]["url"] = "https://h.example/other/${service}";
  EXPECT_TRUE(restore(moved, stored).refused.empty());
  moved["endpoints"].erase(1);
  EXPECT_TRUE(restore(moved, stored).refused.empty());
  const Pointers all{"/auth/bearer", "/headers/X-Api-Key", "/signing/secrets/0"};
  for (const char* url : {"https://evil.example/a", "http://h.example/a", "https://h.example:444/a", "https://h.example@evil.example/"}) {
    moved["endpoints"][0]["url"] = url;
    EXPECT_EQ(restore(moved, stored).refused, all) << url;
  }
  auto proxied = masked_document(stored);
  proxied["proxy"] = "http://evil.example:3128";
  EXPECT_EQ(restore(proxied, stored).refused, all);
  auto unchecked = masked_document(stored);
  unchecked["tls"]["verify"] = false;
  EXPECT_EQ(restore(unchecked, stored).refused, all);
  proxied["auth"]["bearer"] = "${env:OTHER}";
  proxied["headers"].erase("X-Api-Key");
  proxied.erase("signing");
  EXPECT_TRUE(restore(proxied, stored).refused.empty());
}

TEST(RestoredDocuments, ATemplateDoesNotSendASecretElsewhereEither) {
  const auto stored = tree(R"({"name": "a", "auth": {"bearer": "${env:TOKEN}"}, "endpoints": [{"url": "https://h.example/a"}]})");
  const std::vector<TemplateSource> templates{{.name = "proxied", .keys = tree(R"({"proxy": "http://evil.example:3128"})")},
                                              {.name = "placed", .keys = tree(R"({"endpoints": [{"url": "https://evil.example/"}]})")},
                                              {.name = "harmless", .keys = tree(R"({"payload": "{}", "endpoints": [{"url": "https://evil.example/"}]})")}};
  auto document = masked_document(stored);
  document["template"] = "harmless";
  EXPECT_TRUE(restore(document, stored, no_keys, templates).refused.empty());
  document["template"] = "proxied";
  EXPECT_EQ(restore(document, stored, no_keys, templates).refused, Pointers{"/auth/bearer"});
  document["template"] = "placed";
  document.erase("endpoints");
  EXPECT_EQ(restore(document, stored, no_keys, templates).refused, Pointers{"/auth/bearer"});
  EXPECT_TRUE(diverts_secrets(tree(R"({"auth": {"bearer": "x"}, "template": "placed"})"), {}, templates));
  EXPECT_FALSE(diverts_secrets(tree(R"({"template": "placed"})"), {}, templates));
  EXPECT_FALSE(diverts_secrets(tree(R"({"auth": {"bearer": "x"}, "template": "placed"})"), templates, templates));
}

TEST(RestoredDocuments, ATemplateMakesAUrlASecretToo) {
  const std::vector<TemplateSource> templates{{.name = "chat", .keys = tree(R"({"secret_url": true})")}};
  const auto document = tree(R"({"name": "a", "template": "chat", "endpoints": [{"url": "https://h.example/T0"}]})");
  EXPECT_EQ(masked_document(marked_document(document, templates))["endpoints"][0]["url"], "https://h.example/***");
  const auto open = tree(R"({"name": "a", "template": "chat", "secret_url": false, "endpoints": [{"url": "https://h.example/T0"}]})");
  EXPECT_EQ(marked_document(open, templates), open);
  EXPECT_EQ(marked_document(document, {}), document);
}

TEST(RestoredDocuments, AMaskThatStandsForNothingOrWasEditedIsRefused) {
  EXPECT_EQ(restore(tree(R"({"name": "a", "auth": {"bearer": "***"}})"), nullptr).refused, Pointers{"/auth/bearer"});
  auto shown = masked_document(slack);
  shown["headers"]["X-Key"] = "another ***";
  shown["endpoints"][0]["url"] = "https://h.example/***x";
  EXPECT_EQ(restore(shown, slack).refused, (Pointers{"/endpoints/0/url", "/headers/X-Key"}));
}

TEST(RestoredDocuments, ANewEndpointGetsNoSecretOfOneThatIsStillThere) {
  const auto stored = tree(R"({"name": "a", "secret_url": true, "endpoints": [
      {"name": "x", "url": "https://h.example/${env:X}"}, {"name": "y", "url": "https://h.example/${env:Y}"}]})");
  const auto with = [&](const char* endpoints) {
    auto document = stored;
    document["endpoints"] = tree(endpoints);
    return restore(document, stored);
  };
  const auto instead = with(R"([{"name": "new", "url": "https://h.example/***"}, {"name": "x", "url": "https://h.example/***"}])");
  EXPECT_EQ(instead.document["endpoints"][1]["url"], "https://h.example/${env:X}");
  EXPECT_EQ(instead.document["endpoints"][0]["url"], "https://h.example/${env:Y}") << "the only one that is left: y has a new name";
  const auto beside = with(R"([{"name": "x", "url": "https://h.example/***"}, {"name": "y", "url": "https://h.example/***"}, {"name": "new", "url": "https://h.example/***"}])");
  EXPECT_EQ(beside.refused, Pointers{"/endpoints/2/url"});
}

TEST(RestoredDocuments, WhatIsAddedToAListLeavesTheRestInPlace) {
  const auto stored = tree(R"({"name": "a", "secret_url": true, "signing": {"secrets": ["${env:A}", "${env:B}"]},
      "endpoints": [{"url": "https://h.example/${env:X}"}, {"url": "https://h.example/${env:Y}"}]})");
  auto shown = masked_document(stored);
  shown["endpoints"].push_back({{"url", "https://h.example/third"}});
  shown["signing"]["secrets"].push_back("${env:C}");
  const auto outcome = restore(shown, stored);
  EXPECT_TRUE(outcome.refused.empty());
  EXPECT_EQ(outcome.document["endpoints"][1], stored["endpoints"][1]);
  EXPECT_EQ(outcome.document["signing"]["secrets"], tree(R"(["${env:A}", "${env:B}", "${env:C}"])"));
  shown["signing"]["secrets"].push_back("***");
  EXPECT_EQ(restore(shown, stored).refused, Pointers{"/signing/secrets/3"});
}

TEST(RestoredDocuments, NoProxyIsNoProxyHoweverItIsSaid) {
  auto stored = tree(R"({"name": "a", "auth": {"bearer": "${env:TOKEN}"}, "endpoints": [{"url": "https://h.example/a"}]})");
  auto shown = masked_document(stored);
  shown["proxy"] = "none";
  EXPECT_TRUE(restore(shown, stored).refused.empty());
  stored["proxy"] = "none";
  shown.erase("proxy");
  EXPECT_TRUE(restore(shown, stored).refused.empty());
}

TEST(RestoredDocuments, AClientSecretGoesOnlyToItsTokenUrl) {
  const auto stored = tree(R"({"name": "a", "endpoints": [{"url": "https://h.example/a"}],
      "auth": {"oauth2": {"token_url": "https://id.example/token", "client_id": "i", "client_secret": "${env:C}"}}})");
  auto document = masked_document(stored);
  document["auth"]["oauth2"]["token_url"] = "https://id.example/v2/token";
  EXPECT_TRUE(restore(document, stored).refused.empty());
  document["auth"]["oauth2"]["token_url"] = "https://evil.example/token";
  EXPECT_EQ(restore(document, stored).refused, Pointers{"/auth/oauth2/client_secret"});
}

TEST(RestoredDocuments, ASealedUrlThatMovesOpensAtItsNewPlace) {
  const auto plain = tree(R"({"name": "a", "secret_url": true, "endpoints": [
      {"name": "x", "url": "https://h.example/first"}, {"name": "y", "url": "https://h.example/second"}]})");
  const auto stored = sealed_document(plain, nullptr, "webhook/a", key);
  auto shown = masked_document(stored);
  shown["endpoints"].erase(0);
  const auto outcome = restore(shown, stored, key);
  EXPECT_TRUE(outcome.refused.empty());
  Problems problems;
  std::vector<std::string> opened;
  const auto back = opened_document(sealed_document(outcome.document, stored, "webhook/a", key), "webhook/a", key, "webhook", problems, opened);
  EXPECT_TRUE(problems.empty());
  EXPECT_EQ(back["endpoints"], tree(R"([{"name": "y", "url": "https://h.example/second"}])"));
  EXPECT_EQ(restore(shown, stored).refused, Pointers{"/endpoints/0/url"}) << "without the key it cannot move";
}

TEST(RestoredDocuments, ASealedUrlStaysASecretWhenTheDefinitionSaysNoMore) {
  const auto stored = sealed_document(tree(R"({"name": "a", "secret_url": true, "endpoints": [{"url": "https://h.example/first"}]})"), nullptr, "webhook/a", key);
  auto shown = masked_document(stored);
  shown["secret_url"] = false;
  const auto outcome = restore(shown, stored, key);
  EXPECT_EQ(masked_document(outcome.document)["endpoints"][0]["url"], "https://h.example/***");
  Problems problems;
  std::vector<std::string> opened;
  EXPECT_EQ(opened_document(outcome.document, "webhook/a", key, "webhook", problems, opened)["secret_url"], true);
}

TEST(RestoredDocuments, WhatOnlyHooklineWritesIsRefused) {
  EXPECT_EQ(restore(tree(R"({"name": "a", "auth": {"bearer": "${sealed:abc}"}})"), nullptr).refused, Pointers{"/auth/bearer"});
}

TEST(RestoredDocuments, ForeignShapesAreLeftToTheReader) {
  for (const char* text : {R"({"endpoints": "***"})", R"({"endpoints": ["***", 5, null, {"name": 7, "url": ["***"]}]})", R"({"auth": "***"})",
                           R"({"signing": {"secrets": {"a": "***"}}})", R"(["***"])", R"("***")"}) {
    EXPECT_EQ(restore(tree(text), slack).document, tree(text)) << text;
  }
}

}  // namespace
}  // namespace hookline::config
