#include "hookline/config/stored.h"

#include <gtest/gtest.h>

namespace hookline::config {
namespace {

const SecretSource no_secrets{[](const std::string&) { return std::nullopt; }, [](const std::filesystem::path&) { return std::nullopt; }};

json::Tree tree(const char* text) { return *json::parse_tree(text); }

std::vector<std::string> pointers(const Problems& problems) {
  std::vector<std::string> found;
  for (const auto& problem : problems) found.push_back(problem.place.pointer);
  return found;
}

TEST(StoredDefinitions, AJsonDocumentReadsAsItsYamlDoes) {
  const std::string yaml = "name: a\nevents: [incident]\nendpoints: [{url: \"http://x.example/$id\"}]\ntimeout: {request: 2s}\nconcurrency: 3\n";
  Problems problems;
  const auto documents = parse_documents(yaml, "a.yaml", problems);
  ASSERT_EQ(documents.size(), 1u);
  const auto stored = parse_webhook(documents.front(), "webhook", {}, problems, no_secrets);
  const auto filed = parse_webhooks(yaml, "a.yaml", {}, problems);
  ASSERT_TRUE(stored && filed.size() == 1);
  EXPECT_TRUE(problems.empty());
  EXPECT_EQ(to_tree(*stored), to_tree(filed.front()));
  EXPECT_EQ(to_tree(*stored), documents.front());
}

TEST(StoredDefinitions, MistakesSayWhereByPointer) {
  Problems problems;
  const auto document = tree(R"({"name": "a", "evnts": ["incident"], "endpoints": [{"url": "ftp://x"}], "concurrency": "many"})");
  EXPECT_FALSE(parse_webhook(document, "webhook", {}, problems, no_secrets));
  const auto found = pointers(problems);
  for (const char* pointer : {"/evnts", "/endpoints/0/url", "/concurrency"}) {
    EXPECT_NE(std::find(found.begin(), found.end(), pointer), found.end()) << pointer;
  }
  for (const auto& problem : problems) EXPECT_EQ(problem.place.line, 0u);
}

TEST(StoredDefinitions, SecretsThatStandThereThemselvesAreRefusedAndReferencesAreNot) {
  const auto refused = [](const char* text) {
    Problems problems;
    refuse_literal_secrets(tree(text), "webhook", problems);
    return pointers(problems);
  };
  using Pointers = std::vector<std::string>;
  EXPECT_EQ(refused(R"({"auth": {"bearer": "s3cret"}})"), Pointers{"/auth/bearer"});
  EXPECT_EQ(refused(R"({"auth": {"basic": {"username": "u", "password": "p"}}})"), Pointers{"/auth/basic/password"});
  EXPECT_EQ(refused(R"({"auth": {"headers": {"X/Key": "k"}}})"), Pointers{"/auth/headers/X~1Key"});
  EXPECT_EQ(refused(R"({"auth": {"oauth2": {"client_id": "i", "client_secret": "s"}}})"), Pointers{"/auth/oauth2/client_secret"});
  EXPECT_EQ(refused(R"({"signing": {"secrets": ["${env:A}", "whsec_x"]}})"), Pointers{"/signing/secrets/1"});
  EXPECT_EQ(refused(R"({"headers": {"Authorization": "Basic x", "X-Team": "sre"}})"), Pointers{"/headers/Authorization"});
  EXPECT_EQ(refused(R"({"secret_url": true, "endpoints": [{"url": "https://h.example/T0"}]})"), Pointers{"/endpoints/0/url"});
  EXPECT_EQ(refused(R"({"proxy": "http://u:p@proxy.example:3128"})"), Pointers{"/proxy"});
  EXPECT_TRUE(refused(R"({"auth": {"bearer": "${env:A}"}, "proxy": "http://proxy.example", "endpoints": [{"url": "https://h.example/x"}]})").empty());
  EXPECT_EQ(refused(R"({"auth": {"bearer": "literal${env:A}"}})"), Pointers{"/auth/bearer"});
  EXPECT_TRUE(refused(R"({"auth": {"headers": {"Authorization": "Token ${env:A}"}}, "proxy": "http://u:${env:P}@proxy.example",
      "secret_url": true, "endpoints": [{"url": "https://h.example/services/${env:H}"}]})").empty());
  EXPECT_TRUE(refused(R"({"auth": 5, "signing": "x", "headers": ["Authorization"]})").empty());
}

TEST(StoredDefinitions, ReferencesAndSecretUrlsAreShownMasked) {
  const auto stored = tree(R"({"name": "a", "secret_url": true, "endpoints": [{"url": "https://h.example/${env:HOOK}"}],
      "auth": {"bearer": "${env:TOKEN}"}, "headers": {"X-Key": "k ${file:/run/k}"}, "payload": "{\"a\": \"${env:x}\"}"})");
  const auto shown = masked_document(stored);
  EXPECT_EQ(shown["endpoints"][0]["url"], "https://h.example/***");
  EXPECT_EQ(shown["auth"]["bearer"], "***");
  EXPECT_EQ(shown["headers"]["X-Key"], "k ***");
  EXPECT_EQ(shown["payload"], stored["payload"]);
}

}  // namespace
}  // namespace hookline::config
